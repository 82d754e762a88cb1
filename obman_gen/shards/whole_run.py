"""All samples of a run behind one index: train first, then val, then test."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from obman_gen.errors import InputError
from obman_gen.sample import SPLITS, ObjectMesh, Split
from obman_gen.shards.manifest import Manifest
from obman_gen.shards.reader import SampleReader


class WholeRun:
    """The readers of every split that a run has, one after the other."""

    def __init__(self, run: Path, fields: Sequence[str] | None = None):
        """Open a run; ``fields`` are `SampleReader`'s.

        Raises:
            InputError: if the run has no finished shard.
        """
        manifest = Manifest.require(run)
        self.run = Path(run)
        self.splits: tuple[Split, ...] = tuple(split for split in SPLITS if manifest.of(split))
        self.readers = [SampleReader(run, split, fields=fields) for split in self.splits]
        self.starts = (0, *accumulate(len(reader) for reader in self.readers))

    def __len__(self) -> int:
        return self.starts[-1]

    def __getitem__(self, index: int) -> dict[str, Any]:
        reader, at = self._find(index)
        return reader[at]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (sample for reader in self.readers for sample in reader)

    def mesh(self, index: int) -> ObjectMesh:
        """Return the mesh of a sample's object, raw units."""
        reader, at = self._find(index)
        return reader.mesh(at)

    def split_of(self, index: int) -> Split:
        """Return the split a sample belongs to."""
        return self.splits[int(np.searchsorted(self.starts, index, side="right")) - 1]

    def column(self, path: str) -> Shaped[np.ndarray, "sample *value"]:
        """Return one field of all samples."""
        return np.concatenate([reader.column(path) for reader in self.readers])

    def _find(self, index: int) -> tuple[SampleReader, int]:
        if not 0 <= index < len(self):
            raise InputError(f"{self.run} has samples 0 to {len(self) - 1}, not {index}")
        place = int(np.searchsorted(self.starts, index, side="right")) - 1
        return self.readers[place], index - self.starts[place]


def evenly(total: int, count: int) -> list[int]:
    """Return at most ``count`` different indices below ``total``, evenly spaced."""
    chosen = min(total, count)
    return [(2 * at + 1) * total // (2 * chosen) for at in range(chosen)]
