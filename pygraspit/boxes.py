"""Trees of boxes over triangle surfaces, and what two posed trees have to do with each other.

Boxes are aligned with their body's own axes, so between two posed bodies they are oriented
boxes that share one relative rotation per query.
"""

from typing import NamedTuple, no_type_check

import numpy as np
from numba import njit

LEAF_SIZE = 2
"""Triangles in a leaf, at most."""
SLACK = 1e-9
"""Boxes grow by this share of their size, so that rounding never hides a triangle, mm."""


class Tree(NamedTuple):
    """Boxes of one surface, parents before children, and its triangles in leaf order."""

    centre: np.ndarray
    """(node, 3) of each box, body frame."""
    half: np.ndarray
    """(node, 3) half edges of each box."""
    child: np.ndarray
    """(node,) i64: first of two neighbouring children; -1: a leaf."""
    start: np.ndarray
    """(node,) i64: first triangle below."""
    stop: np.ndarray
    """(node,) i64: after the last triangle below."""
    triangles: np.ndarray
    """(triangle, 3, 3) in leaf order."""


def build_tree(triangles) -> Tree:
    """Return the tree over (n, 3, 3) corners, split at the median along the longest edge."""
    triangles = np.ascontiguousarray(triangles, np.float64)
    order, centre, half, child, start, stop = _build(triangles)
    return Tree(centre, half, child, start, stop, np.ascontiguousarray(triangles[order]))


@njit(cache=True)
@no_type_check
def _build(triangles):  # pragma: no cover
    count = triangles.shape[0]
    middle = np.zeros((count, 3))
    for i in range(count):
        for axis in range(3):
            column = triangles[i, :, axis]
            middle[i, axis] = 0.5 * (column.min() + column.max())
    order = np.arange(count)
    size = 2 * count + 1
    centre, half = np.zeros((size, 3)), np.zeros((size, 3))
    child, start, stop = (
        -np.ones(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
    )
    stop[0] = count
    used, node = 1, 0
    while node < used:
        first, last = start[node], stop[node]
        _fit(triangles, order[first:last], centre[node], half[node])
        if last - first > LEAF_SIZE:
            axis = np.argmax(half[node])
            part = order[first:last]
            order[first:last] = part[np.argsort(middle[part, axis], kind="mergesort")]
            cut = (first + last) // 2
            child[node] = used
            start[used], stop[used] = first, cut
            start[used + 1], stop[used + 1] = cut, last
            used += 2
        node += 1
    return order, centre[:used], half[:used], child[:used], start[:used], stop[:used]


@njit(cache=True)
@no_type_check
def _fit(triangles, chosen, centre, half):  # pragma: no cover
    for axis in range(3):
        low, high = np.inf, -np.inf
        for i in chosen:
            for corner in range(3):
                low = min(low, triangles[i, corner, axis])
                high = max(high, triangles[i, corner, axis])
        centre[axis] = 0.5 * (low + high)
        half[axis] = 0.5 * (high - low) * (1.0 + SLACK) + SLACK


class Scene(NamedTuple):
    """All bodies of a world for kernels: trees laid end to end, poses, and tested pairs."""

    centre: np.ndarray
    half: np.ndarray
    child: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    triangles: np.ndarray
    root: np.ndarray
    """(body,) i64: each body's first node; -1: no triangles."""
    poses: np.ndarray
    """(body, 4, 4) world_from_body; kernels that move a hand write here."""
    tested: np.ndarray
    """(body, body) bool, symmetric: pairs that may collide."""


def lay_out(trees: list[Tree], poses, tested) -> Scene:
    """Lay trees end to end; ``poses`` and ``tested`` are kept, not copied."""
    nodes = np.cumsum([0, *(len(tree.child) for tree in trees)])
    faces = np.cumsum([0, *(len(tree.triangles) for tree in trees)])
    child = [np.where(t.child < 0, -1, t.child + n) for t, n in zip(trees, nodes[:-1], strict=True)]
    return Scene(
        centre=np.concatenate([np.zeros((0, 3)), *(tree.centre for tree in trees)]),
        half=np.concatenate([np.zeros((0, 3)), *(tree.half for tree in trees)]),
        child=np.concatenate([np.zeros(0, np.int64), *child]),
        start=np.concatenate(
            [np.zeros(0, np.int64)]
            + [tree.start + face for tree, face in zip(trees, faces[:-1], strict=True)]
        ),
        stop=np.concatenate(
            [np.zeros(0, np.int64)]
            + [tree.stop + face for tree, face in zip(trees, faces[:-1], strict=True)]
        ),
        triangles=np.concatenate([np.zeros((0, 3, 3)), *(tree.triangles for tree in trees)]),
        root=np.array(
            [n if len(t.triangles) else -1 for t, n in zip(trees, nodes[:-1], strict=True)],
            np.int64,
        ),
        poses=poses,
        tested=tested,
    )


@njit(cache=True)
@no_type_check
def relative_pose(scene, first, second, turn, shift):  # pragma: no cover
    """Fill rotation and translation of first_from_second."""
    a, b = scene.poses[first], scene.poses[second]
    for i in range(3):
        total = 0.0
        for k in range(3):
            total += a[k, i] * (b[k, 3] - a[k, 3])
        shift[i] = total
        for j in range(3):
            turn[i, j] = a[0, i] * b[0, j] + a[1, i] * b[1, j] + a[2, i] * b[2, j]


@njit(cache=True)
@no_type_check
def box_gap_squared(scene, m, n, turn, shift):  # pragma: no cover
    """Return a lower bound of two boxes' squared distance, from their face normals."""
    ca, ha, cb, hb = scene.centre[m], scene.half[m], scene.centre[n], scene.half[n]
    x = shift[0] + turn[0, 0] * cb[0] + turn[0, 1] * cb[1] + turn[0, 2] * cb[2] - ca[0]
    y = shift[1] + turn[1, 0] * cb[0] + turn[1, 1] * cb[1] + turn[1, 2] * cb[2] - ca[1]
    z = shift[2] + turn[2, 0] * cb[0] + turn[2, 1] * cb[1] + turn[2, 2] * cb[2] - ca[2]
    gap_x = abs(x) - ha[0] - _reach(turn[0, 0], turn[0, 1], turn[0, 2], hb)
    gap_y = abs(y) - ha[1] - _reach(turn[1, 0], turn[1, 1], turn[1, 2], hb)
    gap_z = abs(z) - ha[2] - _reach(turn[2, 0], turn[2, 1], turn[2, 2], hb)
    # Gaps along three perpendicular axes add up like the sides of a box.
    near = max(gap_x, 0.0) ** 2 + max(gap_y, 0.0) ** 2 + max(gap_z, 0.0) ** 2
    far = 0.0
    for j in range(3):
        along = x * turn[0, j] + y * turn[1, j] + z * turn[2, j]
        gap = abs(along) - hb[j] - _reach(turn[0, j], turn[1, j], turn[2, j], ha)
        far += max(gap, 0.0) ** 2
    return max(near, far)


@njit(cache=True, inline="always")
@no_type_check
def _reach(x, y, z, half):  # pragma: no cover
    return abs(x) * half[0] + abs(y) * half[1] + abs(z) * half[2]


@njit(cache=True)
@no_type_check
def move_triangle(triangle, turn, shift, moved):  # pragma: no cover
    for corner in range(3):
        p = triangle[corner]
        for i in range(3):
            moved[corner, i] = shift[i] + turn[i, 0] * p[0] + turn[i, 1] * p[1] + turn[i, 2] * p[2]


@njit(cache=True, inline="always")
@no_type_check
def opens_first(scene, m, n):  # pragma: no cover
    """Say whether the first of two boxes is the one to open: the larger that has children."""
    if scene.child[n] < 0:
        return True
    if scene.child[m] < 0:
        return False
    return scene.half[m].sum() > scene.half[n].sum()
