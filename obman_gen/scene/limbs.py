"""A body at rest and its limbs: coordinates along and around bones, for clothes."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer

from obman_gen.arrays import Faces, Points, Vertices
from obman_gen.scene.cutting import Cut

PELVIS, NECK, HEAD = 0, 12, 15
LEFT_ARM, RIGHT_ARM = (16, 18, 20), (17, 19, 21)
LEFT_LEG, RIGHT_LEG = (1, 4, 7), (2, 5, 8)
"""Shoulder, elbow, wrist; hip, knee, ankle: SMPL+H joints."""
LEFT_HAND, RIGHT_HAND = range(22, 37), range(37, 52)


@dataclass(frozen=True)
class BodyShape:
    """A body at rest: what clothes are cut from."""

    vertices: Vertices
    """y up, facing +z, metres."""
    faces: Faces
    joints: Float[np.ndarray, "52 3"]
    weights: Float[np.ndarray, "vertex 52"]


def limb_coordinate(body: BodyShape, limb: tuple[int, int, int]) -> Float[np.ndarray, "vertex"]:
    """Return how far along a limb each vertex lies: 0 at its root joint, 1 and 2 at the next.

    Before the root joint the coordinate is negative, past the last it exceeds 2.
    """
    root, middle, end = body.joints[list(limb)]
    upper, lower = middle - root, end - middle
    first = (body.vertices - root) @ upper / (upper @ upper)
    second = (body.vertices - middle) @ lower / (lower @ lower)
    return np.where(second > 0, 1 + second, np.minimum(first, 1.0))


def wrapped_uv(body: BodyShape, shape: Cut, tile_m: float) -> Float[np.ndarray, "face 3 2"]:
    """Wrap cloth around torso and limbs: u runs around the nearest bone, v along it."""
    rest = shape.blend @ body.vertices
    axes = [(PELVIS, NECK, 0.15)]
    axes += [(limb[i], limb[i + 1], 0.05) for limb in (LEFT_ARM, RIGHT_ARM) for i in (0, 1)]
    axes += [(limb[i], limb[i + 1], 0.08) for limb in (LEFT_LEG, RIGHT_LEG) for i in (0, 1)]
    corners = rest[shape.faces]
    nearest = _nearest_axis(body, corners.mean(axis=1), axes)
    uv = np.zeros((len(corners), 3, 2))
    for index, (start, end, radius_m) in enumerate(axes):
        mine = nearest == index
        origin, along = body.joints[start], body.joints[end] - body.joints[start]
        along = along / np.linalg.norm(along)
        side = np.cross(along, [0.0, 0.0, 1.0])
        side /= np.linalg.norm(side)
        local = corners[mine] - origin
        angle = np.arctan2(local @ np.cross(side, along), local @ side)
        turns = np.round((angle - angle[:, :1]) / (2 * np.pi))
        uv[mine, :, 0] = (angle - 2 * np.pi * turns) * radius_m
        uv[mine, :, 1] = local @ along
    return uv / tile_m


def _nearest_axis(body: BodyShape, points: Points, axes) -> Integer[np.ndarray, "point"]:
    """Return the bone nearest to each point, distances measured in the bones' radii."""
    away = np.zeros((len(axes), len(points)))
    for index, (start, end, radius_m) in enumerate(axes):
        offset, along = points - body.joints[start], body.joints[end] - body.joints[start]
        at = np.clip(offset @ along / (along @ along), 0, 1)
        away[index] = np.linalg.norm(offset - at[:, None] * along, axis=1) / radius_m
    return away.argmin(axis=0)
