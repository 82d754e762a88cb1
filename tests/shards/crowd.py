"""Many processes that read from one reader; importable by spawned ones, without torch."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import h5py
import numpy as np
from shards.workers import count_wrong_reads, digest

from obman_gen.arrays import transform_points
from obman_gen.shards import Manifest, SampleReader
from obman_gen.shards.encoding import decode_image
from obman_gen.shards.reader import IMAGE, SURFACE_POINTS


def wrong_reads(run, split, method, worker_count, read_count):
    """Return how many of ``read_count`` random reads gave other data than the files hold.

    All workers get one reader that had been used before: its shards are open, and so are its maps
    and tables.
    """
    reader = SampleReader(run, split)
    expected = expected_digests(run, split, reader.fields)
    assert [digest(sample) for sample in reader] == expected
    context = multiprocessing.get_context(method)
    shares = [read_count // worker_count] * worker_count
    shares[0] += read_count % worker_count
    with ProcessPoolExecutor(worker_count, mp_context=context) as pool:
        futures = [
            pool.submit(count_wrong_reads, reader, expected, seed, share)
            for seed, share in enumerate(shares)
        ]
        return sum(future.result() for future in futures)


def expected_digests(run, split, fields):
    """Return the digest of every sample, read by the HDF5 library one after the other."""
    return [
        digest(plain_sample(file, row, fields))
        for entry in Manifest.load(run).of(split)
        for file in [h5py.File(run / entry.path, "r")]
        for row in range(entry.count)
    ]


def plain_sample(file, row, fields):
    return {name: plain_value(file, row, name) for name in fields}


def plain_value(file, row, name):
    if name == IMAGE:
        start, end = file["images/ho/offset"][row : row + 2]
        return decode_image(file["images/ho/bytes"][start:end])
    if name == SURFACE_POINTS:
        points = file[f"meshes/{file['object/id'][row].decode()}/surface_points"][()]
        return transform_points(file["object/camera_from_object"][row], points)
    value = file[name][row]
    return value.decode() if isinstance(value, bytes) else np.asarray(value)
