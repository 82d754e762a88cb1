"""Hand large arrays from one process to another through files that lie in memory.

New memory costs more than what is done with it: a page of a mapping costs a fault, and even a
page that is written to as a file must be found and cleared. So a file is used again as soon as
the other side has read it, which the other side says in the file's first byte.
"""

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.reduction import DupFd
from typing import Any

import numpy as np
from jaxtyping import Shaped

from obman_gen.shards.block import Forms, arrays_in, block_size, block_starts

IS_POSSIBLE = hasattr(os, "memfd_create")
"""On Linux."""

_DATA_START = 64
_FREE, _TAKEN = b"\0", b"\1"
_MAX_KEPT = 8
"""Files a process keeps to use again; a data loader asks each worker for two batches ahead."""

_kept: deque[int] = deque()
"""Descriptors. Taking from it and putting back are atomic, so threads share no file."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_kept.clear)


def sent(arrays: Mapping[str, Shaped[np.ndarray, "..."]]) -> tuple[Any, Forms]:
    """Write arrays to a file in memory; return what can be pickled, for `received`."""
    forms: Forms = {name: (array.shape, array.dtype) for name, array in arrays.items()}
    descriptor = _free_file()
    end = _DATA_START + block_size(forms)
    if os.fstat(descriptor).st_size < end:
        os.ftruncate(descriptor, end)
    os.pwrite(descriptor, _TAKEN, 0)
    for start, array in zip(block_starts(forms), arrays.values(), strict=False):
        _transfer(os.pwritev, descriptor, np.ascontiguousarray(array), _DATA_START + start)
    ticket = DupFd(descriptor)  # a descriptor of its own, for the other side
    _kept.append(descriptor)
    while len(_kept) > _MAX_KEPT:
        os.close(_kept.popleft())
    return ticket, forms


def received(ticket: Any, forms: Forms) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Return the arrays that another process sent; call it once for what was sent once."""
    block = np.zeros(block_size(forms), np.uint8)
    descriptor = ticket.detach()
    try:
        _transfer(os.preadv, descriptor, block, _DATA_START)
        os.pwrite(descriptor, _FREE, 0)
    finally:
        os.close(descriptor)
    return arrays_in(block, forms)


def _free_file() -> int:
    for _ in range(len(_kept)):
        descriptor = _kept.popleft()
        if os.pread(descriptor, 1, 0) == _FREE:
            return descriptor
        _kept.append(descriptor)
    return os.memfd_create("arrays")


def _transfer(
    call: Callable[[int, Sequence[Any], int], int], descriptor: int, array: np.ndarray, start: int
) -> None:
    """Write or read a whole array; one call of the system moves 2 GB at most."""
    left: Any = array.reshape(-1).view(np.uint8)
    while len(left):
        moved = call(descriptor, [left], start)
        if not moved:
            raise OSError(f"a file in memory ends at {start} bytes, {len(left)} too early")
        left, start = left[moved:], start + moved
