"""What reader workers do in another process; importable by spawned ones, without torch."""

import zlib

import numpy as np

from obman_gen.shards import handover


def digest(sample):
    """Return a number that any changed byte of a sample changes."""
    checksum = 0
    for name in sorted(sample):
        value = sample[name]
        data = value.encode() if isinstance(value, str) else np.ascontiguousarray(value).tobytes()
        checksum = zlib.crc32(data, checksum)
    return checksum


def count_wrong_reads(reader, expected, seed, read_count):
    """Read random samples and return how many are not what they should be."""
    indices = np.random.default_rng(seed).integers(len(reader), size=read_count)
    return sum(digest(reader[int(index)]) != expected[index] for index in indices)


def send_numbers(queue, done, first, count):
    """Send arrays that are full of one number each, and stay until they were received."""
    for number in range(first, first + count):
        queue.put(handover.sent({"a": np.full(50_000, number)}))
    done.wait(60)
