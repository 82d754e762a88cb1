"""Named assets made on demand and kept: skins, rooms. A name says everything about its asset.

Names carry the split they belong to, and an asset depends on nothing but its name, so no skin
or room is ever shared between splits.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from obman_gen.sample import Split
from obman_gen.streams import RandomStreams

POOL_SEED = 0
"""Pools do not depend on the dataset's seed, so their files can be shared between datasets."""


def draw_name(rng: np.random.Generator, kind: str, split: Split, count: int) -> str:
    """Draw one of the ``count`` names of a split's pool."""
    return f"{kind}-{split}-{int(rng.integers(count)):04d}"


def generator_of(name: str, stage: str = "make") -> np.random.Generator:
    """Return the generator that makes a named asset."""
    return RandomStreams(POOL_SEED, name)(stage)


class ArrayCache:
    """Arrays kept as files by name. Safe with many processes: files appear complete or not."""

    def __init__(self, folder: Path):
        self.folder = folder

    def get(self, name: str, make: Callable[[], np.ndarray]) -> Shaped[np.ndarray, "..."]:
        """Return the array of a name, making and keeping it the first time."""
        path = self.folder / f"{name}.npy"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f"{name}.{os.getpid()}.partial")
            with partial.open("wb") as file:
                np.save(file, make())
            partial.replace(path)
        return np.load(path)
