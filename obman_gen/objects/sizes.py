"""How large objects are: several metric sizes for each."""

import numpy as np

SPREAD = (0.9, 1.1)
"""Sizes of one object whose true size is known, as shares of it."""


def draw_scales(
    rng: np.random.Generator, size_min: float, size_max: float, count: int
) -> tuple[float, ...]:
    """Draw so many sizes, one from each part of the range, smallest first.

    The first number drawn is where a single size lies; the range is cut into ``count`` equal
    parts on a logarithmic scale.
    """
    places = (np.arange(count) + rng.random(count)) / count
    sizes = size_min * (size_max / size_min) ** places
    return tuple(float(f"{size:.6f}") for size in sizes)
