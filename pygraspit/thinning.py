"""Kernels that thin out close points of two bodies before they become contacts.

First duplicates go, then all but the border of each flat patch. The order of the steps and all
thresholds are GraspIt!'s.
"""

from typing import no_type_check

import numpy as np

from pygraspit.kernels import kernel, light_kernel
from pygraspit.triangles import squared

DUPLICATE_MM = 3.0
"""Two contacts whose points on both bodies are this near are one."""
SAME_NORMAL_COSINE = 1.0 - 1e-3
SAME_POINT_SQUARED_MM2 = 0.1
LINE_CROSS_PRODUCT_MM2 = 0.1
HULL_VERTEX_MM = 0.1


@kernel
@no_type_check
def thinned(on_first, on_second, normals):  # pragma: no cover
    """Return which points to keep, in the order in which they become contacts.

    Args:
        on_first: (point, 3) mm, first body's frame.
        on_second: (point, 3) mm, second body's frame.
        normals: (point, 3) into the first body, its frame.
    """
    alive = distinct(on_first, on_second)
    group, heads = _patches(on_first, normals, alive)
    kept, count = np.zeros(len(on_first), np.int64), 0
    for patch, head in enumerate(heads):
        members = np.flatnonzero(group == patch)
        border = members if len(members) < 3 else _border(on_first, members, normals[head])
        kept[count : count + len(border)] = border
        count += len(border)
    return kept[:count]


@kernel
@no_type_check
def distinct(on_first, on_second):  # pragma: no cover
    """Of points near each other on both bodies keep that of least rank; on a tie the later.

    GraspIt! ranks them by the gap between numbers that belong to two different frames, which is
    no distance. To keep the contacts that GraspIt! keeps, the slip has to be copied.
    """
    count, limit = len(on_first), DUPLICATE_MM**2
    alive = np.ones(count, np.bool_)
    ranks = np.zeros(count)
    for index in range(count):
        ranks[index] = np.sqrt(squared(on_first[index], on_second[index]))
    for index in range(count):
        for other in range(index + 1, count):
            if not alive[index]:
                break
            near = squared(on_first[index], on_first[other]) <= limit
            if not alive[other] or not near:
                continue
            if squared(on_second[index], on_second[other]) <= limit:
                alive[index if ranks[other] <= ranks[index] else other] = False
    return alive


@kernel
@no_type_check
def _patches(positions, normals, alive):  # pragma: no cover
    """Group points by their normals; return each one's group, -1 for none, and groups' heads.

    A point that lies at another of its group joins none.
    """
    group = np.full(len(positions), -1)
    heads, count = np.zeros(len(positions), np.int64), 0
    for index in np.flatnonzero(alive):
        home = count
        for patch in range(count):
            if _dot(normals[heads[patch]], normals[index]) > SAME_NORMAL_COSINE:
                home = patch
                break
        if home == count:
            heads[count] = index
            count += 1
            group[index] = home
        elif not _is_in(positions, group, home, index):
            group[index] = home
    return group, heads[:count]


@light_kernel
@no_type_check
def _dot(u, v):  # pragma: no cover
    return u[0] * v[0] + u[1] * v[1] + u[2] * v[2]


@light_kernel
@no_type_check
def _is_in(positions, group, patch, index):  # pragma: no cover
    for other in range(index):
        gap_squared = squared(positions[other], positions[index])
        if group[other] == patch and gap_squared < SAME_POINT_SQUARED_MM2:
            return True
    return False


@kernel
@no_type_check
def _border(positions, members, normal):  # pragma: no cover
    """Return the members of a patch that bound it: two ends of a line, or hull corners."""
    shifted = positions[members] - positions[members[0]]
    if _is_line(shifted):
        along = np.zeros(len(members))
        for index in range(len(members)):
            along[index] = _dot(shifted[index], shifted[1])
        return np.array([members[along.argmin()], members[along.argmax()]])
    flat = _in_plane(shifted, normal)
    corners = convex_corners(flat)
    near = np.zeros(len(members), np.bool_)
    for index in range(len(members)):
        for corner in corners:
            x, y = flat[index, 0] - flat[corner, 0], flat[index, 1] - flat[corner, 1]
            near[index] |= np.sqrt(x * x + y * y) < HULL_VERTEX_MM
    return members[near]


@kernel
@no_type_check
def _is_line(shifted):  # pragma: no cover
    """Say whether all points lie on the line from the first, the origin, to the second."""
    for index in range(2, len(shifted)):
        cross = np.cross(shifted[1], shifted[index])
        if np.sqrt(_dot(cross, cross)) > LINE_CROSS_PRODUCT_MM2:
            return False
    return True


@kernel
@no_type_check
def _in_plane(positions, normal):  # pragma: no cover
    """Return the points' coordinates along two directions at right angles to the normal."""
    helper = np.zeros(3)
    helper[np.abs(normal).argmin()] = 1.0
    first = np.cross(normal, helper)
    first /= np.sqrt(_dot(first, first))
    second = np.cross(normal, first)
    flat = np.zeros((len(positions), 2))
    for index in range(len(positions)):
        flat[index, 0] = _dot(positions[index], first)
        flat[index, 1] = _dot(positions[index], second)
    return flat


@kernel
@no_type_check
def convex_corners(points):  # pragma: no cover
    """Return the corners of a planar hull, counter-clockwise (Andrew's monotone chain)."""
    order = np.argsort(points[:, 1], kind="mergesort")
    order = order[np.argsort(points[order, 0], kind="mergesort")]
    return np.concatenate((_half_hull(points, order), _half_hull(points, order[::-1])))


@kernel
@no_type_check
def _half_hull(points, order):  # pragma: no cover
    """Return the corners below the line from first to last point, without the last."""
    chain, count = np.zeros(len(order), np.int64), 0
    for index in order:
        while count > 1 and _turn(points, chain[count - 2], chain[count - 1], index) <= 0.0:
            count -= 1
        chain[count] = index
        count += 1
    return chain[: count - 1]


@light_kernel
@no_type_check
def _turn(points, first, second, third):  # pragma: no cover
    """Return twice the signed area of three points: positive if they turn left."""
    ux, uy = points[second, 0] - points[first, 0], points[second, 1] - points[first, 1]
    vx, vy = points[third, 0] - points[first, 0], points[third, 1] - points[first, 1]
    return ux * vy - uy * vx
