"""Which bodies cross: asked once, or at every step of a motion.

During a motion a pair of bodies is tested only when it could have met since the last test: a
lower bound of their distance is good until they have moved that far (conservative advancement:
Mirtich, Impulse-based Dynamic Simulation, PhD thesis, Berkeley, 1996), each in the world or, a
closer bound for fingers that move side by side, one as seen from the other.
"""

from typing import NamedTuple, no_type_check

import numpy as np

from pygraspit.boxes import relative_pose
from pygraspit.kernels import kernel, light_kernel
from pygraspit.queries import box_radius, cross, lower_bound, make_work
from pygraspit.separation import plane_gap
from pygraspit.transforms import copy_matrix, copy_vector
from pygraspit.triangles import CROSSING

LOOK_AHEAD_MM = 0.5
"""Gaps between boxes are looked into until they are this wide."""
FAR_MM = 50.0
"""Gaps between planes are widened until they are this wide."""
ROUNDING_MM = 1e-6


class Watch(NamedTuple):
    """What the last test of each pair of bodies found in the course of a motion."""

    pose: np.ndarray
    """(body, 4, 4) where each body was seen last."""
    travel: np.ndarray
    """(body,) mm: no point of the body has moved farther since the motion began."""
    due: np.ndarray
    """(body, body) mm: while the sum of two travels is below this, the pair cannot have met."""
    gap: np.ndarray
    """(body, body) mm: a lower bound of the distance then; negative: the pair is to be tested."""
    turn: np.ndarray
    """(body, body, 3, 3): with ``shift``, how the smaller body stood to the larger one."""
    shift: np.ndarray
    """(body, body, 3) mm."""
    normal: np.ndarray
    """(body, body, 3) of a plane that may part them, in the larger body's frame."""


@kernel
@no_type_check
def new_watch(body_count):  # pragma: no cover
    """Return a watch that knows nothing yet."""
    return Watch(
        np.zeros((body_count, 4, 4)),
        np.zeros(body_count),
        np.full((body_count, body_count), -1.0),
        np.full((body_count, body_count), -1.0),
        np.zeros((body_count, body_count, 3, 3)),
        np.zeros((body_count, body_count, 3)),
        np.zeros((body_count, body_count, 3)),
    )


@light_kernel
@no_type_check
def newly_crossing(scene, work, watch, chosen, pairs):  # pragma: no cover
    """Do as `crossing_pairs` does, but test only pairs that may have met since the last time."""
    count, bodies = 0, scene.root.shape[0]
    _note_travel(scene, watch)
    for first in range(bodies):
        for second in range(first + 1, bodies):
            if not scene.tested[first, second] or not (chosen[first] or chosen[second]):
                continue
            travel = watch.travel[first] + watch.travel[second]
            if travel < watch.due[first, second]:
                continue
            room = _room(scene, work, watch, first, second)
            watch.due[first, second] = travel + room - ROUNDING_MM
            if room == CROSSING:
                pairs[count, 0], pairs[count, 1] = first, second
                count += 1
    return count


@light_kernel
@no_type_check
def _note_travel(scene, watch):  # pragma: no cover
    """Add to each body's travel how far its points have come since it was seen last."""
    for body in range(scene.root.shape[0]):
        if scene.root[body] >= 0:
            now, before = scene.poses[body], watch.pose[body]
            watch.travel[body] += way(scene, body, now, now[:, 3], before, before[:, 3])
            copy_matrix(now, before)


@light_kernel
@no_type_check
def _room(scene, work, watch, first, second):  # pragma: no cover
    """Return how far two bodies may yet move together before they meet, `CROSSING` if they do."""
    if scene.root[first] < 0 or scene.root[second] < 0:
        return np.inf
    large, small = _by_size(scene, first, second)
    relative_pose(scene, large, small, work.turn, work.shift)
    turn, shift = watch.turn[large, small], watch.shift[large, small]
    room = watch.gap[large, small] - way(scene, small, work.turn, work.shift, turn, shift)
    if room <= ROUNDING_MM:
        copy_matrix(work.turn, turn)
        copy_vector(work.shift, shift)
        room = watch.gap[large, small] = _gap(scene, work, watch, large, small)
    return room


@light_kernel
@no_type_check
def _gap(scene, work, watch, large, small):  # pragma: no cover
    """Return a lower bound of two bodies' distance, `CROSSING` if they cross."""
    normal = watch.normal[large, small]
    gap = plane_gap(scene, large, small, work.turn, work.shift, normal, FAR_MM)
    return gap if gap > 0.0 else lower_bound(scene, work, large, small, LOOK_AHEAD_MM)


@light_kernel
@no_type_check
def _by_size(scene, first, second):  # pragma: no cover
    """Return two bodies, the larger one first."""
    if box_radius(scene, first) < box_radius(scene, second):
        return second, first
    return first, second


@light_kernel
@no_type_check
def are_parted(scene, work, watch, pair, gap):  # pragma: no cover
    """Say whether a plane's gap parts two bodies: if not, they may still be as far apart."""
    large, small = _by_size(scene, pair[0], pair[1])
    relative_pose(scene, large, small, work.turn, work.shift)
    normal = watch.normal[large, small]
    return plane_gap(scene, large, small, work.turn, work.shift, normal, gap) >= gap


@light_kernel
@no_type_check
def way(scene, body, turn, shift, turn_before, shift_before):  # pragma: no cover
    """Return how far a body's points have come at the most, from one pose to another.

    The middle of its box has moved so far, and a point at a distance r from it r |R - R'| more;
    the norm of the difference of two rotations is its Frobenius norm over the root of two.
    """
    box, moved, turned = scene.root[body], 0.0, 0.0
    for i in range(3):
        step = shift[i] - shift_before[i]
        for k in range(3):
            change = turn[i, k] - turn_before[i, k]
            step += change * scene.boxes[box, k]
            turned += change * change
        moved += step * step
    return np.sqrt(moved) + box_radius(scene, body) * np.sqrt(0.5 * turned)


@kernel
@no_type_check
def crossing_pairs(scene, work, chosen, pairs):  # pragma: no cover
    """Fill tested pairs with a chosen body in them that cross; return how many.

    ``pairs`` of no rows asks only whether there is any: the search ends at the first.
    """
    count, bodies = 0, scene.root.shape[0]
    for first in range(bodies):
        for second in range(first + 1, bodies):
            if not scene.tested[first, second] or not (chosen[first] or chosen[second]):
                continue
            if cross(scene, work, first, second):
                if pairs.shape[0] == 0:
                    return 1
                pairs[count, 0], pairs[count, 1] = first, second
                count += 1
    return count


@kernel
@no_type_check
def any_cross(scene, chosen):  # pragma: no cover
    """Say whether any tested pair with a chosen body in it crosses."""
    return crossing_pairs(scene, make_work(), chosen, np.zeros((0, 2), np.int64)) > 0


@kernel
@no_type_check
def all_crossing(scene):  # pragma: no cover
    """Return the (pair, 2) bodies that cross, among the tested pairs."""
    bodies = scene.root.shape[0]
    pairs = np.zeros((bodies * (bodies - 1) // 2 + 1, 2), np.int64)
    count = crossing_pairs(scene, make_work(), np.ones(bodies, np.bool_), pairs)
    return pairs[:count]
