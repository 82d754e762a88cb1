"""How large objects are: several metric sizes for each."""

from collections.abc import Sequence

import numpy as np

from obman_gen.errors import SampleRejected

SMALLEST_M, LARGEST_M = 0.005, 2.0
"""Longest edge of what one hand holds: a small screw, a broom."""
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


def require_holdable(extent: float, scales: Sequence[float]) -> None:
    """Refuse sizes that no hand holds: units are wrong, or coordinates garbage.

    Raises:
        SampleRejected: ``object_size``.
    """
    sizes_m = [extent * scale for scale in scales]
    if not (min(sizes_m) >= SMALLEST_M and max(sizes_m) <= LARGEST_M):
        raise SampleRejected(
            "object_size",
            f"the longest edge measures {extent:.3g} units, at {min(scales):g} to "
            f"{max(scales):g} metres each {min(sizes_m):.3g} to {max(sizes_m):.3g} m; a hand holds "
            f"{SMALLEST_M:g} to {LARGEST_M:g} m: correct the unit or the sizes",
        )
