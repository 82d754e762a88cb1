"""What exporters share: the rows of a run one by one, a folder that appears whole, transforms."""

import json
import pickle
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped
from PIL import Image
from scipy.spatial.transform import Rotation

from obman_gen.arrays import Transform
from obman_gen.errors import InputError
from obman_gen.sample import SPLITS, ObjectMesh, Split
from obman_gen.shards.manifest import Manifest
from obman_gen.shards.reader import mesh_of
from obman_gen.shards.shard_file import ShardFile

OPENGL_FROM_OPENCV = np.diag([1.0, -1.0, -1.0])
"""Camera axes y up and z backward, as ObMan's world and HO-3D's labels have them."""


@dataclass(frozen=True)
class Row:
    """One sample where it is stored."""

    split: Split
    shard: ShardFile
    row: int

    @property
    def sample_id(self) -> str:
        """``train-00000042``."""
        return self.text("sample_id")

    @property
    def number(self) -> int:
        """The number in the sample's id."""
        return int(self.sample_id.rpartition("-")[2])

    @property
    def object_id(self) -> str:
        """``SYNSET/ID``."""
        return self.text("object/id")

    def array(self, path: str) -> Shaped[np.ndarray, "..."]:
        """Return a field as stored."""
        return self.shard.row(path, self.row)

    def number_of(self, path: str) -> float:
        """Return a scalar field."""
        return float(self.array(path))

    def text(self, path: str) -> str:
        """Return a text field."""
        return self.shard.text(path, self.row)

    def jpeg(self, view: str) -> bytes:
        """Return an image as stored: exporting loses nothing."""
        return self.shard.jpeg(view, self.row).tobytes()

    def mesh(self) -> ObjectMesh:
        """Return the object's mesh, raw units."""
        return mesh_of(self.shard, self.object_id)


Track = Callable[[Iterable[Row], int], Iterable[Row]]
"""Yields the same rows, of which there are so many, and shows progress."""


def rows_of(run: Path, track: Track | None = None) -> Iterator[Row]:
    """Yield every sample of a run, split by split.

    Args:
        run: the run folder.
        track: shows progress.

    Raises:
        InputError: if the run has no finished shard.
    """
    manifest = Manifest.require(run)
    rows = _rows(run, manifest)
    count = sum(entry.count for entry in manifest.entries)
    yield from track(rows, count) if track else rows


def _rows(run: Path, manifest: Manifest) -> Iterator[Row]:
    for split in SPLITS:
        for entry in manifest.of(split):
            shard = ShardFile(run / entry.path)
            yield from (Row(split, shard, row) for row in range(shard.count))


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Give a folder to fill that becomes ``out`` when all is well, and vanishes when not.

    Raises:
        InputError: if ``out`` exists and is not an empty folder, or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists and is not empty; name a new folder to export to")
    partial = out.with_name(f".{out.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        if out.exists():
            out.rmdir()
        partial.rename(out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


class HandInAxes(NamedTuple):
    """MANO parameters in other camera axes."""

    global_orient: Float[np.ndarray, "3"]
    translation: Float[np.ndarray, "3"]


def hand_in_opengl(row: Row) -> HandInAxes:
    """Return the hand's rotation and translation with y up and z backward.

    A MANO hand turns about its rest wrist j: x -> R (x - j) + j + t. Turning the axes by D
    gives D R and D (j + t) - j, and j + t is where the posed wrist is.
    """
    turned = Rotation.from_matrix(OPENGL_FROM_OPENCV) * Rotation.from_rotvec(
        row.array("hand/global_orient").astype(np.float64)
    )
    wrist = row.array("hand/joints")[0].astype(np.float64)
    rest_wrist = wrist - row.array("hand/translation")
    return HandInAxes(turned.as_rotvec(), OPENGL_FROM_OPENCV @ wrist - rest_wrist)


def split_scale(
    camera_from_object: Transform,
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"], float]:
    """Return rotation, translation and scale of a similarity transform."""
    scaled = camera_from_object[:3, :3].astype(np.float64)
    scale = float(np.cbrt(np.linalg.det(scaled)))
    return scaled / scale, camera_from_object[:3, 3].astype(np.float64), scale


def box_of(mask: np.ndarray) -> list[int]:
    """Return (x, y, width, height) of a mask's box in pixels; all -1 where it is empty."""
    if not mask.any():
        return [-1, -1, -1, -1]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    low_x, low_y = int(columns[0]), int(rows[0])
    return [low_x, low_y, int(columns[-1]) - low_x + 1, int(rows[-1]) - low_y + 1]


def write_file(path: Path, data: bytes) -> None:
    """Write bytes, making folders on the way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write 8-bit grey or colour, or 16-bit grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, "PNG", compress_level=4)


def write_pickle(path: Path, content: Any) -> None:
    """Write a pickle that every Python 3 reads, as the one in the original Blender does."""
    write_file(path, pickle.dumps(content, protocol=3))


def write_json(path: Path, content: Any) -> None:
    """Write compact JSON."""
    write_file(path, json.dumps(content, separators=(",", ":")).encode())
