"""Arrays side by side in one block of memory."""

from collections.abc import Mapping
from itertools import accumulate

import numpy as np
from jaxtyping import Shaped, UInt8

Forms = Mapping[str, tuple[tuple[int, ...], np.dtype]]
"""Shape and type of arrays, by name."""

_ALIGN = 64


def block_starts(forms: Forms) -> tuple[int, ...]:
    """Return where in a block each array of these forms starts, and last where the block ends."""
    sizes = (int(np.prod(shape)) * dtype.itemsize for shape, dtype in forms.values())
    return tuple(accumulate((-(-size // _ALIGN) * _ALIGN for size in sizes), initial=0))


def block_size(forms: Forms) -> int:
    """Return how many bytes arrays of these forms take together."""
    return block_starts(forms)[-1]


def arrays_in(block: UInt8[np.ndarray, "_"], forms: Forms) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Return the arrays of these forms that lie in a block of `block_size` bytes."""
    return {
        name: np.ndarray(shape, dtype, buffer=block, offset=start)
        for start, (name, (shape, dtype)) in zip(block_starts(forms), forms.items(), strict=False)
    }
