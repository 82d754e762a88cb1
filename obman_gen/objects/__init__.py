"""Objects to be held: made here, from ShapeNet, or the user's; prepared once per mesh."""

from obman_gen.objects.config import ObjectsConfig as ObjectsConfig
from obman_gen.objects.entry import ObjectEntry as ObjectEntry
from obman_gen.objects.entry import read_objects_table as read_objects_table
from obman_gen.objects.prepare import PreparedObject as PreparedObject
from obman_gen.objects.prepare import is_prepared as is_prepared
from obman_gen.objects.prepare import load_prepared as load_prepared
from obman_gen.objects.prepare import prepare as prepare
from obman_gen.objects.prepare import read_scales as read_scales
from obman_gen.objects.prepare import write_objects_table as write_objects_table
from obman_gen.objects.sources import list_objects as list_objects
from obman_gen.objects.sources import make_entries as make_entries
