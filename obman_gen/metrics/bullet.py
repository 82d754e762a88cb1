"""PyBullet without its chatter: a line at import, pages from its V-HACD."""

import ctypes
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
    """Send what C code prints to nowhere. Concerns the whole process: keep it short."""
    libc = ctypes.CDLL(None)
    sys.stdout.flush()
    libc.fflush(None)
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        libc.fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
