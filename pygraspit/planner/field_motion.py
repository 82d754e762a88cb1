"""How fingers close on a distance field, step by step, looked at only where something may be met.

A link that is so far from the object needs no look until it has come that far (conservative
advancement, as in `pygraspit.crossing`); so with two links of the hand.
"""

from typing import NamedTuple, no_type_check

import numpy as np

from pygraspit.kernels import light_kernel
from pygraspit.kinematics import fill_chain_poses
from pygraspit.planner.tables import FieldTable, HandTable
from pygraspit.sdf import distance_at, way_to_box_squared
from pygraspit.transforms import move_point
from pygraspit.triangles import squared

STEP_RAD = 0.02
MAX_STEPS = 150


class Driven(NamedTuple):
    """What each DOF moves, and how far, as lists laid end to end."""

    chains: np.ndarray
    """(dof, chain) bool."""
    links: np.ndarray
    """Links that the DOFs move, 0 being the palm."""
    link_way: np.ndarray
    """mm per radian: a bound of how far a DOF moves the balls' middles and points of its link."""
    link_start: np.ndarray
    """(dof + 1,) where each DOF's begin in ``links``."""
    pairs: np.ndarray
    """Pairs of links that may meet, of which the DOF moves one or both: rows of the hand's."""
    pair_way: np.ndarray
    """As ``link_way``, of both together."""
    pair_start: np.ndarray
    """(dof + 1,) where each DOF's begin in ``pairs``."""
    balls: np.ndarray
    """Balls and points of the hand, link by link."""
    ball_start: np.ndarray
    """(link + 1,) where each link's begin in ``balls``."""


class Closing(NamedTuple):
    """What closes on what, and how."""

    hand: HandTable
    field: FieldTable
    driven: Driven
    speed: np.ndarray
    """(dof,) signed, the fastest 1."""
    slack_mm: float
    """Overlap of balls that stops nothing."""


class Motion(NamedTuple):
    """A hand on its way. A pose or place is filled in only when somebody looks at it."""

    dofs: np.ndarray
    joints: np.ndarray
    frames: np.ndarray
    poses: np.ndarray
    """(link + 1, 4, 4)."""
    places: np.ndarray
    """(ball, 3) mm."""
    stopped: np.ndarray
    """(dof,) bool."""
    is_posed: np.ndarray
    """(chain,) bool."""
    is_placed: np.ndarray
    """(link + 1,) bool."""
    link_room: np.ndarray
    """(link + 1,) mm that a link may yet move before it could meet the object."""
    pair_room: np.ndarray
    """(link pair,) mm that either may yet move before they could meet."""


def at_rest(hand: HandTable, object_from_palm, dofs) -> Motion:
    """Return a hand of which nothing is known but its posture."""
    joint_count, link_count = len(hand.joints.dof), len(hand.joints.link_joint) + 1
    motion = Motion(
        dofs=np.array(dofs, np.float64),
        joints=np.zeros(joint_count),
        frames=np.zeros((joint_count, 4, 4)),
        poses=np.zeros((link_count, 4, 4)),
        places=np.zeros((len(hand.ball_link), 3)),
        stopped=np.zeros(len(dofs), bool),
        is_posed=np.zeros(len(hand.joints.chain_start) - 1, bool),
        is_placed=np.zeros(link_count, bool),
        link_room=np.zeros(link_count),
        pair_room=np.zeros(len(hand.link_pairs)),
    )
    motion.poses[0] = object_from_palm
    return motion


def driven_by_dofs(hand: HandTable) -> Driven:
    """List what each DOF moves."""
    table = hand.joints
    dof_count, link_count = hand.dof_range.shape[1], len(table.link_joint) + 1
    way = np.zeros((dof_count, link_count))
    chains = np.zeros((dof_count, len(table.chain_start) - 1), bool)
    for joint, dof in enumerate(table.dof):
        chain = int(np.searchsorted(table.chain_start, joint, side="right")) - 1
        chains[dof, chain] = True
        for link in np.flatnonzero((table.link_chain == chain) & (table.link_joint >= joint)):
            way[dof, link + 1] += abs(table.ratio[joint]) * _arm_mm(hand, joint, int(link))
    pair_way = way[:, hand.link_pairs].sum(axis=2)
    order = np.argsort(hand.ball_link, kind="stable")
    return Driven(
        chains=chains,
        links=np.nonzero(way)[1],
        link_way=way[way > 0.0],
        link_start=np.cumsum([0, *(way > 0.0).sum(axis=1)]),
        pairs=np.nonzero(pair_way)[1],
        pair_way=pair_way[pair_way > 0.0],
        pair_start=np.cumsum([0, *(pair_way > 0.0).sum(axis=1)]),
        balls=order,
        ball_start=np.searchsorted(hand.ball_link[order], np.arange(link_count + 1)),
    )


def _arm_mm(hand: HandTable, joint: int, link: int) -> float:
    """Return how far a link's balls and points can be from the axis of a joint before it.

    Of a sliding joint: 1, its motion being that of all that follows.
    """
    table = hand.joints
    if table.slides[joint]:
        return 1.0
    mine = hand.ball_centre[hand.ball_link == link + 1]
    arm = float(np.linalg.norm(mine, axis=1).max(initial=0.0)) + abs(table.a[joint])
    for later in range(joint + 1, table.link_joint[link] + 1):
        dof = table.dof[later]
        slide = np.abs(table.ratio[later] * hand.dof_range[:, dof]).max() * table.slides[later]
        arm += float(np.hypot(table.a[later], abs(table.d[later]) + slide))
    return arm


@light_kernel
@no_type_check
def advance_all(closing, motion):  # pragma: no cover
    """Advance all DOFs until each is stopped or at its end; leave poses and places there.

    What a DOF moves is looked at only when it may have met something since it was looked at last.
    """
    hand = closing.hand
    for joint in range(motion.joints.shape[0]):
        motion.joints[joint] = hand.ratio[joint] * motion.dofs[hand.joints.dof[joint]]
    for _ in range(MAX_STEPS):
        any_goes = False
        for dof in range(closing.speed.shape[0]):
            if not motion.stopped[dof]:
                _step(closing, motion, dof)
                any_goes |= not motion.stopped[dof]
        if not any_goes:
            break
    for link in range(motion.poses.shape[0]):
        _place(closing, motion, link)


@light_kernel
@no_type_check
def _step(closing, motion, dof):  # pragma: no cover
    """Advance a DOF, or stop it."""
    hand = closing.hand
    before = motion.dofs[dof]
    wanted = before + STEP_RAD * closing.speed[dof]
    after = min(max(wanted, hand.dof_range[0, dof]), hand.dof_range[1, dof])
    motion.stopped[dof] = after == before
    if motion.stopped[dof]:
        return
    _turn(closing, motion, dof, after)
    if _runs_in(closing, motion, dof):
        _turn(closing, motion, dof, before)
        motion.stopped[dof] = True


@light_kernel
@no_type_check
def _turn(closing, motion, dof, value):  # pragma: no cover
    """Set a DOF, and take the way from the room of what it moves."""
    hand, driven = closing.hand, closing.driven
    turn = abs(value - motion.dofs[dof])
    motion.dofs[dof] = value
    for joint in range(motion.joints.shape[0]):
        if hand.joints.dof[joint] == dof:
            motion.joints[joint] = hand.ratio[joint] * value
    for chain in range(driven.chains.shape[1]):
        if driven.chains[dof, chain]:
            motion.is_posed[chain] = False
    for index in range(driven.link_start[dof], driven.link_start[dof + 1]):
        link = driven.links[index]
        motion.is_placed[link] = False
        motion.link_room[link] -= turn * driven.link_way[index]
    for index in range(driven.pair_start[dof], driven.pair_start[dof + 1]):
        motion.pair_room[driven.pairs[index]] -= turn * driven.pair_way[index]


@light_kernel
@no_type_check
def _runs_in(closing, motion, dof):  # pragma: no cover
    """Say whether a ball or point that a DOF moves is in the object, or a ball in another."""
    hand, driven = closing.hand, closing.driven
    for index in range(driven.link_start[dof], driven.link_start[dof + 1]):
        link = driven.links[index]
        if motion.link_room[link] < 0.0:
            _place(closing, motion, link)
            motion.link_room[link] = _room_to_object(closing, motion, link)
            if motion.link_room[link] < 0.0:
                return True
    for index in range(driven.pair_start[dof], driven.pair_start[dof + 1]):
        pair = driven.pairs[index]
        if motion.pair_room[pair] < 0.0:
            _place(closing, motion, hand.link_pairs[pair, 0])
            _place(closing, motion, hand.link_pairs[pair, 1])
            motion.pair_room[pair] = _room_of_pair(closing, motion, pair)
            if motion.pair_room[pair] < 0.0:
                return True
    return False


@light_kernel
@no_type_check
def _place(closing, motion, link):  # pragma: no cover
    """Fill the places of a link's balls and points, if they are not."""
    if motion.is_placed[link]:
        return
    hand, driven = closing.hand, closing.driven
    motion.is_placed[link] = True
    if link > 0:
        chain = hand.joints.link_chain[link - 1]
        if not motion.is_posed[chain]:
            motion.is_posed[chain] = True
            fill_chain_poses(
                hand.joints, chain, motion.poses[0], motion.joints, motion.frames, motion.poses[1:]
            )
    for index in range(driven.ball_start[link], driven.ball_start[link + 1]):
        ball = driven.balls[index]
        move_point(motion.poses[link], hand.ball_centre[ball], motion.places[ball])


@light_kernel
@no_type_check
def _room_to_object(closing, motion, link):  # pragma: no cover
    """Return how far a link's balls and points are from the object; negative: one is in it."""
    hand, field, driven, slack = closing.hand, closing.field, closing.driven, closing.slack_mm
    room = np.inf
    for index in range(driven.ball_start[link], driven.ball_start[link + 1]):
        ball = driven.balls[index]
        radius = hand.ball_radius[ball]
        least = radius - slack if radius > 0.0 else 0.0
        place = motion.places[ball]
        distance = distance_at(field.values, field.origin, field.spacing, place) - least
        if distance < 0.0:
            return distance
        # Outside the grid's box a distance is an upper bound: only the way to the box is sure.
        beyond = way_to_box_squared(field.values, field.origin, field.spacing, place)
        room = min(room, max(np.sqrt(beyond) - least, 0.0) if beyond > 0.0 else distance)
    return room


@light_kernel
@no_type_check
def _room_of_pair(closing, motion, pair):  # pragma: no cover
    """Return how far balls of two links are from each other; negative: some overlap."""
    hand, slack = closing.hand, closing.slack_mm
    room = np.inf
    for row in range(hand.pair_start[pair], hand.pair_start[pair + 1]):
        one, other = hand.ball_pairs[row, 0], hand.ball_pairs[row, 1]
        least = hand.ball_radius[one] + hand.ball_radius[other] - slack
        if least > 0.0:
            gap = np.sqrt(squared(motion.places[one], motion.places[other]))
            room = min(room, gap - least)
            if room < 0.0:
                break
    return room
