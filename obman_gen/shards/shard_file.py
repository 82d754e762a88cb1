"""One finished shard, opened read-only through a memory map.

HDF5 is asked once where everything lies, and closed. From then on a row is a slice of a memory
map, and a dense map a chunk of it that is decompressed: no call into the library, no lock, no
shared file position, nothing that a fork could break. Only maps compressed with a filter that
`obman_gen.shards.chunks` does not know are read through HDF5.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Shaped, UInt8

from obman_gen.errors import InputError
from obman_gen.shards.chunks import ChunkTable
from obman_gen.shards.schema import FORMAT, SCHEMA_VERSION

Array = Shaped[np.ndarray, "..."]


class ShardFile:
    """The arrays of one shard by path.

    Opening checks that the file is a whole shard of a version this code can read. Nothing is
    locked, so shards on read-only and network file systems can be read by any number of
    processes; finished shards never change.
    """

    def __init__(self, path: Path | str):
        """Open a shard.

        Raises:
            InputError: if it is missing, cut short, something else, or of a newer version.
        """
        self.path = Path(path)
        with _opened(self.path) as file:
            self.attributes, self._places = _layout(self.path, file)
        self._handle: tuple[int, h5py.File] | None = None

    def __getstate__(self):
        """Leave handles and maps behind: the receiving process opens its own."""
        return {key: self.__dict__[key] for key in ("path", "attributes", "_places")}

    def __setstate__(self, state: dict[str, Any]):
        self.__dict__.update(state, _handle=None)

    def __contains__(self, path: str) -> bool:
        return path in self._places

    @property
    def paths(self) -> tuple[str, ...]:
        """Every dataset in the file."""
        return tuple(self._places)

    @property
    def count(self) -> int:
        """Samples in the shard."""
        return self._places["sample_id"][1][0]

    @property
    def object_ids(self) -> tuple[str, ...]:
        """Objects whose meshes the shard holds."""
        return tuple(
            sorted(
                path.removeprefix("meshes/").removesuffix("/vertices")
                for path in self._places
                if path.startswith("meshes/") and path.endswith("/vertices")
            )
        )

    def shape(self, path: str) -> tuple[int, ...]:
        """Return a dataset's shape."""
        return self._places[path][1]

    def dtype(self, path: str) -> np.dtype:
        """Return a dataset's type."""
        return self._places[path][2]

    def is_mapped(self, path: str) -> bool:
        """Tell whether a dataset lies in the file as plain bytes."""
        return self._places[path][0] is not None

    def array(self, path: str) -> Array:
        """Return a whole dataset; a view of the file where it lies there as plain bytes.

        Texts come as fixed-length bytes (dtype ``S``).
        """
        offset, shape, dtype = self._place(path)
        if offset is None:
            return np.stack([self.row(path, row) for row in range(shape[0])])
        # An array of no elements has no place in the file.
        return np.ndarray(shape, dtype, buffer=self._map, offset=offset)

    def row(self, path: str, row: int) -> Array:
        """Return one sample's value as an array that may be written to."""
        if path in self._cache or self._place(path)[0] is not None:
            return np.array(self.rows(path)[row])
        table = self._tables[path]
        return self._dataset(path)[row] if table is None else table.read(self._map, row)

    def read_into(self, path: str, row: int, out: Array) -> None:
        """Write one sample's map into an array of its shape, of the same or a wider type."""
        table = self._tables[path]
        if table is None:
            out[...] = self._dataset(path)[row]
        else:
            table.read_into(self._map, row, out)

    def rows(self, path: str) -> Array:
        """Return a dataset that `is_mapped`, as a view of the file that is made once."""
        view = self._cache.get(path)
        if view is None:
            view = self._cache[path] = self.array(path)
        return view

    def text(self, path: str, row: int) -> str:
        """Return one sample's text."""
        return self.rows(path)[row].decode()

    def jpeg(self, view: str, row: int) -> UInt8[np.ndarray, "_"]:
        """Return the bytes of one sample's image, as a view of the file."""
        offset = self.rows(f"images/{view}/offset")
        return self.rows(f"images/{view}/bytes")[offset[row] : offset[row + 1]]

    def _place(self, path: str):
        if path not in self._places:
            raise InputError(f"{self.path} has no dataset {path}")
        return self._places[path]

    @cached_property
    def _cache(self) -> dict[str, np.ndarray]:
        return {}

    @cached_property
    def _map(self) -> UInt8[np.ndarray, "_"]:
        # As a plain array: slices of a memmap object cost microseconds of bookkeeping each.
        return np.memmap(self.path, np.uint8, "r").view(np.ndarray)

    @cached_property
    def _tables(self) -> dict[str, ChunkTable | None]:
        """Where the chunks of dense maps lie; None for those only HDF5 can read."""
        with _opened(self.path) as file:
            datasets = {
                path: file[path] for path, (offset, _, _) in self._places.items() if offset is None
            }
            return {
                path: ChunkTable.of(dataset)
                for path, dataset in datasets.items()
                if isinstance(dataset, h5py.Dataset)
            }

    def _dataset(self, path: str) -> h5py.Dataset:
        """Open through HDF5, again in a forked child: its state must not be shared."""
        import hdf5plugin  # noqa: F401 registers the filters

        if self._handle is None or self._handle[0] != os.getpid():
            self._handle = (os.getpid(), _opened(self.path))
            self._datasets: dict[str, h5py.Dataset] = {}
        if path not in self._datasets:
            dataset = self._handle[1][path]
            assert isinstance(dataset, h5py.Dataset)
            self._datasets[path] = dataset
        return self._datasets[path]


def _opened(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r", locking=False, rdcc_nbytes=0)
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing; run `obman-gen render` to make it again") from error
    except OSError as error:
        if path.is_file() and h5py.is_hdf5(path):
            raise InputError(f"{path} is cut short or damaged; {_REMEDY}") from error
        raise InputError(f"{path} is not an HDF5 file") from error


def _layout(path: Path, file: h5py.File) -> tuple[dict[str, Any], dict[str, tuple]]:
    """Return a shard's attributes, and where each dataset lies, its shape and type."""
    places: dict[str, tuple] = {}

    def note(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            places[name] = (item.id.get_offset(), item.shape, item.dtype)

    try:
        attributes = {name: _plain(value) for name, value in file.attrs.items()}
        _require_shard(path, attributes)
        file.visititems(note)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path} is damaged: {error}; {_REMEDY}") from error
    return attributes, places


_REMEDY = "run `obman-gen verify --repair`, then render"


def _require_shard(path: Path, attributes: dict[str, Any]) -> None:
    if attributes.get("format") != FORMAT:
        raise InputError(f"{path} is an HDF5 file, but not a shard of obman-gen")
    version = attributes.get("schema_version")
    if not isinstance(version, int) or version < 1:
        raise InputError(f"{path} has schema version {version!r}, which never existed")
    if version > SCHEMA_VERSION:
        raise InputError(
            f"{path} has schema version {version}, this obman-gen reads up to {SCHEMA_VERSION}; "
            "update obman-gen"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value
