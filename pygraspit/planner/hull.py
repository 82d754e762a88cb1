"""The largest ball of forces that a set of contact forces can resist: a 3-D hull, fast.

The planner's default energy needs this radius for every state it visits. A general hull
program spends most of its time on facets nobody asks for; here the hull grows only where it
is nearest to the origin, as in the expanding-polytope algorithm (van den Bergen, 2001). The
nearest facet of the growing polytope is final as soon as no point lies beyond it, and then
its distance is the radius exactly.
"""

from typing import no_type_check

import numpy as np
from jaxtyping import Float

from pygraspit.kernels import light_kernel
from pygraspit.transforms import copy_vector

MAX_FACETS = 1024
OUTSIDE = -1.0
RELATIVE_TOLERANCE = 1e-10
"""Points closer than this to a facet, relative to the largest force, do not extend it."""


def force_epsilon(forces: Float[np.ndarray, "force 3"], with_origin: bool = False) -> float:
    """Return the radius of the largest origin-centred ball inside the hull of forces.

    Args:
        forces: points in force space.
        with_origin: whether the origin is one of the points, as it is when GraspIt!'s planner
            scales a contact out of reach by zero.

    Returns:
        the radius; -1 if the origin lies outside; 0 or -1 (``with_origin`` or not) if the
        points lie in a plane.
    """
    workspace = new_workspace()
    points = np.ascontiguousarray(forces, np.float64)
    return float(hull_epsilon(points, len(points), with_origin, *workspace))


def new_workspace():
    """Return scratch arrays for `hull_epsilon`: corners, planes and rim edges of facets."""
    return (
        np.zeros((MAX_FACETS, 3), np.int64),
        np.zeros((MAX_FACETS, 4)),
        np.zeros((MAX_FACETS, 2), np.int64),
    )


@light_kernel
@no_type_check
def hull_epsilon(points, count, with_origin, corners, planes, rim):  # pragma: no cover
    """Return the radius for the first ``count`` rows of ``points``; see `force_epsilon`."""
    nothing = 0.0 if with_origin else OUTSIDE
    size = 0.0
    for i in range(count):
        for k in range(3):
            size = max(size, abs(points[i, k]))
    tolerance = RELATIVE_TOLERANCE * size
    facets = _first_simplex(points, count, tolerance, corners, planes)
    if facets == 0:
        return nothing
    while True:
        nearest = 0
        for facet in range(1, facets):
            if planes[facet, 3] < planes[nearest, 3]:
                nearest = facet
        apex, reach = _reach(points, count, planes[nearest])
        if reach <= planes[nearest, 3] + tolerance:
            return max(planes[nearest, 3], 0.0) if planes[nearest, 3] >= 0.0 else nothing
        facets = _extend(points, apex, facets, tolerance, corners, planes, rim)
        if facets < 0:
            return nothing


@light_kernel
@no_type_check
def _reach(points, count, plane):  # pragma: no cover
    """Return the point farthest along a facet's normal, and how far that is."""
    a, b, c = plane[0], plane[1], plane[2]
    best, most = 0, -np.inf
    for i in range(count):
        along = a * points[i, 0] + b * points[i, 1] + c * points[i, 2]
        if along > most:
            best, most = i, along
    return best, most


@light_kernel
@no_type_check
def _extend(points, apex, facets, tolerance, corners, planes, rim):  # pragma: no cover
    """Replace the facets that see a new point by a cone to their rim; -1 if out of room."""
    x, y, z = points[apex, 0], points[apex, 1], points[apex, 2]
    edges = 0
    facet = 0
    while facet < facets:
        beyond = planes[facet, 0] * x + planes[facet, 1] * y + planes[facet, 2] * z
        if beyond - planes[facet, 3] <= tolerance:
            facet += 1
            continue
        for k in range(3):
            start, end = corners[facet, k], corners[facet, (k + 1) % 3]
            edges = _toggle(rim, edges, start, end)
            if edges >= MAX_FACETS - 3:
                return -1
        facets -= 1
        copy_vector(corners[facets], corners[facet])
        copy_vector(planes[facets], planes[facet])
    if facets + edges > MAX_FACETS:
        return -1
    for edge in range(edges):
        corners[facets, 0], corners[facets, 1], corners[facets, 2] = (
            rim[edge, 0],
            rim[edge, 1],
            apex,
        )
        _set_plane(points, corners[facets], planes[facets])
        facets += 1
    return facets


@light_kernel
@no_type_check
def _toggle(rim, edges, start, end):  # pragma: no cover
    """Add an edge to the rim, or remove it if its reverse is there: then it is inside."""
    for edge in range(edges):
        if rim[edge, 0] == end and rim[edge, 1] == start:
            copy_vector(rim[edges - 1], rim[edge])
            return edges - 1
    rim[edges, 0], rim[edges, 1] = start, end
    return edges + 1


@light_kernel
@no_type_check
def _set_plane(points, corner, plane):  # pragma: no cover
    """Set a facet's unit normal and distance; a sliver without area is put out of reach."""
    a, b, c = points[corner[0]], points[corner[1]], points[corner[2]]
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    length = np.sqrt(nx * nx + ny * ny + nz * nz)
    span = (ux * ux + uy * uy + uz * uz) * (vx * vx + vy * vy + vz * vz)
    if length * length <= 1e-24 * span or length == 0.0:
        plane[0], plane[1], plane[2], plane[3] = 0.0, 0.0, 0.0, np.inf
        return
    plane[0], plane[1], plane[2] = nx / length, ny / length, nz / length
    plane[3] = plane[0] * a[0] + plane[1] * a[1] + plane[2] * a[2]


@light_kernel
@no_type_check
def _first_simplex(points, count, tolerance, corners, planes):  # pragma: no cover
    """Set up a tetrahedron of far-apart points; return 4, or 0 if all lie in a plane."""
    if count < 4:
        return 0
    first, second, third, fourth = 0, 0, 0, 0
    for i in range(count):
        if points[i, 0] < points[first, 0]:
            first = i
    most = 0.0
    for i in range(count):
        d = (
            (points[i, 0] - points[first, 0]) ** 2
            + (points[i, 1] - points[first, 1]) ** 2
            + (points[i, 2] - points[first, 2]) ** 2
        )
        if d > most:
            second, most = i, d
    ux = points[second, 0] - points[first, 0]
    uy = points[second, 1] - points[first, 1]
    uz = points[second, 2] - points[first, 2]
    most = 0.0
    for i in range(count):
        vx, vy, vz = (
            points[i, 0] - points[first, 0],
            points[i, 1] - points[first, 1],
            points[i, 2] - points[first, 2],
        )
        d = (uy * vz - uz * vy) ** 2 + (uz * vx - ux * vz) ** 2 + (ux * vy - uy * vx) ** 2
        if d > most:
            third, most = i, d
    if most <= tolerance**4:
        return 0
    corners[0, 0], corners[0, 1], corners[0, 2] = first, second, third
    _set_plane(points, corners[0], planes[0])
    most = 0.0
    for i in range(count):
        d = (
            planes[0, 0] * points[i, 0]
            + planes[0, 1] * points[i, 1]
            + planes[0, 2] * points[i, 2]
            - planes[0, 3]
        )
        if abs(d) > abs(most):
            fourth, most = i, d
    if abs(most) <= 10.0 * tolerance:
        return 0
    if most > 0.0:  # the fourth point must lie behind the first facet
        second, third = third, second
    _set_facet(points, corners, planes, 0, first, second, third)
    _set_facet(points, corners, planes, 1, first, third, fourth)
    _set_facet(points, corners, planes, 2, third, second, fourth)
    _set_facet(points, corners, planes, 3, second, first, fourth)
    return 4


@light_kernel
@no_type_check
def _set_facet(points, corners, planes, facet, a, b, c):  # pragma: no cover
    corners[facet, 0], corners[facet, 1], corners[facet, 2] = a, b, c
    _set_plane(points, corners[facet], planes[facet])
