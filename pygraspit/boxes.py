"""Trees of boxes over triangle surfaces, and the tests between posed boxes.

Each box is oriented along its triangles (Gottschalk, Lin and Manocha, SIGGRAPH 1996): near a
flat or gently curved patch that keeps it thin, so that touching surfaces part early.
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
    longest = 1 if half[1] > half[0] else 0
    if half[2] > half[longest]:
        longest = 2
    for k in range(3):
        box[k] = centre[0] * axes[0, k] + centre[1] * axes[1, k] + centre[2] * axes[2, k]
    if longest == 1:
        half[0], half[1] = half[1], half[0]
        axes[0], axes[1] = axes[1].copy(), -axes[0]
    if longest == 2:
        half[0], half[2] = half[2], half[0]
        axes[0], axes[2] = -axes[2].copy(), axes[0].copy()
    for axis in range(3):
        box[HALF + axis] = half[axis]
        for k in range(3):
            box[AXES + 3 * axis + k] = axes[axis, k]


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


class Scene(NamedTuple):
    """All bodies of a world for kernels: trees laid end to end, poses, and tested pairs."""

    boxes: np.ndarray
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
    nodes = np.cumsum([0, *(len(tree.child) for tree in trees)])[:-1]
    faces = np.cumsum([0, *(len(tree.triangles) for tree in trees)])[:-1]
    child, start, stop, root = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [], []
    stop.append(np.zeros(0, np.int64))
    for tree, node, face in zip(trees, nodes, faces, strict=True):
        child.append(np.where(tree.child < 0, -1, tree.child + node))
        start.append(tree.start + face)
        stop.append(tree.stop + face)
        root.append(node if len(tree.triangles) else -1)
    return Scene(
        boxes=np.concatenate([np.zeros((0, BOX_NUMBERS)), *(tree.boxes for tree in trees)]),
        child=np.concatenate(child),
        start=np.concatenate(start),
        stop=np.concatenate(stop),
        triangles=np.concatenate([np.zeros((0, 3, 3)), *(tree.triangles for tree in trees)]),
        root=np.array(root, np.int64),
        poses=poses,
        tested=tested,
    )


@njit(cache=True)
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


@njit(cache=True)
@no_type_check
def box_gap_squared(boxes, m, n, turn, shift):  # pragma: no cover
    b = np.zeros((3, 3)); t = np.zeros(3)
    c0 = shift[0] + turn[0,0]*boxes[n,0]+turn[0,1]*boxes[n,1]+turn[0,2]*boxes[n,2] - boxes[m,0]
    c1 = shift[1] + turn[1,0]*boxes[n,0]+turn[1,1]*boxes[n,1]+turn[1,2]*boxes[n,2] - boxes[m,1]
    c2 = shift[2] + turn[2,0]*boxes[n,0]+turn[2,1]*boxes[n,1]+turn[2,2]*boxes[n,2] - boxes[m,2]
    for i in range(3):
        k = AXES + 3*i
        t[i] = c0*boxes[m,k]+c1*boxes[m,k+1]+c2*boxes[m,k+2]
    for j in range(3):
        k = AXES + 3*j
        u0 = turn[0,0]*boxes[n,k]+turn[0,1]*boxes[n,k+1]+turn[0,2]*boxes[n,k+2]
        u1 = turn[1,0]*boxes[n,k]+turn[1,1]*boxes[n,k+1]+turn[1,2]*boxes[n,k+2]
        u2 = turn[2,0]*boxes[n,k]+turn[2,1]*boxes[n,k+1]+turn[2,2]*boxes[n,k+2]
        for i in range(3):
            l = AXES + 3*i
            b[i,j] = u0*boxes[m,l]+u1*boxes[m,l+1]+u2*boxes[m,l+2]
    f = np.abs(b) + 1e-6
    ga = np.zeros(3); gb = np.zeros(3)
    for i in range(3):
        d = abs(t[i]) - (boxes[m,3+i] + boxes[n,3]*f[i,0]+boxes[n,4]*f[i,1]+boxes[n,5]*f[i,2])
        ga[i] = max(0.0,d)**2
        d = abs(t[0]*b[0,i]+t[1]*b[1,i]+t[2]*b[2,i]) - (boxes[n,3+i]+boxes[m,3]*f[0,i]+boxes[m,4]*f[1,i]+boxes[m,5]*f[2,i])
        gb[i] = max(0.0,d)**2
    best = max(ga[0]+ga[1]+ga[2], gb[0]+gb[1]+gb[2])
    for i in range(3):
        i1=(i+1)%3; i2=(i+2)%3
        for j in range(3):
            j1=(j+1)%3; j2=(j+2)%3
            s = t[i2]*b[i1,j]-t[i1]*b[i2,j]
            d = abs(s) - (boxes[m,3+i1]*f[i2,j]+boxes[m,3+i2]*f[i1,j]+boxes[n,3+j1]*f[i,j2]+boxes[n,3+j2]*f[i,j1])
            d = max(0.0,d)**2
            best = max(best, max(ga[i]+d, gb[j]+d))
    return best


@njit(cache=True)
@no_type_check
def _unused(boxes):
    return 0


@njit(cache=True)
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


@njit(cache=True)
@no_type_check
def opens_first(boxes, child, m, n):  # pragma: no cover
    """Say whether the first of two boxes is the one to open: the larger that has children."""
    if child[n] < 0:
        return True
    if child[m] < 0:
        return False
    first = boxes[m, 3] * boxes[m, 4] * boxes[m, 5]
    return first > boxes[n, 3] * boxes[n, 4] * boxes[n, 5]


@njit(cache=True)
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
