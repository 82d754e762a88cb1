"""The files of the First-Person Hand Action Benchmark: numbers, folders, splits.

Formats and numbers are those of the dataset's own page (Garcia-Hernando et al., CVPR 2018).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Integer

from obman_gen.errors import InputError

FULL_WIDTH_PX = 1920
FULL_INTRINSICS = np.array(
    [[1395.749023, 0.0, 935.732544], [0.0, 1395.749268, 540.681030], [0.0, 0.0, 1.0]]
)
"""Of the colour camera at 1920 x 1080."""
CAMERA_FROM_WORLD_MM = np.array(
    [
        [0.999988496304, -0.00468848412856, 0.000982563360594, 25.7],
        [0.00469115935266, 0.999985218048, -0.00273845880292, 1.22],
        [-0.000969709653873, 0.00274303671904, 0.99999576807, 3.902],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
"""The world is the depth camera's frame; OpenCV axes, millimetres."""
OURS_FROM_FHB = np.array([0, 1, 6, 7, 8, 2, 9, 10, 11, 3, 12, 13, 14, 4, 15, 16, 17, 5, 18, 19, 20])
"""FHB lists the wrist, five knuckles, then three joints of each finger."""
OBJECTS = ("juice_bottle", "liquid_soap", "milk", "salt")
"""Those with a model and a pose."""
HANDS = ("Hand_pose_annotation_v1_1", "Hand_pose_annotation_v1")
POSES = ("Object_6D_pose_annotation_v1_1", "Object_6D_pose_annotation_v1")
IMAGES = ("Video_files_480", "videos_480", "process_yana/videos_480", "Video_files")
"""Quarter size first: the published models saw it, and it decodes ten times faster."""
SPLIT_FILE = "data_split_action_recognition.txt"
_ALIASES = {"juice": "juice_bottle", "juice_carton": "juice_bottle"}


@dataclass(frozen=True, order=True)
class Clip:
    """One repetition of one action."""

    subject: str
    """``Subject_3``."""
    action: str
    number: int

    @property
    def name(self) -> str:
        """The folder below those of annotations and videos."""
        return f"{self.subject}/{self.action}/{self.number}"

    @property
    def object_name(self) -> str:
        """What the action's name says is held: one of `OBJECTS`, or else it has no pose."""
        name = self.action.partition("_")[2]
        return _ALIASES.get(name, name)


@dataclass(frozen=True)
class Layout:
    """Where the parts of the dataset are."""

    root: Path
    hands: Path
    poses: Path
    images: Path
    models: Mapping[str, Path]
    """Meshes by the names of `OBJECTS`."""

    @classmethod
    def find(cls, root: Path, images: str | None = None) -> "Layout":
        """Find the parts, the pictures in the folder ``images`` or in the first of `IMAGES`.

        Raises:
            InputError: naming what is missing.
        """
        return cls(
            root,
            _subfolder(root, HANDS),
            _subfolder(root, POSES),
            _subfolder(root, (images,) if images else IMAGES),
            {name: _model_path(root, name) for name in OBJECTS},
        )

    def colours(self, clip: Clip) -> Path:
        """Return the folder of a clip's pictures."""
        return self.images / clip.name / "color"


def _subfolder(root: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise InputError(
        f"{root} has no folder {' or '.join(names)}; FHB's root is the folder with "
        f"{HANDS[-1]}, {POSES[-1]}, Object_models and {IMAGES[-1]} in it"
    )


def clips_in(hands: Path) -> list[Clip]:
    """List the clips whose object has a model, in order.

    Raises:
        InputError: if there is none.
    """
    clips = sorted(
        Clip(path.parts[-4], path.parts[-3], int(path.parts[-2]))
        for path in hands.glob("Subject_*/*/*/skeleton.txt")
        if path.parts[-2].isdigit()
    )
    held = [clip for clip in clips if clip.object_name in OBJECTS]
    if not held:
        raise InputError(
            f"{hands} has no Subject_N/ACTION/N/skeleton.txt of an action with one of "
            f"{', '.join(OBJECTS)}"
        )
    return held


def _model_path(root: Path, object_name: str) -> Path:
    """Find an object's mesh; archives differ in whether the juice is called a bottle."""
    names = (object_name, *(alias for alias, name in _ALIASES.items() if name == object_name))
    for folder in names:
        for stem in names:
            path = root / "Object_models" / f"{folder}_model" / f"{stem}_model.ply"
            if path.is_file():
                return path
    raise InputError(
        f"{root} has no Object_models/{object_name}_model/{object_name}_model.ply; unpack FHB's "
        "object models there"
    )


def read_table(path: Path, width: int, what: str) -> Float[np.ndarray, "line number"]:
    """Read lines of a frame number and so many numbers; empty lines are passed over.

    Raises:
        InputError: naming file and line.
    """
    rows = [(at, line.split()) for at, line in enumerate(_lines(path), start=1) if line.strip()]
    for at, row in rows:
        if len(row) != width + 1:
            raise InputError(
                f"{path}, line {at}: {len(row)} numbers, need {width + 1} (frame, {what})"
            )
    try:
        return np.array([row for _, row in rows], np.float64).reshape(-1, width + 1)
    except ValueError:
        at, word = next((at, word) for at, row in rows for word in row if not _is_number(word))
    raise InputError(f"{path}, line {at}: {word!r} is no number")


def read_skeletons(
    path: Path,
) -> tuple[Integer[np.ndarray, "frame"], Float[np.ndarray, "frame 21 3"]]:
    """Return frame numbers and joints, our order, metres, in the colour camera's frame."""
    table = read_table(path, 63, "21 joints x 3")
    world_mm = table[:, 1:].reshape(-1, 21, 3)[:, OURS_FROM_FHB]
    rotation, translation = CAMERA_FROM_WORLD_MM[:3, :3], CAMERA_FROM_WORLD_MM[:3, 3]
    return _frames(table, path), (world_mm @ rotation.T + translation) / 1000


def read_object_poses(
    path: Path,
) -> tuple[Integer[np.ndarray, "frame"], Float[np.ndarray, "frame 4 4"]]:
    """Return frame numbers and ``camera_from_object``, metres."""
    table = read_table(path, 16, "a 4 x 4 matrix column by column")
    world_from_object = table[:, 1:].reshape(-1, 4, 4).transpose(0, 2, 1)
    camera_from_object = CAMERA_FROM_WORLD_MM @ world_from_object
    camera_from_object[:, :3, 3] /= 1000
    return _frames(table, path), camera_from_object


def read_action_split(root: Path) -> dict[str, str]:
    """Return ``train`` or ``test`` for every clip's name, by the official file.

    Raises:
        InputError: if the file is not there or a line is not understood.
    """
    path = root / SPLIT_FILE
    split, splits = "", {}
    for at, line in enumerate(_lines(path), start=1):
        word = line.split(" ", 1)[0].strip()
        if word in ("Training", "Test"):
            split = {"Training": "train", "Test": "test"}[word]
        elif word.count("/") == 2 and split:
            splits[word] = split
        elif word:
            raise InputError(
                f"{path}, line {at}: {line.strip()!r} is neither 'Training N', 'Test N' nor "
                "'Subject_N/ACTION/N CLASS'"
            )
    return splits


def scaled_intrinsics(width_px: int, height_px: int) -> Float[np.ndarray, "3 3"] | None:
    """Return the colour camera's matrix for a picture of this size; None for another shape."""
    if width_px * 9 != height_px * 16:
        return None
    scale = width_px / FULL_WIDTH_PX
    return np.diag([scale, scale, 1.0]) @ FULL_INTRINSICS


def picture_name(frame: int) -> str:
    """Return the file name of a frame's picture."""
    return f"color_{frame:04d}.jpeg"


def pictured(folder: Path) -> Integer[np.ndarray, "frame"]:
    """Return the numbers of the frames whose pictures are there."""
    paths = folder.iterdir() if folder.is_dir() else ()
    found = (re.fullmatch(r"color_(\d{4,})\.jpeg", path.name) for path in paths)
    return np.array([int(match[1]) for match in found if match], np.int64)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text: {error}") from error


def _frames(table: Float[np.ndarray, "line number"], path: Path) -> Integer[np.ndarray, "frame"]:
    frames = table[:, 0]
    if not np.all(frames == np.round(frames)) or len(np.unique(frames)) < len(frames):
        raise InputError(f"{path}: the first numbers of its lines must be frames, each once")
    return frames.astype(np.int64)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
