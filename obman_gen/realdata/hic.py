"""Read "Hands in Action" (HIC, Tzionas et al., IJCV 2016): one right hand and a rigid object."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from obman_gen.arrays import transform_points
from obman_gen.errors import InputError
from obman_gen.realdata.hic_files import METRES_PER_UNIT, Rig, posed_mesh, read_rig
from obman_gen.realdata.hic_fits import fit_folder, read_fit
from obman_gen.realdata.pictures import read_colours, read_model
from obman_gen.realdata.sample import AnnotatedImage
from obman_gen.registry import lookup
from obman_gen.sample import SPLITS

OBJECTS: Mapping[int, str] = {15: "Ball", 19: "Ball", 20: "Cube", 21: "Cube"}
"""The sequences with one right hand and one rigid object; in 19 and 21 a finger is hidden."""
TEST_SEQUENCES = (19, 21)
VALIDATION_SHARE = 0.1
SIZE_PX = (480, 640)
INTRINSICS = np.array([[525.0, 0.0, 320.0], [0.0, 525.0, 240.0], [0.0, 0.0, 1.0]])
"""The dataset's (centre 319.5, 239.5 where pixel centres are whole numbers) with ours at halves."""
REST_POSES = 1
"""Pictures count from 0, poses from the rest pose."""
_FINGERS = (4, 3, 2, 1, 0)
"""HIC's numbers of the thumb, the index, middle, ring and little finger."""
_WRIST = "Lower Arm R"


class Frame(NamedTuple):
    """One picture of a sequence."""

    sequence: int
    number: int

    @property
    def name(self) -> str:
        """``20/0117``."""
        return f"{self.sequence}/{self.number:04d}"


class HIC:
    """Some frames of the sequences with one right hand and one rigid object.

    A sequence of `AnnotatedImage`. The annotations are the motion that the authors' tracker
    found (RGB-D, a model of that person's hand), not hand-made labels.

    Joints are HIC's own bones: the wrist is where the forearm's bone begins, the base of the thumb
    where its metacarpal begins, the tips are where the last bones end. The hand's mesh is
    HIC's own, in ``own_hand_vertices`` and ``own_hand_faces``; ``vertices`` is None. With
    ``mano_fits``, ``vertices`` and ``joints`` are those of the MANO hands that the authors fitted.

    Splits, our choice: ``test`` is sequences 19 and 21, ``val`` the last tenth of 15 and 20,
    ``train`` the rest of them; ``all`` is everything.
    """

    def __init__(
        self,
        root: Path | str,
        split: str,
        sequences: int | Sequence[int] = tuple(OBJECTS),
        mano_fits: bool = False,
    ):
        """Open a split.

        Args:
            root: the folder with ``15/1/rgb`` and so on, ``Models/15`` and so on and, for
                ``mano_fits``, ``IJCV16___Results_MANO___parms_for___joints21``.
            split: ``train``, ``val``, ``test`` or ``all``.
            sequences: one or some of 15, 19, 20 and 21.
            mano_fits: give MANO's vertices and joints.

        Raises:
            InputError: if the folder is not HIC's, or an argument is none of these.
        """
        lookup(dict.fromkeys((*SPLITS, "all")), split, "split")
        sequences = (sequences,) if isinstance(sequences, int) else sequences
        unknown = [sequence for sequence in sequences if sequence not in OBJECTS]
        if unknown:
            raise InputError(
                f"sequence {unknown[0]} of HIC is not read: it has two hands, a bending object or "
                f"none; sequences with one right hand and a rigid object are {[*OBJECTS]}"
            )
        self.root = Path(root)
        self.split = split
        self.mano_fits = mano_fits
        self.sequences = tuple(s for s in sequences if self._is_of_split(s))
        if not self.sequences:
            raise InputError(f"none of the sequences {[*sequences]} is in HIC's split {split!r}")
        for sequence in self.sequences:
            self._require_files(sequence)

    def __len__(self) -> int:
        return len(self._usable[0])

    def __getitem__(self, position: int) -> AnnotatedImage:
        frame = self._usable[0][position]
        path = self._pictures(frame.sequence) / f"{frame.number:03d}.png"
        image = read_colours(path)
        if image.shape[:2] != SIZE_PX:
            raise InputError(
                f"{path} has {image.shape[1]} x {image.shape[0]} pixels, HIC's have 640 x 480"
            )
        hand = self._hand(frame)
        homogeneous = hand["joints"] @ INTRINSICS.T
        return AnnotatedImage(
            sample_id=frame.name,
            image=image,
            intrinsics=INTRINSICS,
            joints_2d=homogeneous[:, :2] / homogeneous[:, 2:],
            object_id=f"hic/{OBJECTS[frame.sequence].lower()}",
            category=OBJECTS[frame.sequence].lower(),
            **hand,
            **self._object(frame),
        )

    def __iter__(self) -> Iterator[AnnotatedImage]:
        return (self[position] for position in range(len(self)))

    @property
    def skipped(self) -> Mapping[str, int]:
        """How many frames of the split cannot be used, by reason."""
        return self._usable[1]

    @cached_property
    def _usable(self) -> tuple[list[Frame], Mapping[str, int]]:
        skipped: Counter[str] = Counter(no_image=0, not_finite=0, no_mano_fit=0)
        frames = [
            frame for sequence in self.sequences for frame in self._frames_of(sequence, skipped)
        ]
        if not frames:
            raise InputError(
                f"{self.root} has no usable frame of HIC's split {self.split!r}; skipped: "
                f"{dict(skipped)}"
            )
        return frames, dict(skipped)

    def _frames_of(self, sequence: int, skipped: Counter[str]) -> list[Frame]:
        """Return a sequence's usable frames of the split and count the others."""
        hand, held = (
            self._rig(sequence, "Hand_R"),
            self._rig(sequence, f"Object_{OBJECTS[sequence]}"),
        )
        count = min(rig.skeleton.pose_count for rig in (hand, held)) - REST_POSES
        pictured = _numbers_in(self._pictures(sequence), "png")
        fitted = _numbers_in(fit_folder(self.root, sequence), "pkl") if self.mano_fits else None
        frames = []
        for number in self._numbers(sequence, count):
            poses = [rig.camera_from_bone[number + REST_POSES] for rig in (hand, held)]
            if number not in pictured:
                skipped["no_image"] += 1
            elif not all(np.isfinite(pose).all() for pose in poses):
                skipped["not_finite"] += 1
            elif fitted is not None and number not in fitted:
                skipped["no_mano_fit"] += 1
            else:
                frames.append(Frame(sequence, number))
        return frames

    def _is_of_split(self, sequence: int) -> bool:
        return self.split == "all" or (sequence in TEST_SEQUENCES) == (self.split == "test")

    def _numbers(self, sequence: int, count: int) -> range:
        held_out = round((1 - VALIDATION_SHARE) * count)
        if self.split == "train":
            return range(held_out)
        return range(held_out if self.split == "val" else 0, count)

    def _hand(self, frame: Frame) -> dict[str, Any]:
        rig, pose = self._rig(frame.sequence, "Hand_R"), frame.number + REST_POSES
        stem = self._stem(frame.sequence, "Hand_R")
        vertices, faces = posed_mesh(stem, rig, pose)
        own = {"own_hand_vertices": vertices, "own_hand_faces": faces}
        if not self.mano_fits:
            return {**own, "joints": joints_of(rig, pose, stem)}
        fit = read_fit(fit_folder(self.root, frame.sequence) / f"{frame.number:03d}.pkl")
        return {**own, "joints": fit.joints, "vertices": fit.vertices}

    def _object(self, frame: Frame) -> dict[str, Any]:
        name = f"Object_{OBJECTS[frame.sequence]}"
        model = read_model(self._stem(frame.sequence, name).with_suffix(".OFF"), METRES_PER_UNIT)
        rig = self._rig(frame.sequence, name)
        camera_from_object = rig.camera_from_rest(frame.number + REST_POSES)[0]
        return {
            "camera_from_object": camera_from_object,
            "object_vertices": transform_points(camera_from_object, model.vertices),
            "object_faces": model.faces,
            "object_points": transform_points(camera_from_object, model.points),
        }

    def _rig(self, sequence: int, name: str) -> Rig:
        stem = self._stem(sequence, name)
        rig = read_rig(stem)
        if name.startswith("Object") and len(rig.skeleton.names) > 1:
            raise InputError(f"{stem}.SKEL has {len(rig.skeleton.names)} bones: it is not rigid")
        return rig

    def _stem(self, sequence: int, name: str) -> Path:
        return self.root / "Models" / f"{sequence:02d}" / f"Model_{name}"

    def _pictures(self, sequence: int) -> Path:
        return self.root / f"{sequence:02d}" / "1" / "rgb"

    def _require_files(self, sequence: int) -> None:
        stems = (
            self._stem(sequence, "Hand_R"),
            self._stem(sequence, f"Object_{OBJECTS[sequence]}"),
        )
        needed = [stem.with_suffix(kind) for stem in stems for kind in (".OFF", ".SKEL", ".MOTION")]
        for path in (self._pictures(sequence), *needed, stems[0].with_suffix(".SKIN")):
            if not path.exists():
                raise InputError(
                    f"{path} is not there; HIC's root is the folder with {sequence:02d}/1/rgb and "
                    f"Models/{sequence:02d} in it"
                )
        if self.mano_fits:
            fit_folder(self.root, sequence)


def joints_of(rig: Rig, pose: int, stem: Path) -> Float[np.ndarray, "21 3"]:
    """Return a hand's joints, our order, camera frame, metres.

    Raises:
        InputError: if a bone of HIC's right hand is missing.
    """
    bones = [_finger_bones(number) for number in _FINGERS]
    missing = {_WRIST, *(name for finger in bones for name in finger)} - set(rig.skeleton.names)
    if missing:
        raise InputError(f"{stem}.SKEL has no bone {min(missing)!r}: is it HIC's right hand?")
    joints = [rig.joint(pose, _WRIST)]
    for finger in bones:
        joints += [rig.joint(pose, bone) for bone in finger] + [rig.end(pose, finger[-1])]
    return np.array(joints)


def _finger_bones(number: int) -> tuple[str, ...]:
    """Name the three bones that begin at joints 1, 2 and 3; the thumb's first is in the palm."""
    places = ("Hand", "0", "1") if number == _FINGERS[0] else ("0", "1", "2")
    return tuple(f"RFing.{number}_{place}" for place in places)


def _numbers_in(folder: Path, suffix: str) -> set[int]:
    names = (re.fullmatch(rf"(\d{{3,}})\.{suffix}", path.name) for path in folder.iterdir())
    return {int(name[1]) for name in names if name}
