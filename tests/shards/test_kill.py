"""A run that is killed and resumed ends as one that was not."""

import multiprocessing
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from shards import writing_run

from obman_gen.shards.manifest import sha256_of


def contents(root):
    return {
        path.relative_to(root).as_posix(): sha256_of(path)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    root = tmp_path_factory.mktemp("undisturbed") / "run"
    writing_run.write_missing(root)
    found = contents(root)
    shards = [path for path in found if path.startswith("shards/")]
    assert len(shards) == writing_run.SHARD_COUNT
    assert set(found) == {*shards, "config.toml", "manifest.json", "rejected.jsonl"}
    return found


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it, and nothing after it runs."""


def steps_of_writing(root, stop_at):
    """Write a run, and stop at the ``stop_at``-th call that touches the disk, before it acts."""
    calls = 0

    def counted(real):
        def wrapper(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == stop_at:
                raise Killed
            return real(*args, **kwargs)

        return wrapper

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", counted(os.fsync))
        patch.setattr(Path, "replace", counted(Path.replace))
        writing_run.write_missing(root)
    return calls


def test_stopped_before_any_step_of_writing_a_resumed_run_ends_the_same(tmp_path, undisturbed):
    step_count = steps_of_writing(tmp_path / "whole", stop_at=-1)
    # Fsync and rename: of the settings once, and of each shard, rejected draws and the manifest.
    assert step_count == 2 * (1 + 3 * writing_run.SHARD_COUNT)

    for stop_at in range(1, step_count + 1):
        root = tmp_path / f"stopped-{stop_at}"
        with pytest.raises(Killed):
            steps_of_writing(root, stop_at)
        leftovers = list(root.rglob(".*.tmp"))
        assert leftovers, "the interruption left nothing: it tested nothing"

        writing_run.write_missing(root)

        assert contents(root) == undisturbed


def test_killed_at_fifty_random_moments_a_resumed_run_ends_the_same(tmp_path, undisturbed):
    rng = np.random.default_rng(5)
    horizon_s = time_to_write(tmp_path / "timed")
    for number in range(10):
        root, interrupted = tmp_path / f"run-{number}", 0
        while interrupted < 5:
            if kill_after(root, float(rng.uniform(0, horizon_s))):
                interrupted += 1
            else:  # it was done before the blow fell: begin again, and strike earlier
                assert contents(root) == undisturbed
                shutil.rmtree(root)
                horizon_s *= 0.9

        writing_run.write_missing(root)

        assert contents(root) == undisturbed


def time_to_write(root):
    start_s = time.perf_counter()
    assert not kill_after(root, 60)
    return time.perf_counter() - start_s


def kill_after(root, delay_s):
    """Start writing in a forked process and kill it; tell whether it was still at work."""
    process = multiprocessing.get_context("fork").Process(
        target=writing_run.write_missing, args=(root,)
    )
    process.start()
    process.join(delay_s)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL
