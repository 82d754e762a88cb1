"""Other people's datasets, read into one sample type."""

from obman_gen.realdata.core50 import CORe50 as CORe50
from obman_gen.realdata.fhb import FHB as FHB
from obman_gen.realdata.hic import HIC as HIC
from obman_gen.realdata.obman import ObMan as ObMan
from obman_gen.realdata.sample import AnnotatedImage as AnnotatedImage
