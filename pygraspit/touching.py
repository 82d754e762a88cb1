"""Where two posed bodies touch: close points of their surfaces, in GraspIt!'s order."""

from typing import no_type_check

import numpy as np

from pygraspit.boxes import box_order_squared, move_triangle
from pygraspit.kernels import kernel, light_kernel
from pygraspit.queries import gap_at, make_work, may_touch, move_down, open_pair, swap
from pygraspit.trees import LEAF_SIZE
from pygraspit.triangles import FEATURE_PAIRS, cross_triangles, plane_parts, touching_points


@kernel
@no_type_check
def touching(scene, first, second, limit):  # pragma: no cover
    """Return where two bodies lie closer than a limit: points on each, in its own frame.

    Triangle pairs that cross give no points.
    """
    work = make_work()
    on_first, on_second = np.zeros((64, 3)), np.zeros((64, 3))
    if not may_touch(scene, work, first, second, limit):
        return on_first[:0], on_second[:0]
    work.stack[0, 0], work.stack[0, 1] = scene.root[first], scene.root[second]
    waiting, count = 1, 0
    while waiting > 0:
        waiting -= 1
        m, n = work.stack[waiting, 0], work.stack[waiting, 1]
        if scene.child[m] >= 0 or scene.child[n] >= 0:
            waiting = _open_in_order(scene, work, waiting, m, n, limit * limit)
            continue
        if count + LEAF_SIZE * LEAF_SIZE * FEATURE_PAIRS > len(on_first):
            on_first = np.concatenate((on_first, np.zeros_like(on_first)))
            on_second = np.concatenate((on_second, np.zeros_like(on_second)))
        count += _leaves_touch(
            scene, work, m, n, limit * limit, on_first[count:], on_second[count:]
        )
    return on_first[:count], _back(on_second[:count], work.turn, work.shift)


@kernel
@no_type_check
def within(scene, pairs, limit):  # pragma: no cover
    """Return (pair,) bool: which pairs of bodies may come within a limit; most others do not."""
    work, near = make_work(), np.zeros(pairs.shape[0], np.bool_)
    for row in range(pairs.shape[0]):
        near[row] = may_touch(scene, work, pairs[row, 0], pairs[row, 1], limit)
    return near


@light_kernel
@no_type_check
def _open_in_order(scene, work, waiting, m, n, limit_squared):  # pragma: no cover
    """Open the larger box; its children come off the stack in GraspIt!'s order.

    Children beyond the limit are left out; an order is asked for only if both are within it.
    """
    after = open_pair(scene, work.stack, waiting, m, n)
    if gap_at(scene, work, waiting + 1) > limit_squared:
        after -= 1
    if gap_at(scene, work, waiting) > limit_squared:
        move_down(work.stack, waiting)
        after -= 1
    if after < waiting + 2:
        return after
    if _order_at(scene, work, waiting) < _order_at(scene, work, waiting + 1):
        swap(work.stack, waiting)
    return after


@light_kernel
@no_type_check
def _order_at(scene, work, place):  # pragma: no cover
    m, n = work.stack[place, 0], work.stack[place, 1]
    return box_order_squared(scene.boxes, m, n, work.turn, work.shift, work.axes, work.centre)


@light_kernel
@no_type_check
def _leaves_touch(scene, work, m, n, limit_squared, on_first, on_second):  # pragma: no cover
    """Fill the close points of two leaves' triangles; return how many."""
    count = 0
    for i in range(scene.start[m], scene.stop[m]):
        for j in range(scene.start[n], scene.stop[n]):
            move_triangle(scene.triangles, j, work.turn, work.shift, work.moved)
            if plane_parts(scene.triangles[i], work.moved, limit_squared):
                continue
            if not cross_triangles(scene.triangles[i], work.moved):
                count += touching_points(
                    scene.triangles[i],
                    work.moved,
                    limit_squared,
                    work.p,
                    work.q,
                    on_first[count:],
                    on_second[count:],
                )
    return count


@kernel
@no_type_check
def _back(points, turn, shift):  # pragma: no cover
    """Express points of the first frame in the second."""
    moved = np.zeros_like(points)
    for index in range(points.shape[0]):
        for j in range(3):
            for i in range(3):
                moved[index, j] += turn[i, j] * (points[index, i] - shift[i])
    return moved
