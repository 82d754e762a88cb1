"""Copy a run's finished shards to whatever fsspec can write to: a bucket, a server, another disk.

What is there already is left alone, so a copy that was cut off is finished by the same call, and
a run that has grown adds to it. The manifest goes last: what a copy lists is whole.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from obman_gen.errors import InputError
from obman_gen.runfolder import RunFolder
from obman_gen.shards.manifest import Manifest, ShardEntry

Track = Callable[[Iterable[ShardEntry], int], Iterable[ShardEntry]]
"""Shows progress while passing items on; given their number."""


def publish(run: Path | str, target: str, track: Track | None = None) -> tuple[int, int]:
    """Copy the shards that a target lacks, the configuration, the card and the manifest.

    Args:
        run: the run folder.
        target: an address that fsspec knows (``s3://bucket/folder``), or a folder.
        track: shows progress.

    Returns:
        How many shards were copied, and how many the target holds now.

    Raises:
        InputError: if the run has no shards, one of them is damaged, or the target cannot be
            written.
    """
    manifest = Manifest.require(run)
    files, root = _opened(target)
    try:
        there = _listed(files, root)
        common = tuple(entry for entry in manifest.entries if entry in there)
        missing = [entry for entry in manifest.entries if entry not in common]
        if set(there) - set(common):  # the target lists shards that are about to change
            _put(files, replace(manifest, entries=common).to_json().encode(), root, "manifest.json")
        for entry in track(missing, len(missing)) if track else missing:
            _put_shard(files, manifest, entry, root)
        folder = RunFolder(Path(run))
        for path in (folder.config, folder.root / "README.md", folder.manifest):
            if path.exists():
                _put(files, path.read_bytes(), root, path.name)
    except InputError:
        raise
    except Exception as error:  # each kind of storage has errors of its own
        raise InputError(f"{target} cannot be written: {error}") from error
    return len(missing), len(manifest.entries)


def _opened(target: str) -> tuple[Any, str]:
    import fsspec

    try:
        return fsspec.core.url_to_fs(target)
    except (ValueError, ImportError) as error:
        raise InputError(f"{target} cannot be opened: {error}") from error


def _listed(files: Any, root: str) -> tuple[ShardEntry, ...]:
    """Return the shards that a target's manifest lists."""
    path = f"{root}/manifest.json"
    return Manifest.from_json(files.cat_file(path), path).entries if files.exists(path) else ()


def _put_shard(files: Any, manifest: Manifest, entry: ShardEntry, root: str) -> None:
    if not manifest.is_intact(entry.path):
        raise InputError(
            f"{manifest.run / entry.path} is not what the manifest lists; "
            "run `obman-gen verify --repair`, then render"
        )
    _put(files, (manifest.run / entry.path).read_bytes(), root, entry.path)


def _put(files: Any, data: bytes, root: str, path: str) -> None:
    whole = f"{root}/{path}"
    files.makedirs(whole.rpartition("/")[0], exist_ok=True)
    try:
        files.pipe_file(whole, data)
    except OSError:
        with suppress(OSError):  # what is half written takes room and is of no use
            files.rm_file(whole)
        raise
