"""Close a hand on a distance field: a quick guess at what the exact statics would find.

Every DOF advances in small equal steps of time. A step that would take a ball or skin point
of the fingers it moves into the object, or into another finger, is taken back and ends that
DOF's motion; the others go on, so a finger whose first phalanx rests goes on to wrap.
"""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float, Integer

from pygraspit.kernels import kernel
from pygraspit.planner.field_motion import Closing, advance_all, at_rest, driven_by_dofs
from pygraspit.planner.tables import FieldTable, HandTable
from pygraspit.sdf import at_point

PALM_TOUCHES = 3
"""At most; every other link touches at one point."""


@dataclass(frozen=True)
class FieldClosing:
    """A hand closed on a distance field."""

    dofs: Float[np.ndarray, "dof"]
    points: Float[np.ndarray, "touch 3"]
    """On the object, in its frame, mm: at most one for each virtual contact and link end."""
    normals: Float[np.ndarray, "touch 3"]
    """Into the object."""
    links: Integer[np.ndarray, "touch"]
    """0: the palm; then the links, chain by chain."""


class FieldCloser:
    """Closes one hand on one object's distance field."""

    def __init__(self, hand: HandTable, field: FieldTable, velocity: Float[np.ndarray, "dof"]):
        """Take tables, and each DOF's closing velocity (rad/s)."""
        self._hand, self._field = hand, field
        self._speed = velocity / max(float(np.abs(velocity).max()), 1e-12)
        self._driven = driven_by_dofs(hand)

    def close(
        self,
        object_from_palm: Float[np.ndarray, "4 4"],
        dofs: Float[np.ndarray, "dof"],
        slack_mm: float,
        touch_mm: float,
    ) -> FieldClosing:
        """Close from a posture.

        Args:
            object_from_palm: mm.
            dofs: where to start, radians.
            slack_mm: overlap of balls that does not stop a finger.
            touch_mm: skin points nearer than this to the object touch it.
        """
        motion = at_rest(self._hand, object_from_palm, dofs)
        closing = Closing(self._hand, self._field, self._driven, self._speed, slack_mm)
        advance_all(closing, motion)
        return self._touching(motion.dofs, motion.places, touch_mm)

    def _touching(self, dofs, places, touch_mm: float) -> FieldClosing:
        """Return every link's nearest skin points, if near enough."""
        points, normals, links = _nearest_skin(self._hand, self._field, places, touch_mm)
        return FieldClosing(dofs, points, normals, links)


@kernel
@no_type_check
def _nearest_skin(hand, field, places, touch_mm):  # pragma: no cover
    """Return points on the object, normals into it and links, where links' skin is near."""
    skin = np.flatnonzero(hand.ball_radius == 0.0)
    distances, gradients = np.zeros(len(skin)), np.zeros((len(skin), 3))
    for row, ball in enumerate(skin):
        x, y, z = places[ball]
        distances[row], gradients[row, 0], gradients[row, 1], gradients[row, 2] = at_point(
            field.values, field.origin, field.spacing, x, y, z
        )
    order = np.argsort(distances, kind="mergesort")
    taken, count = np.zeros(len(skin), np.int64), 0
    for link in np.unique(hand.ball_link[skin]):
        room = PALM_TOUCHES if link == 0 else 1
        for row in order:
            if room > 0 and hand.ball_link[skin[row]] == link and distances[row] < touch_mm:
                taken[count] = row
                count, room = count + 1, room - 1
    points, normals = np.zeros((count, 3)), np.zeros((count, 3))
    for place, row in enumerate(taken[:count]):
        length = np.sqrt((gradients[row] ** 2).sum())
        normals[place] = -gradients[row] / max(length, 1e-12)
        points[place] = places[skin[row]] + distances[row] * normals[place]
    return points, normals, hand.ball_link[skin[taken[:count]]]
