"""A body at rest and its limbs: coordinates along and around bones, for clothes."""

from dataclasses import dataclass
from functools import cached_property
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float

from obman_gen.arrays import Faces, Vertices
from obman_gen.scene.cutting import Cut
from obman_gen.scene.draping import Draping, draping
from obman_gen.scene.shoes import shoe_cuts

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

    def share(self, *joints: int) -> Float[np.ndarray, "vertex"]:
        """Return how much of each vertex follows some joints; found once."""
        if joints not in self._shares:
            self._shares[joints] = self.weights[:, list(joints)].sum(axis=1)
        return self._shares[joints]

    @cached_property
    def draping(self) -> Draping:
        """What cloth makes of it in any pose; prepared once."""
        return draping(self.vertices, self.faces, self.weights)

    @cached_property
    def shoes(self) -> tuple[Cut, ...]:
        """The surfaces of shoes for its feet; found once."""
        return shoe_cuts(self.vertices, self.joints)

    @cached_property
    def _shares(self) -> dict[tuple[int, ...], np.ndarray]:
        return {}


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
    """Wrap cloth around torso and limbs: u runs around the nearest bone, v along it.

    Which bone is nearest to a face, distances measured in the bones' radii, its middle decides.
    """
    bones = [(PELVIS, NECK, 0.15)]
    bones += [(limb[i], limb[i + 1], 0.05) for limb in (LEFT_ARM, RIGHT_ARM) for i in (0, 1)]
    bones += [(limb[i], limb[i + 1], 0.08) for limb in (LEFT_LEG, RIGHT_LEG) for i in (0, 1)]
    starts, ends, radii_m = (np.array(column) for column in zip(*bones, strict=True))
    origins, spans = body.joints[starts], body.joints[ends] - body.joints[starts]
    along = spans / np.linalg.norm(spans, axis=1, keepdims=True)
    side = np.cross(along, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    frames = np.stack([side, np.cross(side, along), along], axis=1)
    uv = np.zeros((len(shape.faces), 3, 2))
    _wrap(shape.blend @ body.vertices, shape.faces, (origins, spans, frames, radii_m), uv)
    return uv / tile_m


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _wrap(rest, faces, bones, uv):
    origins, _, frames, radii_m = bones
    for face in range(len(faces)):
        middle = (rest[faces[face, 0]] + rest[faces[face, 1]] + rest[faces[face, 2]]) / 3
        bone = _nearest_bone(middle, bones)
        first = 0.0
        for corner in range(3):
            x, y, z = 0.0, 0.0, 0.0
            for i in range(3):
                off = rest[faces[face, corner], i] - origins[bone, i]
                x += off * frames[bone, 0, i]
                y += off * frames[bone, 1, i]
                z += off * frames[bone, 2, i]
            angle = np.arctan2(y, x)
            if corner == 0:
                first = angle
            angle -= 2 * np.pi * np.rint((angle - first) / (2 * np.pi))
            uv[face, corner, 0] = angle * radii_m[bone]
            uv[face, corner, 1] = z


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _nearest_bone(point, bones):
    origins, spans, _, radii_m = bones
    nearest, least = 0, np.inf
    for bone in range(len(origins)):
        across, length2 = 0.0, 0.0
        for i in range(3):
            across += (point[i] - origins[bone, i]) * spans[bone, i]
            length2 += spans[bone, i] ** 2
        at = min(max(across / length2, 0.0), 1.0)
        away2 = 0.0
        for i in range(3):
            away2 += (point[i] - origins[bone, i] - at * spans[bone, i]) ** 2
        if away2 / radii_m[bone] ** 2 < least:
            nearest, least = bone, away2 / radii_m[bone] ** 2
    return nearest
