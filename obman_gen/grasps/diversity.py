"""Keep grasps that differ: not twenty copies of the best one."""

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from obman_gen.sample import HandParameters

HAND_WIDTH_M = 0.08
RIGHT_ANGLE_RAD = np.pi / 2
FIST_RAD = 1.0
"""Root-mean-square turn of the finger joints between an open hand and a fist."""


def difference(one: HandParameters, other: HandParameters) -> float:
    """Return how much two grasps of an object differ: 1 is a hand width of shift, a right
    angle of turn or the way from an open hand to a fist; the largest of the three counts.
    """
    turn = Rotation.from_rotvec(one.global_orient).inv() * Rotation.from_rotvec(other.global_orient)
    return float(
        max(
            np.linalg.norm(one.translation - other.translation) / HAND_WIDTH_M,
            turn.magnitude() / RIGHT_ANGLE_RAD,
            np.sqrt(np.square(one.pose - other.pose).reshape(15, 3).sum(axis=1).mean()) / FIST_RAD,
        )
    )


def pick_distinct(
    hands: Sequence[HandParameters], scores: Sequence[float], least: float, most_count: int
) -> list[int]:
    """Return indices, best score first, of grasps at least ``least`` apart from each other."""
    picked: list[int] = []
    for index in sorted(range(len(hands)), key=lambda place: (-scores[place], place)):
        if len(picked) == most_count:
            break
        if all(difference(hands[index], hands[other]) >= least for other in picked):
            picked.append(index)
    return picked
