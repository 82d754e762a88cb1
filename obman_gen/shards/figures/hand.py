"""Small exact pictures of hands: shaded, coloured by vertex, on a transparent background."""

from typing import Literal

import numpy as np
from jaxtyping import Float, UInt8

from obman_gen.arrays import Faces, Vertices
from obman_gen.hands import HandModel
from obman_gen.sample import Camera, HandParameters
from obman_gen.scene.raster import cast

SKIN = np.array([0.86, 0.83, 0.80])
"""Neutral, so that colours of contact stand out; sRGB, 0 to 1."""
OVERSAMPLING = 3
FIELD_OF_VIEW_RAD = 0.2
HEAT = np.array(
    [
        [0.86, 0.83, 0.80],
        [0.98, 0.80, 0.45],
        [0.93, 0.45, 0.22],
        [0.70, 0.12, 0.25],
        [0.33, 0.02, 0.25],
    ]
)
_LIGHTS = (((-0.4, -0.6, -0.9), 0.62), ((0.9, 0.1, -0.5), 0.25))
"""Direction to each lamp in camera axes, and its strength; the rest is ambient."""


def heat_colors(levels: Float[np.ndarray, "vertex"]) -> Float[np.ndarray, "vertex 3"]:
    """Return sRGB from bare skin at 0 over orange and red to dark purple at 1."""
    at = np.clip(levels, 0, 1) * (len(HEAT) - 1)
    return np.stack([np.interp(at, np.arange(len(HEAT)), channel) for channel in HEAT.T], axis=1)


def flat_hand(hand: HandModel) -> HandParameters:
    """Return the parameters of the unposed hand."""
    return HandParameters(np.zeros(3), np.zeros(45), np.zeros(10), np.zeros(3))


def facing(
    hand: HandModel, vertices: Vertices, view: Literal["palm", "back"]
) -> Float[np.ndarray, "vertex 3"]:
    """Turn a hand in its own rest axes so that its fingers point up and one side faces us.

    MANO-schema hands have their palm at -y. The result has OpenCV's axes, the hand's middle in
    the origin.
    """
    _, joints = hand.vertices_of(flat_hand(hand))
    upward = joints[8:17:4].mean(axis=0) - joints[0]
    upward[1] = 0.0
    upward /= np.linalg.norm(upward)
    forward = np.array([0.0, 1.0 if view == "palm" else -1.0, 0.0])
    camera_from_hand = np.stack([np.cross(-upward, forward), -upward, forward])
    turned = vertices @ camera_from_hand.T
    return turned - (turned.min(axis=0) + turned.max(axis=0)) / 2


def draw_hand(
    vertices: Float[np.ndarray, "vertex 3"],
    faces: Faces,
    colors: Float[np.ndarray, "vertex 3"],
    size_px: int,
    radius_m: float,
) -> UInt8[np.ndarray, "size size 4"]:
    """Draw a hand that stands around the origin, seen along +z from far away.

    Args:
        vertices: OpenCV axes, metres.
        faces: triangles, outward.
        colors: sRGB of each vertex, 0 to 1.
        size_px: width and height of the picture.
        radius_m: what is shown: this far to each side of the origin.
    """
    size = size_px * OVERSAMPLING
    distance_m = radius_m / np.tan(FIELD_OF_VIEW_RAD / 2)
    focal_px = size / 2 / np.tan(FIELD_OF_VIEW_RAD / 2)
    intrinsics = np.array([[focal_px, 0, size / 2], [0, focal_px, size / 2], [0, 0, 1.0]])
    placed = vertices + np.array([0, 0, distance_m])
    hits = cast(placed, faces, Camera(intrinsics, size, size))
    corners = faces[np.maximum(hits.faces, 0)]
    shaded = colors * _lit(_vertex_normals(placed, faces))[:, None]
    color = np.einsum("hwkc,hwk->hwc", shaded[corners], hits.weights)
    seen = (hits.faces >= 0).astype(np.float64)
    return _averaged(np.clip(color, 0, 1), seen)


def _vertex_normals(vertices, faces):
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    by_face = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], by_face)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _lit(normals):
    brightness = np.full(len(normals), 0.32)
    for towards, strength in _LIGHTS:
        direction = np.array(towards) / np.linalg.norm(towards)
        # Half of the light wraps around, as in skin and in overcast light.
        brightness += strength * (np.maximum(normals @ direction, -0.3) + 0.3) / 1.3
    return brightness


def _averaged(color, seen):
    """Average blocks of pixels; colour only over those that show the hand."""

    def blocks(plane):
        size = plane.shape[0] // OVERSAMPLING
        return plane.reshape(size, OVERSAMPLING, size, OVERSAMPLING, -1).mean(axis=(1, 3))

    cover = blocks(seen)
    mean = blocks(color * seen[..., None]) / np.maximum(cover, 1e-9)
    return np.rint(np.concatenate([mean, cover], axis=2) * 255).astype(np.uint8)
