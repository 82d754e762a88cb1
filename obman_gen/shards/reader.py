"""Read samples of a run by index, id or condition: NumPy only, no torch.

`obman_gen.shards.HandObjectDataset` is the same as a torch dataset.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from obman_gen.arrays import transform_points
from obman_gen.errors import InputError
from obman_gen.registry import lookup
from obman_gen.sample import SPLITS, VIEWS, ObjectMesh
from obman_gen.shards.block import Forms, arrays_in, block_size
from obman_gen.shards.encoding import decode_image
from obman_gen.shards.manifest import Manifest
from obman_gen.shards.schema import SAMPLE_FIELDS
from obman_gen.shards.selection import Where
from obman_gen.shards.shard_file import ShardFile

MAX_OPEN_SHARDS = 256
"""Each takes a file descriptor or two; a process usually has 1,024."""

IMAGE = "image"
SURFACE_POINTS = "object/surface_points"
DERIVED = {
    IMAGE: "the chosen view: (H, W, 3) uint8 sRGB",
    **{f"images/{view}": f"view {view}: (H, W, 3) uint8 sRGB" for view in VIEWS},
    SURFACE_POINTS: "(2048, 3) float32 points of the object's surface, camera frame, metres",
}
"""What can be read beside the schema's own fields."""


def is_large(name: str) -> bool:
    """Tell whether a value that can be read is a picture or a map."""
    if name in SAMPLE_FIELDS:
        return SAMPLE_FIELDS[name].dense
    return name in DERIVED and name != SURFACE_POINTS


class SampleReader:
    """The samples of one split of a run.

    A sample is a dict from field to array (a writable copy), or str. Only chosen fields are
    read. Shards are opened when first needed, by each process for itself, so one reader may be
    used by any number of forked or spawned workers.
    """

    def __init__(
        self,
        run: Path | str,
        split: str,
        image: str = "ho",
        fields: Sequence[str] | None = None,
        where: Where | None = None,
    ):
        """Open a split.

        Args:
            run: the run folder.
            split: ``train``, ``val`` or ``test``.
            image: which view ``image`` is: ``ho``, ``h`` or ``o``.
            fields: paths of the schema, `DERIVED` names, or the first part of paths (``hand``
                stands for all of ``hand/...``). None: everything but the other two views.
            where: leave out samples that do not meet these conditions.

        Raises:
            InputError: naming what is missing, unknown or empty.
        """
        self.run, self.split, self.view = Path(run), split, image
        lookup(dict.fromkeys(SPLITS), split, "split")
        lookup(dict.fromkeys(VIEWS), image, "image")
        self._entries = tuple(e for e in Manifest.require(run).entries if e.split == split)
        if not self._entries:
            raise InputError(f"{run} has no finished shard of the {split} split")
        self._starts = (0, *accumulate(entry.count for entry in self._entries))
        self._open: OrderedDict[int, ShardFile] = OrderedDict()
        self._rows = np.arange(self._starts[-1])
        self.fields = self._resolve(fields)
        if where is not None:
            self._rows = np.flatnonzero(where.mask(self.column, len(self)))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return the sample at an index; negative ones count from the end."""
        return self._read(self._position(index))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(len(self)))

    def __getstate__(self):
        """Leave open shards behind: the receiving process opens its own."""
        return {**self.__dict__, "_open": OrderedDict()}

    def batch(
        self,
        indices: Sequence[int],
        wider: Mapping[np.dtype, type] | None = None,
    ) -> dict[str, Any]:
        """Return several samples at once: stacked arrays, and lists of texts.

        Each value is decoded where it belongs in the batch, which saves a copy of everything.
        Pictures and maps of a batch lie side by side in one block of memory, their base, which is
        several times faster to come by than one for each.

        Args:
            indices: as for single samples; at least one.
            wider: types to store as another type.
        """
        places = [self._find(self._position(int(index))) for index in indices]
        forms = self.forms(len(places), wider)
        large = {name: form for name, form in forms.items() if is_large(name)}
        arrays = arrays_in(np.zeros(block_size(large), np.uint8), large)
        result: dict[str, Any] = {}
        for name in self.fields:
            if name in _TEXTS:
                result[name] = [shard.text(name, row) for shard, row in places]
                continue
            result[name] = arrays[name] if name in arrays else np.zeros(*forms[name])
            self._fill(result[name], places, name)
        return result

    def forms(self, count: int, wider: Mapping[np.dtype, type] | None = None) -> Forms:
        """Return shape and type of everything but texts in a batch of so many samples."""
        shard = self._shard(0)
        forms: dict[str, tuple[tuple[int, ...], np.dtype]] = {}
        for name in self.fields:
            if name == SURFACE_POINTS:
                shape, dtype = (2048, 3), np.dtype(np.float32)
            elif name in DERIVED:
                shape, dtype = (*shard.shape("depth/ho")[1:], 3), np.dtype(np.uint8)
            elif name in _TEXTS:
                continue
            else:
                shape, dtype = shard.shape(name)[1:], shard.dtype(name)
            forms[name] = (count, *shape), np.dtype((wider or {}).get(dtype, dtype))
        return forms

    def _fill(self, out: np.ndarray, places: Sequence[tuple[ShardFile, int]], name: str) -> None:
        if name == SURFACE_POINTS:
            for at, (shard, row) in enumerate(places):
                out[at] = _surface_points(shard, row)
        elif name in DERIVED:
            view = self._view_of(name)
            for at, (shard, row) in enumerate(places):
                decode_image(shard.jpeg(view, row), out[at])
        elif SAMPLE_FIELDS[name].dense:
            for at, (shard, row) in enumerate(places):
                shard.read_into(name, row, out[at])
        else:
            for at, (shard, row) in enumerate(places):
                out[at] = shard.rows(name)[row]

    def by_id(self, sample_id: str) -> dict[str, Any]:
        """Return a sample by its id, whether or not the conditions leave it out.

        Raises:
            InputError: if the split has no such sample.
        """
        split, _, number = sample_id.rpartition("-")
        if split == self.split and number.isdigit():
            for place, entry in enumerate(self._entries):
                row = int(number) - entry.first_index
                if 0 <= row < entry.count:
                    if self._shard(place).text("sample_id", row) != sample_id:
                        raise InputError(f"{entry.path} does not hold the samples it should")
                    return self._read(self._starts[place] + row)
        raise InputError(f"{self.run} has no sample {sample_id} in the {self.split} split")

    def column(self, path: str) -> Shaped[np.ndarray, "sample *value"]:
        """Return one field of all samples as a (len, ...) array; texts as ``str``.

        Raises:
            InputError: for an unknown field, or a dense map, which would fill the memory.
        """
        spec = lookup(SAMPLE_FIELDS, path, "field")
        if spec.dense:
            raise InputError(f"{path} is a map per sample; read it sample by sample")
        parts = [self._shard(place).array(path) for place in range(len(self._entries))]
        whole = np.concatenate(parts)[self._rows]
        return np.char.decode(whole, "utf-8") if spec.dtype == "str" else whole

    def hand_faces(self) -> Shaped[np.ndarray, "face 3"]:
        """Return the hand's triangles, rows of ``hand/vertices``."""
        return np.array(self._shard(0).array("hand/faces"))

    def attributes(self) -> dict[str, Any]:
        """Return the file attributes of the split's first shard."""
        return dict(self._shard(0).attributes)

    def mesh(self, index: int) -> ObjectMesh:
        """Return the mesh of a sample's object, raw units; ``object/camera_from_object`` places
        it.
        """
        shard, row = self._find(int(self._rows[index]))
        return mesh_of(shard, shard.text("object/id", row))

    def _position(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)} in the {self.split} split")
        return int(self._rows[index])

    def _read(self, position: int) -> dict[str, Any]:
        shard, row = self._find(position)
        return {name: self._value(shard, row, name) for name in self.fields}

    def _value(self, shard: ShardFile, row: int, name: str) -> Any:
        if name == SURFACE_POINTS:
            return _surface_points(shard, row)
        if name in DERIVED:
            return decode_image(shard.jpeg(self._view_of(name), row))
        return shard.text(name, row) if name in _TEXTS else shard.row(name, row)

    def _view_of(self, name: str) -> str:
        return self.view if name == IMAGE else name.removeprefix("images/")

    def _find(self, position: int) -> tuple[ShardFile, int]:
        place = bisect_right(self._starts, position) - 1
        return self._shard(place), position - self._starts[place]

    def _shard(self, place: int) -> ShardFile:
        shard = self._open.get(place)
        if shard is None:
            entry = self._entries[place]
            shard = ShardFile(self.run / entry.path)
            if shard.count != entry.count:
                raise InputError(
                    f"{shard.path} holds {shard.count} samples, the manifest says {entry.count}"
                )
            self._open[place] = shard
            if len(self._open) > MAX_OPEN_SHARDS:
                self._open.popitem(last=False)
        else:
            self._open.move_to_end(place)
        return shard

    def _resolve(self, fields: Sequence[str] | None) -> tuple[str, ...]:
        present = [
            path
            for path, spec in SAMPLE_FIELDS.items()
            if not spec.optional or path in self._shard(0)
        ]
        if fields is None:
            others = tuple(f"/{view}" for view in VIEWS if view != self.view)
            kept = [p for p in present if not (SAMPLE_FIELDS[p].dense and p.endswith(others))]
            return (IMAGE, *kept, SURFACE_POINTS)
        known = [*present, *DERIVED]
        chosen: dict[str, None] = {}
        for name in fields:
            group = [path for path in known if path.startswith(f"{name}/")]
            if name not in known and not group:
                self._refuse(name, known)
            chosen |= dict.fromkeys([name] if name in known else group)
        return tuple(chosen)

    def _refuse(self, name: str, known: Sequence[str]) -> None:
        if name in SAMPLE_FIELDS:
            raise InputError(f"{self.run} was made without the optional field {name}")
        lookup(dict.fromkeys(known), name, "field")


_TEXTS = frozenset(path for path, spec in SAMPLE_FIELDS.items() if spec.dtype == "str")


def mesh_of(shard: ShardFile, object_id: str) -> ObjectMesh:
    """Return an object's mesh as stored in a shard, raw units."""
    return ObjectMesh(
        **{
            name: np.array(shard.array(f"meshes/{object_id}/{name}"))
            for name in ("vertices", "faces", "surface_points")
        }
    )


def _surface_points(shard: ShardFile, row: int) -> np.ndarray:
    points = shard.array(f"meshes/{shard.text('object/id', row)}/surface_points")
    return transform_points(shard.rows("object/camera_from_object")[row], points)
