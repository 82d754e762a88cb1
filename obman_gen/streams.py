"""Random streams that depend on what is drawn, never on when it is drawn."""

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RandomStreams:
    """Independent generators addressed by a name and a stage.

    Sample ``train-00004071`` looks the same whether it is rendered first, last, on another
    worker or after a crash, and a new stage leaves every other stage's draws untouched.
    """

    seed: int
    address: str
    """What the draws belong to: a sample id, an object id, a grasp file name."""

    def __call__(self, stage: str, attempt: int = 0) -> np.random.Generator:
        """Return the generator of one stage; ``attempt`` counts redraws after a rejection."""
        # crc32, not hash(): Python salts str hashes per process.
        words = [zlib.crc32(text.encode()) for text in (self.address, stage)]
        return np.random.default_rng(np.random.SeedSequence([self.seed, *words, attempt]))
