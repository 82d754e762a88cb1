"""The inside of a hand: balls around its bones, which skin alone cannot stand for.

A wall of a bowl is thinner than the gap between two skin points, and a distance field inside
it is nearly zero: skin on both sides of it looks fine while the finger is run through. The
balls notice.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from obman_gen.hands import HandModel

PHALANX_PLACES = (0.2, 0.5, 0.8)
"""Where balls sit between the two ends of a phalanx."""
PALM_PLACES = (0.35, 0.65, 0.95)
"""Where balls sit between the wrist and each finger's base."""
RADIUS_SHARE = 0.85
"""Of the distance to the skin at rest: flesh outside the ball may give way."""
TIPS_IN_CHAIN_ORDER = np.array([1, 2, 4, 3, 0])
"""Thumb-first lists of fingers, in MANO's order."""


class HandCore(NamedTuple):
    """Balls at rest, metres, in the frame of the unposed hand."""

    bone: Integer[np.ndarray, "ball"]
    """MANO joint that carries the ball."""
    centre: Float[np.ndarray, "ball 3"]
    radius: Float[np.ndarray, "ball"]

    @property
    def finger(self) -> Integer[np.ndarray, "ball"]:
        """0 to 4 in MANO's order; -1 in the palm."""
        return np.where(self.bone > 0, (self.bone - 1) // 3, -1)


def core_of(
    hand_model: HandModel,
    vertices: Float[np.ndarray, "vertex 3"],
    joints: Float[np.ndarray, "16 3"],
) -> HandCore:
    """Fill an unposed hand with balls along its bones.

    Args:
        hand_model: says which vertices are fingertips.
        vertices: of the unposed hand.
        joints: of the unposed hand, MANO's order.
    """
    bones, centres = [], []
    tips = vertices[np.asarray(hand_model.tip_ids)[TIPS_IN_CHAIN_ORDER]]
    for finger in range(5):
        first = 1 + 3 * finger
        ends = [*joints[first : first + 3], tips[finger]]
        if finger < 4:
            bones += [0] * len(PALM_PLACES)
            centres += [joints[0] + t * (ends[0] - joints[0]) for t in PALM_PLACES]
        for place in range(3):
            bones += [first + place] * len(PHALANX_PLACES)
            centres += [ends[place] + t * (ends[place + 1] - ends[place]) for t in PHALANX_PLACES]
    centre = np.array(centres)
    gaps = np.linalg.norm(centre[:, None] - vertices[None], axis=2).min(axis=1)
    return HandCore(np.array(bones), centre, RADIUS_SHARE * gaps)
