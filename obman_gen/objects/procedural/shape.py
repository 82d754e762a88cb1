"""Closed surfaces by lofting: rings of points joined by bands, ends closed by flat caps.

Lengths are metres, y is up. A ring runs counterclockwise about the direction of the loft, so
faces look outwards. Texture coordinates: along the ring from 0 to 1, left to right as seen
from outside; along the loft from 0 to 1 within each run of bands of one material; caps are
projected flat, so that a square image lies on them unmirrored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer

from obman_gen.arrays import Transform

Ring = Float[np.ndarray, "_ 3"]


@dataclass(frozen=True)
class Shape:
    """Triangles with texture coordinates per corner and material numbers per face."""

    vertices: Float[np.ndarray, "vertex 3"]
    faces: Integer[np.ndarray, "face 3"]
    uv: Float[np.ndarray, "face 3 2"]
    materials: Integer[np.ndarray, "face"]

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Shape":
        """Return the shape shifted."""
        return Shape(self.vertices + np.array([x, y, z]), self.faces, self.uv, self.materials)

    def turned(self, axis: str, angle_rad: float) -> "Shape":
        """Return the shape rotated about a coordinate axis."""
        return Shape(self.vertices @ turn(axis, angle_rad).T, self.faces, self.uv, self.materials)

    def printed_from(self, material: int, cell: tuple[float, float, float, float]) -> "Shape":
        """Return the shape with one material looking at a cell (u0, v0, u1, v1) of its image."""
        u0, v0, u1, v1 = cell
        uv = self.uv.copy()
        chosen = self.materials == material
        uv[chosen] = np.array([u0, v0]) + uv[chosen] * np.array([u1 - u0, v1 - v0])
        return Shape(self.vertices, self.faces, uv, self.materials)

    def bent(self, positions: Float[np.ndarray, "vertex 3"]) -> "Shape":
        """Return the shape with its vertices elsewhere."""
        return Shape(positions, self.faces, self.uv, self.materials)


def turn(axis: str, angle_rad: float) -> Float[np.ndarray, "3 3"]:
    """Return the rotation by an angle about x, y or z."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    rotation = np.eye(3)
    rotation[i, i] = rotation[j, j] = np.cos(angle_rad)
    rotation[i, j], rotation[j, i] = -np.sin(angle_rad), np.sin(angle_rad)
    return rotation


def merged(shapes: Sequence[Shape]) -> Shape:
    """Put shapes side by side in one."""
    offsets = np.cumsum([0] + [len(shape.vertices) for shape in shapes[:-1]])
    return Shape(
        np.concatenate([shape.vertices for shape in shapes]),
        np.concatenate([s.faces + offset for s, offset in zip(shapes, offsets, strict=True)]),
        np.concatenate([shape.uv for shape in shapes]),
        np.concatenate([shape.materials for shape in shapes]),
    )


def loft(
    rings: Float[np.ndarray, "ring corner 3"],
    materials: int | Sequence[int] = 0,
    caps: tuple[int, int] | None = None,
    closed: bool = False,
) -> Shape:
    """Join rings to a closed surface.

    Args:
        rings: at least two, all of as many corners.
        materials: of the bands between successive rings, one for all or one each.
        caps: materials of the flat start and end; None: as the bands beside them.
        closed: join the last ring to the first instead of capping both.
    """
    band_count = len(rings) if closed else len(rings) - 1
    bands = [materials] * band_count if isinstance(materials, int) else list(materials)
    assert len(bands) == band_count, f"{len(bands)} materials for {band_count} bands"
    pieces = [_bands(rings, bands, closed)]
    if not closed:
        first, last = caps or (bands[0], bands[-1])
        pieces += [_cap(rings, 0, first), _cap(rings, -1, last)]
    ring_count, corner_count = rings.shape[:2]
    centers = [] if closed else [rings[0].mean(axis=0), rings[-1].mean(axis=0)]
    vertices = np.concatenate(
        [rings.reshape(ring_count * corner_count, 3), *[[c] for c in centers]]
    )
    faces, uv, numbers = (np.concatenate(part) for part in zip(*pieces, strict=True))
    return Shape(vertices, faces, uv, numbers)


def _bands(rings: np.ndarray, bands: list[int], closed: bool):
    ring_count, corner_count = rings.shape[:2]
    lower = np.arange(len(bands))
    upper = (lower + 1) % ring_count
    here = np.arange(corner_count)
    after = (here + 1) % corner_count
    a, b = (lower[:, None] * corner_count + column for column in (here, after))
    d, c = (upper[:, None] * corner_count + column for column in (here, after))
    faces = np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3)
    bottom, top = _run_heights(rings, bands, closed)
    left, right = here / corner_count, (here + 1) / corner_count
    shape = a.shape
    u0, u1 = np.broadcast_to(left, shape), np.broadcast_to(right, shape)
    v0, v1 = (np.broadcast_to(value[:, None], shape) for value in (bottom, top))
    corners = [(u0, v0), (u1, v0), (u1, v1), (u0, v0), (u1, v1), (u0, v1)]
    uv = np.stack([np.stack(pair, axis=-1) for pair in corners], axis=2)
    return faces, uv.reshape(-1, 3, 2), np.repeat(bands, 2 * corner_count)


def _run_heights(rings: np.ndarray, bands: list[int], closed: bool):
    """Return v at both edges of each band: arc length, 0 to 1 within a run of one material."""
    following = np.roll(rings, -1, axis=0) if closed else rings[1:]
    steps = np.linalg.norm(following - rings[: len(bands)], axis=2).mean(axis=1)
    bottom, top = np.zeros(len(bands)), np.zeros(len(bands))
    start = 0
    for stop in range(1, len(bands) + 1):
        if stop == len(bands) or bands[stop] != bands[start]:
            lengths = np.concatenate([[0], np.cumsum(steps[start:stop])])
            lengths /= max(lengths[-1], 1e-12)
            bottom[start:stop], top[start:stop] = lengths[:-1], lengths[1:]
            start = stop
    return bottom, top


def _cap(rings: np.ndarray, end: int, material: int):
    ring_count, corner_count = rings.shape[:2]
    ring = rings[end]
    first = 0 if end == 0 else (ring_count - 1) * corner_count
    center = ring_count * corner_count + (0 if end == 0 else 1)
    here = np.arange(corner_count)
    after = (here + 1) % corner_count
    left, right = (after, here) if end == 0 else (here, after)
    middle = np.full(corner_count, center)
    faces = np.stack([middle, first + left, first + right], axis=1)
    flat = _flat(np.concatenate([ring, [ring.mean(axis=0)]]), _normal(ring, end))
    uv = np.stack([flat[[corner_count] * corner_count], flat[left], flat[right]], axis=1)
    return faces, uv, np.full(corner_count, material)


def _normal(ring: np.ndarray, end: int) -> np.ndarray:
    centered = ring - ring.mean(axis=0)
    area = np.cross(centered, np.roll(centered, -1, axis=0)).sum(axis=0)
    return -area if end == 0 else area


def _flat(points: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Project along the main axis of the normal, as seen from outside, to [0, 1]^2."""
    axis = int(np.abs(normal).argmax())
    x, y, z = points.T
    right, up = {
        (0, True): (-z, y),
        (0, False): (z, y),
        (1, True): (x, -z),
        (1, False): (x, z),
        (2, True): (x, y),
        (2, False): (-x, y),
    }[axis, bool(normal[axis] > 0)]
    flat = np.stack([right, up], axis=1)
    low, high = flat.min(axis=0), flat.max(axis=0)
    return (flat - low) / np.maximum(high - low, 1e-12)


def transformed(shape: Shape, target_from_source: Transform) -> Shape:
    """Return the shape under a rigid transform."""
    rotation, translation = target_from_source[:3, :3], target_from_source[:3, 3]
    return shape.bent(shape.vertices @ rotation.T + translation)
