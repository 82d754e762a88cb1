"""Shoes: the convex hull of a foot, so that no toe shows."""

import numpy as np
from jaxtyping import Float
from scipy import sparse
from scipy.spatial import ConvexHull

from obman_gen.arrays import Vertices
from obman_gen.scene.cutting import Cut
from obman_gen.scene.drawing import Material

ANKLES = (7, 8)
"""SMPL+H joints."""
ABOVE_ANKLE_M = 0.01
LEATHER_M = 0.004
COLORS = ((0.02, 0.02, 0.022), (0.11, 0.05, 0.025), (0.7, 0.68, 0.65), (0.05, 0.07, 0.14))
"""Black, brown, white, navy; linear."""


def below_ankles(
    vertices: Vertices, joints: Float[np.ndarray, "52 3"]
) -> Float[np.ndarray, "vertex"]:
    """Return how far below the ankles of a standing body each vertex lies, metres."""
    return joints[list(ANKLES), 1].min() + ABOVE_ANKLE_M - vertices[:, 1]


def shoe_cuts(vertices: Vertices, joints: Float[np.ndarray, "52 3"]) -> tuple[Cut, ...]:
    """Return the shoes' surfaces, closed: a leg comes out of the top of each."""
    low, side = below_ankles(vertices, joints) > 0, np.sign(vertices[:, 0])
    feet = [np.flatnonzero(low & (side == which)) for which in (1, -1)]
    return tuple(_hull(vertices, foot) for foot in feet if len(foot) > 3)


def _hull(vertices: Vertices, foot: np.ndarray) -> Cut:
    points = vertices[foot]
    hull = ConvexHull(points)
    a, b, c = points[hull.simplices].transpose(1, 0, 2)
    outwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), hull.equations[:, :3]) > 0
    faces = np.where(outwards[:, None], hull.simplices, hull.simplices[:, ::-1])
    used, faces = np.unique(faces, return_inverse=True)
    rows = np.arange(len(used))
    blend = sparse.csr_matrix((np.ones(len(used)), (rows, foot[used])), (len(used), len(vertices)))
    return Cut(blend, faces.reshape(-1, 3), np.zeros((0, 2), np.int64))


def draw_leather(rng: np.random.Generator) -> Material:
    """Draw black, brown, white or navy, more or less."""
    chosen = np.array(COLORS[int(rng.integers(len(COLORS)))])
    red, green, blue = (chosen * np.exp(0.2 * rng.normal(size=3))).clip(0.01, 0.8).tolist()
    return Material((red, green, blue), roughness=float(rng.uniform(0.35, 0.8)))
