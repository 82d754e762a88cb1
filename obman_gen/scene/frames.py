"""Move posed hands and bodies as wholes: exact changes of their root rotation and translation."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation as Turn

from obman_gen.arrays import Transform
from obman_gen.sample import BodyParameters, HandParameters

P = TypeVar("P", HandParameters, BodyParameters)


def moved_hand(
    hand: HandParameters, rest_wrist: Float[np.ndarray, "3"], target_from_source: Transform
) -> HandParameters:
    """Express a hand in another frame.

    A model turns vertices about its own rest wrist j: ``v' = R (v - j) + j + t``. Moving the
    result by (A, b) gives ``A R (v - j) + A (j + t) + b``, which is a turn by ``A R`` and a
    translation of ``A (j + t) + b - j``.

    Args:
        hand: in the source frame.
        rest_wrist: the unposed model's wrist joint for this hand's betas, metres.
        target_from_source: rigid.
    """
    orient, translation = _moved(
        hand.global_orient, hand.translation, rest_wrist, target_from_source
    )
    return replace(hand, global_orient=orient, translation=translation)


def moved_body(
    body: BodyParameters, rest_pelvis: Float[np.ndarray, "3"], target_from_source: Transform
) -> BodyParameters:
    """Express a body in another frame, as `moved_hand`; its root is the pelvis."""
    orient, translation = _moved(body.pose[:3], body.translation, rest_pelvis, target_from_source)
    return replace(body, pose=np.concatenate([orient, body.pose[3:]]), translation=translation)


def _moved(orient, translation, rest_root, target_from_source):
    rotation, shift = target_from_source[:3, :3], target_from_source[:3, 3]
    turned = Turn.from_matrix(rotation @ Turn.from_rotvec(orient).as_matrix()).as_rotvec()
    return turned, rotation @ (rest_root + translation) + shift - rest_root
