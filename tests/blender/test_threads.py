"""Blender's thread pool sees few CPUs; the process gets all of its own back."""

import os

import pytest

from obman_gen.blender.threads import cpus_seen

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux only")


def test_only_some_cpus_are_seen_inside_and_all_afterwards():
    before = os.sched_getaffinity(0)

    with cpus_seen(1):
        inside = os.sched_getaffinity(0)

    assert inside == {min(before)}
    assert os.sched_getaffinity(0) == before


def test_cpus_come_back_after_an_error():
    before = os.sched_getaffinity(0)

    with pytest.raises(ImportError), cpus_seen(1):
        raise ImportError("no Blender here")

    assert os.sched_getaffinity(0) == before
