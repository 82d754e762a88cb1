"""What a denoiser may rely on: coverage, albedo and normals of every pixel, free of noise.

Cycles sees through a pixel by the Blackman-Harris window, `WINDOW_PX` wide, with a few random
rays. Here a regular grid of rays, `GRID` x `GRID` to a pixel, is weighed by the same window.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, no_type_check

import numba
import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64, UInt8

from obman_gen.sample import Camera
from obman_gen.scene.color import decode_srgb
from obman_gen.scene.drawing import Drawing, Part, Pixels
from obman_gen.scene.normals import corner_normals
from obman_gen.scene.raster import cast, joined

GRID = 3
WINDOW_PX = 3.0
"""Cycles doubles its filter width, 1.5 px by default, for this window."""
REACH_PX = 2
"""Rays this far beyond the box still count: the window's half, in whole pixels."""
COVER, ALBEDO, NORMALS = slice(0, 1), slice(1, 4), slice(4, 7)

Box = tuple[int, int, int, int]
"""Rows [top, bottom) and columns [left, right)."""
PixelsOf = Callable[[Path], Pixels | None]
"""Reads a texture file; None if it cannot be read."""


@dataclass(frozen=True)
class Guides:
    """Means over each pixel's window; what is not covered counts as zero."""

    coverage: Float32[np.ndarray, "height width 1"]
    albedo: Float32[np.ndarray, "height width 3"]
    """Linear, of the surfaces' base colours."""
    normals: Float32[np.ndarray, "height width 3"]
    """Smoothed as they are shaded, camera frame, towards the camera."""


def view_guides(
    drawing: Drawing, boxes: Mapping[str, Box], pixels_of: PixelsOf
) -> dict[str, Guides]:
    """Return the guides of each view in its box, which must hold all it shows and the reach.

    HO is H, but for the box of O: there the nearest of both counts, ray by ray.
    """
    rays = {
        view: _seen(drawing.of_view(view), _grid_camera(drawing.camera, boxes[view]), pixels_of)
        for view in ("h", "o")
        if view in boxes
    }
    images = {view: _windowed(mine.channels) for view, mine in rays.items()}
    if "ho" in boxes:
        top, bottom, left, right = boxes["ho"]
        both = np.zeros((bottom - top, right - left, 7), np.float32)
        for view, image in images.items():
            both[_place(boxes[view], boxes["ho"])] = image
        if len(rays) == 2:
            nearest = _nearest(rays["h"], boxes["h"], rays["o"], boxes["o"])
            both[_place(boxes["o"], boxes["ho"])] = _windowed(nearest)
        images["ho"] = both
    return {view: _guides(image) for view, image in images.items()}


def _nearest(one: "_Rays", one_box: Box, other: "_Rays", other_box: Box):
    """Return what each ray of the other meets first, of both."""
    top, left = ((other_box[i] - one_box[i]) * GRID for i in (0, 2))
    height, width = one.depth_m.shape
    tall, wide = other.depth_m.shape
    rows = slice(max(top, 0), min(top + tall, height))
    columns = slice(max(left, 0), min(left + wide, width))
    there = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    channels = other.channels.copy()
    first = one.depth_m[rows, columns] <= other.depth_m[there]
    channels[there][first] = one.channels[rows, columns][first]
    return channels


def _place(inner: Box, outer: Box) -> tuple[slice, slice]:
    return (
        slice(inner[0] - outer[0], inner[1] - outer[0]),
        slice(inner[2] - outer[2], inner[3] - outer[2]),
    )


def _grid_camera(camera: Camera, box: Box) -> Camera:
    """Return the camera whose pixels are the rays of a box and of its surroundings."""
    top, bottom, left, right = box
    intrinsics = camera.intrinsics.astype(np.float64).copy()
    intrinsics[0, 2] -= left - REACH_PX
    intrinsics[1, 2] -= top - REACH_PX
    intrinsics[:2] *= GRID
    width, height = (right - left + 2 * REACH_PX) * GRID, (bottom - top + 2 * REACH_PX) * GRID
    return Camera(intrinsics, width, height)


class _Rays(NamedTuple):
    """What each ray meets first."""

    depth_m: Float64[np.ndarray, "row column"]
    channels: Float32[np.ndarray, "row column 7"]


def _seen(parts: Sequence[Part], camera: Camera, pixels_of: PixelsOf) -> _Rays:
    vertices, faces, _ = joined(parts)
    hits = cast(vertices, faces, camera)
    channels = np.zeros((*hits.faces.shape, 7), np.float32)
    normals = np.concatenate(
        [corner_normals(part.vertices, part.faces, part.sharp_angle_rad) for part in parts]
    )
    _add_normals(hits.faces, hits.weights, normals, camera.intrinsics, channels)
    _add_albedo(hits.faces, hits.weights, _looks(parts, pixels_of), _LINEAR, channels)
    return _Rays(hits.depth_m, channels)


class _Looks(NamedTuple):
    """Materials as arrays; the texels of all textures are one list."""

    uv: Float32[np.ndarray, "face 3 2"]
    material_of: Int32[np.ndarray, "face"]
    colors: Float32[np.ndarray, "material 3"]
    images: Int64[np.ndarray, "material 3"]
    """First texel, height and width; the first is -1 for a material without texture."""
    texels: UInt8[np.ndarray, "texel 3"]


def _looks(parts: Sequence[Part], pixels_of: PixelsOf) -> _Looks:
    uv, material_of, colors, images, texels = [], [], [], [], [np.zeros((1, 3), np.uint8)]
    for part in parts:
        count = len(part.faces)
        uv.append(np.zeros((count, 3, 2)) if part.uv is None else part.uv)
        indices = part.material_indices
        material_of.append((np.zeros(count, int) if indices is None else indices) + len(colors))
        for material in part.materials:
            texture = material.texture
            pixels = pixels_of(texture) if isinstance(texture, Path) else texture
            colors.append(material.base_color)
            if pixels is None:
                images.append((-1, 1, 1))
                continue
            images.append((sum(map(len, texels)), *pixels.shape[:2]))
            texels.append(pixels.reshape(-1, 3))
    return _Looks(
        np.concatenate(uv).astype(np.float32),
        np.concatenate(material_of).astype(np.int32),
        np.array(colors, np.float32),
        np.array(images, np.int64),
        np.concatenate(texels),
    )


_LINEAR = decode_srgb(np.arange(256, dtype=np.uint8))


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _add_normals(faces, weights, normals, intrinsics, channels):
    """Fill in cover, and normals turned towards the ray."""
    height, width = faces.shape
    fx, fy, cx, cy = intrinsics[0, 0], intrinsics[1, 1], intrinsics[0, 2], intrinsics[1, 2]
    for row in range(height):
        for column in range(width):
            face = faces[row, column]
            if face < 0:
                continue
            out, weight = channels[row, column], weights[row, column]
            out[0] = 1.0
            for i in range(3):
                for corner in range(3):
                    out[4 + i] += weight[corner] * normals[face, corner, i]
            x, y = (column + 0.5 - cx) / fx, (row + 0.5 - cy) / fy
            if out[4] * x + out[5] * y + out[6] > 0:
                for i in range(4, 7):
                    out[i] = -out[i]


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _add_albedo(faces, weights, looks, linear, channels):
    """Fill in base colours times textures, which repeat and are read bilinearly."""
    height, width = faces.shape
    for row in range(height):
        for column in range(width):
            face = faces[row, column]
            if face < 0:
                continue
            out, weight = channels[row, column], weights[row, column]
            material = looks.material_of[face]
            for i in range(3):
                out[1 + i] = looks.colors[material, i]
            start, tall, wide = looks.images[material]
            if start < 0:
                continue
            u, v = 0.0, 0.0
            for corner in range(3):
                u += weight[corner] * looks.uv[face, corner, 0]
                v += weight[corner] * looks.uv[face, corner, 1]
            x, y = (u - np.floor(u)) * wide - 0.5, (1 - (v - np.floor(v))) * tall - 0.5
            x0, y0 = int(np.floor(x)), int(np.floor(y))
            right, low = x - x0, y - y0
            # x0 is -1 at least, x0 + 1 is the width at most: remainders would cost as much as all
            # the rest.
            x1, y1 = (x0 + 1 if x0 + 1 < wide else 0), (y0 + 1 if y0 + 1 < tall else 0)
            x0, y0 = (x0 if x0 >= 0 else wide - 1), (y0 if y0 >= 0 else tall - 1)
            upper, lower = start + y0 * wide, start + y1 * wide
            for i in range(3):
                above = linear[looks.texels[upper + x0, i]] * (1 - right)
                above += linear[looks.texels[upper + x1, i]] * right
                below = linear[looks.texels[lower + x0, i]] * (1 - right)
                below += linear[looks.texels[lower + x1, i]] * right
                out[1 + i] *= above * (1 - low) + below * low


def _window() -> Float32[np.ndarray, "tap"]:
    """Return the weights of the rays across a pixel and its surroundings along one axis."""
    offsets_px = (np.arange(GRID * (1 + 2 * REACH_PX)) + 0.5) / GRID - 0.5 - REACH_PX
    turn = 2 * np.pi * (offsets_px / WINDOW_PX + 0.5)
    terms = (0.35875, -0.48829, 0.14128, -0.01168)
    weights = sum(term * np.cos(k * turn) for k, term in enumerate(terms))
    weights = np.where(np.abs(offsets_px) < WINDOW_PX / 2, weights, 0)
    return (weights / weights.sum()).astype(np.float32)


def _windowed(rays: Float32[np.ndarray, "row column 7"]) -> Float32[np.ndarray, "height width 7"]:
    """Weigh a grid of rays by the window around each pixel of the box."""
    height, width = (edge // GRID - 2 * REACH_PX for edge in rays.shape[:2])
    image = np.zeros((height, width, 7), np.float32)
    _weigh(rays, _window(), image)
    return image


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _weigh(rays, window, image):  # noqa: C901 one kernel
    height, width, _ = image.shape
    across = np.zeros((rays.shape[0], width, 7), np.float32)
    for row in range(rays.shape[0]):
        for column in range(width):
            for tap in range(len(window)):
                ray = rays[row, column * GRID + tap]
                if window[tap] > 0 and ray[0] > 0:
                    for i in range(7):
                        across[row, column, i] += window[tap] * ray[i]
    for row in range(height):
        for tap in range(len(window)):
            if window[tap] > 0:
                for column in range(width):
                    for i in range(7):
                        image[row, column, i] += window[tap] * across[row * GRID + tap, column, i]


def _guides(image: Float32[np.ndarray, "height width 7"]) -> Guides:
    parts = (np.ascontiguousarray(image[..., some]) for some in (COVER, ALBEDO, NORMALS))
    return Guides(*parts)
