"""Close a hand on a distance field: a quick guess at what the exact statics would find.

Every DOF advances in small equal steps of time. A step that would take a ball or skin point
of the fingers it moves into the object, or into another finger, is taken back and ends that
DOF's motion; the others go on, so a finger whose first phalanx rests goes on to wrap.
"""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float, Integer
from numba import njit

from pygraspit.kinematics import fill_link_poses
from pygraspit.planner.tables import FieldTable, HandTable
from pygraspit.sdf import at_point

STEP_RAD = 0.02
MAX_STEPS = 150
NONE, OBJECT = 0, 1


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
        self._moves = _moved_balls(hand)

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
        hand = self._hand
        dofs = np.array(dofs, np.float64)
        poses = np.zeros((len(hand.joints.link_joint) + 1, 4, 4))
        poses[0] = object_from_palm
        places = np.zeros((len(hand.ball_link), 3))
        _close(hand, self._field, self._speed, self._moves, dofs, poses, places, slack_mm)
        return self._touching(dofs, places, touch_mm)

    def _touching(self, dofs, places, touch_mm: float) -> FieldClosing:
        """Return every link's nearest skin points, if near enough."""
        hand, field = self._hand, self._field
        points, normals, links = [], [], []
        skin = np.flatnonzero(hand.ball_radius == 0.0)
        values = np.array(
            [at_point(field.values, field.origin, field.spacing, *places[i]) for i in skin]
        ).reshape(-1, 4)
        for link in np.unique(hand.ball_link[skin]):
            mine = np.flatnonzero(hand.ball_link[skin] == link)
            near = mine[np.argsort(values[mine, 0], kind="stable")]
            for k in near[: 3 if link == 0 else 1]:
                distance, gradient = values[k, 0], values[k, 1:]
                if distance < touch_mm:
                    unit = gradient / max(float(np.linalg.norm(gradient)), 1e-12)
                    points.append(places[skin[k]] - distance * unit)
                    normals.append(-unit)
                    links.append(int(link))
        return FieldClosing(
            dofs,
            np.array(points, np.float64).reshape(-1, 3),
            np.array(normals, np.float64).reshape(-1, 3),
            np.array(links, np.int64),
        )


def _moved_balls(hand: HandTable) -> Bool[np.ndarray, "dof ball"]:
    """Return which balls each DOF moves."""
    table = hand.joints
    moves = np.zeros((hand.dof_range.shape[1], len(hand.ball_link)), bool)
    for joint, dof in enumerate(table.dof):
        chain = int(np.searchsorted(table.chain_start, joint, side="right")) - 1
        later = np.flatnonzero((table.link_chain == chain) & (table.link_joint >= joint)) + 1
        moves[dof] |= np.isin(hand.ball_link, later)
    return moves


@njit(cache=True)
@no_type_check
def _close(hand, field, speed, moves, dofs, poses, places, slack):  # pragma: no cover
    """Advance all DOFs until each is stopped or at its end; leave poses and places there."""
    dof_count = dofs.shape[0]
    frames = np.zeros((hand.joints.dof.shape[0], 4, 4))
    joints = np.zeros(hand.joints.dof.shape[0])
    going = speed != 0.0
    for _ in range(MAX_STEPS):
        if not going.any():
            break
        for dof in range(dof_count):
            if not going[dof]:
                continue
            before = dofs[dof]
            wanted = before + STEP_RAD * speed[dof]
            dofs[dof] = min(max(wanted, hand.dof_range[0, dof]), hand.dof_range[1, dof])
            _place(hand, dofs, joints, frames, poses, places)
            if dofs[dof] == before:
                going[dof] = False
            elif _runs_in(hand, field, moves[dof], places, slack):
                dofs[dof] = before
                going[dof] = False
    _place(hand, dofs, joints, frames, poses, places)


@njit(cache=True)
@no_type_check
def _place(hand, dofs, joints, frames, poses, places):  # pragma: no cover
    """Fill link poses and the places of balls and points."""
    for joint in range(joints.shape[0]):
        joints[joint] = hand.ratio[joint] * dofs[hand.joints.dof[joint]]
    fill_link_poses(hand.joints, poses[0], joints, frames, poses[1:])
    for ball in range(places.shape[0]):
        pose, centre = poses[hand.ball_link[ball]], hand.ball_centre[ball]
        for row in range(3):
            places[ball, row] = (
                pose[row, 0] * centre[0]
                + pose[row, 1] * centre[1]
                + pose[row, 2] * centre[2]
                + pose[row, 3]
            )


@njit(cache=True)
@no_type_check
def _runs_in(hand, field, moved, places, slack):  # pragma: no cover
    """Say whether a moved ball or point is in the object, or a ball in another finger."""
    for ball in range(places.shape[0]):
        if not moved[ball]:
            continue
        radius = hand.ball_radius[ball]
        least = radius - slack if radius > 0.0 else 0.0
        if (
            at_point(
                field.values, field.origin, field.spacing,
                places[ball, 0], places[ball, 1], places[ball, 2],
            )[0]
            < least
        ):  # fmt: skip
            return True
    for pair in range(hand.ball_pairs.shape[0]):
        one, other = hand.ball_pairs[pair, 0], hand.ball_pairs[pair, 1]
        if moved[one] == moved[other]:
            continue
        least = hand.ball_radius[one] + hand.ball_radius[other] - slack
        gap2 = 0.0
        for k in range(3):
            gap2 += (places[one, k] - places[other, k]) ** 2
        if least > 0.0 and gap2 < least * least:
            return True
    return False
