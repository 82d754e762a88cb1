"""Keep Blender's thread pool as small as the renders need. Imports nothing of Blender."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cpus_seen(count: int) -> Iterator[None]:
    """Show at most ``count`` CPUs to what is imported inside, which must be Blender's first import.

    Blender makes a pool of one thread per CPU when it is imported. Those that a render with
    fewer threads leaves without work do not sleep: they yield and ask again, a fifth to a half
    of the CPU time of a render. The process may use all its CPUs again afterwards.
    """
    if not hasattr(os, "sched_setaffinity"):  # only Linux has it; elsewhere threads stay idle
        yield
        return
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(mine)[:count]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)
