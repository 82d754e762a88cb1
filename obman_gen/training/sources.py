"""Where pictures with truth come from: a run's shards, or another dataset's folder.

Data are named by a run folder, or by ``DATASET:FOLDER`` with the options of that dataset's reader
behind a question mark: ``fhb:/data/fhb?contact_only=true&fraction=0.1``.
"""

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable
from urllib.parse import parse_qsl

import numpy as np

from obman_gen import realdata
from obman_gen.arrays import Faces, Vertices, transform_points
from obman_gen.errors import InputError
from obman_gen.hands import HandModel
from obman_gen.realdata import AnnotatedImage
from obman_gen.registry import lookup
from obman_gen.runfolder import RunFolder
from obman_gen.sample import VIEWS, Split
from obman_gen.shards import SampleReader
from obman_gen.shards.manifest import sha256_of

FIELDS = (
    "sample_id",
    "image",
    "hand/vertices",
    "hand/joints",
    "hand/joints_2d",
    "hand/side",
    "camera/intrinsics",
    "object/surface_points",
    "object/category",
)
"""What a run's samples are read for."""


class Thing(NamedTuple):
    """An object as a mesh in the camera frame, metres."""

    vertices: Vertices
    faces: Faces


@runtime_checkable
class Source(Protocol):
    """One split of a dataset; samples are dicts under the schema's names.

    There are always ``image``, ``hand/joints``, ``hand/joints_2d``, ``hand/side``,
    ``camera/intrinsics`` and ``object/surface_points``, which are zeros where an object is neither
    shown nor known. A dataset without hand meshes has no ``hand/vertices``.
    """

    where: str
    """How the data were named."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> dict[str, Any]: ...

    def require_hand(self, hand: HandModel) -> None:
        """Refuse data whose hand vertices are another model's."""
        ...

    def thing(self, index: int) -> Thing:
        """Return a sample's object."""
        ...


def open_source(where: Path | str, split: Split, image: str = "ho") -> Source:
    """Open one split of a run or of another dataset.

    Args:
        where: a run folder, or ``DATASET:FOLDER?OPTION=VALUE&...``.
        split: ``train``, ``val`` or ``test``; what these are is the dataset's reader's to say.
        image: kind of pictures: ``ho``, ``h`` or ``o``.

    Raises:
        InputError: naming what is missing, unknown or empty.
    """
    if is_run(where):
        return RunSource(Path(where), split, image)
    return ForeignSource(str(where), split, image)


def fingerprint(where: Path | str) -> str:
    """Return what tells whether data are the same: a run's manifest, or name and options."""
    name, folder, _ = parsed(where)
    return sha256_of(RunFolder(Path(folder)).manifest) if name is None else str(where)


def is_run(where: Path | str) -> bool:
    """Tell whether data are named by a run folder."""
    return parsed(where)[0] is None


def parsed(where: Path | str) -> tuple[str | None, str, dict[str, Any]]:
    """Return the dataset (None: a run), the folder and the options."""
    name, colon, rest = str(where).partition(":")
    if not colon or Path(where).exists():
        return None, str(where), {}
    lookup(READERS, name, "dataset")
    folder, _, query = rest.partition("?")
    return name, folder, {key: _value(text) for key, text in parse_qsl(query)}


def _value(text: str) -> Any:
    """Read true, false and numbers as such."""
    try:
        return json.loads(text)
    except ValueError:
        return text


class RunSource:
    """The samples of a run's shards."""

    def __init__(self, run: Path, split: Split, image: str):
        self.where = str(run)
        self.reader = SampleReader(run, split, image, FIELDS)
        self._places = SampleReader(run, split, image, ("object/camera_from_object",))

    def __len__(self) -> int:
        return len(self.reader)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.reader[index]

    def require_hand(self, hand: HandModel) -> None:
        stored = json.loads(self.reader.attributes()["hand_model"])
        if stored["sha256"] != hand.sha256:
            raise InputError(
                f"{self.where} holds hands of {stored['name']} (sha256 {stored['sha256'][:12]}), "
                f"not of {hand.name} ({hand.sha256[:12]}); point OBMAN_GEN_MANO to the model the "
                "data were made with"
            )

    def thing(self, index: int) -> Thing:
        mesh = self._places.mesh(index)
        camera_from_object = self._places[index]["object/camera_from_object"].astype(np.float64)
        return Thing(
            transform_points(camera_from_object, mesh.vertices.astype(np.float64)), mesh.faces
        )


class Reader(NamedTuple):
    """A reader of another dataset, and the kinds of pictures the dataset has."""

    kind: type
    views: tuple[str, ...]

    def open(self, folder: str, split: Split, image: str, options: dict[str, Any]) -> Any:
        """Return the samples, a sequence of `AnnotatedImage`."""
        if image not in self.views:
            raise InputError(
                f"{self.kind.__name__} has pictures of the kind {', '.join(self.views)} only, "
                f"not {image}"
            )
        known = dict.fromkeys(inspect.signature(self.kind).parameters)
        for name in options:
            lookup(known, name, f"option of {self.kind.__name__}")
        if len(self.views) > 1:
            options = {"image": image, **options}
        return self.kind(folder, split, **options)


READERS: Mapping[str, Reader] = {
    "obman": Reader(realdata.ObMan, VIEWS),
    "fhb": Reader(realdata.FHB, ("ho",)),
    "hic": Reader(realdata.HIC, ("ho",)),
    "core50": Reader(realdata.CORe50, ("ho",)),
}


class ForeignSource:
    """The samples of another dataset, through its reader in `obman_gen.realdata`."""

    def __init__(self, where: str, split: Split, image: str):
        name, folder, options = parsed(where)
        assert name is not None
        self.where, self.image, self.vertex_count = where, image, 0
        self._last: tuple[int, AnnotatedImage] | None = None
        self.samples = READERS[name].open(folder, split, image, options)
        if not len(self.samples):
            raise InputError(f"{where} has no sample in its {split} split")

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = self._sample(index)
        values = sample.fields()
        if len(values.get("hand/vertices", ())) != self.vertex_count:
            values.pop("hand/vertices", None)
        needed = ["hand/joints", "hand/joints_2d"]
        if "o" in self.image:
            needed.append("object/surface_points")
        missing = [name for name in needed if name not in values]
        if missing:
            raise InputError(
                f"{self.where} has no {', '.join(missing)} for {sample.sample_id}: it can be "
                "looked at with `obman-gen predict`, not trained or measured on"
            )
        values.setdefault("object/surface_points", np.zeros((2048, 3), np.float32))
        return values

    def _sample(self, index: int) -> AnnotatedImage:
        """Read a sample; the last one is kept, for what is asked about it next."""
        if self._last is None or self._last[0] != index:
            self._last = index, self.samples[index]
        return self._last[1]

    def require_hand(self, hand: HandModel) -> None:
        """Take any; vertices of a model with another number of them count as unknown."""
        self.vertex_count = len(hand.template)

    def thing(self, index: int) -> Thing:
        sample = self._sample(index)
        if sample.object_vertices is None or sample.object_faces is None:
            if "o" not in self.image:
                return Thing(np.zeros((0, 3)), np.zeros((0, 3), np.int64))
            raise InputError(f"{self.where} has no object mesh for {sample.sample_id}")
        return Thing(
            np.asarray(sample.object_vertices, np.float64),
            np.asarray(sample.object_faces, np.int64),
        )
