"""A plane between two bodies: the cheap proof that they do not cross.

Only the corners of the bodies' convex hulls are looked at. Bodies whose hulls overlap are left
to the trees of boxes.
"""

from typing import no_type_check

import numpy as np

from pygraspit.kernels import light_kernel

TRIES = 6
WIDENINGS = 4
WIDE_ENOUGH = 0.7
"""Of the hulls' distance: a gap of this share is not widened."""


@light_kernel
@no_type_check
def plane_gap(scene, first, second, turn, shift, normal, enough):  # pragma: no cover
    """Return how wide a gap between parallel planes parts two bodies; negative: none was found.

    The normal is mirrored until the hull corners nearest to the gap are on their sides of it
    (Chung and Wang, Quick Collision Detection of Polytopes, VRST 1996), then turned to where the
    gap is wider.

    Args:
        scene: the bodies.
        first: one body.
        second: the other.
        turn: (3, 3) with ``shift``, first_from_second.
        shift: (3,) mm.
        normal: (3,) from the first to the second, first's frame: where to begin; zero: anywhere.
            Left where the search ended.
        enough: mm; a gap as wide as this is not widened.
    """
    if normal[0] == normal[1] == normal[2] == 0.0:
        _middle_to_middle(scene, first, second, turn, shift, normal)
    for _ in range(TRIES):
        x, y, z = normal[0], normal[1], normal[2]
        rx, ry, rz = _across(scene, first, second, turn, shift, x, y, z)
        gap = rx * x + ry * y + rz * z
        length_squared = rx * rx + ry * ry + rz * rz
        if gap >= enough or length_squared == 0.0:
            return gap
        if gap > 0.0:
            return _widened(scene, first, second, turn, shift, normal, enough, gap, rx, ry, rz)
        mirror = 2.0 * gap / length_squared
        normal[0], normal[1], normal[2] = x - mirror * rx, y - mirror * ry, z - mirror * rz
    return -1.0


@light_kernel
@no_type_check
def _widened(scene, first, second, turn, shift, normal, enough, gap, ax, ay, az):
    """Turn a normal to where the gap is wider; return that gap.

    Steps of Frank and Wolfe towards the shortest way (ax, ay, az) from hull to hull: the planes
    at right angles to a way part the hulls by no more than its length.
    """
    for _ in range(WIDENINGS):
        length = np.sqrt(ax * ax + ay * ay + az * az)
        if gap >= enough or gap >= WIDE_ENOUGH * length:
            break
        x, y, z = ax / length, ay / length, az / length
        rx, ry, rz = _across(scene, first, second, turn, shift, x, y, z)
        wider = rx * x + ry * y + rz * z
        if wider > gap:
            gap = wider
            normal[0], normal[1], normal[2] = x, y, z
        dx, dy, dz = rx - ax, ry - ay, rz - az
        squared = dx * dx + dy * dy + dz * dz
        share = -(ax * dx + ay * dy + az * dz)
        if share <= 0.0 or squared == 0.0:
            break
        share = min(share / squared, 1.0)
        ax, ay, az = ax + share * dx, ay + share * dy, az + share * dz
    return gap


@light_kernel
@no_type_check
def _across(scene, first, second, turn, shift, x, y, z):  # pragma: no cover
    """Return the way from the first hull's farthest corner along a normal to the second's nearest.

    In the first body's frame.
    """
    corners, seen = scene.corners, scene.seen
    p = seen[first, second] = farthest_corner(scene, first, seen[first, second], x, y, z)
    q = seen[second, first] = farthest_corner(
        scene,
        second,
        seen[second, first],
        -(turn[0, 0] * x + turn[1, 0] * y + turn[2, 0] * z),
        -(turn[0, 1] * x + turn[1, 1] * y + turn[2, 1] * z),
        -(turn[0, 2] * x + turn[1, 2] * y + turn[2, 2] * z),
    )
    return (
        _moved(corners, q, turn, shift, 0) - corners[p, 0],
        _moved(corners, q, turn, shift, 1) - corners[p, 1],
        _moved(corners, q, turn, shift, 2) - corners[p, 2],
    )


@light_kernel
@no_type_check
def farthest_corner(scene, body, begin, x, y, z):  # pragma: no cover
    """Return which corner of a body's hull is farthest along a direction.

    Along edges, always upwards: what is higher than all its neighbours on a convex hull is
    highest. A flat body has no edges; all its corners are looked at.
    """
    corners, start = scene.corners, scene.neighbour_start
    best, most = begin, _along(corners, begin, x, y, z)
    if start[begin] == start[begin + 1]:
        for corner in range(scene.corner_start[body], scene.corner_start[body + 1]):
            height = _along(corners, corner, x, y, z)
            if height > most:
                best, most = corner, height
        return best
    here = -1
    while here != best:
        here = best
        for index in range(start[here], start[here + 1]):
            corner = scene.neighbours[index]
            height = _along(corners, corner, x, y, z)
            if height > most:
                best, most = corner, height
    return best


@light_kernel
@no_type_check
def _along(corners, corner, x, y, z):  # pragma: no cover
    return x * corners[corner, 0] + y * corners[corner, 1] + z * corners[corner, 2]


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
