"""Hand large arrays from one process to another through files that lie in memory.

New memory costs more than what is done with it: every page must be found, cleared and mapped. So
a file stays mapped and is used again as soon as the other side has read it, which that side says
in the file's first byte.
"""

import mmap
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.reduction import DupFd
from typing import Any

import numpy as np
from jaxtyping import Shaped

from obman_gen.shards.block import Forms, arrays_in, block_size

IS_POSSIBLE = hasattr(os, "memfd_create")
"""On Linux."""

_DATA_START = 64
_FREE, _TAKEN = 0, 1
_MAX_KEPT = 8
"""Files a process keeps to use again; a data loader asks each worker for two batches ahead."""


@dataclass(frozen=True)
class _File:
    descriptor: int
    memory: mmap.mmap


_kept: deque[_File] = deque()
"""Taking from it and putting back are atomic, so threads share no file."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_kept.clear)


def sent(arrays: Mapping[str, Shaped[np.ndarray, "..."]]) -> tuple[Any, Forms]:
    """Write arrays to a file in memory; return what can be pickled, for `received`."""
    forms: Forms = {name: (array.shape, array.dtype) for name, array in arrays.items()}
    file = _free_file(_DATA_START + block_size(forms))
    file.memory[0] = _TAKEN
    block = np.frombuffer(file.memory, np.uint8, offset=_DATA_START)
    for name, place in arrays_in(block, forms).items():
        place[...] = arrays[name]
    ticket = DupFd(file.descriptor)  # a descriptor of its own, for the other side
    _kept.append(file)
    while len(_kept) > _MAX_KEPT:
        os.close(_kept.popleft().descriptor)
    return ticket, forms


def received(ticket: Any, forms: Forms) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Return the arrays that another process sent; call it once for what was sent once."""
    block = np.zeros(block_size(forms), np.uint8)
    descriptor = ticket.detach()
    try:
        _read(descriptor, block)
        os.pwrite(descriptor, bytes([_FREE]), 0)
    finally:
        os.close(descriptor)
    return arrays_in(block, forms)


def _free_file(byte_count: int) -> _File:
    """Return a file of at least this size that nobody has still to read."""
    for _ in range(len(_kept)):
        file = _kept.popleft()
        if file.memory[0] != _FREE:
            _kept.append(file)
        elif len(file.memory) >= byte_count:
            return file
        else:
            return _mapped(file.descriptor, byte_count)
    return _mapped(os.memfd_create("arrays"), byte_count)


def _mapped(descriptor: int, byte_count: int) -> _File:
    os.ftruncate(descriptor, byte_count)
    return _File(descriptor, mmap.mmap(descriptor, byte_count))


def _read(descriptor: int, block: Any) -> None:
    """Fill a block; one call of the system reads 2 GB at most."""
    done = 0
    while done < len(block):
        count = os.preadv(descriptor, [block[done:]], _DATA_START + done)
        if not count:
            raise OSError(f"a file in memory ends after {done} of {len(block)} bytes")
        done += count
