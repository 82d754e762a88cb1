"""Trees of boxes over triangle surfaces.

Each box is oriented along its triangles (Gottschalk, Lin and Manocha, SIGGRAPH 1996): near a
flat or gently curved patch that keeps it thin, so that touching surfaces part early. Where
GraspIt! has a choice (how to split, which way an axis points, which node is first), the trees
make the same one: which of two contacts is dropped depends on the order they are found in.
"""

from typing import NamedTuple, no_type_check

import numpy as np

from pygraspit.kernels import kernel

LEAF_SIZE = 1
"""Triangles in a leaf, at most."""
BOX_NUMBERS, HALF, AXES = 15, 3, 6
"""Length of a row of `Tree.boxes`, and where half edges and axes begin in it."""
MARGIN_MM = 0.01
"""Boxes are this much larger than what they hold, on all sides."""
DEEPEST_BY_MEAN = 60
"""Deeper nodes are split into halves, so that no surface makes a tree too deep for `STACK`."""
NO_SHEAR_MM2 = 1e-4
"""Covariances up to this are not rotated away."""
MOST_TURNS = 50


class Tree(NamedTuple):
    """Boxes of one surface, parents before children, and its triangles in leaf order."""

    boxes: np.ndarray
    """(node, 15): centre, half edges, then the three axes, body frame."""
    child: np.ndarray
    """(node,) i64: first of two neighbouring children; -1: a leaf."""
    start: np.ndarray
    """(node,) i64: first triangle below."""
    stop: np.ndarray
    """(node,) i64: after the last triangle below."""
    triangles: np.ndarray
    """(triangle, 3, 3) in leaf order."""


def build_tree(triangles) -> Tree:
    """Return the tree over (n, 3, 3) corners, split at the mean corner along the longest edge."""
    triangles = np.ascontiguousarray(triangles, np.float64)
    order, boxes, child, start, stop = _build(triangles)
    return Tree(boxes, child, start, stop, np.ascontiguousarray(triangles[order]))


@kernel
@no_type_check
def _build(triangles):  # pragma: no cover
    count = triangles.shape[0]
    order = np.arange(count)
    size = 2 * count + 1
    boxes = np.zeros((size, BOX_NUMBERS))
    child, start, stop = np.full(size, -1), np.zeros(size, np.int64), np.zeros(size, np.int64)
    depth = np.zeros(size, np.int64)
    stop[0] = count
    used, node = 1, 0
    while node < used:
        first, last = start[node], stop[node]
        _fit(triangles, order[first:last], boxes[node])
        if last - first > LEAF_SIZE:
            axis = boxes[node, AXES : AXES + 3]
            cut = first + _split(triangles, order[first:last], axis, depth[node] < DEEPEST_BY_MEAN)
            child[node] = used
            start[used], stop[used] = first, cut
            start[used + 1], stop[used + 1] = cut, last
            depth[used] = depth[used + 1] = depth[node] + 1
            used += 2
        node += 1
    return order, boxes[:used], child[:used], start[:used], stop[:used]


@kernel
@no_type_check
def _split(triangles, chosen, axis, by_mean):  # pragma: no cover
    """Sort some triangles into those before and behind a point of an axis; return how many before.

    The point is the mean corner; if that leaves a side empty, the median triangle; if all lie at
    one place, every other triangle goes to a side.
    """
    count = chosen.shape[0]
    along = np.zeros(count)
    for i in range(count):
        face = triangles[chosen[i]]
        for k in range(3):
            along[i] += (face[0, k] + face[1, k] + face[2, k]) / 3.0 * axis[k]
    before = along < along.mean()
    if not by_mean or not before.any() or before.all():
        before = along < np.sort(along)[count // 2]
    if not before.any() or (not by_mean and before.sum() < count // 4):
        before = np.arange(count) % 2 == 0
    sides = np.concatenate((chosen[before], chosen[~before]))
    chosen[:] = sides
    return before.sum()


@kernel
@no_type_check
def _fit(triangles, chosen, box):  # pragma: no cover
    """Fill a box around some triangles, along the principal axes of their surface."""
    axes = _principal_axes(triangles, chosen)
    centre, half = np.zeros(3), np.zeros(3)
    for axis in range(3):
        low, high = np.inf, -np.inf
        for i in chosen:
            for corner in range(3):
                p = triangles[i, corner]
                place = p[0] * axes[axis, 0] + p[1] * axes[axis, 1] + p[2] * axes[axis, 2]
                low, high = min(low, place), max(high, place)
        half[axis] = 0.5 * (high - low) + MARGIN_MM
        centre[axis] = 0.5 * (low + high)
    for k in range(3):
        box[k] = centre[0] * axes[0, k] + centre[1] * axes[1, k] + centre[2] * axes[2, k]
    _lay_longest_first(half, axes)
    box[HALF:AXES] = half
    box[AXES:] = axes.ravel()


@kernel
@no_type_check
def _lay_longest_first(half, axes):  # pragma: no cover
    """Make the longest edge the first, by a quarter turn about the axis that stays."""
    longest = half.argmax()
    if longest == 0:
        return
    kept, length = axes[0].copy(), half[0]
    half[0], half[longest] = half[longest], length
    if longest == 1:
        axes[0], axes[1] = axes[1].copy(), -kept
    else:
        axes[0], axes[2] = -axes[2], kept


@kernel
@no_type_check
def _principal_axes(triangles, chosen):  # pragma: no cover
    """Return as rows the eigenvectors of the surface's covariance, by area, largest first."""
    total, mean, spread = 0.0, np.zeros(3), np.zeros((3, 3))
    for index in chosen:
        a, b, c = triangles[index]
        area = 0.5 * np.sqrt((np.cross(b - a, c - a) ** 2).sum())
        whole = a + b + c
        total += area
        mean += area / 3.0 * whole
        for j in range(3):
            for k in range(3):
                # The integral of p p^T over a triangle (Gottschalk, Lin and Manocha).
                corners = a[j] * a[k] + b[j] * b[k] + c[j] * c[k]
                spread[j, k] += area / 12.0 * (whole[j] * whole[k] + corners)
    if total == 0.0:
        return np.eye(3)
    mean /= total
    vectors, values = _eigen(spread / total - np.outer(mean, mean))
    first = values.argmax()
    rest = [axis for axis in range(3) if axis != first]
    second = rest[0] if values[rest[0]] >= values[rest[1]] else rest[1]
    axes = np.zeros((3, 3))
    axes[0] = vectors[:, first]
    axes[2] = np.cross(axes[0], vectors[:, second])
    axes[1] = np.cross(axes[2], axes[0])
    return axes


@kernel
@no_type_check
def _eigen(matrix):  # pragma: no cover
    """Return the eigenvectors, as columns, and eigenvalues of a symmetric 3 x 3 matrix.

    Jacobi: turn in the plane of the largest element off the diagonal until none is large.
    `numpy.linalg.eigh` chooses other signs, and signs decide which half of a box comes first.
    """
    vectors = np.eye(3)
    for _ in range(MOST_TURNS):
        off = np.abs(matrix - np.diag(np.diag(matrix))).ravel()
        p, q = divmod(off.argmax(), 3)
        if off.max() <= NO_SHEAR_MM2:
            break
        stretch = matrix[q, q] - matrix[p, p]
        angle = 0.5 * np.arctan(2.0 * matrix[p, q] / stretch) if stretch != 0.0 else 0.25 * np.pi
        turn = np.eye(3)
        turn[p, p] = turn[q, q] = np.cos(angle)
        turn[p, q], turn[q, p] = np.sin(angle), -np.sin(angle)
        vectors = vectors @ turn
        matrix = turn.T @ matrix @ turn
    return vectors, np.diag(matrix)
