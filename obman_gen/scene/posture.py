"""Whether a posed body leaves room: for the object it holds, and for its own hand and arm."""

from functools import lru_cache
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool
from scipy.spatial import cKDTree

from obman_gen.arrays import Faces, Points, Vertices
from obman_gen.sample import ObjectMesh
from obman_gen.scene.figure import Figure
from obman_gen.scene.normals import vertex_normals

CLOTH_M = 0.012
"""Room left for clothes between the body and what it must not touch."""
SLACK_M = 0.004
"""Skin beside the wrist may touch the object."""
NEAR_WRIST_M = 0.05

TRUNK = (0, 1, 2, 3, 6, 9, 12, 13, 14, 15)
"""Pelvis, thighs, spine, neck, collars, head: SMPL+H joints whose skin stays clear of the hand."""


@runtime_checkable
class Distances(Protocol):
    """Signed distance to the object, raw units."""

    def distance(self, points: Points) -> np.ndarray:
        """Return distances of points, negative inside."""
        ...


@runtime_checkable
class Held(Protocol):
    """An object in the hand."""

    @property
    def mesh(self) -> ObjectMesh:
        """As rendered, raw units."""
        ...

    @property
    def distance(self) -> Distances:
        """Signed distances, raw units."""
        ...


def is_free(figure: Figure, vertices: Vertices, held: Held, metres_per_unit: float) -> bool:
    """Tell whether a posed body crosses neither the object nor its own hand.

    Args:
        figure: the models.
        vertices: of the posed body, in the object's frame, metres.
        held: the object.
        metres_per_unit: its scale.
    """
    parts = _parts_of(figure)
    if not _clear_of_object(vertices, parts, held, metres_per_unit):
        return False
    normals = vertex_normals(vertices, figure.body.faces)[parts.trunk]
    tree = cKDTree(vertices[parts.trunk], compact_nodes=False, balanced_tree=False)
    things = np.concatenate(
        [vertices[parts.forearm_and_hand], held.mesh.surface_points[::4] * metres_per_unit]
    )
    _, nearest = tree.query(things)
    outside_m = np.einsum("ij,ij->i", things - vertices[parts.trunk][nearest], normals[nearest])
    return bool(outside_m.min() > CLOTH_M)


def _clear_of_object(vertices: Vertices, parts: "_Parts", held: Held, scale: float) -> bool:
    """Check every vertex but the hand's own against the object's distance field."""
    distances_m = held.distance.distance(vertices[parts.not_hand] / scale) * scale
    wrist = vertices[parts.wrist].mean(axis=0)
    from_wrist_m = np.linalg.norm(vertices[parts.not_hand] - wrist, axis=1)
    needed_m = np.where(from_wrist_m < NEAR_WRIST_M, SLACK_M, CLOTH_M)
    return bool((distances_m > needed_m).all())


class _Parts:
    """Vertex numbers of the body's parts."""

    def __init__(self, weights: np.ndarray, faces: Faces, is_hand: Bool[np.ndarray, "face"]):
        main = weights.argmax(axis=1)
        hand = np.zeros(len(main), bool)
        hand[np.unique(faces[is_hand])] = True
        self.trunk = np.flatnonzero(np.isin(main, TRUNK))
        self.not_hand = np.flatnonzero(~hand)
        self.forearm_and_hand = np.flatnonzero(hand | (main == 19))
        self.wrist = np.flatnonzero(main == 21)


@lru_cache(maxsize=2)
def _parts_of(figure: Figure) -> _Parts:
    surface = figure.body_surface
    return _Parts(figure.body.weights, surface.faces, surface.is_hand)
