"""What looking at a large run costs: memory and CPU time of the viewer's side, by run size.

Usage: OMP_NUM_THREADS=1 python benchmarks/viewer.py

Runs of 1,000 and 20,000 samples (64 px, the same few samples over and over under their own ids)
are written to a temporary folder. The viewer keeps a handful of small columns in memory and
reads what is shown sample by sample, so a run twenty times as large may cost little more.
"""

import dataclasses
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from shards import synthetic

from obman_gen.shards import Manifest, shard_path, write_shard
from obman_gen.view.browsing import Browser, Filter

SIZES = (1_000, 20_000)
PER_SHARD = 500
SIGHTS = 100


def repeated(first):
    """Yield one shard's samples: sixteen, again and again."""
    for place in range(PER_SHARD):
        sample = synthetic.sample("train", place % 16, size_px=64)
        yield dataclasses.replace(sample, sample_id=f"train-{first + place:08d}")


def make_run(root, count):
    root.mkdir()
    manifest = Manifest(root)
    for number, first in enumerate(range(0, count, PER_SHARD)):
        path = root / shard_path("train", number)
        meshes, attributes = synthetic.meshes("train"), synthetic.attributes("train")
        manifest = manifest.with_entry(write_shard(path, repeated(first), meshes, attributes))
    manifest.save(root)
    return root


def timed(action):
    begin_s = time.process_time()
    result = action()
    return result, time.process_time() - begin_s


def own_bytes():
    """Return the memory that is this process's own: no pages of mapped files."""
    memory = psutil.Process().memory_info()
    return memory.rss - memory.shared


def measure(run):
    """Return seconds to open, to filter and for a sight, and MiB kept and added by looking."""
    before = own_bytes()
    browser, open_s = timed(lambda: Browser(run))
    kept = own_bytes() - before
    found, filter_s = timed(lambda: browser.matching(Filter(category="bottle")))
    chosen = np.random.default_rng(0).choice(found, SIGHTS, replace=False)
    _, sights_s = timed(
        lambda: [browser.sight(int(index)).picture("ho", True, True) for index in chosen]
    )
    added = own_bytes() - before - kept
    return open_s, filter_s, sights_s / SIGHTS, kept / 2**20, added / 2**20


def main():
    print("samples   open s   filter ms   a sight ms   kept MiB   after 100 sights MiB more")
    with tempfile.TemporaryDirectory() as folder:
        runs = {count: make_run(Path(folder) / str(count), count) for count in SIZES}
        measure(runs[SIZES[0]])  # imports and first use
        for count, run in runs.items():
            open_s, filter_s, sight_s, kept, added = measure(run)
            print(
                f"{count:7,} {open_s:8.2f} {1e3 * filter_s:11.1f} {1e3 * sight_s:12.1f}"
                f" {kept:10.0f} {added:10.0f}"
            )


if __name__ == "__main__":
    main()
