"""The form of a body that shows through cloth: small bulges and hollows are spanned.

Each vertex becomes a mean of those around it, weighted by area and by a Gaussian of the distance
at rest. A mean alone would shrink the body; applied twice as ``2 S - S S`` (Taubin, A signal
processing approach to fair surface design, SIGGRAPH 1995, in one step), it keeps what is much
larger than the Gaussian and still takes out what is smaller.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer
from scipy import sparse
from scipy.spatial import cKDTree

from obman_gen.arrays import Faces, Vertices
from obman_gen.scene.normals import vertex_normals

TORSO = (0, 1, 2, 3, 6, 9, 13, 14)
"""Pelvis, thighs, spine and collars: SMPL+H joints whose skin clothes hang over."""
LIMBS = (4, 5, 16, 17, 18, 19)
"""Shins, upper arms and forearms."""
TORSO_SPAN_M, LIMB_SPAN_M = 0.025, 0.01
"""Standard deviations of the means: cloth spans a hand's breadth of the torso."""
LEAST_SPAN_M = 0.002
REACH = 2.5
"""Standard deviations beyond which nothing counts."""
LEAST_AGREEMENT = 0.3
"""Cosine between the normals of what cloth spans together: not a thigh and the other one."""


@dataclass(frozen=True)
class Draping:
    """What cloth makes of any pose of one body."""

    rows: Integer[np.ndarray, "moved"]
    """Vertices that it moves."""
    means: sparse.csr_matrix
    """(moved, vertex) weights, each row's sum is 1."""

    def __call__(self, posed: Vertices) -> Vertices:
        """Return the vertices of a posed body as cloth lies over them."""
        once = self._mean(posed)
        return 2 * once - self._mean(once)

    def _mean(self, vertices: Vertices) -> Vertices:
        mean = vertices.copy()
        mean[self.rows] = self.means @ vertices
        return mean


def draping(vertices: Vertices, faces: Faces, weights: Float[np.ndarray, "vertex 52"]) -> Draping:
    """Prepare a body.

    Args:
        vertices: at rest, metres.
        faces: of the body.
        weights: how much each vertex follows each joint of SMPL+H.
    """
    torso, limbs = (weights[:, list(some)].sum(axis=1) for some in (TORSO, LIMBS))
    spans_m = TORSO_SPAN_M * torso + LIMB_SPAN_M * limbs
    rows = np.flatnonzero(spans_m > LEAST_SPAN_M)
    near = cKDTree(vertices).query_ball_point(vertices[rows], REACH * spans_m[rows])
    row = np.repeat(np.arange(len(rows)), [len(some) for some in near])
    column = np.concatenate([np.zeros(0, int), *(np.array(some, int) for some in near)])
    gaps_m = np.linalg.norm(vertices[rows[row]] - vertices[column], axis=1)
    shares = _areas(vertices, faces)[column] * np.exp(-0.5 * (gaps_m / spans_m[rows[row]]) ** 2)
    normals = vertex_normals(vertices, faces)
    shares *= np.einsum("ij,ij->i", normals[rows[row]], normals[column]) > LEAST_AGREEMENT
    means = sparse.csr_matrix((shares, (row, column)), (len(rows), len(vertices)))
    total = np.maximum(np.asarray(means.sum(axis=1)).reshape(-1), 1e-12)
    return Draping(rows, sparse.diags(1 / total) @ means)


def _areas(vertices: Vertices, faces: Faces) -> Float[np.ndarray, "vertex"]:
    """Return a third of the area around each vertex, or dense places would count for more."""
    a, b, c = vertices[faces].transpose(1, 0, 2)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    return np.bincount(faces.reshape(-1), np.repeat(area, 3), len(vertices)) + 1e-12
