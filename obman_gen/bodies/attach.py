"""Hang a body on a hand: the body that has exactly this hand at the end of its right arm."""

import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from obman_gen.bodies.model import RIGHT_HAND_JOINTS, RIGHT_WRIST, BodyModel
from obman_gen.errors import InputError
from obman_gen.hands.model import HandModel
from obman_gen.sample import BodyParameters, HandParameters


def attach(
    hand_model: HandModel,
    body_model: BodyModel,
    hand: HandParameters,
    pose: Float[np.ndarray, "153"],
    betas: Float[np.ndarray, "10"],
) -> BodyParameters:
    """Return the body whose right hand is the given hand, in the hand's own frame.

    The body takes the given pose with the hand's fingers, and is then moved as a whole until
    its wrist joint has the hand's place and rotation: one rigid motion solves it exactly,
    because a wrist and everything beyond it move rigidly with the wrist joint.

    Args:
        hand_model: the model that ``hand`` belongs to.
        body_model: a body that has this hand among its vertices.
        hand: a right hand.
        pose: rotation vectors of the 51 joints beyond the pelvis; fingers of the right hand
            are replaced.
        betas: body shape.
    """
    if hand.side != "right":
        raise InputError("only right hands can be attached to a body; mirror the scene for left")
    local = np.array(pose, float).reshape(51, 3)
    local[RIGHT_HAND_JOINTS.start - 1 : RIGHT_HAND_JOINTS.stop - 1] = hand.pose.reshape(15, 3)
    rest = _rest_joints(body_model, betas, hand.betas)
    body_from_wrist, wrist = _wrist_pose(local, rest, body_model)
    turn = Rotation.from_rotvec(hand.global_orient) * body_from_wrist.inv()
    wanted = hand_model.rest_wrist(hand.betas) + hand.translation
    pelvis = rest[0]
    translation = wanted - (turn.apply(wrist - pelvis) + pelvis)
    return BodyParameters(np.concatenate([turn.as_rotvec(), local.ravel()]), betas, translation)


def _rest_joints(body_model: BodyModel, betas, hand_betas) -> Float[np.ndarray, "52 3"]:
    both = torch.as_tensor(np.concatenate([betas, hand_betas])[None], dtype=torch.float64)
    return body_model.in_double().rest_joints(both)[0].numpy()


def _wrist_pose(local, rest, body_model: BodyModel) -> tuple[Rotation, np.ndarray]:
    """Return the right wrist's rotation and place in a body whose pelvis is not turned."""
    chain, joint = [], RIGHT_WRIST
    while joint > 0:
        chain.append(joint)
        joint = int(body_model.asset.parents[joint])
    turn, place, parent = Rotation.identity(), rest[0], 0
    for joint in reversed(chain):
        place = place + turn.apply(rest[joint] - rest[parent])
        turn = turn * Rotation.from_rotvec(local[joint - 1])
        parent = joint
    return turn, place
