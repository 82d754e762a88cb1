"""Exact ground truth at pixel centres: which surface each ray hits first, and how far away.

The ray through a pixel centre is ``d = ((u - cx) / fx, (v - cy) / fy, 1)``. It meets the plane
of a triangle a, b, c at depth ``det / (e_a + e_b + e_c)`` with ``e_a = d . (b x c)`` and so on,
``det = a . (b x c)``, and lies inside if the three have one sign. The ``e`` are linear in the
pixel, so this is a rasteriser, yet it is the ray intersection itself: no projection, no
clipping at the image plane, float64 throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float, Float64, Int32, UInt8

from obman_gen.arrays import Faces, Vertices
from obman_gen.sample import Camera
from obman_gen.scene.drawing import Part

NEAR_M = 0.01
"""Surfaces closer than this are not seen, as with Cycles' camera."""


@dataclass(frozen=True)
class Hits:
    """First surface along the ray through each pixel centre."""

    depth_m: Float64[np.ndarray, "height width"]
    """z-depth, ``inf`` where nothing is hit."""
    faces: Int32[np.ndarray, "height width"]
    """-1 where nothing is hit."""
    weights: Float64[np.ndarray, "height width 3"]
    """Barycentric weights of the face's corners at the hit."""


def cast(vertices: Vertices, faces: Faces, camera: Camera) -> Hits:
    """Cast one ray through each pixel centre. Of equal depths the first face wins."""
    shape = (camera.height_px, camera.width_px)
    depth_m, weights = np.full(shape, np.inf), np.zeros((*shape, 3))
    hit_faces = np.full(shape, -1, np.int32)
    intrinsics = camera.intrinsics.astype(np.float64)
    corners = vertices.astype(np.float64, copy=False)
    _cast(corners, faces.astype(np.int32, copy=False), intrinsics, depth_m, hit_faces, weights)
    return Hits(depth_m, hit_faces, weights)


@dataclass(frozen=True)
class Truth:
    """Depth, segmentation and normals of some parts of a drawing."""

    depth_m: Float64[np.ndarray, "height width"]
    segmentation: UInt8[np.ndarray, "height width"]
    normals: Float64[np.ndarray, "height width 3"]
    """Of the faces, towards the camera."""


def ground_truth(parts: Sequence[Part], camera: Camera) -> Truth:
    """Cast rays at several parts at once; the nearest surface wins."""
    if not parts:
        shape = (camera.height_px, camera.width_px)
        return Truth(np.full(shape, np.inf), np.zeros(shape, np.uint8), np.zeros((*shape, 3)))
    vertices, faces, segments = joined(parts)
    hits = cast(vertices, faces, camera)
    seen = hits.faces >= 0
    segmentation = np.where(seen, segments[hits.faces], 0).astype(np.uint8)
    return Truth(hits.depth_m, segmentation, _facing_normals(vertices, faces, hits, camera))


def joined(parts: Sequence[Part]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Concatenate parts: vertices, faces and the segment of each face."""
    starts = np.cumsum([0] + [len(part.vertices) for part in parts])
    faces = [part.faces + start for part, start in zip(parts, starts, strict=False)]
    return (
        np.concatenate([part.vertices for part in parts]).astype(np.float64),
        np.concatenate(faces).astype(np.int32),
        np.concatenate([part.segments for part in parts]),
    )


def camera_rays(camera: Camera) -> Float[np.ndarray, "height width 3"]:
    """Return the direction through each pixel centre, scaled to z = 1."""
    rows, columns = np.mgrid[0 : camera.height_px, 0 : camera.width_px] + 0.5
    pixels = np.stack([columns, rows, np.ones_like(rows)], axis=-1)
    return pixels @ np.linalg.inv(camera.intrinsics.astype(np.float64)).T


def _facing_normals(vertices, faces, hits: Hits, camera: Camera):
    seen = hits.faces >= 0
    corners = vertices[faces[hits.faces[seen]]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    away = np.einsum("ij,ij->i", normals, camera_rays(camera)[seen]) > 0
    normals[away] *= -1
    image = np.zeros((*hits.faces.shape, 3))
    image[seen] = normals
    return image


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _cross(a, b):
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _pixel_bounds(corners, intrinsics, height, width):
    """Return rows and columns whose centres the triangle may cover: all, if it crosses z = 0."""
    if min(corners[0, 2], corners[1, 2], corners[2, 2]) <= 1e-6:
        return 0, height, 0, width
    low_u, high_u, low_v, high_v = np.inf, -np.inf, np.inf, -np.inf
    for i in range(3):
        x, y = corners[i, 0] / corners[i, 2], corners[i, 1] / corners[i, 2]
        u = intrinsics[0, 0] * x + intrinsics[0, 1] * y + intrinsics[0, 2]
        v = intrinsics[1, 1] * y + intrinsics[1, 2]
        low_u, high_u = min(low_u, u), max(high_u, u)
        low_v, high_v = min(low_v, v), max(high_v, v)
    if high_u < 0 or high_v < 0 or low_u > width or low_v > height:
        return 0, 0, 0, 0
    return (
        max(0, int(np.floor(low_v - 0.5))),
        min(height, int(np.ceil(high_v + 0.5))),
        max(0, int(np.floor(low_u - 0.5))),
        min(width, int(np.ceil(high_u + 0.5))),
    )


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _cast(vertices, faces, intrinsics, depth_m, hit_faces, weights):  # noqa: C901 one kernel
    height, width = depth_m.shape
    fx, fy, skew = intrinsics[0, 0], intrinsics[1, 1], intrinsics[0, 1]
    cx, cy = intrinsics[0, 2], intrinsics[1, 2]
    corners = np.zeros((3, 3))
    for face in range(len(faces)):
        for i in range(3):
            corners[i] = vertices[faces[face, i]]
        if max(corners[0, 2], corners[1, 2], corners[2, 2]) <= NEAR_M:
            continue
        row0, row1, column0, column1 = _pixel_bounds(corners, intrinsics, height, width)
        if row1 <= row0 or column1 <= column0:
            continue
        edge_a = _cross(corners[1], corners[2])
        edge_b = _cross(corners[2], corners[0])
        edge_c = _cross(corners[0], corners[1])
        determinant = (
            corners[0, 0] * edge_a[0] + corners[0, 1] * edge_a[1] + corners[0, 2] * edge_a[2]
        )
        if determinant == 0.0:
            continue
        for row in range(row0, row1):
            y = (row + 0.5 - cy) / fy
            for column in range(column0, column1):
                x = (column + 0.5 - cx - skew * y) / fx
                a = edge_a[0] * x + edge_a[1] * y + edge_a[2]
                b = edge_b[0] * x + edge_b[1] * y + edge_b[2]
                c = edge_c[0] * x + edge_c[1] * y + edge_c[2]
                inside = (a >= 0 and b >= 0 and c >= 0) or (a <= 0 and b <= 0 and c <= 0)
                total = a + b + c
                if not inside or total == 0.0:
                    continue
                z = determinant / total
                if NEAR_M < z < depth_m[row, column]:
                    depth_m[row, column] = z
                    hit_faces[row, column] = face
                    weights[row, column, 0] = a / total
                    weights[row, column, 1] = b / total
                    weights[row, column, 2] = c / total
