"""Bodies: SMPL+H's model and its open stand-in, poses for them, and the way to a hand."""

from obman_gen.bodies.attach import attach as attach
from obman_gen.bodies.files import load_body_model as load_body_model
from obman_gen.bodies.graft import body_for as body_for
from obman_gen.bodies.model import BodyModel as BodyModel
from obman_gen.bodies.model import BodyOutput as BodyOutput
from obman_gen.bodies.pose_sources import sample_body_pose as sample_body_pose
