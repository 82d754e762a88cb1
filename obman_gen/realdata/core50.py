"""Read CORe50: pictures of hands with household objects, without any 3-D truth."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from obman_gen.errors import InputError
from obman_gen.realdata.pictures import read_colours, read_levels
from obman_gen.realdata.sample import AnnotatedImage
from obman_gen.registry import lookup

IMAGES, ANNOTATIONS, DEPTHS = "core50_350x350", "core50_350x350_Annot", "core50_350x350_DepthMap"
CLASSES = (
    "plug_adapter",
    "mobile_phone",
    "scissors",
    "light_bulb",
    "can",
    "glasses",
    "ball",
    "marker",
    "cup",
    "remote_control",
)
"""Objects 1 to 5 are the first class, 6 to 10 the second, and so on."""
CATEGORIES = {"mobile_phone": "cellphone", "can": "can", "remote_control": "remote control"}
"""Classes that are a category of ours; the others keep their own names."""
SESSIONS: Mapping[str, tuple[int, ...]] = {
    "train": (1, 2, 4, 5, 8, 9, 11),
    "val": (6,),
    "test": (3, 7, 10),
}
"""The benchmark tests on sessions 3, 7 and 10; which one validates is our choice."""
_SIDES: Mapping[str, Literal["right", "left"]] = {"R": "right", "L": "left"}
_LEVEL_M = 8 / 256
"""Depth of one grey level; the level 255 is at the camera."""


class Picture(NamedTuple):
    """One annotated picture."""

    session: int
    object_number: int
    frame: str
    """As in file names: ``03_21_117``."""
    annotation: Path

    @property
    def folder(self) -> str:
        """Below those of pictures, depth maps and annotations: ``s3/o21``."""
        return f"s{self.session}/o{self.object_number}"

    @property
    def class_name(self) -> str:
        """One of `CLASSES`."""
        return CLASSES[(self.object_number - 1) // 5]


class CORe50:
    """The annotated pictures of some sessions; a sequence of `AnnotatedImage`.

    Known of each: the picture, the side of the hand, the object's class, the ``box`` of hand and
    object that annotators drew and, where its folder is there, the depth map. The camera was
    not published for these crops: ``intrinsics`` is None, and so is everything in 3-D.

    The depth maps are grey levels of 8 bits. The formula that gives metres, ``8 (255 - level) /
    256``, is that of ObMan's authors; it was not checked against a measurement. Level 0 is taken
    as no surface.
    """

    def __init__(
        self, root: Path | str, split: str, classes: str | Sequence[str] = (), depth: bool = True
    ):
        """Open a split.

        Args:
            root: the folder with ``core50_350x350``, ``core50_350x350_Annot`` and, if wanted,
                ``core50_350x350_DepthMap``.
            split: ``train``, ``val`` or ``test``: see `SESSIONS`.
            classes: one or some of `CLASSES`; none for all that are annotated.
            depth: whether to read depth maps.

        Raises:
            InputError: if the folder is not CORe50's, or an argument is none of these.
        """
        self.root = Path(root)
        self.sessions = lookup(SESSIONS, split, "split")
        self.split = split
        self.classes = (classes,) if isinstance(classes, str) else tuple(classes)
        for name in self.classes:
            lookup(dict.fromkeys(CLASSES), name, "class of CORe50")
        self.depth = depth and (self.root / DEPTHS).is_dir()
        for name in (IMAGES, ANNOTATIONS):
            if not (self.root / name).is_dir():
                raise InputError(
                    f"{root} has no folder {name}; CORe50's root is the folder with {IMAGES} "
                    f"and {ANNOTATIONS} in it"
                )

    def __len__(self) -> int:
        return len(self._usable[0])

    def __getitem__(self, position: int) -> AnnotatedImage:
        picture = self._usable[0][position]
        annotation = read_annotation(picture.annotation)
        return AnnotatedImage(
            sample_id=f"{picture.folder}/{picture.frame}",
            image=read_colours(self._image_path(picture)),
            side=annotation.side,
            depth_m=self._depth(picture),
            object_id=f"core50/o{picture.object_number}",
            category=CATEGORIES.get(picture.class_name, picture.class_name.replace("_", " ")),
            box=annotation.box,
        )

    def __iter__(self) -> Iterator[AnnotatedImage]:
        return (self[position] for position in range(len(self)))

    @property
    def skipped(self) -> Mapping[str, int]:
        """How many annotations of the split cannot be used, by reason."""
        return {"no_image": self._usable[1]}

    @cached_property
    def _usable(self) -> tuple[list[Picture], int]:
        annotated = [
            picture
            for session in self.sessions
            for picture in _annotated(self.root / ANNOTATIONS / f"s{session}", session)
            if not self.classes or picture.class_name in self.classes
        ]
        present = {
            path for folder in {p.folder for p in annotated} for path in self._images(folder)
        }
        usable = [picture for picture in annotated if self._image_path(picture) in present]
        if not usable:
            raise InputError(
                f"{self.root} has no picture with an annotation in CORe50's sessions "
                f"{', '.join(map(str, self.sessions))} ({self.split}); of the annotations there, "
                f"{len(annotated)} have no picture"
            )
        return usable, len(annotated) - len(usable)

    def _images(self, folder: str) -> Iterator[Path]:
        return (self.root / IMAGES / folder).glob("C_*.png")

    def _image_path(self, picture: Picture) -> Path:
        return self.root / IMAGES / picture.folder / f"C_{picture.frame}.png"

    def _depth(self, picture: Picture) -> Float[np.ndarray, "height width"] | None:
        path = self.root / DEPTHS / picture.folder / f"D_{picture.frame}.png"
        if not self.depth or not path.is_file():
            return None
        levels = read_levels(path)
        if levels.dtype != np.uint8:
            raise InputError(f"{path} holds {levels.dtype} values; CORe50's depth has 8 bits")
        return np.where(levels == 0, np.inf, _LEVEL_M * (255.0 - levels))


class Annotation(NamedTuple):
    """What is read of a file of annotations."""

    side: Literal["right", "left"]
    box: Float[np.ndarray, "4"]


def read_annotation(path: Path) -> Annotation:
    """Read a file of annotations, of MATLAB's format 5.

    Raises:
        InputError: if it is none, or lacks the side or the box.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(path, squeeze_me=True, struct_as_record=False)
    except (MatReadError, OSError, ValueError, TypeError, NotImplementedError) as error:
        raise InputError(f"{path} cannot be read as a MATLAB file: {error}") from error
    annotation = content.get("annot")
    side = str(getattr(getattr(annotation, "hand", None), "side", None))
    box = np.asarray(getattr(annotation, "crop", ()), np.float64).ravel()
    if side not in _SIDES:
        raise InputError(f"{path}: annot.hand.side is {side!r}, need 'R' or 'L'")
    if box.shape != (4,) or not (box[:2] < box[2:]).all():
        raise InputError(
            f"{path}: annot.crop is {box.tolist()}, need left < right and top < bottom"
        )
    return Annotation(_SIDES[side], box)


def _annotated(folder: Path, session: int) -> list[Picture]:
    """List a session's annotations by object and frame; other files are passed over."""
    found = []
    for path in folder.glob("o*/*.mat"):
        name = re.fullmatch(r"[A-Za-z]+_(\d+_\d+_\d+)", path.stem)
        number = path.parent.name[1:]
        if name and number.isdigit() and 0 < int(number) <= 5 * len(CLASSES):
            found.append(Picture(session, int(number), name[1], path))
    return sorted(found)
