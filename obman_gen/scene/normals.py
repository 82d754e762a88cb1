"""Normals of triangle meshes: of faces, of vertices, and as surfaces are shaded."""

from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float32

from obman_gen.arrays import Faces, Points, Vertices


def vertex_normals(vertices: Vertices, faces: Faces) -> Points:
    """Return unit normals, averaged over adjacent faces by area."""
    total = np.zeros((len(vertices), 3))
    _vertex_normals(*_plain(vertices, faces), total)
    return total


def corner_normals(
    vertices: Vertices, faces: Faces, sharp_angle_rad: float
) -> Float32[np.ndarray, "face 3 3"]:
    """Return the normals that a face is shaded with at its corners.

    Args:
        vertices: of the surface.
        faces: of the surface.
        sharp_angle_rad: faces that lean more than this towards one another meet at a crease.
    """
    out = np.zeros((len(faces), 3, 3), np.float32)
    smooth = vertex_normals(vertices, faces)
    # At a crease between two faces the mean leans half its angle from either.
    least = np.cos(sharp_angle_rad / 2) if sharp_angle_rad < np.pi else -2.0
    _corner_normals(*_plain(vertices, faces), smooth, least, out)
    return out


def _plain(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give kernels one kind of array, or each of them is compiled for several."""
    return np.ascontiguousarray(vertices, np.float64), np.ascontiguousarray(faces, np.int64)


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _normal(vertices, faces, face):
    a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
    x1, y1 = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1]
    x2, y2 = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1]
    z1, z2 = vertices[b, 2] - vertices[a, 2], vertices[c, 2] - vertices[a, 2]
    return y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2


@numba.njit(cache=True)
@no_type_check
def fill_face_normals(vertices, faces, out):
    """Fill in (face, 3) normals as long as twice the face's area."""
    for face in range(len(faces)):
        out[face, 0], out[face, 1], out[face, 2] = _normal(vertices, faces, face)


@numba.njit(cache=True)
@no_type_check
def _vertex_normals(vertices, faces, out):
    for face in range(len(faces)):
        x, y, z = _normal(vertices, faces, face)
        for corner in range(3):
            vertex = faces[face, corner]
            out[vertex, 0] += x
            out[vertex, 1] += y
            out[vertex, 2] += z
    for vertex in range(len(out)):
        x, y, z = out[vertex, 0], out[vertex, 1], out[vertex, 2]
        length = max(np.sqrt(x * x + y * y + z * z), 1e-12)
        out[vertex, 0], out[vertex, 1], out[vertex, 2] = x / length, y / length, z / length


@numba.njit(cache=True)
@no_type_check
def _corner_normals(vertices, faces, smooth, least, out):
    for face in range(len(faces)):
        x, y, z = _normal(vertices, faces, face)
        length = max(np.sqrt(x * x + y * y + z * z), 1e-300)
        x, y, z = x / length, y / length, z / length
        for corner in range(3):
            normal = smooth[faces[face, corner]]
            bent = normal[0] * x + normal[1] * y + normal[2] * z < least
            out[face, corner, 0] = x if bent else normal[0]
            out[face, corner, 1] = y if bent else normal[1]
            out[face, corner, 2] = z if bent else normal[2]
