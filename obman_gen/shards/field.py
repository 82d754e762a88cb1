"""What is said of each dataset of a shard."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from obman_gen.sample import Sample

SIZES: Mapping[str, str] = {
    "N": "samples in this shard",
    "H": "image height, pixels",
    "W": "image width, pixels",
    "V": "vertices of the hand model",
    "F": "faces of the hand model",
    "P": "vertices of the object as rendered",
    "Q": "faces of the object as rendered",
    "B": "bytes of all JPEGs of one view",
}

Per = Literal["sample", "shard", "object"]


@dataclass(frozen=True)
class Field:
    """One dataset of a shard."""

    path: str
    """Within the file; ``ID`` in an object's path is ``SYNSET/ID``."""
    shape: tuple[int | str, ...]
    """Numbers, and letters of `SIZES`."""
    dtype: str
    """A NumPy type, or ``str``: fixed-length UTF-8."""
    meaning: str
    unit: str = ""
    frame: str = ""
    recompute: str = ""
    """How to get it from other fields, if it can be got."""
    per: Per = "sample"
    dense: bool = False
    """A map with a value per pixel: one compressed chunk per sample."""
    optional: bool = False
    """Runs without it are whole: made before there was this field, or on demand only."""
    value: Callable[[Sample], Any] | None = None
    """Its row, from a sample; None where a row alone does not decide it."""


def bound_shape(field: Field, sizes: Mapping[str, int]) -> tuple[int | None, ...]:
    """Return a field's shape with sizes filled in; None where a size is not known."""
    return tuple(_extent(extent, sizes) for extent in field.shape)


def _extent(extent: int | str, sizes: Mapping[str, int]) -> int | None:
    if isinstance(extent, int):
        return extent
    if extent == "N+1":
        return None if "N" not in sizes else sizes["N"] + 1
    return sizes.get(extent)


def numpy_dtype(field: Field) -> np.dtype:
    """Return the type of a field that is not a string."""
    return np.dtype(field.dtype).newbyteorder("<")
