"""Trees of boxes over triangle surfaces.

Each box is oriented along its triangles (Gottschalk, Lin and Manocha, SIGGRAPH 1996): near a
flat or gently curved patch that keeps it thin, so that touching surfaces part early. Where
GraspIt! has a choice (how to split, which way an axis points, which node is first), the trees
make the same one: which of two contacts is dropped depends on the order they are found in.
"""

from typing import NamedTuple, no_type_check

import numpy as np
from numba import njit

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
JACOBI_SWEEPS = 50


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


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
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
    longest = 1 if half[1] > half[0] else 0
    if half[2] > half[longest]:
        longest = 2
    # The longest edge comes first, by a quarter turn of the box about one of its other axes.
    sign = -1.0 if longest == 2 else 1.0
    for axis in range(3):
        source = longest if axis == 0 else 0 if axis == longest else axis
        turned = 1.0
        if longest > 0 and axis == 0:
            turned = sign
        elif longest > 0 and axis == longest:
            turned = -sign
        box[HALF + axis] = half[source]
        for k in range(3):
            box[AXES + 3 * axis + k] = turned * axes[source, k]


@njit(cache=True)
@no_type_check
def _principal_axes(triangles, chosen):  # pragma: no cover
    """Return as rows the eigenvectors of the surface's covariance, by area, largest first."""
    total, mean, spread = 0.0, np.zeros(3), np.zeros((3, 3))
    for i in chosen:
        u, v = triangles[i, 1] - triangles[i, 0], triangles[i, 2] - triangles[i, 0]
        normal = np.cross(u, v)
        area = 0.5 * np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2)
        middle = (triangles[i, 0] + triangles[i, 1] + triangles[i, 2]) / 3.0
        total += area
        for j in range(3):
            mean[j] += area * middle[j]
            for k in range(3):
                # The mean of p p^T over a triangle: 9/12 of the centroid's, 1/12 of each corner's.
                corners = 0.0
                for corner in range(3):
                    corners += triangles[i, corner, j] * triangles[i, corner, k]
                spread[j, k] += area / 12.0 * (9.0 * middle[j] * middle[k] + corners)
    if total == 0.0:
        return np.eye(3)
    mean /= total
    for j in range(3):
        for k in range(3):
            spread[j, k] = spread[j, k] / total - mean[j] * mean[k]
    vectors = _jacobi(spread)
    first, second, third = 0, 1, 2
    if spread[1, 1] > spread[0, 0]:
        first, second = 1, 0
    if spread[2, 2] > spread[first, first]:
        first, third = third, first
    if spread[third, third] > spread[second, second]:
        second, third = third, second
    axes = np.zeros((3, 3))
    axes[0], axes[1] = vectors[:, first], vectors[:, second]
    axes[2] = np.cross(axes[0], axes[1])
    axes[1] = np.cross(axes[2], axes[0])
    return axes


@njit(cache=True)
@no_type_check
def _jacobi(matrix):  # pragma: no cover
    """Make a symmetric matrix diagonal; return its eigenvectors as columns.

    Classical Jacobi (Golub and Van Loan, 8.4): always the largest element off the diagonal.
    """
    vectors = np.eye(3)
    before = np.inf
    for sweep in range(JACOBI_SWEEPS):
        p, q = 0, 1
        for i in range(3):
            for j in range(3):
                if i != j and abs(matrix[i, j]) > abs(matrix[p, q]):
                    p, q = i, j
        cos, sin = 1.0, 0.0
        if abs(matrix[p, q]) > NO_SHEAR_MM2:
            r = (matrix[q, q] - matrix[p, p]) / (2.0 * matrix[p, q])
            t = 1.0 / (r + np.sqrt(1.0 + r * r)) if r >= 0.0 else -1.0 / (-r + np.sqrt(1.0 + r * r))
            cos = 1.0 / np.sqrt(1.0 + t * t)
            sin = t * cos
        turn = np.eye(3)
        turn[p, p] = turn[q, q] = cos
        turn[p, q], turn[q, p] = sin, -sin
        vectors = vectors @ turn
        matrix[:] = turn.T @ matrix @ turn
        off = 0.0
        for i in range(3):
            for j in range(3):
                if i != j:
                    off += matrix[i, j] ** 2
        if sweep > 2 and off >= before:
            break
        before = off
    return vectors
