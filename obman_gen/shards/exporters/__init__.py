"""A dataset in other people's layouts. Each exporter writes a whole folder or nothing."""

from collections.abc import Callable, Mapping
from pathlib import Path

from obman_gen.shards.exporters.bop import export_bop
from obman_gen.shards.exporters.coco import export_coco
from obman_gen.shards.exporters.ho3d import export_ho3d
from obman_gen.shards.exporters.obman import export_obman
from obman_gen.shards.exporters.webdataset import export_webdataset

EXPORTERS: Mapping[str, Callable[[Path, Path], int]] = {
    "obman": export_obman,
    "bop": export_bop,
    "coco": export_coco,
    "ho3d": export_ho3d,
    "webdataset": export_webdataset,
}
"""Format to a function of the run and the empty or missing folder to write, which returns the
number of samples written."""
