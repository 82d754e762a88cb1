"""PyBullet without its chatter: a line at import, pages from its V-HACD."""

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@functools.cache
def pybullet() -> ModuleType:
    """Import PyBullet, without the line it prints."""
    with silenced():
        import pybullet as module
    return module


@contextmanager
def silenced() -> Iterator[None]:
    """Send what is printed to nowhere, by C code too.

    Concerns the whole process, all its threads: keep it short.
    """
    _flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    kept = [os.dup(stream) for stream in (1, 2)]
    try:
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        yield
    finally:
        _flush()
        for stream, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nowhere)


def _flush() -> None:
    """Empty Python's buffers and C's: modules print through either."""
    import ctypes

    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL(None).fflush(None)
