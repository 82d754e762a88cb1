"""Close a hand on a distance field: a quick guess at what the exact statics would find.

Every DOF advances in small equal steps of time. A step that would take a ball or skin point
of the fingers it moves into the object, or into another finger, is taken back and ends that
DOF's motion; the others go on, so a finger whose first phalanx rests goes on to wrap.
"""

from dataclasses import dataclass
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float, Integer

from pygraspit.kernels import kernel, light_kernel
from pygraspit.kinematics import fill_chain_poses, fill_link_poses
from pygraspit.planner.tables import FieldTable, HandTable
from pygraspit.sdf import at_point, distance_at

STEP_RAD = 0.02
MAX_STEPS = 150
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


class Driven(NamedTuple):
    """What each DOF moves, as lists laid end to end."""

    chains: np.ndarray
    """(dof, chain) bool."""
    balls: np.ndarray
    """Balls and points that the DOFs move."""
    ball_start: np.ndarray
    """(dof + 1,) where each DOF's begin in ``balls``."""
    pairs: np.ndarray
    """(pair, 2): balls that may meet, one of which the DOF moves."""
    pair_start: np.ndarray
    """(dof + 1,) where each DOF's begin in ``pairs``."""


class FieldCloser:
    """Closes one hand on one object's distance field."""

    def __init__(self, hand: HandTable, field: FieldTable, velocity: Float[np.ndarray, "dof"]):
        """Take tables, and each DOF's closing velocity (rad/s)."""
        self._hand, self._field = hand, field
        self._speed = velocity / max(float(np.abs(velocity).max()), 1e-12)
        self._driven = _driven(hand)

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
        _close(hand, self._field, self._speed, self._driven, dofs, poses, places, slack_mm)
        return self._touching(dofs, places, touch_mm)

    def _touching(self, dofs, places, touch_mm: float) -> FieldClosing:
        """Return every link's nearest skin points, if near enough."""
        points, normals, links = _nearest_skin(self._hand, self._field, places, touch_mm)
        return FieldClosing(dofs, points, normals, links)


def _driven(hand: HandTable) -> Driven:
    """List what each DOF moves."""
    table = hand.joints
    dof_count, chain_count = hand.dof_range.shape[1], len(table.chain_start) - 1
    chains = np.zeros((dof_count, chain_count), bool)
    moves = np.zeros((dof_count, len(hand.ball_link)), bool)
    for joint, dof in enumerate(table.dof):
        chain = int(np.searchsorted(table.chain_start, joint, side="right")) - 1
        later = np.flatnonzero((table.link_chain == chain) & (table.link_joint >= joint)) + 1
        chains[dof, chain] = True
        moves[dof] |= np.isin(hand.ball_link, later)
    meets = moves[:, hand.ball_pairs[:, 0]] != moves[:, hand.ball_pairs[:, 1]]
    dof_of_pair, pair = np.nonzero(meets)
    return Driven(
        chains=chains,
        balls=np.nonzero(moves)[1],
        ball_start=np.cumsum([0, *moves.sum(axis=1)]),
        pairs=hand.ball_pairs[pair],
        pair_start=np.searchsorted(dof_of_pair, np.arange(dof_count + 1)),
    )


@kernel
@no_type_check
def _close(hand, field, speed, driven, dofs, poses, places, slack):  # pragma: no cover
    """Advance all DOFs until each is stopped or at its end; leave poses and places there."""
    frames = np.zeros((hand.joints.dof.shape[0], 4, 4))
    joints = np.zeros(hand.joints.dof.shape[0])
    _set_joints(hand, dofs, joints)
    fill_link_poses(hand.joints, poses[0], joints, frames, poses[1:])
    for ball in range(places.shape[0]):
        _place(hand, ball, poses, places)
    going = speed != 0.0
    for _ in range(MAX_STEPS):
        if not going.any():
            break
        for dof in range(dofs.shape[0]):
            if not going[dof]:
                continue
            before = dofs[dof]
            wanted = before + STEP_RAD * speed[dof]
            dofs[dof] = min(max(wanted, hand.dof_range[0, dof]), hand.dof_range[1, dof])
            going[dof] = dofs[dof] != before
            _follow(hand, driven, dof, dofs, joints, frames, poses, places)
            if going[dof] and _runs_in(hand, field, driven, dof, places, slack):
                dofs[dof], going[dof] = before, False
                _follow(hand, driven, dof, dofs, joints, frames, poses, places)


@light_kernel
@no_type_check
def _set_joints(hand, dofs, joints):  # pragma: no cover
    for joint in range(joints.shape[0]):
        joints[joint] = hand.ratio[joint] * dofs[hand.joints.dof[joint]]


@light_kernel
@no_type_check
def _follow(hand, driven, dof, dofs, joints, frames, poses, places):  # pragma: no cover
    """Pose what one DOF moves."""
    _set_joints(hand, dofs, joints)
    for chain in range(driven.chains.shape[1]):
        if driven.chains[dof, chain]:
            fill_chain_poses(hand.joints, chain, poses[0], joints, frames, poses[1:])
    for index in range(driven.ball_start[dof], driven.ball_start[dof + 1]):
        _place(hand, driven.balls[index], poses, places)


@light_kernel
@no_type_check
def _place(hand, ball, poses, places):  # pragma: no cover
    """Fill the place of a ball or point."""
    link = hand.ball_link[ball]
    for row in range(3):
        places[ball, row] = (
            poses[link, row, 0] * hand.ball_centre[ball, 0]
            + poses[link, row, 1] * hand.ball_centre[ball, 1]
            + poses[link, row, 2] * hand.ball_centre[ball, 2]
            + poses[link, row, 3]
        )


@light_kernel
@no_type_check
def _runs_in(hand, field, driven, dof, places, slack):  # pragma: no cover
    """Say whether a ball or point that a DOF moves is in the object, or a ball in another."""
    for index in range(driven.ball_start[dof], driven.ball_start[dof + 1]):
        ball = driven.balls[index]
        radius = hand.ball_radius[ball]
        least = radius - slack if radius > 0.0 else 0.0
        if distance_at(field.values, field.origin, field.spacing, places[ball]) < least:
            return True
    for index in range(driven.pair_start[dof], driven.pair_start[dof + 1]):
        one, other = driven.pairs[index, 0], driven.pairs[index, 1]
        least = hand.ball_radius[one] + hand.ball_radius[other] - slack
        x = places[one, 0] - places[other, 0]
        y = places[one, 1] - places[other, 1]
        z = places[one, 2] - places[other, 2]
        if least > 0.0 and x * x + y * y + z * z < least * least:
            return True
    return False


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
