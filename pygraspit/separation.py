"""A plane between two bodies: the cheap proof that they do not cross.

Only the corners of the bodies' convex hulls are looked at. Bodies whose hulls overlap are left
to the trees of boxes.
"""

from typing import no_type_check

import numpy as np

from pygraspit.kernels import light_kernel

TRIES = 6


@light_kernel
@no_type_check
def plane_gap(scene, first, second, turn, shift, normal):  # pragma: no cover
    """Return how wide a gap between parallel planes parts two bodies; negative: none was found.

    The normal is mirrored until the hull corners nearest to the gap are on their sides of it
    (Chung and Wang, Quick Collision Detection of Polytopes, VRST 1996).

    Args:
        scene: the bodies.
        first: one body.
        second: the other.
        turn: (3, 3) with ``shift``, first_from_second.
        shift: (3,) mm.
        normal: (3,) from the first to the second, first's frame: where to begin; zero: anywhere.
            Left where the search ended.
    """
    if normal[0] == normal[1] == normal[2] == 0.0:
        _middle_to_middle(scene, first, second, turn, shift, normal)
    corners, start = scene.corners, scene.corner_start
    for _ in range(TRIES):
        x, y, z = normal[0], normal[1], normal[2]
        p = _farthest(corners, start[first], start[first + 1], x, y, z)
        q = _farthest(
            corners,
            start[second],
            start[second + 1],
            -(turn[0, 0] * x + turn[1, 0] * y + turn[2, 0] * z),
            -(turn[0, 1] * x + turn[1, 1] * y + turn[2, 1] * z),
            -(turn[0, 2] * x + turn[1, 2] * y + turn[2, 2] * z),
        )
        rx = _moved(corners, q, turn, shift, 0) - corners[p, 0]
        ry = _moved(corners, q, turn, shift, 1) - corners[p, 1]
        rz = _moved(corners, q, turn, shift, 2) - corners[p, 2]
        gap = rx * x + ry * y + rz * z
        length_squared = rx * rx + ry * ry + rz * rz
        if gap > 0.0 or length_squared == 0.0:
            return gap
        mirror = 2.0 * gap / length_squared
        normal[0], normal[1], normal[2] = x - mirror * rx, y - mirror * ry, z - mirror * rz
    return -1.0


@light_kernel
@no_type_check
def _farthest(corners, start, stop, x, y, z):  # pragma: no cover
    """Return which of some corners is farthest along a direction."""
    best, most = start, -np.inf
    for corner in range(start, stop):
        along = x * corners[corner, 0] + y * corners[corner, 1] + z * corners[corner, 2]
        if along > most:
            best, most = corner, along
    return best


@light_kernel
@no_type_check
def _moved(points, index, turn, shift, axis):  # pragma: no cover
    """Return one coordinate of a point in another frame."""
    return (
        shift[axis]
        + turn[axis, 0] * points[index, 0]
        + turn[axis, 1] * points[index, 1]
        + turn[axis, 2] * points[index, 2]
    )


@light_kernel
@no_type_check
def _middle_to_middle(scene, first, second, turn, shift, normal):  # pragma: no cover
    """Fill the unit vector from one box's middle to the other's; zero if they are one."""
    m, n = scene.root[first], scene.root[second]
    length = 0.0
    for axis in range(3):
        normal[axis] = _moved(scene.boxes, n, turn, shift, axis) - scene.boxes[m, axis]
        length += normal[axis] ** 2
    for axis in range(3):
        normal[axis] /= np.sqrt(max(length, 1e-300))
