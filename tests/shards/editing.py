"""Change a shard and own up to it in the manifest, so that only its content is wrong."""

from dataclasses import replace

import h5py

from obman_gen.shards import Manifest
from obman_gen.shards.manifest import sha256_of


def edit(run, path, change):
    """Let ``change`` alter the open file, then enter its new bytes in the manifest."""
    file_path = run / path
    with h5py.File(file_path, "r+") as file:
        change(file)
    admit(run, path)


def admit(run, path):
    """Enter a file's present bytes in the manifest."""
    manifest = Manifest.load(run)
    entry = next(entry for entry in manifest.entries if entry.path == path)
    file_path = run / path
    changed = replace(entry, sha256=sha256_of(file_path), byte_count=file_path.stat().st_size)
    manifest.with_entry(changed).save(run)


def flip(path, position):
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    data[position] ^= 0x10
    path.write_bytes(data)
