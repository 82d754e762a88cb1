"""Hands: MANO's model and its open stand-in, one layer for both."""

from obman_gen.hands.files import load_hand_model as load_hand_model
from obman_gen.hands.model import HandModel as HandModel
from obman_gen.hands.model import HandOutput as HandOutput
from obman_gen.hands.pose_prior import HandPosePrior as HandPosePrior
