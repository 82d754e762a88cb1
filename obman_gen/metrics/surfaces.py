"""Exact distances to triangle meshes, and which points lie inside."""

import numpy as np
from jaxtyping import Bool, Float, Integer

Vertices = Float[np.ndarray, "_ 3"]
Faces = Integer[np.ndarray, "_ 3"]
"""Of any length: several meshes meet in one call."""


def require_surface(vertices: np.ndarray, faces: np.ndarray, name: str) -> None:
    """Refuse a mesh that has no surface or no place.

    Raises:
        ValueError: naming the mesh.
    """
    if len(faces) == 0:
        raise ValueError(f"the {name} mesh has no faces")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ValueError(
            f"the {name} mesh has {len(vertices)} vertices, its faces name "
            f"{faces.min()} to {faces.max()}"
        )
    if not np.isfinite(vertices).all():
        raise ValueError(f"the {name} mesh has vertices that are not finite")


def distance_to_surface(
    points: Float[np.ndarray, "point 3"], vertices: Vertices, faces: Faces
) -> Float[np.ndarray, "point"]:
    """Return the distance of each point to the nearest point of any triangle."""
    import igl

    squared = igl.point_mesh_squared_distance(_doubles(points), _doubles(vertices), _longs(faces))
    return np.sqrt(squared[0]).reshape(-1)


def is_inside(
    points: Float[np.ndarray, "point 3"], vertices: Vertices, faces: Faces
) -> Bool[np.ndarray, "point"]:
    """Tell which points a surface encloses, by generalised winding number (Jacobson 2013).

    Unlike ray parity it does not fail on rays through edges, counts regions that a
    self-intersecting surface covers twice as inside, and bridges small holes such as an open
    wrist. Either orientation of the faces will do, as long as it is consistent.
    """
    import igl

    corners = _doubles(vertices)
    box_low, box_high = corners[faces].min(axis=(0, 1)), corners[faces].max(axis=(0, 1))
    candidates = ((points >= box_low) & (points <= box_high)).all(axis=1)
    inside = np.zeros(len(points), bool)
    if candidates.any():
        winding = igl.fast_winding_number(corners, _longs(faces), _doubles(points[candidates]))
        inside[candidates] = np.abs(np.asarray(winding)) > 0.5
    return inside


def signed_volume(vertices: Vertices, faces: Faces) -> float:
    """Return the enclosed volume, negative if the faces look inwards."""
    corners = _doubles(vertices)[faces]
    corners = corners - corners.mean(axis=(0, 1))
    return float(np.einsum("fi,fi->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6)


def _doubles(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, np.float64)


def _longs(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, np.int64)
