"""The sphere that becomes the object: its mesh, and the operators on that mesh."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64


class Sphere(NamedTuple):
    """A unit icosphere."""

    vertices: Float32[np.ndarray, "vertex 3"]
    faces: Int64[np.ndarray, "face 3"]
    """Counter-clockwise seen from outside."""


class SparseSquare(NamedTuple):
    """The non-zero entries of a square matrix, row by row."""

    rows: Int64[np.ndarray, "entry"]
    columns: Int64[np.ndarray, "entry"]
    values: Float[np.ndarray, "entry"]


def icosphere(subdivisions: int) -> Sphere:
    """Return the icosahedron with each face cut into four, ``subdivisions`` times."""
    from trimesh.creation import icosphere as build

    mesh = build(subdivisions=subdivisions)
    return Sphere(np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int64))


def random_sphere_points(count: int, generator: torch.Generator) -> Float[torch.Tensor, "count 3"]:
    """Draw points uniformly on the unit sphere: normal vectors, normalised."""
    drawn = torch.randn(count, 3, generator=generator)
    return drawn / drawn.norm(dim=1, keepdim=True)


def edges_of(faces: Int64[np.ndarray, "face 3"]) -> Int64[np.ndarray, "edge 2"]:
    """Return every edge once, lower vertex first."""
    pairs = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    return np.unique(np.sort(pairs, axis=1), axis=0)


def cotangent_laplacian(
    vertices: Float[np.ndarray, "vertex 3"], faces: Int64[np.ndarray, "face 3"]
) -> SparseSquare:
    """Return the cotangent Laplacian (Pinkall and Polthier 1993), each row over its diagonal.

    Row i times the vertices is vertex i minus the weighted mean of its neighbours, so the
    operator does not depend on the mesh's size. Rows sum to zero.
    """
    from scipy import sparse

    corners = vertices[faces].astype(np.float64)
    count = len(vertices)
    weights = sparse.csr_matrix((count, count))
    for corner in range(3):
        one, other = (corner + 1) % 3, (corner + 2) % 3
        to_one, to_other = (
            corners[:, one] - corners[:, corner],
            corners[:, other] - corners[:, corner],
        )
        sine = np.linalg.norm(np.cross(to_one, to_other), axis=1)
        half_cotangent = 0.5 * (to_one * to_other).sum(1) / sine
        place = (faces[:, one], faces[:, other])
        weights += sparse.csr_matrix((half_cotangent, place), shape=(count, count))
    weights = weights + weights.T
    share = sparse.diags(1 / np.asarray(weights.sum(1)).ravel()) @ weights
    laplacian = (sparse.identity(count) - share).tocoo()
    order = np.lexsort((laplacian.col, laplacian.row))
    return SparseSquare(
        laplacian.row[order].astype(np.int64),
        laplacian.col[order].astype(np.int64),
        laplacian.data[order],
    )
