"""Decode a dense map straight from a shard's bytes, without the HDF5 library.

HDF5 documents its filters: a chunk went through them in order, a skipped one has its bit set
in the chunk's mask (HDF5 File Format Specification 3.0, III.C, and the Filter Pipeline
message). Ours are shuffle, deflate and Fletcher-32. Reading them here is as fast as the library
and keeps no file open: nothing a fork could break, and no lock that would keep the same
process from opening the file in another way. Deflate is undone by ISA-L, in half the time of
zlib.
"""

import math
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from isal import isal_zlib
from jaxtyping import Integer, Shaped, UInt8

DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3
_CHECKSUM_BYTES = 4


@dataclass(frozen=True)
class ChunkTable:
    """Where each sample's chunk of one dense map lies."""

    shape: tuple[int, ...]
    """Of one sample."""
    dtype: np.dtype
    filters: tuple[int, ...]
    """In the order of writing."""
    places: Integer[np.ndarray, "sample 3"]
    """Offset, size in bytes, and mask of skipped filters."""

    @classmethod
    def of(cls, dataset: h5py.Dataset) -> "ChunkTable | None":
        """Return a dataset's table, or None if it needs a filter this module does not know."""
        plist = dataset.id.get_create_plist()
        filters = tuple(plist.get_filter(place)[0] for place in range(plist.get_nfilters()))
        one_each = dataset.chunks == (1, *dataset.shape[1:])
        known = set(filters) <= {DEFLATE, SHUFFLE, FLETCHER32}
        if not (one_each and known and dataset.dtype.itemsize in (1, 2, 4, 8)):
            return None
        places = np.zeros((len(dataset), 3), np.int64)

        def note(chunk: Any) -> None:
            row = chunk.chunk_offset[0]
            places[row] = chunk.byte_offset, chunk.size, chunk.filter_mask

        dataset.id.chunk_iter(note)
        return cls(dataset.shape[1:], dataset.dtype, filters, places)

    def read(self, file: UInt8[np.ndarray, "_"], row: int) -> Shaped[np.ndarray, "..."]:
        """Return one sample's map.

        Args:
            file: all bytes of the shard.
            row: the sample.

        Raises:
            OSError: if the chunk is damaged.
        """
        array = self._decoded(file, row)
        return array if array.flags.writeable else array.copy()

    def read_into(
        self, file: UInt8[np.ndarray, "_"], row: int, out: Shaped[np.ndarray, "..."]
    ) -> None:
        """Write one sample's map into an array of its shape, of the same or a wider type.

        Raises:
            OSError: if the chunk is damaged.
        """
        out[...] = self._decoded(file, row)

    def _decoded(self, file: UInt8[np.ndarray, "_"], row: int) -> Shaped[np.ndarray, "..."]:
        offset, size, skipped = self.places[row].tolist()
        data: Any = file[offset : offset + size]
        for place in reversed(range(len(self.filters))):
            if not skipped >> place & 1:
                data = self._undo(self.filters[place], data)
        return np.frombuffer(data, self.dtype).reshape(self.shape)

    @property
    def _byte_count(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize + _CHECKSUM_BYTES

    def _undo(self, code: int, data: Any) -> Any:
        if code == FLETCHER32:
            # Deflate has a checksum of its own, over the same bytes.
            return data[:-_CHECKSUM_BYTES]
        if code == SHUFFLE:
            return unshuffled(data, self.dtype.itemsize)
        try:
            return isal_zlib.decompress(data, bufsize=self._byte_count)
        # ISA-L's stub takes the class for an instance.
        except isal_zlib.error as error:  # pyright: ignore[reportGeneralTypeIssues]
            raise OSError(f"a chunk cannot be decompressed: {error}") from error


def unshuffled(data: Any, itemsize: int) -> Any:
    """Put bytes that were sorted by significance, least first, back together."""
    if itemsize == 1:
        return data
    planes = np.frombuffer(data, np.uint8).reshape(itemsize, -1)
    numbers = planes[-1].astype(f"<u{itemsize}")
    for plane in planes[-2::-1]:
        numbers <<= 8
        numbers |= plane
    return numbers
