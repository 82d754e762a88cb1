"""Look at a dataset: contact sheets, and a viewer in the browser."""

from obman_gen.view.server import serve as serve
from obman_gen.view.sheet import write_contact_sheet as write_contact_sheet
