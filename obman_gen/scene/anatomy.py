"""Landmarks of a hand's surface at rest: where its creases, knuckles, palm lines and nails are."""

from dataclasses import dataclass
from functools import cached_property
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float, Integer

from obman_gen.arrays import Faces, Points, Vertices
from obman_gen.scene.atlas import Atlas
from obman_gen.scene.noise3 import field
from obman_gen.scene.normals import vertex_normals

FINGERS = ("thumb", "index", "middle", "ring", "little")
JOINTS_OF_FINGER = np.arange(1, 21).reshape(5, 4)
"""Into the 21 joints: base to tip."""
WEIGHTS_OF_FINGER = np.array([[13, 14, 15], [1, 2, 3], [4, 5, 6], [10, 11, 12], [7, 8, 9]])
"""Into MANO's 16 joints."""
PALM_LINES = (
    ((0.00, 0.80), (0.30, 0.78), (0.60, 0.87), (0.80, 1.02)),
    ((1.00, 0.74), (0.70, 0.66), (0.40, 0.55), (0.12, 0.42)),
    ((1.00, 0.76), (0.80, 0.60), (0.64, 0.38), (0.58, 0.16), (0.62, 0.02)),
)
"""Heart, head and life line: (little to index knuckle, wrist to middle knuckle) as shares."""


@dataclass(frozen=True)
class HandShape:
    """A hand model at rest: flat, metres."""

    vertices: Vertices
    faces: Faces
    joints: Float[np.ndarray, "21 3"]
    weights: Float[np.ndarray, "vertex 16"]
    pad_ids: Integer[np.ndarray, "5"]
    side: str = "right"


@dataclass(frozen=True)
class _Finger:
    """A texel's place along and around one finger."""

    along_m: Float[np.ndarray, "texel"]
    """From the finger's base joint, along its bones."""
    dorsal_m: Float[np.ndarray, "texel"]
    across_m: Float[np.ndarray, "texel"]
    lengths_m: Float[np.ndarray, "3"]


class HandAnatomy:
    """Fields over the texels of a hand's atlas, computed once per model and atlas."""

    def __init__(self, shape: HandShape, atlas: Atlas, faces: Faces):
        """Take the hand, its atlas, and the faces the atlas was made of."""
        self._shape = shape
        self.points: Points = atlas.sample(faces, shape.vertices)
        normals = atlas.sample(faces, vertex_normals(shape.vertices, shape.faces))
        self._normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
        weights = atlas.sample(faces, shape.weights)
        self.finger_shares: Float[np.ndarray, "texel 5"] = np.stack(
            [weights[:, ids].sum(axis=1) for ids in WEIGHTS_OF_FINGER], axis=1
        )
        self.on_fingers = self.finger_shares.sum(axis=1)

    @cached_property
    def axis(self) -> Float[np.ndarray, "3"]:
        """From the wrist to the middle knuckle, unit."""
        along = self._shape.joints[9] - self._shape.joints[0]
        return along / np.linalg.norm(along)

    @cached_property
    def beyond_wrist_m(self) -> Float[np.ndarray, "texel"]:
        """How far a texel lies from the wrist towards the fingers; negative on the forearm."""
        return (self.points - self._shape.joints[0]) @ self.axis

    @cached_property
    def palm_normal(self) -> Float[np.ndarray, "3"]:
        """Out of the palm, unit."""
        wrist, index, little = self._shape.joints[[0, 5, 17]]
        normal = np.cross(index - wrist, little - wrist)
        normal *= 1 if self._shape.side == "right" else -1
        return normal / np.linalg.norm(normal)

    @cached_property
    def _palmar_of_finger(self) -> Float[np.ndarray, "5 3"]:
        """Unit, out of each finger's pad, square to its last bone."""
        rows = []
        for finger, joints in enumerate(JOINTS_OF_FINGER):
            base, tip = self._shape.joints[joints[2:]]
            bone = (tip - base) / np.linalg.norm(tip - base)
            out = self._shape.vertices[self._shape.pad_ids[finger]] - base
            out = out - (out @ bone) * bone
            rows.append(out / np.linalg.norm(out))
        return np.array(rows)

    @cached_property
    def palmar(self) -> Float[np.ndarray, "texel"]:
        """Cosine between a texel's normal and its palmar direction: 1 in the palm, -1 behind."""
        directions = self.finger_shares @ self._palmar_of_finger
        directions += (1 - self.on_fingers)[:, None] * self.palm_normal
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return np.einsum("ij,ij->i", directions, self._normals)

    @cached_property
    def _fingers(self) -> tuple[_Finger, ...]:
        return tuple(self._along_finger(finger) for finger in range(5))

    def _along_finger(self, finger: int) -> _Finger:
        joints = self._shape.joints[JOINTS_OF_FINGER[finger]]
        bones = np.diff(joints, axis=0)
        lengths = np.linalg.norm(bones, axis=1)
        units = bones / lengths[:, None]
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        local = np.einsum("nkj,kj->nk", self.points[:, None] - joints[:3], units)
        segment = (local[:, 1] > 0).astype(int) + (local[:, 2] > 0)
        at = np.take_along_axis(local, segment[:, None], axis=1)[:, 0]
        unit = units[segment]
        foot = joints[segment] + at[:, None] * unit
        dorsal = -self._palmar_of_finger[finger]
        dorsal = dorsal - (unit @ dorsal)[:, None] * unit
        dorsal /= np.linalg.norm(dorsal, axis=1, keepdims=True)
        away = self.points - foot
        side = np.cross(unit, dorsal)
        return _Finger(
            starts[segment] + at,
            np.einsum("ij,ij->i", away, dorsal),
            np.einsum("ij,ij->i", away, side),
            lengths,
        )

    @cached_property
    def pads(self) -> Float[np.ndarray, "texel"]:
        """1 on the pads of the fingertips and the two balls of the palm, fading out."""
        total = np.zeros(len(self.points))
        for pad in self._shape.vertices[self._shape.pad_ids]:
            total += np.exp(-np.sum((self.points - pad) ** 2, axis=1) / 0.008**2)
        wrist, thumb, little = self._shape.joints[[0, 2, 17]]
        for ball in (0.45 * wrist + 0.55 * thumb, 0.5 * wrist + 0.5 * little):
            total += 0.7 * np.exp(-np.sum((self.points - ball) ** 2, axis=1) / 0.025**2)
        return np.minimum(total, 1.0)

    @cached_property
    def palmar_creases(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """(signed distance along the finger, strength) of each flexion crease."""
        creases = []
        for index, finger in enumerate(self._fingers):
            share = self.finger_shares[:, index]
            first, second, _ = np.cumsum(finger.lengths_m)
            root = 0.0 if index == 0 else 0.48 * finger.lengths_m[0]
            creases += [(finger.along_m - at, share) for at in (root, first, second)]
        return tuple(creases)

    def palm_lines(self, wobble_m: Float[np.ndarray, "texel"]) -> Float[np.ndarray, "texel"]:
        """Return the distance to the nearest palm line, metres."""
        wrist, index, middle, little = self._shape.joints[[0, 5, 9, 17]]
        across = index - little
        up = middle - wrist
        up = up - (up @ across) / (across @ across) * across
        origin = little - ((little - wrist) @ up) / (up @ up) * up
        local = self.points - origin
        a, b = local @ across / (across @ across), local @ up / (up @ up)
        scale = np.array([np.linalg.norm(across), np.linalg.norm(up)])
        flat = np.stack([a, b], axis=1) * scale + 2 * wobble_m[:, None]
        knots = [_rounded(np.array(line)) * scale for line in PALM_LINES]
        starts = np.concatenate([line[:-1] for line in knots])
        ends = np.concatenate([line[1:] for line in knots])
        return _distances_to_segments(flat, starts, ends)

    def knuckles(self, seed: int, wobble_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return transverse wrinkles and the redder, darker skin over the knuckles, in [0, 1]."""
        wrinkle, patch = np.zeros(len(self.points)), np.zeros(len(self.points))
        for index, finger in enumerate(self._fingers):
            first, second, _ = np.cumsum(finger.lengths_m)
            for at, reach_m in ((0.0, 0.009), (first, 0.0065), (second, 0.004)):
                near = np.flatnonzero(np.abs(finger.along_m - at) < 2.5 * reach_m)
                offset, share = finger.along_m[near] - at, self.finger_shares[near, index]
                lump = np.exp(-((offset / reach_m) ** 2)) * (share if at else 1.0)
                round_m = np.exp(-((finger.across_m[near] / 0.012) ** 2))
                patch[near] = np.maximum(patch[near], lump * round_m)
                if at:
                    phase = (offset + 2.2 * wobble_m[near]) / 0.0021
                    lines = np.clip(np.cos(2 * np.pi * phase) * 1.6 - 0.6, 0, 1)
                    broken = 0.6 + 0.5 * field(self.points[near], seed + 60 + index, 0.004, 1)
                    lines *= lump * broken * share
                    wrinkle[near] = np.maximum(wrinkle[near], lines)
        return np.clip(wrinkle, 0, 1), patch

    def nail(self, finger: int, length: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a nail's coordinates: along in [0, 1], across in [-1, 1], depth inside in metres.

        The outline is a superellipse over the last 55 % of the last bone's back.
        """
        place = self._fingers[finger]
        last_m = place.lengths_m[2]
        start_m = place.lengths_m[:2].sum() + 0.47 * last_m
        long_m = 0.53 * last_m * length
        distal = (self.finger_shares[:, finger] > 0.5) & (place.along_m > start_m)
        if not distal.any():
            nowhere = np.full(len(self.points), -1.0)
            return nowhere, nowhere, nowhere
        half_m = 0.78 * np.quantile(np.abs(place.across_m[distal]), 0.97)
        along, across = (place.along_m - start_m) / long_m, place.across_m / half_m
        centered = np.abs(2 * along - 1)
        radius = (centered**3.2 + np.abs(across) ** 3.2) ** (1 / 3.2)
        rim_m = (1 - radius) * min(half_m, long_m / 2)
        on_back = (place.dorsal_m > 0) & (self.finger_shares[:, finger] > 0.5)
        return along, across, np.where(on_back, rim_m, -1.0)


def _rounded(knots: np.ndarray) -> np.ndarray:
    """Cut the corners of a polyline twice (Chaikin), keeping its ends."""
    for _ in range(2):
        near, far = knots[:-1], knots[1:]
        inner = np.stack([0.75 * near + 0.25 * far, 0.25 * near + 0.75 * far], axis=1)
        knots = np.concatenate([knots[:1], inner.reshape(-1, 2), knots[-1:]])
    return knots


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _distances_to_segments(points, starts, ends):
    """Return the distance of each point in the plane to the nearest segment."""
    out = np.zeros(len(points))
    for i in range(len(points)):
        x, y = points[i]
        nearest = np.inf
        for k in range(len(starts)):
            from_x, from_y = x - starts[k, 0], y - starts[k, 1]
            along_x, along_y = ends[k, 0] - starts[k, 0], ends[k, 1] - starts[k, 1]
            share = (from_x * along_x + from_y * along_y) / (along_x**2 + along_y**2)
            share = min(max(share, 0.0), 1.0)
            nearest = min(
                nearest, (from_x - share * along_x) ** 2 + (from_y - share * along_y) ** 2
            )
        out[i] = np.sqrt(nearest)
    return out
