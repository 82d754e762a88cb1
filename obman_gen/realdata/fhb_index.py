"""Which of FHB's frames belong to a split and can be used."""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer

from obman_gen.realdata import fhb_files as files
from obman_gen.realdata.fhb_files import Clip, Layout
from obman_gen.realdata.pictures import read_model
from obman_gen.streams import RandomStreams

CONTACT_M = 0.010
"""FHB_c keeps frames in which a vertex of the object is this close to a joint, or closer."""
VALIDATION_SHARE = 0.1
_TRAIN_SUBJECTS = ("Subject_1", "Subject_3", "Subject_4")
_TEST_OBJECTS = ("milk", "liquid_soap")
_RIGID = 1e-2
"""Largest deviation from a rotation that is put down to the digits of a file."""


class Frame(NamedTuple):
    """One annotated picture."""

    clip: Clip
    number: int
    joints: Float[np.ndarray, "21 3"]
    """Camera frame, metres."""
    camera_from_object: Float[np.ndarray, "4 4"]

    @property
    def name(self) -> str:
        """``Subject_1/open_milk/2/0017``."""
        return f"{self.clip.name}/{self.number:04d}"


class Usable(NamedTuple):
    """The frames that can be used, and how many cannot, by reason."""

    frames: list[Frame]
    skipped: Mapping[str, int]


def clips_of(layout: Layout, split: str, protocol: str) -> list[Clip]:
    """Return the clips of a split: ``train``, ``val``, ``test`` or ``trainval``.

    Raises:
        InputError: if the official file of the protocol ``actions`` cannot be read.
    """
    clips = files.clips_in(layout.hands)
    part = PROTOCOLS[protocol](layout)
    if split == "test":
        return [clip for clip in clips if part(clip) == "test"]
    training = [clip for clip in clips if part(clip) == "train"]
    if split == "trainval":
        return training
    held_out = _held_out(training)
    return [clip for clip in training if (clip in held_out) == (split == "val")]


def _by_subject(layout: Layout) -> Callable[[Clip], str]:
    del layout
    return lambda clip: "train" if clip.subject in _TRAIN_SUBJECTS else "test"


def _by_object(layout: Layout) -> Callable[[Clip], str]:
    del layout
    return lambda clip: "test" if clip.object_name in _TEST_OBJECTS else "train"


def _by_action(layout: Layout) -> Callable[[Clip], str]:
    """Look clips up in the official file; those it does not list are in no split."""
    listed = files.read_action_split(layout.root)
    return lambda clip: listed.get(clip.name, "")


PROTOCOLS: Mapping[str, Callable[[Layout], Callable[[Clip], str]]] = {
    "subjects": _by_subject,
    "objects": _by_object,
    "actions": _by_action,
}
"""How a clip is told to be of the ``train`` or the ``test`` part."""


def _held_out(clips: list[Clip]) -> set[Clip]:
    """Rank clips by a number each has of its own and take the first, of two or more at least one.

    A clip more or less then hardly changes which of the others are held out.
    """
    ranked = sorted(clips, key=lambda clip: RandomStreams(0, clip.name)("validation").random())
    return set(ranked[: max(len(clips) > 1, round(VALIDATION_SHARE * len(ranked)))])


def first_share(frames: list[Frame], fraction: float) -> list[Frame]:
    """Shuffle, always in the same way, and keep the first share; at least one frame."""
    order = RandomStreams(0, "fhb")("fraction").permutation(len(frames))
    return [frames[at] for at in order[: max(1, math.floor(fraction * len(frames)))]]


def usable_frames(layout: Layout, clips: list[Clip], contact_only: bool) -> Usable:
    """Read the clips' annotations and leave out what lacks something."""
    skipped: Counter[str] = Counter()
    frames = [frame for clip in clips for frame in _frames_of(layout, clip, contact_only, skipped)]
    return Usable(frames, dict(skipped))


def _frames_of(
    layout: Layout, clip: Clip, contact_only: bool, skipped: Counter[str]
) -> list[Frame]:
    numbers, joints = files.read_skeletons(layout.hands / clip.name / "skeleton.txt")
    posed, poses = _poses_of(layout, clip, numbers)
    finite = np.isfinite(joints).all(axis=(1, 2)) & np.isfinite(poses).all(axis=(1, 2))
    usable = np.ones(len(numbers), bool)
    rules = {
        "no_image": np.isin(numbers, files.pictured(layout.colours(clip))),
        "no_object_pose": posed,
        "not_finite": finite,
        "pose_not_rigid": _rigid(poses),
        "no_contact": _touching(layout, clip, joints, poses) if contact_only else usable,
    }
    for reason, holds in rules.items():
        skipped[reason] += int((usable & ~holds).sum())
        usable = usable & holds
    return [Frame(clip, int(numbers[at]), joints[at], poses[at]) for at in np.flatnonzero(usable)]


def _poses_of(
    layout: Layout, clip: Clip, numbers: Integer[np.ndarray, "frame"]
) -> tuple[Bool[np.ndarray, "frame"], Float[np.ndarray, "frame 4 4"]]:
    """Return which frames have a line for the object, and ``camera_from_object`` of those."""
    posed, poses = np.zeros(len(numbers), bool), np.tile(np.eye(4), (len(numbers), 1, 1))
    path = layout.poses / clip.name / "object_pose.txt"
    if path.is_file():
        listed, camera_from_object = files.read_object_poses(path)
        _, ours, theirs = np.intersect1d(numbers, listed, return_indices=True)
        posed[ours], poses[ours] = True, camera_from_object[theirs]
    return posed, poses


def _rigid(poses: Float[np.ndarray, "frame 4 4"]) -> Bool[np.ndarray, "frame"]:
    rotations = poses[:, :3, :3]
    deviations = np.abs(rotations @ rotations.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2))
    return (deviations < _RIGID) & (np.linalg.det(rotations) > 0)


def _touching(
    layout: Layout,
    clip: Clip,
    joints: Float[np.ndarray, "frame 21 3"],
    poses: Float[np.ndarray, "frame 4 4"],
) -> Bool[np.ndarray, "frame"]:
    """Tell where a joint is within `CONTACT_M` of a vertex of the object."""
    vertices = read_model(layout.models[clip.object_name], 1.0).tree
    in_object = (joints - poses[:, None, :3, 3]) @ poses[:, :3, :3]
    known = np.nan_to_num(in_object, nan=np.inf)  # a tree refuses NaN; infinity is far
    nearest, _ = vertices.query(known, distance_upper_bound=np.nextafter(CONTACT_M, 1))
    return np.isfinite(nearest).any(axis=1)
