"""Eyes, brows and lips, painted where a body with eyeballs has them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import sparse
from scipy.sparse import csgraph

from obman_gen.arrays import Faces, Points, Vertices
from obman_gen.scene.noise3 import field

EYE_EXTENT_M = (0.018, 0.042)
"""Edges of an eyeball's bounding box."""
IRIS_COLORS = ((0.05, 0.022, 0.01), (0.09, 0.05, 0.02), (0.06, 0.09, 0.04), (0.07, 0.13, 0.22))
"""Linear: dark brown, brown, green, blue."""


@dataclass(frozen=True)
class Face:
    """Where the parts of a face are, rest frame (y up, facing +z), metres."""

    eyes: Float[np.ndarray, "2 3"]
    """Centres of the eyeballs."""
    eyeball_faces: Bool[np.ndarray, "face"]


def find_face(vertices: Vertices, faces: Faces) -> Face | None:
    """Find the eyeballs: two round pieces of the mesh, mirror images of one another."""
    count = len(vertices)
    links = sparse.coo_matrix(
        (np.ones(faces.size), (faces.reshape(-1), np.roll(faces, 1, axis=1).reshape(-1))),
        shape=(count, count),
    )
    pieces, labels = csgraph.connected_components(links, directed=False)
    round_pieces = []
    for piece in range(pieces):
        extent = np.ptp(vertices[labels == piece], axis=0)
        low, high = EYE_EXTENT_M
        if low < extent.min() and extent.max() < high and extent.max() < 1.25 * extent.min():
            round_pieces.append(piece)
    if len(round_pieces) != 2:
        return None
    centers = np.array([vertices[labels == piece].mean(axis=0) for piece in round_pieces])
    return Face(centers, np.isin(labels[faces[:, 0]], round_pieces))


def painted_face(
    color: Float[np.ndarray, "texel 3"],
    points: Points,
    on_eyeball: Bool[np.ndarray, "texel"],
    face: Face,
    seed: int,
) -> Float[np.ndarray, "texel 3"]:
    """Return skin colours with brows, lips and eyes over them.

    Args:
        color: linear colours of the body's texels.
        points: where they are on the body at rest.
        on_eyeball: which of them are an eyeball's.
        face: where the face is.
        seed: of the colours.
    """
    rng = np.random.default_rng([seed, 2])
    middle = face.eyes.mean(axis=0)
    local = points - middle
    ahead = local[:, 2] > -0.03
    away = np.abs(local[:, 0])
    half_m = 0.5 * np.abs(face.eyes[0, 0] - face.eyes[1, 0])
    arch = local[:, 1] - 0.021 + 9.0 * (away - half_m) ** 2
    hairs = 0.7 + 0.5 * field(points * [1.0, 0.35, 1.0], seed + 50, 0.0022, 2)
    brow = np.exp(-((arch / 0.0042) ** 2) - ((away - half_m) / 0.017) ** 6) * ahead * hairs
    mouth = np.hypot(local[:, 0] / 0.024, (local[:, 1] + 0.068) / 0.0085)
    lips = np.exp(-(mouth**4)) * (local[:, 2] > -0.015)
    hair = np.array([0.018, 0.012, 0.008]) * rng.uniform(0.5, 2.5)
    color = color + np.clip(0.85 * brow, 0, 1)[:, None] * (hair - color)
    color = color * (1 - lips[:, None] * np.array([0.12, 0.42, 0.36]))
    return np.where(on_eyeball[:, None], _eye(points, face, rng), color)


def _eye(points: Points, face: Face, rng: np.random.Generator) -> Float[np.ndarray, "texel 3"]:
    """Return an eyeball's colours: white, iris and pupil around the way it looks."""
    nearest = np.linalg.norm(points[:, None] - face.eyes, axis=2).argmin(axis=1)
    out = points - face.eyes[nearest]
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    angle = np.arccos(np.clip(out[:, 2], -1, 1))[:, None]
    weights = np.array([0.5, 0.25, 0.1, 0.15])
    iris = np.array(IRIS_COLORS[int(rng.choice(len(IRIS_COLORS), p=weights))])
    white = np.array([0.62, 0.58, 0.55])
    return np.where(angle < 0.19, 0.004, np.where(angle < 0.46, iris, white))
