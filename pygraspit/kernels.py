"""How the kernels of this package are compiled: once, then read from numba's cache."""

from typing import Any

from numba import njit
from numba.core.options import DefaultOptions

UNCOUNTED: dict[str, Any] = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}
"""An option of numba's without a page in its manual; without it all works, half as fast."""

kernel = njit(cache=True, error_model="numpy")
"""For a function that makes arrays."""

unlocked_kernel = njit(cache=True, error_model="numpy", nogil=True)
"""For a long search: it lets go of Python's lock, so threads run several at once."""

light_kernel = njit(cache=True, error_model="numpy", **UNCOUNTED)
"""For a function that makes no array and copies none: numba then leaves out counting who holds
the arrays of the tuples that are handed on, which is half the time of small functions."""
