"""Kernels on pairs of triangles: do they cross, how far apart are they, where do they touch.

A triangle is a (3, 3) array of corners. Everything is exact up to rounding; touching counts
as crossing.
"""

from typing import no_type_check

import numpy as np

from pygraspit.kernels import light_kernel
from pygraspit.transforms import copy_vector

CROSSING = -1.0
"""Squared distance reported for two triangles that cross."""
FEATURE_PAIRS = 15
"""Of two triangles: six corners against faces, nine edges against edges."""


@light_kernel
@no_type_check
def cross_triangles(first, second):  # pragma: no cover
    """Say whether two triangles share a point, by separating axes."""
    if _plane_separates(first, second) or _plane_separates(second, first):
        return False
    for i in range(3):
        for j in range(3):
            if _edges_separate(first, i, second, j):
                return False
    # Only coplanar triangles need the normals of their sides within the plane.
    return not (_sides_separate(first, second) or _sides_separate(second, first))


@light_kernel
@no_type_check
def _plane_separates(face, other):  # pragma: no cover
    """Say whether all of ``other`` lies strictly on one side of the plane of ``face``."""
    nx, ny, nz = face_normal(face)
    base = nx * face[0, 0] + ny * face[0, 1] + nz * face[0, 2]
    d0 = nx * other[0, 0] + ny * other[0, 1] + nz * other[0, 2] - base
    d1 = nx * other[1, 0] + ny * other[1, 1] + nz * other[1, 2] - base
    d2 = nx * other[2, 0] + ny * other[2, 1] + nz * other[2, 2] - base
    return (d0 > 0.0 and d1 > 0.0 and d2 > 0.0) or (d0 < 0.0 and d1 < 0.0 and d2 < 0.0)


@light_kernel
@no_type_check
def plane_parts(first, second, limit_squared):  # pragma: no cover
    """Say whether either triangle's plane shows that the two are farther apart than a limit."""
    return _beyond_plane(first, second, limit_squared) or _beyond_plane(
        second, first, limit_squared
    )


@light_kernel
@no_type_check
def _beyond_plane(face, other, limit_squared):  # pragma: no cover
    """Say whether all of ``other`` is farther from the plane of ``face``, on one side."""
    nx, ny, nz = face_normal(face)
    base = nx * face[0, 0] + ny * face[0, 1] + nz * face[0, 2]
    d0 = nx * other[0, 0] + ny * other[0, 1] + nz * other[0, 2] - base
    d1 = nx * other[1, 0] + ny * other[1, 1] + nz * other[1, 2] - base
    d2 = nx * other[2, 0] + ny * other[2, 1] + nz * other[2, 2] - base
    least = max(min(d0, d1, d2), -max(d0, d1, d2), 0.0)
    # Rounding must not turn a distance just below the limit into one above it.
    return least * least > (1.0 + 1e-9) * limit_squared * (nx * nx + ny * ny + nz * nz)


@light_kernel
@no_type_check
def face_normal(face):  # pragma: no cover
    """Return the three parts of the face's normal, not normalised."""
    ux, uy, uz = face[1, 0] - face[0, 0], face[1, 1] - face[0, 1], face[1, 2] - face[0, 2]
    vx, vy, vz = face[2, 0] - face[0, 0], face[2, 1] - face[0, 1], face[2, 2] - face[0, 2]
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@light_kernel
@no_type_check
def _edges_separate(first, i, second, j):  # pragma: no cover
    """Say whether the cross product of two edges is an axis that separates."""
    i1, j1 = (i + 1) % 3, (j + 1) % 3
    ux, uy, uz = first[i1, 0] - first[i, 0], first[i1, 1] - first[i, 1], first[i1, 2] - first[i, 2]
    vx, vy, vz = (
        second[j1, 0] - second[j, 0],
        second[j1, 1] - second[j, 1],
        second[j1, 2] - second[j, 2],
    )
    return _axis_separates(first, second, uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)


@light_kernel
@no_type_check
def _axis_separates(first, second, x, y, z):  # pragma: no cover
    """Say whether the projections on an axis have a gap; a zero axis has none."""
    a0 = x * first[0, 0] + y * first[0, 1] + z * first[0, 2]
    a1 = x * first[1, 0] + y * first[1, 1] + z * first[1, 2]
    a2 = x * first[2, 0] + y * first[2, 1] + z * first[2, 2]
    b0 = x * second[0, 0] + y * second[0, 1] + z * second[0, 2]
    b1 = x * second[1, 0] + y * second[1, 1] + z * second[1, 2]
    b2 = x * second[2, 0] + y * second[2, 1] + z * second[2, 2]
    return max(a0, a1, a2) < min(b0, b1, b2) or max(b0, b1, b2) < min(a0, a1, a2)


@light_kernel
@no_type_check
def _sides_separate(face, other):  # pragma: no cover
    """Say whether a side of ``face``, as a wall along its normal, separates the two."""
    nx, ny, nz = face_normal(face)
    for i in range(3):
        j = (i + 1) % 3
        ux, uy, uz = face[j, 0] - face[i, 0], face[j, 1] - face[i, 1], face[j, 2] - face[i, 2]
        if _axis_separates(face, other, uy * nz - uz * ny, uz * nx - ux * nz, ux * ny - uy * nx):
            return True
    return False


@light_kernel
@no_type_check
def segments_closest(p, p_end, q, q_end, on_p, on_q):  # pragma: no cover
    """Fill the closest points of two segments; return their places along them, 0 to 1.

    Clamped minimiser of a quadratic in two parameters (Ericson, Real-Time Collision Detection,
    5.1.9); parallel segments take the start of the first.
    """
    ux, uy, uz = p_end[0] - p[0], p_end[1] - p[1], p_end[2] - p[2]
    vx, vy, vz = q_end[0] - q[0], q_end[1] - q[1], q_end[2] - q[2]
    rx, ry, rz = p[0] - q[0], p[1] - q[1], p[2] - q[2]
    a = ux * ux + uy * uy + uz * uz
    e = vx * vx + vy * vy + vz * vz
    f = vx * rx + vy * ry + vz * rz
    c = ux * rx + uy * ry + uz * rz
    s = t = 0.0
    if a > 0.0 and e > 0.0:
        b = ux * vx + uy * vy + uz * vz
        spread = a * e - b * b
        s = min(max((b * f - c * e) / spread, 0.0), 1.0) if spread > 1e-12 * a * e else 0.0
        t = (b * s + f) / e
        if t < 0.0:
            t, s = 0.0, min(max(-c / a, 0.0), 1.0)
        elif t > 1.0:
            t, s = 1.0, min(max((b - c) / a, 0.0), 1.0)
    elif e > 0.0:
        t = min(max(f / e, 0.0), 1.0)
    elif a > 0.0:
        s = min(max(-c / a, 0.0), 1.0)
    on_p[0], on_p[1], on_p[2] = p[0] + s * ux, p[1] + s * uy, p[2] + s * uz
    on_q[0], on_q[1], on_q[2] = q[0] + t * vx, q[1] + t * vy, q[2] + t * vz
    return s, t


@light_kernel
@no_type_check
def point_closest(p, face, on_face):  # pragma: no cover
    """Fill the point of a triangle closest to ``p``; return whether it is a corner.

    By the Voronoi regions of the triangle's features (Ericson, 5.1.5).
    """
    abx, aby, abz = face[1, 0] - face[0, 0], face[1, 1] - face[0, 1], face[1, 2] - face[0, 2]
    acx, acy, acz = face[2, 0] - face[0, 0], face[2, 1] - face[0, 1], face[2, 2] - face[0, 2]
    apx, apy, apz = p[0] - face[0, 0], p[1] - face[0, 1], p[2] - face[0, 2]
    d1 = abx * apx + aby * apy + abz * apz
    d2 = acx * apx + acy * apy + acz * apz
    if d1 <= 0.0 and d2 <= 0.0:
        return _corner(face, 0, on_face)
    bpx, bpy, bpz = p[0] - face[1, 0], p[1] - face[1, 1], p[2] - face[1, 2]
    d3 = abx * bpx + aby * bpy + abz * bpz
    d4 = acx * bpx + acy * bpy + acz * bpz
    if d3 >= 0.0 and d4 <= d3:
        return _corner(face, 1, on_face)
    vc = d1 * d4 - d3 * d2
    if vc <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        return _blend(face, d1 / (d1 - d3), 0.0, on_face)
    cpx, cpy, cpz = p[0] - face[2, 0], p[1] - face[2, 1], p[2] - face[2, 2]
    d5 = abx * cpx + aby * cpy + abz * cpz
    d6 = acx * cpx + acy * cpy + acz * cpz
    if d6 >= 0.0 and d5 <= d6:
        return _corner(face, 2, on_face)
    vb = d5 * d2 - d1 * d6
    if vb <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        return _blend(face, 0.0, d2 / (d2 - d6), on_face)
    va = d3 * d6 - d5 * d4
    if va <= 0.0 and d4 >= d3 and d5 >= d6:
        w = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        return _blend(face, 1.0 - w, w, on_face)
    total = va + vb + vc
    return _blend(face, vb / total, vc / total, on_face)


@light_kernel
@no_type_check
def _corner(face, index, on_face):  # pragma: no cover
    for axis in range(3):
        on_face[axis] = face[index, axis]
    return True


@light_kernel
@no_type_check
def _blend(face, v, w, on_face):  # pragma: no cover
    for axis in range(3):
        on_face[axis] = (
            face[0, axis]
            + v * (face[1, axis] - face[0, axis])
            + w * (face[2, axis] - face[0, axis])
        )
    return False


@light_kernel
@no_type_check
def squared(p, q):  # pragma: no cover
    """Return the squared distance of two points."""
    x, y, z = p[0] - q[0], p[1] - q[1], p[2] - q[2]
    return x * x + y * y + z * z


@light_kernel
@no_type_check
def triangle_distance_squared(first, second, p, q):  # pragma: no cover
    """Return the least squared distance, or `CROSSING`; ``p`` and ``q`` are work space."""
    if cross_triangles(first, second):
        return CROSSING
    best = np.inf
    for i in range(3):
        point_closest(first[i], second, q)
        best = min(best, squared(first[i], q))
        point_closest(second[i], first, p)
        best = min(best, squared(second[i], p))
        for j in range(3):
            segments_closest(first[i], first[(i + 1) % 3], second[j], second[(j + 1) % 3], p, q)
            best = min(best, squared(p, q))
    return best


@light_kernel
@no_type_check
def touching_points(first, second, limit_squared, p, q, on_first, on_second):  # pragma: no cover
    """Fill the pairs of points where features lie closer than a limit; return how many.

    Corners of the first triangle whose closest point is a corner of the second are left to the
    second's own corners; edges whose closest point is an end are left to corners. ``p`` and ``q``
    are work space.
    """
    count = 0
    for i in range(3):
        point_closest(second[i], first, p)
        if squared(second[i], p) < limit_squared:
            copy_vector(p, on_first[count])
            copy_vector(second[i], on_second[count])
            count += 1
    for i in range(3):
        at_corner = point_closest(first[i], second, q)
        if not at_corner and squared(first[i], q) < limit_squared:
            copy_vector(first[i], on_first[count])
            copy_vector(q, on_second[count])
            count += 1
    for i in range(3):
        for j in range(3):
            s, t = segments_closest(
                first[i], first[(i + 1) % 3], second[j], second[(j + 1) % 3], p, q
            )
            inner = 0.0 < s < 1.0 and 0.0 < t < 1.0
            if inner and squared(p, q) < limit_squared:
                copy_vector(p, on_first[count])
                copy_vector(q, on_second[count])
                count += 1
    return count
