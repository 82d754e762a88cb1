"""Compiled geometry of one hand against one closed mesh: who is inside, and what is nearest.

Inside is decided by the winding number along a ray in +z, with rules that count every ray
exactly once, also through vertices and edges: in the projection on xy a triangle covers a
point by the crossings of a second ray, in +x, with its edges; an edge is crossed if its ends
lie on different sides by exact comparison (half-open), and on which side of the point is a
single sign that is computed from the edge's lower to its upper end, hence bit for bit the
same in both triangles that share it. The edges' contributions then cancel around a closed
mesh, whatever the rounding, except where a triangle is above the point and its neighbour is
not: only a point within rounding of the surface can be told wrong.
"""

from typing import no_type_check

import numpy as np
from numba import njit

CELLS = 32
"""Of the grid over the mesh's box in xy, per axis."""


@njit(cache=True)
@no_type_check
def edge_crossing(ax, ay, bx, by, px, py):
    """Return +1 or -1 if the directed edge a-b crosses the ray from p in +x upwards or down."""
    if (ay <= py) == (by <= py):
        return 0
    if ay < by:
        return 1 if (bx - ax) * (py - ay) - (by - ay) * (px - ax) > 0 else 0
    return -1 if (ax - bx) * (py - by) - (ay - by) * (px - bx) > 0 else 0


@njit(cache=True)
@no_type_check
def crossing(a, b, c, p):
    """Return the signed crossing, -1, 0 or +1, of a triangle with the ray from p in +z."""
    turns = edge_crossing(a[0], a[1], b[0], b[1], p[0], p[1])
    turns += edge_crossing(b[0], b[1], c[0], c[1], p[0], p[1])
    turns += edge_crossing(c[0], c[1], a[0], a[1], p[0], p[1])
    if turns == 0 or max(a[2], b[2], c[2]) < p[2]:
        return 0
    if min(a[2], b[2], c[2]) > p[2]:
        return turns
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    above = (uy * vz - uz * vy) * (a[0] - p[0])
    above += (uz * vx - ux * vz) * (a[1] - p[1])
    above += (ux * vy - uy * vx) * (a[2] - p[2])
    return turns if above * turns > 0 else 0


@njit(cache=True)
@no_type_check
def cell_of(value, low, per_unit):
    """Return the cell of a coordinate along one axis, the last one for the upper border."""
    return min(max(int((value - low) * per_unit), 0), CELLS - 1)


@njit(cache=True)
@no_type_check
def sort_into_cells(points, low, high, per_unit, starts, members):
    """Fill ``starts`` (cells + 1) and ``members`` with the points in the box, cell by cell."""
    cells = np.full(len(points), -1)
    for i in range(len(points)):
        p = points[i]
        in_xy = low[0] <= p[0] <= high[0] and low[1] <= p[1] <= high[1]
        if in_xy and low[2] <= p[2] <= high[2]:
            column = cell_of(p[0], low[0], per_unit[0])
            cells[i] = cell_of(p[1], low[1], per_unit[1]) * CELLS + column
            starts[cells[i] + 1] += 1
    for cell in range(CELLS * CELLS):
        starts[cell + 1] += starts[cell]
    free = starts[:-1].copy()
    for i in range(len(points)):
        if cells[i] >= 0:
            members[free[cells[i]]] = i
            free[cells[i]] += 1


@njit(cache=True)
@no_type_check
def winding_numbers(points, vertices, faces, result):
    """Write how often the closed mesh winds around each point.

    Args:
        points: (P, 3) float64.
        vertices: (V, 3) float64.
        faces: (F, 3) integers, consistently oriented.
        result: (P,) integers, zero; +1 inside a mesh whose faces are counter-clockwise
            seen from outside, -1 if they are clockwise, other numbers where it overlaps itself.
    """
    low, high, per_unit = np.zeros(3), np.zeros(3), np.zeros(3)
    for axis in range(3):
        low[axis], high[axis] = vertices[:, axis].min(), vertices[:, axis].max()
        per_unit[axis] = CELLS / max(high[axis] - low[axis], 1e-30)
    starts = np.zeros(CELLS * CELLS + 1, np.int64)
    members = np.zeros(len(points), np.int64)
    sort_into_cells(points, low, high, per_unit, starts, members)
    for f in range(len(faces)):
        a, b, c = vertices[faces[f, 0]], vertices[faces[f, 1]], vertices[faces[f, 2]]
        first = cell_of(min(a[0], b[0], c[0]), low[0], per_unit[0])
        last = cell_of(max(a[0], b[0], c[0]), low[0], per_unit[0])
        bottom = cell_of(min(a[1], b[1], c[1]), low[1], per_unit[1])
        top = cell_of(max(a[1], b[1], c[1]), low[1], per_unit[1])
        for row in range(bottom, top + 1):
            for place in range(starts[row * CELLS + first], starts[row * CELLS + last + 1]):
                i = members[place]
                result[i] += crossing(a, b, c, points[i])


@njit(cache=True)
@no_type_check
def nearest_vertices(points, vertices, wanted, index, squared):
    """Write the nearest of (V, 3) vertices, and its squared distance, for the wanted points."""
    for i in range(len(points)):
        if not wanted[i]:
            continue
        px, py, pz = points[i, 0], points[i, 1], points[i, 2]
        best = np.inf
        for v in range(len(vertices)):
            x, y, z = vertices[v, 0] - px, vertices[v, 1] - py, vertices[v, 2] - pz
            distance = x * x + y * y + z * z
            if distance < best:
                best = distance
                index[i] = v
        squared[i] = best


@njit(cache=True)
@no_type_check
def row(array, i):
    """Return one row as a tuple: small arrays would be allocated over and over."""
    return array[i, 0], array[i, 1], array[i, 2]


@njit(cache=True)
@no_type_check
def minus(a, b):
    """Return the difference of two 3-vectors."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@njit(cache=True)
@no_type_check
def dot(a, b):
    """Return the scalar product of two 3-vectors."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True)
@no_type_check
def along_segment(p, a, b):
    """Return the share of b in the point of the segment a-b nearest to p."""
    along = minus(b, a)
    length = dot(along, along)
    if length <= 0:
        return 0.0
    return min(max(dot(minus(p, a), along) / length, 0.0), 1.0)


@njit(cache=True)
@no_type_check
def squared_to_mean(p, a, b, c, weights):
    """Return the squared distance from p to the weighted mean of a, b and c."""
    u, v, w = weights
    x = u * a[0] + v * b[0] + w * c[0] - p[0]
    y = u * a[1] + v * b[1] + w * c[1] - p[1]
    z = u * a[2] + v * b[2] + w * c[2] - p[2]
    return x * x + y * y + z * z


@njit(cache=True)
@no_type_check
def nearest_in_triangle(p, a, b, c):
    """Return the squared distance from p to a triangle, and the nearest point's weights.

    Either the foot of the perpendicular is inside, or the nearest point is on an edge.
    """
    ab, ac, ap = minus(b, a), minus(c, a), minus(p, a)
    d00, d01, d11 = dot(ab, ab), dot(ab, ac), dot(ac, ac)
    d20, d21 = dot(ap, ab), dot(ap, ac)
    area = d00 * d11 - d01 * d01
    one, two = d11 * d20 - d01 * d21, d00 * d21 - d01 * d20
    if area > 0 and one >= 0 and two >= 0 and one + two <= area:
        weights = (1 - (one + two) / area, one / area, two / area)
        return squared_to_mean(p, a, b, c, weights), weights
    share = along_segment(p, a, b)
    best_weights = (1 - share, share, 0.0)
    best = squared_to_mean(p, a, b, c, best_weights)
    share = along_segment(p, b, c)
    weights = (0.0, 1 - share, share)
    squared = squared_to_mean(p, a, b, c, weights)
    if squared < best:
        best, best_weights = squared, weights
    share = along_segment(p, c, a)
    weights = (share, 0.0, 1 - share)
    squared = squared_to_mean(p, a, b, c, weights)
    if squared < best:
        best, best_weights = squared, weights
    return best, best_weights


@njit(cache=True)
@no_type_check
def bounding_balls(vertices, faces):
    """Return a ball around every face: its centroid, and the distance to the farthest corner."""
    balls = np.zeros((len(faces), 4))
    for f in range(len(faces)):
        a, b, c = row(vertices, faces[f, 0]), row(vertices, faces[f, 1]), row(vertices, faces[f, 2])
        for axis in range(3):
            balls[f, axis] = (a[axis] + b[axis] + c[axis]) / 3
        centre = row(balls, f)
        for corner in (a, b, c):
            away = minus(corner, centre)
            balls[f, 3] = max(balls[f, 3], np.sqrt(dot(away, away)))
    return balls


@njit(cache=True)
@no_type_check
def nearest_on_faces(points, vertices, faces, wanted, found):
    """Write the nearest face, squared distance and barycentric weights of the wanted points.

    ``found`` is (index, squared, weights), the first two as `nearest_vertices` left them: the
    distance to the nearest vertex is a bound that spares all faces whose ball lies beyond it.
    """
    index, squared, weights = found
    balls = bounding_balls(vertices, faces)
    for i in range(len(points)):
        if not wanted[i]:
            continue
        p = row(points, i)
        # A hair more than the bound, or rounding could spare the very faces of that vertex.
        bound = np.sqrt(squared[i]) * (1 + 1e-9) + 1e-12
        squared[i] = np.inf
        for f in range(len(faces)):
            away = minus(row(balls, f), p)
            reach = bound + balls[f, 3]
            if dot(away, away) > reach * reach:
                continue
            a, b = row(vertices, faces[f, 0]), row(vertices, faces[f, 1])
            distance, shares = nearest_in_triangle(p, a, b, row(vertices, faces[f, 2]))
            if distance < squared[i]:
                squared[i], index[i] = distance, f
                weights[i, 0], weights[i, 1], weights[i, 2] = shares
                bound = min(bound, np.sqrt(distance))
