"""One reader in 16 workers, forked and spawned: how many reads fail or give wrong data?

Usage: OMP_NUM_THREADS=1 python benchmarks/readers.py [READS [RUN [SPLIT]]]

100,000 random reads of all labels, maps and the picture of a sample unless told otherwise, each
compared by a digest with what the HDF5 library reads. Without RUN a synthetic run of 64 samples in
16 shards is made. A worker that dies, or a read that fails, ends the script with its error.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from shards.crowd import wrong_reads

WORKERS = 16


def main():
    read_count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    split = sys.argv[3] if len(sys.argv) > 3 else "train"
    with tempfile.TemporaryDirectory() as folder:
        run = Path(sys.argv[2]) if len(sys.argv) > 2 else synthetic_run(Path(folder) / "run")
        for method in ("fork", "spawn"):
            begin_s = time.perf_counter()
            wrong = wrong_reads(run, split, method, WORKERS, read_count)
            took_s = time.perf_counter() - begin_s
            print(
                f"{method:>5}: {read_count:,} reads by {WORKERS} workers, no error, "
                f"{wrong} wrong, {took_s:.0f} s",
                flush=True,
            )


def synthetic_run(root):
    from shards import synthetic

    return synthetic.make_run(root, {"train": 64}, per_shard=4, size_px=64)


if __name__ == "__main__":
    main()
