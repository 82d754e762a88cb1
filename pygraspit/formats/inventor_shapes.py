"""Shapes of a scene graph as triangles, cut the way Coin cuts them at its default complexity."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from pygraspit.formats.inventor_syntax import Node

Triangles = Float[np.ndarray, "face 3 3"]
Points = Float[np.ndarray, "point 3"]
Point = Float[np.ndarray, "3"]


class ShapeError(Exception):
    """A shape node that cannot be drawn; the walk adds file and line."""


def _points(node: Node, state_points: Points | None) -> Points:
    """Return the vertices a shape uses: its own, or those the state holds."""
    for name, inner in (("vertexProperty", "vertex"), ("coord", "point")):
        for child in (value for value in node.fields.get(name, []) if isinstance(value, Node)):
            if inner in child.fields:
                return _threes(child.fields[inner])
    if state_points is None:
        raise ShapeError("there are no coordinates")
    return state_points


def _threes(values: list) -> Points:
    if not all(isinstance(value, float) for value in values) or len(values) % 3:
        raise ShapeError("its coordinates are not threes of numbers")
    return np.array(values, np.float64).reshape(-1, 3)


def _indices(node: Node, name: str, default: list[int]) -> list[int]:
    values = node.fields.get(name, default)
    if not all(isinstance(value, float | int) for value in values):
        raise ShapeError(f"{name} holds something that is not a number")
    return [int(value) for value in values]


def _pick(points: Points, faces: list[tuple[int, int, int]]) -> Triangles:
    indices = np.array(faces, np.int64).reshape(-1, 3)
    if indices.size and (indices.min() < 0 or indices.max() >= len(points)):
        raise ShapeError(f"names point {indices.max()}, but there are {len(points)}")
    return points[indices]


def _runs(indices: list[int]) -> Iterator[list[int]]:
    """Split at negative indices."""
    run: list[int] = []
    for index in indices:
        if index >= 0:
            run.append(index)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _fan(polygon: list[int]) -> list[tuple[int, int, int]]:
    return [(polygon[0], polygon[i], polygon[i + 1]) for i in range(1, len(polygon) - 1)]


def _strip(run: list[int]) -> list[tuple[int, int, int]]:
    return [
        (run[i], run[i + 1], run[i + 2]) if i % 2 == 0 else (run[i + 1], run[i], run[i + 2])
        for i in range(len(run) - 2)
    ]


def _indexed_face_set(node: Node, state_points: Points | None) -> Triangles:
    polygons = _runs(_indices(node, "coordIndex", []))
    return _pick(_points(node, state_points), [t for p in polygons for t in _fan(p)])


def _indexed_strip_set(node: Node, state_points: Points | None) -> Triangles:
    runs = _runs(_indices(node, "coordIndex", []))
    return _pick(_points(node, state_points), [t for run in runs for t in _strip(run)])


def _consecutive(node: Node, points: Points) -> Iterator[list[int]]:
    """Yield the vertices of polygons or strips that follow one another; -1 takes the rest."""
    first = _indices(node, "startIndex", [0])[0]
    for count in _indices(node, "numVertices", [-1]):
        size = count if count >= 0 else len(points) - first
        yield list(range(first, first + size))
        first += size


def _face_set(node: Node, state_points: Points | None) -> Triangles:
    points = _points(node, state_points)
    return _pick(points, [t for p in _consecutive(node, points) for t in _fan(p)])


def _strip_set(node: Node, state_points: Points | None) -> Triangles:
    points = _points(node, state_points)
    return _pick(points, [t for run in _consecutive(node, points) for t in _strip(run)])


def _size(node: Node, name: str, default: float) -> float:
    values = node.fields.get(name, [default])
    if not values or not isinstance(values[0], float | int) or values[0] <= 0:
        raise ShapeError(f"{name} should be a positive number")
    return float(values[0])


def _box(half: np.ndarray) -> Triangles:
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    sides = [(1, 3, 7, 5), (0, 4, 6, 2), (0, 2, 3, 1), (4, 5, 7, 6), (2, 6, 7, 3), (0, 1, 5, 4)]
    return _pick(signs * half, [t for side in sides for t in _fan(list(side))])


def _cube(node: Node, _: Points | None) -> Triangles:
    edges = [_size(node, name, 2.0) for name in ("width", "height", "depth")]
    return _box(0.5 * np.array(edges))


def _vrml_box(node: Node, _: Points | None) -> Triangles:
    values = node.fields.get("size", [2.0, 2.0, 2.0])
    if len(values) != 3 or not all(isinstance(v, float) and v > 0 for v in values):
        raise ShapeError("size should be three positive numbers")
    return _box(0.5 * np.array(values))


SPHERE_SLICES, SPHERE_STACKS, ROUND_SIDES = 15, 14, 20
"""What Coin uses at complexity 0.5."""


def _ring(radius: float, y: float, sides: int) -> Points:
    """Return points of a circle about the y axis, from -z on towards -x."""
    turn = 2 * np.pi * np.arange(sides) / sides
    return np.stack([-radius * np.sin(turn), np.full(sides, y), -radius * np.cos(turn)], axis=1)


def _sphere(node: Node, _: Points | None) -> Triangles:
    radius = _size(node, "radius", 1.0)
    tilts = np.pi * np.arange(1, SPHERE_STACKS) / SPHERE_STACKS
    rings = [_ring(radius * np.sin(t), radius * np.cos(t), SPHERE_SLICES) for t in tilts]
    top, bottom = np.array([0.0, radius, 0.0]), np.array([0.0, -radius, 0.0])
    following = [(i, (i + 1) % SPHERE_SLICES) for i in range(SPHERE_SLICES)]
    faces = [(top, rings[0][i], rings[0][j]) for i, j in following]
    for upper, lower in pairwise(rings):
        for i, j in following:
            faces += [(upper[i], lower[i], lower[j]), (upper[i], lower[j], upper[j])]
    faces += [(rings[-1][i], bottom, rings[-1][j]) for i, j in following]
    return np.array(faces)


def _shows(node: Node, part: str) -> bool:
    """Say whether a part is drawn, by Inventor's ``parts`` and VRML 2's flags."""
    parts = [word for value in node.fields.get("parts", ["ALL"]) for word in str(value).split("|")]
    flag = node.fields.get(part.lower(), ["TRUE"])
    named = any(word.strip("() ").upper() in (part, part + "S", "ALL") for word in parts)
    return named and flag[:1] != ["FALSE"]


def _cylinder(node: Node, _: Points | None) -> Triangles:
    radius, half = _size(node, "radius", 1.0), 0.5 * _size(node, "height", 2.0)
    upper, lower = (_ring(radius, y, ROUND_SIDES) for y in (half, -half))
    faces = []
    if _shows(node, "SIDE"):
        for i in range(ROUND_SIDES):
            j = (i + 1) % ROUND_SIDES
            faces += [(upper[i], lower[i], lower[j]), (upper[i], lower[j], upper[j])]
    if _shows(node, "TOP"):
        faces += [(upper[0], upper[i], upper[i + 1]) for i in range(1, ROUND_SIDES - 1)]
    if _shows(node, "BOTTOM"):
        faces += _base(lower)
    return np.array(faces).reshape(-1, 3, 3)


def _base(ring: Points) -> list[tuple[Point, Point, Point]]:
    return [(ring[-1], ring[i], ring[i - 1]) for i in range(len(ring) - 2, 0, -1)]


def _cone(node: Node, _: Points | None) -> Triangles:
    half = 0.5 * _size(node, "height", 2.0)
    ring = _ring(_size(node, "bottomRadius", 1.0), -half, ROUND_SIDES)
    tip, faces = np.array([0.0, half, 0.0]), []
    if _shows(node, "SIDE"):
        faces += [(tip, ring[i], ring[(i + 1) % ROUND_SIDES]) for i in range(ROUND_SIDES)]
    if _shows(node, "BOTTOM"):
        faces += _base(ring)
    return np.array(faces).reshape(-1, 3, 3)


SHAPES: dict[str, Callable[[Node, Points | None], Triangles]] = {
    "IndexedFaceSet": _indexed_face_set,
    "IndexedTriangleSet": _indexed_face_set,
    "IndexedTriangleStripSet": _indexed_strip_set,
    "FaceSet": _face_set,
    "TriangleStripSet": _strip_set,
    "Cube": _cube,
    "Box": _vrml_box,
    "Sphere": _sphere,
    "Cylinder": _cylinder,
    "Cone": _cone,
}
