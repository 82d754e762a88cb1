"""Triangles of Open Inventor (.iv) and VRML 1 and 2 (.wrl) text files.

Walks the scene graph as Inventor does: property nodes change the state for what follows,
separators restore it. Surfaces come out as the triangles Coin makes of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from pygraspit.errors import DescriptionError
from pygraspit.formats.inventor_shapes import SHAPES, ShapeError
from pygraspit.formats.inventor_syntax import Node, parse
from pygraspit.model import Geometry
from pygraspit.transforms import points_to

MAX_DEPTH = 200
GROUPS = {
    "Group",
    "Separator",
    "TransformSeparator",
    "Anchor",
    "Collision",
    "Billboard",
    "Switch",
    "Transform",
    "LOD",
    "LevelOfDetail",
    "WWWAnchor",
    "Selection",
    "Root",
    "ShapeKit",
}
RESTORING = {
    "Separator",
    "Anchor",
    "Collision",
    "Billboard",
    "Transform",
    "Selection",
    "WWWAnchor",
    "TransformSeparator",
}
INCLUDES = {"File": "name", "Inline": "url", "WWWInline": "name"}


@dataclass
class _State:
    """What property nodes have set so far."""

    world_from_local: Float[np.ndarray, "4 4"]
    points: Float[np.ndarray, "point 3"] | None = None


def read_inventor(path: str | Path) -> Geometry:
    """Read all triangles of a file, every one with its own three vertices, in the file's unit.

    Raises:
        DescriptionError: naming file, line and reason.
    """
    path = Path(path)
    triangles = list(_Walk(path).triangles(parse(path), _State(np.eye(4)), 0))
    if not any(len(part) for part in triangles):
        raise DescriptionError(f"{path}: holds no triangles")
    corners = _without_slivers(np.concatenate(triangles)).reshape(-1, 3)
    if not np.isfinite(corners).all():
        raise DescriptionError(f"{path}: a vertex is not finite")
    return Geometry(corners, np.arange(len(corners)).reshape(-1, 3))


def _placed(triangles: np.ndarray, world_from_local: np.ndarray) -> np.ndarray:
    """Transform corners in single precision, as Coin does."""
    single = points_to(world_from_local.astype(np.float32), triangles.astype(np.float32))
    return single.astype(np.float64)


def _without_slivers(triangles: np.ndarray) -> np.ndarray:
    """Drop triangles of which two corners are one, in single precision."""
    following = np.roll(triangles, 1, axis=1)
    return triangles[~(triangles == following).all(axis=2).any(axis=1)]


class _Walk:
    def __init__(self, path: Path):
        self._path = path

    def _fail(self, node: Node, reason: str):
        raise DescriptionError(f"{self._path}, line {node.line}, {node.kind}: {reason}")

    def triangles(self, nodes: list[Node], state: _State, depth: int) -> Iterator[np.ndarray]:
        """Yield (n, 3, 3) triangles of nodes in order; changes ``state``."""
        for node in nodes:
            if depth > MAX_DEPTH:
                self._fail(node, f"nodes nest deeper than {MAX_DEPTH}")
            if node.kind in INCLUDES:
                yield from self._included(node, state, depth)
            elif node.kind == "Shape":
                yield from self.triangles(_nodes_in(node, "geometry"), replace(state), depth + 1)
            elif _members(node):
                yield from self._group(node, state, depth)
            elif node.kind in SHAPES:
                yield _placed(self._shape(node, state), state.world_from_local)
            else:
                self._property(node, state)

    def _shape(self, node: Node, state: _State) -> np.ndarray:
        try:
            return SHAPES[node.kind](node, state.points)
        except ShapeError as error:
            self._fail(node, str(error))
            raise

    def _group(self, node: Node, state: _State, depth: int) -> Iterator[np.ndarray]:
        inner = replace(state)
        if node.kind == "Transform":
            inner.world_from_local = state.world_from_local @ transform_of(node)
        yield from self.triangles(_shown(node), inner, depth + 1)
        if node.kind == "TransformSeparator":
            state.points = inner.points
        elif node.kind not in RESTORING:
            state.points, state.world_from_local = inner.points, inner.world_from_local

    def _included(self, node: Node, state: _State, depth: int) -> Iterator[np.ndarray]:
        names = node.fields.get(INCLUDES[node.kind], [])
        if not names or not isinstance(names[0], str):
            self._fail(node, "names no file")
        file = self._path.parent / str(names[0])
        yield from _Walk(file).triangles(parse(file), state, depth + 10)

    def _property(self, node: Node, state: _State) -> None:
        """Let a node that draws nothing change the state."""
        if node.kind in ("Coordinate3", "VertexProperty"):
            points = vectors(node, "point" if node.kind == "Coordinate3" else "vertex")
            if points is None:
                self._fail(node, "its points are not threes of numbers")
            state.points = points
        elif node.kind in TRANSFORMS:
            state.world_from_local = state.world_from_local @ TRANSFORMS[node.kind](node)


def _members(node: Node) -> list[Node]:
    """Return the nodes in a group, written without or with ``children``."""
    if node.kind not in GROUPS:
        return []
    return node.children + _nodes_in(node, "children") + _nodes_in(node, "choice")


def _shown(node: Node) -> list[Node]:
    """Return the members that are drawn: one or none of a switch, the first of detail levels."""
    members = _members(node)
    if node.kind in ("LOD", "LevelOfDetail"):
        return (_nodes_in(node, "level") or members)[:1]
    if node.kind != "Switch":
        return members
    which = int(number(node, "whichChild", -1.0))
    if which == -3:  # SO_SWITCH_ALL
        return members
    return members[which : which + 1] if which >= 0 else []


def _nodes_in(node: Node, name: str) -> list[Node]:
    return [value for value in node.fields.get(name, []) if isinstance(value, Node)]


def number(node: Node, name: str, default: float) -> float:
    """Return a field's first number."""
    values = node.fields.get(name, [])
    return float(values[0]) if values and isinstance(values[0], float) else default


def vectors(node: Node, name: str) -> np.ndarray | None:
    """Return a field as (n, 3), or None if it is not threes of numbers."""
    values = node.fields.get(name, [])
    if not all(isinstance(value, float) for value in values) or len(values) % 3:
        return None
    return np.array(values, np.float64).reshape(-1, 3)


def _vector(node: Node, name: str, default: tuple[float, ...]) -> np.ndarray:
    values = node.fields.get(name, [])
    if len(values) != len(default) or not all(isinstance(value, float) for value in values):
        return np.array(default)
    return np.array(values, np.float64)


def _turn(values: np.ndarray) -> Float[np.ndarray, "4 4"]:
    """Return the rotation of (axis, angle)."""
    from scipy.spatial.transform import Rotation

    matrix, length = np.eye(4), np.linalg.norm(values[:3])
    if length > 0:
        matrix[:3, :3] = Rotation.from_rotvec(values[3] * values[:3] / length).as_matrix()
    return matrix


def _shift(values: np.ndarray) -> Float[np.ndarray, "4 4"]:
    matrix = np.eye(4)
    matrix[:3, 3] = values
    return matrix


def _stretch(values: np.ndarray) -> Float[np.ndarray, "4 4"]:
    return np.diag([*values, 1.0])


NO_TURN = (0.0, 0.0, 1.0, 0.0)


def transform_of(node: Node) -> Float[np.ndarray, "4 4"]:
    """Return T C R SR S SR^-1 C^-1 of a transform node."""
    one = (1.0, 1.0, 1.0)
    scale = _vector(node, "scale", tuple(_vector(node, "scaleFactor", one)))
    centre = _vector(node, "center", (0.0, 0.0, 0.0))
    stretch_axes = _turn(_vector(node, "scaleOrientation", NO_TURN))
    return (
        _shift(_vector(node, "translation", (0.0, 0.0, 0.0)))
        @ _shift(centre)
        @ _turn(_vector(node, "rotation", NO_TURN))
        @ stretch_axes
        @ _stretch(scale)
        @ stretch_axes.T
        @ _shift(-centre)
    )


def _rotation_xyz(node: Node) -> Float[np.ndarray, "4 4"]:
    axis = "XYZ".find(str(node.fields.get("axis", ["X"])[0]))
    return _turn(np.array([*np.eye(3)[max(axis, 0)], number(node, "angle", 0.0)]))


def _matrix(node: Node) -> Float[np.ndarray, "4 4"]:
    """Return a matrix written for row vectors."""
    values = _vector(node, "matrix", tuple(np.eye(4).ravel()))
    return values.reshape(4, 4).T


TRANSFORMS = {
    "Transform": transform_of,
    "Translation": lambda node: _shift(_vector(node, "translation", (0.0, 0.0, 0.0))),
    "Rotation": lambda node: _turn(_vector(node, "rotation", NO_TURN)),
    "RotationXYZ": _rotation_xyz,
    "Scale": lambda node: _stretch(_vector(node, "scaleFactor", (1.0, 1.0, 1.0))),
    "MatrixTransform": _matrix,
}
