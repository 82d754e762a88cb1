"""Questions to posed bodies: which pairs cross, how far apart they are.

All functions here are kernels over a `Scene`; bodies are indices into it. A pair with a body
without triangles never crosses and is infinitely far.
"""

from typing import NamedTuple, no_type_check

import numpy as np

from pygraspit.boxes import (
    box_gap_squared,
    move_triangle,
    opens_first,
    point_gap_squared,
    relative_pose,
)
from pygraspit.kernels import kernel, light_kernel
from pygraspit.separation import plane_gap
from pygraspit.triangles import (
    CROSSING,
    cross_triangles,
    plane_parts,
    point_closest,
    squared,
    triangle_distance_squared,
)

STACK = 256
"""Pairs of boxes that may wait: about the two trees' depths together, log2 of their triangles."""


class Work(NamedTuple):
    """Memory that queries use again and again instead of asking for new."""

    stack: np.ndarray
    gaps: np.ndarray
    turn: np.ndarray
    shift: np.ndarray
    moved: np.ndarray
    p: np.ndarray
    q: np.ndarray
    axes: np.ndarray
    centre: np.ndarray
    normal: np.ndarray


@kernel
@no_type_check
def make_work():  # pragma: no cover
    """Return memory for queries, for one thread."""
    return Work(
        np.zeros((STACK, 2), np.int64),
        np.zeros(STACK),
        np.zeros((3, 3)),
        np.zeros(3),
        np.zeros((3, 3)),
        np.zeros(3),
        np.zeros(3),
        np.zeros((3, 3)),
        np.zeros(3),
        np.zeros(3),
    )


@light_kernel
@no_type_check
def cross(scene, work, first, second):  # pragma: no cover
    """Say whether any triangles of two bodies cross."""
    if not may_touch(scene, work, first, second, 0.0):
        return False
    work.stack[0, 0], work.stack[0, 1] = scene.root[first], scene.root[second]
    waiting = 1
    while waiting > 0:
        waiting -= 1
        m, n = work.stack[waiting, 0], work.stack[waiting, 1]
        if box_gap_squared(scene.boxes, m, n, work.turn, work.shift) > 0.0:
            continue
        if scene.child[m] < 0 and scene.child[n] < 0:
            if _leaves_cross(scene, work, m, n):
                return True
        else:
            waiting = open_pair(scene, work.stack, waiting, m, n)
    return False


@light_kernel
@no_type_check
def may_touch(scene, work, first, second, limit):  # pragma: no cover
    """Say whether no gap wider than a limit is seen; fill in how the second body stands."""
    if scene.root[first] < 0 or scene.root[second] < 0 or ball_gap(scene, first, second) > limit:
        return False
    relative_pose(scene, first, second, work.turn, work.shift)
    work.normal[:] = 0.0
    return plane_gap(scene, first, second, work.turn, work.shift, work.normal, limit) <= limit


@light_kernel
@no_type_check
def lower_bound(scene, work, first, second, enough):  # pragma: no cover
    """Return a lower bound of the distance of two bodies, `CROSSING` if they cross.

    It is the least gap of the boxes that part them, or distance of triangles whose boxes do not;
    boxes with a gap of ``enough`` are not opened.
    """
    gap = ball_gap(scene, first, second)
    if gap > enough:
        return gap
    relative_pose(scene, first, second, work.turn, work.shift)
    work.stack[0, 0], work.stack[0, 1] = scene.root[first], scene.root[second]
    waiting, least = 1, np.inf
    while waiting > 0:
        waiting -= 1
        m, n = work.stack[waiting, 0], work.stack[waiting, 1]
        squared_gap = box_gap_squared(scene.boxes, m, n, work.turn, work.shift)
        if squared_gap > enough * enough or (squared_gap > 0.0 and squared_gap >= least):
            least = min(least, squared_gap)
        elif scene.child[m] >= 0 or scene.child[n] >= 0:
            waiting = open_pair(scene, work.stack, waiting, m, n)
        elif squared_gap > 0.0:
            least = squared_gap
        else:
            least = _leaf_distance(scene, work, m, n, least)
            if least == CROSSING:
                return CROSSING
    return np.sqrt(least)


@light_kernel
@no_type_check
def ball_gap(scene, first, second):  # pragma: no cover
    """Return the distance of balls around two bodies' boxes, negative if they overlap."""
    m, n, boxes, poses = scene.root[first], scene.root[second], scene.boxes, scene.poses
    total = 0.0
    for i in range(3):
        gap = poses[first, i, 3] - poses[second, i, 3]
        for k in range(3):
            gap += poses[first, i, k] * boxes[m, k] - poses[second, i, k] * boxes[n, k]
        total += gap * gap
    return np.sqrt(total) - box_radius(scene, first) - box_radius(scene, second)


@light_kernel
@no_type_check
def box_radius(scene, body):  # pragma: no cover
    """Return half the diagonal of the box around a body."""
    box = scene.root[body]
    return np.sqrt(scene.boxes[box, 3] ** 2 + scene.boxes[box, 4] ** 2 + scene.boxes[box, 5] ** 2)


@light_kernel
@no_type_check
def open_pair(scene, stack, waiting, m, n):  # pragma: no cover
    """Put the children of the larger box on the stack, each with the other box."""
    if opens_first(scene.boxes, scene.child, m, n):
        child = scene.child[m]
        stack[waiting, 0], stack[waiting, 1] = child + 1, n
        stack[waiting + 1, 0], stack[waiting + 1, 1] = child, n
    else:
        child = scene.child[n]
        stack[waiting, 0], stack[waiting, 1] = m, child + 1
        stack[waiting + 1, 0], stack[waiting + 1, 1] = m, child
    return waiting + 2


@light_kernel
@no_type_check
def _leaves_cross(scene, work, m, n):  # pragma: no cover
    for j in range(scene.start[n], scene.stop[n]):
        move_triangle(scene.triangles, j, work.turn, work.shift, work.moved)
        for i in range(scene.start[m], scene.stop[m]):
            if cross_triangles(scene.triangles[i], work.moved):
                return True
    return False


@light_kernel
@no_type_check
def distance_squared(scene, work, first, second, limit_squared):  # pragma: no cover
    """Return the least squared distance of two bodies, `CROSSING` if they cross.

    Distances of at least the limit come back as the limit.
    """
    best = limit_squared
    if scene.root[first] < 0 or scene.root[second] < 0:
        return best
    relative_pose(scene, first, second, work.turn, work.shift)
    work.stack[0, 0], work.stack[0, 1] = scene.root[first], scene.root[second]
    work.gaps[0] = 0.0
    waiting = 1
    while waiting > 0:
        waiting -= 1
        m, n = work.stack[waiting, 0], work.stack[waiting, 1]
        if work.gaps[waiting] >= best:
            continue
        if scene.child[m] < 0 and scene.child[n] < 0:
            best = _leaf_distance(scene, work, m, n, best)
            if best == CROSSING:
                return CROSSING
        else:
            waiting = _open_nearer_first(scene, work, waiting, m, n, best)
    return best


@light_kernel
@no_type_check
def _open_nearer_first(scene, work, waiting, m, n, limit_squared):  # pragma: no cover
    """Open the larger box; its child nearer to the other box comes off the stack first.

    Children beyond the limit are left out; the others' gaps are noted.
    """
    after = open_pair(scene, work.stack, waiting, m, n)
    low, high = gap_at(scene, work, waiting), gap_at(scene, work, waiting + 1)
    if low < high:
        swap(work.stack, waiting)
        low, high = high, low
    if low >= limit_squared:
        move_down(work.stack, waiting)
        work.gaps[waiting] = high
        return after - 1 if high < limit_squared else after - 2
    work.gaps[waiting], work.gaps[waiting + 1] = low, high
    return after


@light_kernel
@no_type_check
def swap(stack, place):  # pragma: no cover
    """Swap a pair on the stack with the one above it."""
    for k in range(2):
        below = stack[place, k]
        stack[place, k] = stack[place + 1, k]
        stack[place + 1, k] = below


@light_kernel
@no_type_check
def move_down(stack, place):  # pragma: no cover
    """Put a pair on the stack in place of the one below it."""
    stack[place, 0], stack[place, 1] = stack[place + 1, 0], stack[place + 1, 1]


@light_kernel
@no_type_check
def gap_at(scene, work, place):  # pragma: no cover
    m, n = work.stack[place, 0], work.stack[place, 1]
    return box_gap_squared(scene.boxes, m, n, work.turn, work.shift)


@light_kernel
@no_type_check
def _leaf_distance(scene, work, m, n, best):  # pragma: no cover
    for j in range(scene.start[n], scene.stop[n]):
        move_triangle(scene.triangles, j, work.turn, work.shift, work.moved)
        for i in range(scene.start[m], scene.stop[m]):
            if plane_parts(scene.triangles[i], work.moved, best):
                continue
            here = triangle_distance_squared(scene.triangles[i], work.moved, work.p, work.q)
            if here == CROSSING:
                return CROSSING
            best = min(best, here)
    return best


@kernel
@no_type_check
def closest_points(scene, body, points, closest):  # pragma: no cover
    """Fill the points of a body's surface closest to the given ones, both in its frame."""
    stack = np.zeros(STACK, np.int64)
    here = np.zeros(3)
    for index in range(points.shape[0]):
        point, best, waiting = points[index], np.inf, 1
        stack[0] = scene.root[body]
        while waiting > 0:
            waiting -= 1
            node = stack[waiting]
            if point_gap_squared(scene.boxes, node, point) >= best:
                continue
            child = scene.child[node]
            if child >= 0:
                near = point_gap_squared(scene.boxes, child, point)
                swap = near > point_gap_squared(scene.boxes, child + 1, point)
                stack[waiting], stack[waiting + 1] = child + (not swap), child + swap
                waiting += 2
                continue
            for face in range(scene.start[node], scene.stop[node]):
                point_closest(point, scene.triangles[face], here)
                if squared(point, here) < best:
                    best = squared(point, here)
                    closest[index] = here
