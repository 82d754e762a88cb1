"""Named assets made on demand and kept: skins, rooms. A name says everything about its asset.

Names carry the split they belong to, and an asset depends on nothing but its name, so no skin
or room is ever shared between splits.
"""

import io
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from obman_gen.runfolder import write_atomically
from obman_gen.sample import Split
from obman_gen.streams import RandomStreams

POOL_SEED = 0
"""Pools do not depend on the dataset's seed, so their files can be shared between datasets."""


SPLIT_SHARES: dict[Split, tuple[int, int]] = {
    "train": (0, 80),
    "val": (80, 90),
    "test": (90, 100),
}
"""Percent of a folder's files or sequences, by hash of their names."""


def split_by_hash(name: str) -> Split:
    """Return the split a name hashes to: adding names moves no other."""
    at = zlib.crc32(name.encode()) % 100
    return next(split for split, (low, high) in SPLIT_SHARES.items() if low <= at < high)


def draw_name(rng: np.random.Generator, kind: str, split: Split, count: int) -> str:
    """Draw one of the ``count`` names of a split's pool."""
    return f"{kind}-{split}-{int(rng.integers(count)):04d}"


def generator_of(name: str, stage: str = "make") -> np.random.Generator:
    """Return the generator that makes a named asset."""
    return RandomStreams(POOL_SEED, name)(stage)


ARRAYS_KEPT = 12


class ArrayCache:
    """Arrays kept as files by name, the last used of them in memory as well.

    Safe with many processes: files appear complete or not.
    """

    def __init__(self, folder: Path):
        """Keep arrays in a folder."""
        self.folder = folder
        self._read = lru_cache(maxsize=ARRAYS_KEPT)(_read)

    def get(self, name: str, make: Callable[[], np.ndarray]) -> Shaped[np.ndarray, "..."]:
        """Return the array of a name, read-only, making and keeping it the first time."""
        path = self.folder / f"{name}.npy"
        if not path.exists():
            buffer = io.BytesIO()
            np.save(buffer, make())
            write_atomically(path, buffer.getvalue())
        return self._read(path)


def _read(path: Path) -> np.ndarray:
    array = np.load(path)
    array.flags.writeable = False  # others will be given the same
    return array
