"""The largest ball about the origin in the hull of a few points, without the whole hull.

A polytope is grown from a simplex, always at the facet nearest to the origin, towards the point
farthest beyond it, until that facet is one of the hull: then no other can be nearer, as the
polytope lies inside the hull. (The expanding polytope of van den Bergen, GDC 2001, in any
dimension; used for grasps by Zheng, IEEE Transactions on Robotics 29, 2013.) Facets far from
the origin, most of a hull in six dimensions, are never made. `pygraspit.planner.hull` does the
same in three dimensions only, laid out for the planner's inner loop.
"""

from functools import lru_cache
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float

from pygraspit.kernels import kernel, light_kernel

BEYOND = 1e-10
"""Nearer to a facet's plane than this, a point lies in it; lengths of wrenches are about 1."""
FACETS = 8192
"""Room for facets, dead ones included: grasps need some hundreds."""

FOUND, FLAT, FULL = 0, 1, 2
_ID_BITS = 12


class Polytope(NamedTuple):
    """Facets of a growing polytope: simplices, each with its neighbours."""

    corners: np.ndarray
    """(facet, dim) i64 rows of points."""
    neighbours: np.ndarray
    """(facet, dim) i64: the facet opposite to each corner."""
    planes: np.ndarray
    """(facet, dim + 1): unit outward normal, and the plane's distance from the origin."""
    alive: np.ndarray
    """(facet,) bool."""
    rows: np.ndarray
    """(dim - 1, dim) work space: sides of a facet."""
    columns: np.ndarray
    """(dim,) i64 work space: their columns in the order of elimination."""
    ids: np.ndarray
    """(dim,) i64 work space: corners in order."""


def inner_ball(points: Float[np.ndarray, "point dim"]) -> float | None:
    """Return the radius of the largest ball about the origin inside the points' hull.

    Args:
        points: 2 to 6 dimensions, at most 4,096 of them, of size about 1.

    Returns:
        Negative if the origin lies outside; None if the points are flat, or the hull is too
        complex.
    """
    count, dim = points.shape
    if count <= dim or count >= 1 << _ID_BITS:
        return None
    status, radius = grow(np.ascontiguousarray(points, np.float64), _polytope(dim))
    return radius if status == FOUND else None


@lru_cache
def _polytope(dim: int) -> Polytope:
    """Return room for a polytope; it is used again and again."""
    return Polytope(
        np.zeros((FACETS, dim), np.int64),
        np.zeros((FACETS, dim), np.int64),
        np.zeros((FACETS, dim + 1)),
        np.zeros(FACETS, np.bool_),
        np.zeros((dim - 1, dim)),
        np.zeros(dim, np.int64),
        np.zeros(dim, np.int64),
    )


@kernel
@no_type_check
def grow(points, polytope):  # pragma: no cover
    """Return status and radius."""
    dim = points.shape[1]
    simplex = np.zeros(dim + 1, np.int64)
    if not _first_simplex(points, simplex):
        return FLAT, 0.0
    middle = np.zeros(dim)
    for corner in simplex:
        middle += points[corner] / (dim + 1)
    used = _place_simplex(points, polytope, simplex, middle)
    visible, stack = np.zeros(FACETS, np.int64), np.zeros(FACETS, np.int64)
    mark = np.zeros(FACETS, np.bool_)
    while True:
        facet = _nearest(polytope, used)
        plane = polytope.planes[facet]
        apex, height = _farthest(points, plane)
        if height <= BEYOND:
            return FOUND, plane[dim]
        seen = _seen_from(points[apex], facet, polytope, visible, stack, mark)
        before = used
        used = _cap(points, polytope, apex, visible[:seen], mark, middle, used)
        for index in range(seen):
            mark[visible[index]] = False
        if used < 0 or not _join(polytope, before, used, apex):
            return FULL, 0.0


@light_kernel
@no_type_check
def _nearest(polytope, used):  # pragma: no cover
    """Return the living facet whose plane is nearest to the origin, or farthest before it."""
    dim = polytope.corners.shape[1]
    best, least = -1, np.inf
    for facet in range(used):
        if polytope.alive[facet] and polytope.planes[facet, dim] < least:
            best, least = facet, polytope.planes[facet, dim]
    return best


@light_kernel
@no_type_check
def _height(point, plane):  # pragma: no cover
    height = -plane[point.shape[0]]
    for axis in range(point.shape[0]):
        height += plane[axis] * point[axis]
    return height


@light_kernel
@no_type_check
def _farthest(points, plane):  # pragma: no cover
    best, most = 0, -np.inf
    for index in range(points.shape[0]):
        height = _height(points[index], plane)
        if height > most:
            best, most = index, height
    return best, most


@light_kernel
@no_type_check
def _seen_from(point, first, polytope, visible, stack, mark):  # pragma: no cover
    """List and mark the facets that a point sees: a connected patch about the first."""
    visible[0], stack[0], mark[first] = first, first, True
    count, waiting = 1, 1
    while waiting > 0:
        waiting -= 1
        here = stack[waiting]
        for place in range(polytope.neighbours.shape[1]):
            other = polytope.neighbours[here, place]
            if not mark[other] and _height(point, polytope.planes[other]) > BEYOND:
                mark[other] = True
                visible[count], stack[waiting] = other, other
                count, waiting = count + 1, waiting + 1
    return count


@light_kernel
@no_type_check
def _cap(points, polytope, apex, visible, mark, middle, used):  # noqa: PLR0913, PLR0917
    """Put a cone from the visible facets' border to the apex in their place; -1: no room."""
    dim = points.shape[1]
    for index in range(visible.shape[0]):
        facet = visible[index]
        polytope.alive[facet] = False
        for place in range(dim):
            beyond = polytope.neighbours[facet, place]
            if mark[beyond]:
                continue
            if used == FACETS:
                return -1
            for corner in range(dim):
                polytope.corners[used, corner] = polytope.corners[facet, corner]
            polytope.corners[used, place] = apex
            polytope.neighbours[used, place] = beyond
            for back in range(dim):
                if polytope.neighbours[beyond, back] == facet:
                    polytope.neighbours[beyond, back] = used
            _set_plane(points, polytope, used, middle)
            polytope.alive[used] = True
            used += 1
    return used


@kernel
@no_type_check
def _join(polytope, before, used, apex):  # pragma: no cover
    """Make neighbours of the new facets that share a ridge; say whether each ridge has two."""
    dim = polytope.corners.shape[1]
    count = (used - before) * (dim - 1)
    keys, owners = np.zeros(count, np.int64), np.zeros(count, np.int64)
    row = 0
    for facet in range(before, used):
        for place in range(dim):
            if polytope.corners[facet, place] != apex:
                keys[row] = _ridge_key(polytope.corners[facet], place, apex, polytope.ids)
                owners[row] = facet * dim + place
                row += 1
    order = np.argsort(keys)
    for pair in range(0, count, 2):
        if pair + 1 == count or keys[order[pair]] != keys[order[pair + 1]]:
            return False
        one, other = owners[order[pair]], owners[order[pair + 1]]
        polytope.neighbours[one // dim, one % dim] = other // dim
        polytope.neighbours[other // dim, other % dim] = one // dim
    return True


@light_kernel
@no_type_check
def _ridge_key(corners, place, apex, ids):  # pragma: no cover
    """Return a number for a facet's corners but one and the apex, whatever their order."""
    count = 0
    for index in range(corners.shape[0]):
        if index == place or corners[index] == apex:
            continue
        spot = count
        while spot > 0 and ids[spot - 1] > corners[index]:
            ids[spot] = ids[spot - 1]
            spot -= 1
        ids[spot] = corners[index]
        count += 1
    key = 0
    for index in range(count):
        key = (key << _ID_BITS) | ids[index]
    return key


@light_kernel
@no_type_check
def _set_plane(points, polytope, facet, middle):  # pragma: no cover
    """Fill a facet's unit normal, away from the middle, and its distance from the origin."""
    dim = points.shape[1]
    corners, plane = polytope.corners[facet], polytope.planes[facet]
    for row in range(dim - 1):
        for axis in range(dim):
            side = points[corners[row + 1], axis] - points[corners[0], axis]
            polytope.rows[row, axis] = side
    _fill_normal(polytope.rows, polytope.columns, plane)
    offset = towards = 0.0
    for axis in range(dim):
        offset += plane[axis] * points[corners[0], axis]
        towards += plane[axis] * middle[axis]
    sign = 1.0 if offset > towards else -1.0
    for axis in range(dim):
        plane[axis] *= sign
    plane[dim] = sign * offset


@light_kernel
@no_type_check
def _fill_normal(rows, columns, normal):  # pragma: no cover
    """Fill the unit vector at right angles to all rows: elimination with full pivoting."""
    count, dim = rows.shape
    for axis in range(dim):
        columns[axis] = axis
    for step in range(count):
        _pivot(rows, columns, step)
        pivot = columns[step]
        for row in range(step + 1, count):
            share = rows[row, pivot] / rows[step, pivot]
            for place in range(step, dim):
                column = columns[place]
                rows[row, column] -= share * rows[step, column]
    normal[columns[dim - 1]] = length = 1.0
    for step in range(count - 1, -1, -1):
        total = 0.0
        for place in range(step + 1, dim):
            column = columns[place]
            total += rows[step, column] * normal[column]
        normal[columns[step]] = -total / rows[step, columns[step]]
        length += normal[columns[step]] ** 2
    for axis in range(dim):
        normal[axis] /= np.sqrt(length)


@light_kernel
@no_type_check
def _pivot(rows, columns, step):  # pragma: no cover
    """Bring the largest number that is left into the step's row and place among the columns."""
    best, at_row, at_column = -1.0, step, step
    for row in range(step, rows.shape[0]):
        for place in range(step, rows.shape[1]):
            size = abs(rows[row, columns[place]])
            if size > best:
                best, at_row, at_column = size, row, place
    columns[step], columns[at_column] = columns[at_column], columns[step]
    if at_row != step:
        for column in range(rows.shape[1]):
            kept = rows[step, column]
            rows[step, column] = rows[at_row, column]
            rows[at_row, column] = kept


@kernel
@no_type_check
def _first_simplex(points, simplex):  # pragma: no cover
    """Choose corners far from each other's span; say whether they span everything."""
    count, dim = points.shape
    rest = points - points[0]
    simplex[0] = 0
    for step in range(1, dim + 1):
        best, most = 0, 0.0
        for index in range(count):
            size = np.dot(rest[index], rest[index])
            if size > most:
                best, most = index, size
        if most <= 1e-14:
            return False
        simplex[step] = best
        way = rest[best] / np.sqrt(most)
        for index in range(count):
            rest[index] -= np.dot(rest[index], way) * way
    return True


@kernel
@no_type_check
def _place_simplex(points, polytope, simplex, middle):  # pragma: no cover
    """Make the simplex's facets; return their number. Facet i lacks corner i."""
    dim = points.shape[1]
    for facet in range(dim + 1):
        place = 0
        for corner in range(dim + 1):
            if corner != facet:
                polytope.corners[facet, place] = simplex[corner]
                polytope.neighbours[facet, place] = corner
                place += 1
        _set_plane(points, polytope, facet, middle)
    polytope.alive[:] = False
    polytope.alive[: dim + 1] = True
    return dim + 1
