"""Look into equirectangular images: rows from up to down, the middle column straight ahead."""

from typing import Any, no_type_check

import numba
import numpy as np
from jaxtyping import Float
from scipy import ndimage

from obman_gen.arrays import Points, Rotation
from obman_gen.sample import Camera
from obman_gen.scene.drawing import LinearImage
from obman_gen.scene.raster import camera_rays

EDGES: Any = ("nearest", "wrap", "nearest")
"""How a panorama goes on beyond its edges: columns close a circle, rows and channels end."""


def panorama_directions(height_px: int, width_px: int) -> Points:
    """Return the unit direction (x right, y down, z forward) of each pixel's centre."""
    latitude = (0.5 - (np.arange(height_px) + 0.5) / height_px)[:, None] * np.pi
    longitude = ((np.arange(width_px) + 0.5) / width_px - 0.5)[None] * 2 * np.pi
    across = np.cos(latitude)
    x, z = across * np.sin(longitude), across * np.cos(longitude)
    y = np.broadcast_to(-np.sin(latitude), x.shape)
    return np.stack([x, y, z], axis=-1)


def mean_light(panorama: Float[np.ndarray, "height width 3"]) -> Float[np.ndarray, "3"]:
    """Return the mean over all directions: rows near the poles cover less of the sphere."""
    height = panorama.shape[0]
    across = np.cos((0.5 - (np.arange(height) + 0.5) / height) * np.pi)
    return across @ panorama.mean(axis=1) / across.sum()


def without_streaks(panorama: LinearImage) -> LinearImage:
    """Blur rows near the poles along themselves: their pixels crowd, noise makes them streaks."""
    height, width = panorama.shape[:2]
    across = np.cos((0.5 - (np.arange(height) + 0.5) / height) * np.pi)
    smooth = panorama.copy()
    for row in np.flatnonzero(across < 0.5):
        spread_px = min(0.5 / across[row], width / 6)
        smooth[row] = ndimage.gaussian_filter1d(panorama[row], spread_px, axis=0, mode="wrap")
    return smooth


def look_up(
    panorama: Float[np.ndarray, "_ _ 3"], directions: Points
) -> Float[np.ndarray, "*batch 3"]:
    """Return the light from directions, bilinear; they need not be unit."""
    flat = np.ascontiguousarray(directions, np.float64).reshape(-1, 3)
    light = np.zeros((len(flat), 3))
    _look_up(np.ascontiguousarray(panorama), flat, light)
    return light.reshape(directions.shape)


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _look_up(panorama, directions, light):
    height, width, _ = panorama.shape
    for index in range(len(directions)):
        x, y, z = directions[index]
        longitude, latitude = np.arctan2(x, z), np.arctan2(-y, np.hypot(x, z))
        column = (longitude / (2 * np.pi) + 0.5) * width - 0.5
        row = min(max((0.5 - latitude / np.pi) * height - 0.5, 0.0), height - 1.0)
        left, top = int(np.floor(column)), int(np.floor(row))
        across, down = column - left, row - top
        right, low, left = (left + 1) % width, min(top + 1, height - 1), left % width
        for i in range(3):
            above = panorama[top, left, i] * (1 - across) + panorama[top, right, i] * across
            below = panorama[low, left, i] * (1 - across) + panorama[low, right, i] * across
            light[index, i] = above * (1 - down) + below * down


def view(panorama: LinearImage, camera: Camera, camera_from_world: Rotation) -> LinearImage:
    """Return what a camera at the panorama's eye sees."""
    return look_up(panorama, camera_rays(camera) @ camera_from_world).astype(np.float32)


def as_environment(panorama: LinearImage, camera_from_world: Rotation) -> LinearImage:
    """Turn a panorama into the camera frame and smooth it to 32 x 64: light, not a picture."""
    height, width = panorama.shape[:2]
    tall, wide = height // 32, width // 64
    rows = np.add.reduceat(panorama[: 32 * tall], np.arange(32) * tall, axis=0)
    small = np.add.reduceat(rows[:, : 64 * wide], np.arange(64) * wide, axis=1) / (tall * wide)
    small = ndimage.gaussian_filter(small, (1.2, 1.2, 0), mode=EDGES)
    directions = panorama_directions(32, 64) @ camera_from_world
    return look_up(small, directions).astype(np.float32)
