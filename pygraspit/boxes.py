"""All bodies of a world as arrays, and the tests between posed boxes."""

from typing import NamedTuple, no_type_check

import numpy as np

from pygraspit.hulls import Hull, joined
from pygraspit.kernels import light_kernel
from pygraspit.trees import AXES, BOX_NUMBERS, HALF, Tree

ORDER_SLACK = 1e-6


class Scene(NamedTuple):
    """All bodies of a world for kernels: trees laid end to end, poses, and tested pairs."""

    boxes: np.ndarray
    child: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    triangles: np.ndarray
    root: np.ndarray
    """(body,) i64: each body's first node; -1: no triangles."""
    corners: np.ndarray
    """(corner, 3): of the bodies' convex hulls, body by body, in their frames."""
    corner_start: np.ndarray
    """(body + 1,) i64: where each body's begin in ``corners``."""
    neighbours: np.ndarray
    """Corners that an edge of the hull joins to each corner, corner by corner."""
    neighbour_start: np.ndarray
    """(corner + 1,) i64: where each corner's begin in ``neighbours``."""
    seen: np.ndarray
    """(body, body) i64: the corner of one that was farthest towards the other when kernels looked
    last: where they look first. It changes their time, not what they find."""
    poses: np.ndarray
    """(body, 4, 4) world_from_body; kernels that move a hand write here."""
    tested: np.ndarray
    """(body, body) bool, symmetric: pairs that may collide."""


def lay_out(trees: list[Tree], hulls: list[Hull], poses, tested) -> Scene:
    """Lay trees and hull corners end to end; ``poses`` and ``tested`` are kept, not copied."""
    nodes = np.cumsum([0, *(len(tree.child) for tree in trees)])[:-1]
    faces = np.cumsum([0, *(len(tree.triangles) for tree in trees)])[:-1]
    child, start, stop, root = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [], []
    stop.append(np.zeros(0, np.int64))
    for tree, node, face in zip(trees, nodes, faces, strict=True):
        child.append(np.where(tree.child < 0, -1, tree.child + node))
        start.append(tree.start + face)
        stop.append(tree.stop + face)
        root.append(node if len(tree.triangles) else -1)
    hull = joined(hulls)
    corner_start = np.cumsum([0, *(len(hull.corners) for hull in hulls)], dtype=np.int64)
    return Scene(
        boxes=np.concatenate([np.zeros((0, BOX_NUMBERS)), *(tree.boxes for tree in trees)]),
        child=np.concatenate(child),
        start=np.concatenate(start),
        stop=np.concatenate(stop),
        triangles=np.concatenate([np.zeros((0, 3, 3)), *(tree.triangles for tree in trees)]),
        root=np.array(root, np.int64),
        corners=hull.corners,
        corner_start=corner_start,
        neighbours=hull.neighbours,
        neighbour_start=hull.start,
        seen=np.repeat(corner_start[:-1, None], len(trees), axis=1),
        poses=poses,
        tested=tested,
    )


@light_kernel
@no_type_check
def relative_pose(scene, first, second, turn, shift):  # pragma: no cover
    """Fill rotation and translation of first_from_second."""
    poses = scene.poses
    for i in range(3):
        total = 0.0
        for k in range(3):
            total += poses[first, k, i] * (poses[second, k, 3] - poses[first, k, 3])
        shift[i] = total
        for j in range(3):
            turn[i, j] = (
                poses[first, 0, i] * poses[second, 0, j]
                + poses[first, 1, i] * poses[second, 1, j]
                + poses[first, 2, i] * poses[second, 2, j]
            )


@light_kernel
@no_type_check
def box_gap_squared(boxes, m, n, turn, shift):  # pragma: no cover
    """Return a lower bound of two boxes' squared distance, from their face normals.

    The gaps along a box's three axes add up like the sides of a box. Numbers are picked one by
    one because views of rows would cost more than the arithmetic.
    """
    bx, by, bz = boxes[n, 0], boxes[n, 1], boxes[n, 2]
    x = shift[0] + turn[0, 0] * bx + turn[0, 1] * by + turn[0, 2] * bz - boxes[m, 0]
    y = shift[1] + turn[1, 0] * bx + turn[1, 1] * by + turn[1, 2] * bz - boxes[m, 1]
    z = shift[2] + turn[2, 0] * bx + turn[2, 1] * by + turn[2, 2] * bz - boxes[m, 2]
    h0, h1, h2 = boxes[m, 3], boxes[m, 4], boxes[m, 5]
    a00, a01, a02 = boxes[m, 6], boxes[m, 7], boxes[m, 8]
    a10, a11, a12 = boxes[m, 9], boxes[m, 10], boxes[m, 11]
    a20, a21, a22 = boxes[m, 12], boxes[m, 13], boxes[m, 14]
    gap_0 = abs(x * a00 + y * a01 + z * a02) - h0
    gap_1 = abs(x * a10 + y * a11 + z * a12) - h1
    gap_2 = abs(x * a20 + y * a21 + z * a22) - h2
    far = 0.0
    for j in range(3):
        # An axis of the second box, in the first body's frame.
        vx, vy, vz = boxes[n, 6 + 3 * j], boxes[n, 7 + 3 * j], boxes[n, 8 + 3 * j]
        ux = turn[0, 0] * vx + turn[0, 1] * vy + turn[0, 2] * vz
        uy = turn[1, 0] * vx + turn[1, 1] * vy + turn[1, 2] * vz
        uz = turn[2, 0] * vx + turn[2, 1] * vy + turn[2, 2] * vz
        c0 = abs(a00 * ux + a01 * uy + a02 * uz)
        c1 = abs(a10 * ux + a11 * uy + a12 * uz)
        c2 = abs(a20 * ux + a21 * uy + a22 * uz)
        half = boxes[n, 3 + j]
        gap = abs(x * ux + y * uy + z * uz) - half - h0 * c0 - h1 * c1 - h2 * c2
        far += max(gap, 0.0) ** 2
        gap_0 -= half * c0
        gap_1 -= half * c1
        gap_2 -= half * c2
    near = max(gap_0, 0.0) ** 2 + max(gap_1, 0.0) ** 2 + max(gap_2, 0.0) ** 2
    return max(near, far)


@light_kernel
@no_type_check
def box_order_squared(boxes, m, n, turn, shift, axes, centre):  # pragma: no cover
    """Return GraspIt!'s lower bound of two boxes' squared distance: it says which goes first.

    Beside the face normals it takes the cross products of edges, not made unit vectors, each
    with a face normal that it is at right angles to. ``axes`` (3, 3) and ``centre`` (3,) are
    work space.
    """
    _second_in_first(boxes, m, n, turn, shift, axes, centre)
    f, t = axes, centre
    most_m = most_n = most = 0.0
    for i in range(3):
        reach_m, reach_n, along = boxes[m, HALF + i], boxes[n, HALF + i], 0.0
        for k in range(3):
            reach_m += boxes[n, HALF + k] * (abs(f[i, k]) + ORDER_SLACK)
            reach_n += boxes[m, HALF + k] * (abs(f[k, i]) + ORDER_SLACK)
            along += t[k] * f[k, i]
        gap_m = max(0.0, abs(t[i]) - reach_m) ** 2
        gap_n = max(0.0, abs(along) - reach_n) ** 2
        most_m, most_n = most_m + gap_m, most_n + gap_n
        for j in range(3):
            most = max(
                most,
                gap_m + _edge_gap_squared(boxes, m, n, f, t, i, j),
                gap_n + _edge_gap_squared(boxes, m, n, f, t, j, i),
            )
    return max(most, most_m, most_n)


@light_kernel
@no_type_check
def _edge_gap_squared(boxes, m, n, f, t, i, j):  # pragma: no cover
    """Return the squared gap along the cross product of an edge of each box."""
    i1, i2, j1, j2 = (i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3
    reach = boxes[m, HALF + i1] * (abs(f[i2, j]) + ORDER_SLACK)
    reach += boxes[m, HALF + i2] * (abs(f[i1, j]) + ORDER_SLACK)
    far = boxes[n, HALF + j1] * (abs(f[i, j2]) + ORDER_SLACK)
    far += boxes[n, HALF + j2] * (abs(f[i, j1]) + ORDER_SLACK)
    reach += far
    return max(0.0, abs(t[i2] * f[i1, j] - t[i1] * f[i2, j]) - reach) ** 2


@light_kernel
@no_type_check
def _second_in_first(boxes, m, n, turn, shift, axes, centre):  # pragma: no cover
    """Fill axes (columns) and centre of the second box in the first one's axes."""
    for i in range(3):
        k = AXES + 3 * i
        # A row of the first box's axes, turned into the second body's frame.
        x = boxes[m, k] * turn[0, 0] + boxes[m, k + 1] * turn[1, 0] + boxes[m, k + 2] * turn[2, 0]
        y = boxes[m, k] * turn[0, 1] + boxes[m, k + 1] * turn[1, 1] + boxes[m, k + 2] * turn[2, 1]
        z = boxes[m, k] * turn[0, 2] + boxes[m, k + 1] * turn[1, 2] + boxes[m, k + 2] * turn[2, 2]
        total = 0.0
        for j in range(3):
            c = AXES + 3 * j
            axes[i, j] = x * boxes[n, c] + y * boxes[n, c + 1] + z * boxes[n, c + 2]
            place = turn[j, 0] * boxes[n, 0] + turn[j, 1] * boxes[n, 1] + turn[j, 2] * boxes[n, 2]
            total += boxes[m, k + j] * (place + shift[j] - boxes[m, j])
        centre[i] = total


@light_kernel
@no_type_check
def move_triangle(triangles, index, turn, shift, moved):  # pragma: no cover
    """Fill ``moved`` with one of the triangles, expressed in another frame."""
    for corner in range(3):
        x, y, z = (
            triangles[index, corner, 0],
            triangles[index, corner, 1],
            triangles[index, corner, 2],
        )
        for i in range(3):
            moved[corner, i] = shift[i] + turn[i, 0] * x + turn[i, 1] * y + turn[i, 2] * z


@light_kernel
@no_type_check
def opens_first(boxes, child, m, n):  # pragma: no cover
    """Say whether the first of two boxes is the one to open: the larger that has children."""
    if child[n] < 0:
        return True
    if child[m] < 0:
        return False
    first = boxes[m, 3] * boxes[m, 4] * boxes[m, 5]
    return first > boxes[n, 3] * boxes[n, 4] * boxes[n, 5]


@light_kernel
@no_type_check
def point_gap_squared(boxes, node, point):  # pragma: no cover
    """Return the squared distance of a point from a box."""
    x, y, z = point[0] - boxes[node, 0], point[1] - boxes[node, 1], point[2] - boxes[node, 2]
    total = 0.0
    for axis in range(3):
        k = AXES + 3 * axis
        along = x * boxes[node, k] + y * boxes[node, k + 1] + z * boxes[node, k + 2]
        total += max(abs(along) - boxes[node, HALF + axis], 0.0) ** 2
    return total
