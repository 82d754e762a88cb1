"""Body poses: drawn as people hold things, or read from motion capture.

Rotation vectors in SMPL+H's joint order, joints 1..51. At zero a body stands in a T-pose,
x to its left, y up, z forward; the right arm points to -x.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from obman_gen.errors import InputError

HIP_L, HIP_R, SPINE1, KNEE_L, KNEE_R, SPINE2, _, _, SPINE3 = range(1, 10)
NECK, COLLAR_L, COLLAR_R, HEAD, SHOULDER_L, SHOULDER_R, ELBOW_L, ELBOW_R, WRIST_L, WRIST_R = range(
    12, 22
)


FOREARM_SHARE = 0.6
"""Of a forearm's twist, what its upper end takes: all of it at the wrist would wring the skin."""


class PoseSource(Protocol):
    """Anything that gives body poses."""

    name: str

    def sample(self, rng: np.random.Generator) -> Float[np.ndarray, "153"]:
        """Draw a pose."""
        ...


class HoldingPoses:
    """Standing or sitting people with something in their right hand, in front of them.

    Angles lie within the ranges of motion of shoulder, elbow, forearm and wrist (AAOS norms:
    elbow 0..150, forearm twist +-80, wrist flexion +-70, deviation -20..30 degrees).
    """

    name = "holding"

    def sample(self, rng: np.random.Generator) -> Float[np.ndarray, "153"]:
        """Draw a pose."""

        def angle(low: float, high: float) -> float:
            return float(np.radians(rng.uniform(low, high)))

        pose = np.zeros((52, 3))
        pose[[SPINE1, SPINE2, SPINE3]] = np.radians(rng.normal(0, (4, 5, 3), (3, 3)))
        pose[NECK] = np.radians(rng.normal((8, 0, 0), (8, 10, 4)))
        pose[HEAD] = np.radians(rng.normal((6, -6, 0), (8, 12, 4)))
        pose[COLLAR_R] = np.radians(rng.normal(0, 3, 3))
        # Right arm: lowered, swung forward, turned about itself; elbow, forearm, wrist.
        pose[SHOULDER_R] = _turns(("y", angle(-5, 65)), ("z", angle(20, 78)), ("x", angle(-35, 25)))
        twist = angle(-65, 65)
        pose[ELBOW_R] = _turns(("y", angle(25, 125)), ("x", FOREARM_SHARE * twist))
        pose[WRIST_R] = _turns(
            ("x", (1 - FOREARM_SHARE) * twist), ("z", angle(-30, 40)), ("y", angle(-18, 22))
        )
        pose[SHOULDER_L] = _turns(("y", angle(-25, 10)), ("z", angle(-80, -62)))
        pose[ELBOW_L] = _turns(("y", angle(-50, -5)))
        pose[22:37] = _relaxed_left_hand(rng)
        if rng.uniform() < 0.3:
            _sit(pose, rng)
        return pose[1:].ravel()


def _sit(pose, rng) -> None:
    """Bend hips and knees about a right angle."""
    for hip, knee in ((HIP_L, KNEE_L), (HIP_R, KNEE_R)):
        bend = np.radians(rng.uniform(70, 95))
        pose[hip], pose[knee] = (-bend, 0, 0), (bend, 0, 0)


def _relaxed_left_hand(rng) -> Float[np.ndarray, "15 3"]:
    """Half-closed fingers; on a left hand they flex about -z."""
    fingers = np.zeros((15, 3))
    fingers[:12, 2] = -np.radians(rng.uniform(10, 40, 12))
    return fingers


def _turns(*steps: tuple[str, float]) -> Float[np.ndarray, "3"]:
    """Compose turns, the first outermost."""
    rotation = Rotation.identity()
    for axis, angle_rad in steps:
        rotation = rotation * Rotation.from_euler(axis, angle_rad)
    return rotation.as_rotvec()


class SequencePoses:
    """Frames of motion capture: AMASS ``.npz`` sequences or SURREAL's ``smpl_data.npz``."""

    def __init__(self, name: str, poses: Float[np.ndarray, "frame 153"]):
        self.name, self.poses = name, poses

    def sample(self, rng: np.random.Generator) -> Float[np.ndarray, "153"]:
        """Draw a frame."""
        return self.poses[rng.integers(len(self.poses))].copy()


def load_sequences(paths: Sequence[Path]) -> list[SequencePoses]:
    """Read motion files.

    AMASS stores ``poses`` (frames, 156) or, beside parts of them, (frames, 165); SURREAL's file
    holds many arrays named ``pose_...`` of (frames, 72) SMPL poses, whose left hand is relaxed
    (a grasp sets the right one).

    Raises:
        InputError: naming the file and what was expected.
    """
    sequences = []
    for path in sorted(paths):
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files if key.startswith("pose")}
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read as npz: {error}") from error
        names = ["poses"] if "poses" in arrays else sorted(arrays)
        found = [
            SequencePoses(f"{path.stem}/{name}", _to_153(path, name, arrays[name]))
            for name in names
        ]
        if not found:
            raise InputError(f"{path} has no array named poses (AMASS) or pose_* (SURREAL)")
        sequences += found
    return sequences


def _to_153(path: Path, key: str, array: np.ndarray) -> Float[np.ndarray, "frame 153"]:
    if array.ndim != 2 or array.shape[1] not in (72, 156, 165):
        raise InputError(f"{path}: {key} has shape {array.shape}, need (frames, 72, 156 or 165)")
    joints = np.zeros((len(array), 52, 3))
    width = array.shape[1]
    body = array[:, :66].reshape(-1, 22, 3)
    joints[:, :22] = body
    if width == 156:
        joints[:, 22:] = array[:, 66:].reshape(-1, 30, 3)
    elif width == 165:  # SMPL-X order: jaw and eyes stand before the hands
        joints[:, 22:] = array[:, 75:].reshape(-1, 30, 3)
    else:
        joints[:, 22:37] = _relaxed_left_hand(np.random.default_rng(0))
    return joints[:, 1:].reshape(-1, 153)


def sample_body_pose(rng: np.random.Generator) -> Float[np.ndarray, "153"]:
    """Draw a pose in which a person could hold something in the right hand."""
    return HoldingPoses().sample(rng)
