"""How deep a hand sits in an object, and whether it touches it at all."""

import numpy as np
from jaxtyping import Float

from obman_gen.metrics.surfaces import (
    Faces,
    Vertices,
    distance_to_surface,
    is_inside,
    require_surface,
)

CONTACT_DISTANCE_M = 0.005
"""A hand vertex outside the object touches it if it is closer than this."""


def signed_distances(
    points: Float[np.ndarray, "point 3"], object_vertices: Vertices, object_faces: Faces
) -> Float[np.ndarray, "point"]:
    """Return exact distances of points to an object's surface, negative inside it."""
    require_surface(object_vertices, object_faces, "object")
    distances = distance_to_surface(points, object_vertices, object_faces)
    return np.where(is_inside(points, object_vertices, object_faces), -distances, distances)


def max_penetration(
    hand_vertices: Vertices, object_vertices: Vertices, object_faces: Faces
) -> float:
    """Return how far the deepest hand vertex is from the surface of the object it is in.

    ObMan's definition (Hasson et al., CVPR 2019, section 5): distance to the object's surface,
    not to its nearest vertex, and 0 if no vertex is inside.

    Args:
        hand_vertices: metres.
        object_vertices: metres, same frame, a closed surface.
        object_faces: of the object.

    Returns:
        Metres.

    Raises:
        ValueError: if the object has no surface or a vertex is not finite.
    """
    require_surface(object_vertices, object_faces, "object")
    if not np.isfinite(hand_vertices).all():
        raise ValueError("the hand has vertices that are not finite")
    inside = is_inside(hand_vertices, object_vertices, object_faces)
    if not inside.any():
        return 0.0
    return float(distance_to_surface(hand_vertices[inside], object_vertices, object_faces).max())


def contact_ratio(distances_m: Float[np.ndarray, "*batch hand"]) -> float:
    """Return the share of grasps in which the hand touches the object.

    Args:
        distances_m: signed distances of hand vertices (`signed_distances`), negative inside.

    Returns:
        Share in [0, 1]; a grasp touches if any vertex is inside or within
        `CONTACT_DISTANCE_M` of the surface.
    """
    return float((distances_m.min(axis=-1) < CONTACT_DISTANCE_M).mean())
