"""``manifest.json``: the truth about a run's shards."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from obman_gen.errors import InputError
from obman_gen.runfolder import RunFolder, exclusive, write_atomically
from obman_gen.sample import SPLITS, Split

MANIFEST_FORMAT = "obman-gen manifest 1"
_BLOCK = 1 << 22
_WAY_OUT = "put a copy back, or delete it and render the shards again"


@dataclass(frozen=True)
class ShardEntry:
    """What the manifest knows of one shard; ``asdict`` of it is JSON."""

    path: str
    """Within the run folder: ``shards/train/00000.h5``."""
    split: Split
    count: int
    """Samples."""
    first_index: int
    """Number in the first sample's id."""
    byte_count: int
    sha256: str


def shard_path(split: Split, number: int) -> str:
    """Return a shard's path within its run folder."""
    return f"shards/{split}/{number:05d}.h5"


@dataclass(frozen=True)
class Manifest:
    """The finished shards of one run, by split and number."""

    run: Path
    entries: tuple[ShardEntry, ...] = ()

    @classmethod
    def load(cls, run: Path | str) -> "Manifest":
        """Read a run's manifest; a run that has none yet has no shards.

        Raises:
            InputError: if the file is no manifest.
        """
        path = RunFolder(Path(run)).manifest
        if not path.exists():
            return cls(Path(run))
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        return replace(cls.from_json(data, path), run=Path(run))

    @classmethod
    def from_json(cls, data: bytes, path: Path | str) -> "Manifest":
        """Read a manifest from the bytes of its file; the path is for messages, and its folder.

        Raises:
            InputError: if they are no manifest.
        """
        try:
            content = json.loads(data)
            if content["format"] != MANIFEST_FORMAT:
                raise InputError(
                    f"{path} has format {content['format']!r}, this version reads "
                    f"{MANIFEST_FORMAT!r}; read it with the version that wrote it"
                )
            entries = tuple(_entry(row) for row in content["shards"])
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is not JSON: {error}; {_WAY_OUT}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is not a manifest: {error!r}; {_WAY_OUT}") from error
        return cls(Path(path).parent, entries)

    @classmethod
    def require(cls, run: Path | str) -> "Manifest":
        """Read the manifest of a run that must have shards.

        Raises:
            InputError: if the run does not exist or has no finished shard.
        """
        if not Path(run).is_dir():
            raise InputError(f"run folder {run} does not exist; choose another with --run")
        manifest = cls.load(run)
        if not manifest.entries:
            raise InputError(
                f"{run} has no finished shard; run `obman-gen --run {run} dataset` first"
            )
        return manifest

    @classmethod
    def enter(cls, run: Path | str, entry: ShardEntry) -> "Manifest":
        """Add a shard to a run's manifest, which other processes may change as well."""
        with exclusive(Path(run)):
            manifest = cls.load(run).with_entry(entry)
            manifest.save(run)
        return manifest

    def save(self, run: Path | str) -> None:
        """Write the manifest, whole or not at all."""
        write_atomically(RunFolder(Path(run)).manifest, self.to_json())

    def to_json(self) -> str:
        """Return what its file holds."""
        content = {
            "format": MANIFEST_FORMAT,
            "shards": [asdict(entry) for entry in self.entries],
        }
        return json.dumps(content, indent=1, sort_keys=True) + "\n"

    def with_entry(self, entry: ShardEntry) -> "Manifest":
        """Return a manifest that has this entry instead of any other of its path."""
        others = (other for other in self.entries if other.path != entry.path)
        return replace(self, entries=tuple(sorted((*others, entry), key=_order)))

    def without(self, paths: Sequence[str]) -> "Manifest":
        """Return a manifest without some shards."""
        kept = tuple(entry for entry in self.entries if entry.path not in paths)
        return replace(self, entries=kept)

    def of(self, split: Split) -> tuple[ShardEntry, ...]:
        """Return a split's shards in the order of their samples."""
        return tuple(entry for entry in self.entries if entry.split == split)

    def count(self, split: Split) -> int:
        """Return how many samples a split has."""
        return sum(entry.count for entry in self.of(split))

    def is_intact(self, path: str, count: int | None = None) -> bool:
        """Tell whether a shard is listed and its file holds exactly the bytes that were written.

        Args:
            path: as in `ShardEntry.path`.
            count: also require this many samples.
        """
        entry = next((entry for entry in self.entries if entry.path == path), None)
        if entry is None or count not in (None, entry.count):
            return False
        file = self.run / path
        return (
            file.is_file()
            and file.stat().st_size == entry.byte_count
            and sha256_of(file) == entry.sha256
        )


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _entry(row: dict[str, Any]) -> ShardEntry:
    entry = ShardEntry(**row)
    if entry.split not in SPLITS:
        raise ValueError(f"unknown split {entry.split!r}")
    return entry


def _order(entry: ShardEntry) -> tuple[int, int, str]:
    return SPLITS.index(entry.split), entry.first_index, entry.path
