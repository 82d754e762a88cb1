"""Exact ground truth at pixel centres: which surface each ray hits first, and how far away.

The ray through a pixel centre is ``d = ((u - cx) / fx, (v - cy) / fy, 1)``. It meets the plane
of a triangle a, b, c at depth ``det / (e_a + e_b + e_c)`` with ``e_a = d . (b x c)`` and so on,
``det = a . (b x c)``, and lies inside if the three have one sign. The ``e`` are linear in the
pixel, so this is a rasteriser, yet it is the ray intersection itself: no projection, no
clipping at the image plane, float64 throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float, Float64, Int32, UInt8

from obman_gen.arrays import Faces, Vertices
from obman_gen.sample import Camera
from obman_gen.scene.drawing import Part
from obman_gen.scene.normals import fill_face_normals

NEAR_M = 0.01
"""Surfaces closer than this are not seen, as with Cycles' camera."""
ROUNDING_PX = 1e-3
"""By far more than what rounding shifts a projected vertex."""
FLAT = 1e-9
"""A slope that is smaller than this share of an offset changes no sign in an image."""


@dataclass(frozen=True)
class Hits:
    """First surface along the ray through each pixel centre."""

    depth_m: Float64[np.ndarray, "height width"]
    """z-depth, ``inf`` where nothing is hit."""
    faces: Int32[np.ndarray, "height width"]
    """-1 where nothing is hit."""
    surface: tuple[np.ndarray, np.ndarray]
    """What was hit: vertices and faces."""
    intrinsics: Float64[np.ndarray, "3 3"]

    @cached_property
    def weights(self) -> Float64[np.ndarray, "height width 3"]:
        """Barycentric weights of the face's corners at the hit."""
        weights = np.zeros((*self.faces.shape, 3))
        _weigh(*self.surface, self.intrinsics, self.faces, weights)
        return weights


def cast(vertices: Vertices, faces: Faces, camera: Camera) -> Hits:
    """Cast one ray through each pixel centre. Of equal depths the first face wins."""
    shape = (camera.height_px, camera.width_px)
    depth_m, hit_faces = np.full(shape, np.inf), np.full(shape, -1, np.int32)
    surface = vertices.astype(np.float64, copy=False), faces.astype(np.int32, copy=False)
    intrinsics = camera.intrinsics.astype(np.float64)
    _cast(*surface, intrinsics, depth_m, hit_faces)
    return Hits(depth_m, hit_faces, surface, intrinsics)


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
    ys, xs = _directions(camera.intrinsics.astype(np.float64), camera.height_px, camera.width_px)
    slant = camera.intrinsics[0, 1] / camera.intrinsics[0, 0]
    rays = np.ones((camera.height_px, camera.width_px, 3))
    rays[..., 1] = ys[:, None]
    rays[..., 0] = xs - slant * ys[:, None]
    return rays


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _directions(intrinsics, height, width):
    """Return each row's y of the rays, and each column's x before any skew."""
    rows, columns = np.arange(height) + 0.5, np.arange(width) + 0.5
    ys = (rows - intrinsics[1, 2]) / intrinsics[1, 1]
    return ys, (columns - intrinsics[0, 2]) / intrinsics[0, 0]


def _facing_normals(vertices, faces, hits: Hits, camera: Camera):
    image = np.zeros((*hits.faces.shape, 3))
    _face_camera(vertices, faces, hits.faces, camera.intrinsics.astype(np.float64), image)
    return image


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _face_camera(vertices, faces, hit_faces, intrinsics, image):
    """Fill in the unit normal of the face each ray hits, turned against the ray."""
    normals = np.zeros((len(faces), 3))
    fill_face_normals(vertices, faces, normals)
    height, width = hit_faces.shape
    ys, xs = _directions(intrinsics, height, width)
    slant = intrinsics[0, 1] / intrinsics[0, 0]
    for row in range(height):
        for column in range(width):
            if hit_faces[row, column] < 0:
                continue
            normal = normals[hit_faces[row, column]]
            x, y, z = normal[0], normal[1], normal[2]
            length = max(np.sqrt(x * x + y * y + z * z), 1e-300)
            if x * (xs[column] - slant * ys[row]) + y * ys[row] + z > 0:
                length = -length
            image[row, column, 0] = x / length
            image[row, column, 1] = y / length
            image[row, column, 2] = z / length


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _projected(vertices, intrinsics):
    """Return each vertex's pixel; of those behind the camera, not a number."""
    pixels = np.full((len(vertices), 2), np.nan)
    for i in range(len(vertices)):
        z = vertices[i, 2]
        if z > 1e-6:
            x, y = vertices[i, 0] / z, vertices[i, 1] / z
            pixels[i, 0] = intrinsics[0, 0] * x + intrinsics[0, 1] * y + intrinsics[0, 2]
            pixels[i, 1] = intrinsics[1, 1] * y + intrinsics[1, 2]
    return pixels


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _pixel_bounds(pixels, a, b, c, height, width):
    """Return rows and columns whose centres a triangle may cover: all, if it crosses z = 0."""
    low_u = min(pixels[a, 0], pixels[b, 0], pixels[c, 0])
    high_u = max(pixels[a, 0], pixels[b, 0], pixels[c, 0])
    low_v = min(pixels[a, 1], pixels[b, 1], pixels[c, 1])
    high_v = max(pixels[a, 1], pixels[b, 1], pixels[c, 1])
    if np.isnan(pixels[a, 0] + pixels[b, 0] + pixels[c, 0]):
        return 0, height, 0, width
    if high_u < 0 or high_v < 0 or low_u > width or low_v > height:
        return 0, 0, 0, 0
    return (
        max(0, int(np.ceil(low_v - 0.5 - ROUNDING_PX))),
        min(height, int(np.floor(high_v + 0.5 + ROUNDING_PX))),
        max(0, int(np.ceil(low_u - 0.5 - ROUNDING_PX))),
        min(width, int(np.floor(high_u + 0.5 + ROUNDING_PX))),
    )


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _edge(vertices, one, other):
    """Return the cross product of two vertices."""
    x1, y1, z1 = vertices[one, 0], vertices[one, 1], vertices[one, 2]
    x2, y2, z2 = vertices[other, 0], vertices[other, 1], vertices[other, 2]
    return y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _narrowed(low, high, slope, rest):
    """Narrow [low, high] to the x for which ``slope * x + rest`` is not negative, give or take."""
    if abs(slope) <= FLAT * abs(rest) or slope == 0.0:
        return low, high  # changes sign beyond any image, if at all
    crossing = -rest / slope
    if slope > 0:
        return max(low, crossing), high
    return low, min(high, crossing)


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _cast(vertices, faces, intrinsics, depth_m, hit_faces):  # noqa: C901 one kernel
    """Let each face claim the pixels in which it is the nearest.

    With the signs of a face turned so that ``det`` is positive, the ``e`` of a hit in front of
    the camera are, too: each of the three confines a row's hits to one side of a column.
    """
    height, width = depth_m.shape
    ys, xs = _directions(intrinsics, height, width)
    fx, cx, slant = intrinsics[0, 0], intrinsics[0, 2], intrinsics[0, 1] / intrinsics[0, 0]
    pixels = _projected(vertices, intrinsics)
    for face in range(len(faces)):
        i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
        if max(vertices[i, 2], vertices[j, 2], vertices[k, 2]) <= NEAR_M:
            continue
        row0, row1, column0, column1 = _pixel_bounds(pixels, i, j, k, height, width)
        if row1 <= row0 or column1 <= column0:
            continue
        ax, ay, az = _edge(vertices, j, k)
        bx, by, bz = _edge(vertices, k, i)
        gx, gy, gz = _edge(vertices, i, j)
        determinant = vertices[i, 0] * ax + vertices[i, 1] * ay + vertices[i, 2] * az
        if determinant == 0.0:
            continue
        turn = 1.0 if determinant > 0 else -1.0
        ax, ay, az, bx, by, bz = turn * ax, turn * ay, turn * az, turn * bx, turn * by, turn * bz
        gx, gy, gz, determinant = turn * gx, turn * gy, turn * gz, turn * determinant
        for row in range(row0, row1):
            y = ys[row]
            a_row, b_row, c_row = ay * y + az, by * y + bz, gy * y + gz
            low, high = _narrowed(xs[column0] - slant * y, xs[column1 - 1] - slant * y, ax, a_row)
            low, high = _narrowed(low, high, bx, b_row)
            low, high = _narrowed(low, high, gx, c_row)
            first = (low + slant * y) * fx + cx - 0.5
            last = (high + slant * y) * fx + cx - 0.5
            # A column more on either side: each is tested, and rounding may not lose one.
            for column in range(max(column0, int(first) - 1), min(column1, int(last) + 2)):
                x = xs[column] - slant * y
                a, b, c = ax * x + a_row, bx * x + b_row, gx * x + c_row
                if a < 0 or b < 0 or c < 0 or a + b + c == 0.0:
                    continue
                z = determinant / (a + b + c)
                if NEAR_M < z < depth_m[row, column]:
                    depth_m[row, column] = z
                    hit_faces[row, column] = face


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _weigh(vertices, faces, intrinsics, hit_faces, weights):
    """Fill in the barycentric weights of hits."""
    height, width = hit_faces.shape
    ys, xs = _directions(intrinsics, height, width)
    slant = intrinsics[0, 1] / intrinsics[0, 0]
    for row in range(height):
        for column in range(width):
            face = hit_faces[row, column]
            if face < 0:
                continue
            i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
            ax, ay, az = _edge(vertices, j, k)
            bx, by, bz = _edge(vertices, k, i)
            gx, gy, gz = _edge(vertices, i, j)
            y = ys[row]
            x = xs[column] - slant * y
            a = ax * x + ay * y + az
            b = bx * x + by * y + bz
            c = gx * x + gy * y + gz
            weights[row, column, 0] = a / (a + b + c)
            weights[row, column, 1] = b / (a + b + c)
            weights[row, column, 2] = c / (a + b + c)
