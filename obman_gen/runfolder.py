"""The run folder: one dataset's files, and the rules for touching them."""

import fcntl
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from obman_gen.errors import InputError


@dataclass(frozen=True)
class RunFolder:
    """Paths inside one run; `open_for_writing` makes sure that they can be used."""

    root: Path

    @property
    def config(self) -> Path:
        """The resolved configuration, TOML."""
        return self.root / "config.toml"

    @property
    def manifest(self) -> Path:
        """The truth about shards."""
        return self.root / "manifest.json"

    @property
    def objects(self) -> Path:
        """Prepared objects and their list."""
        return self.root / "objects"

    @property
    def objects_table(self) -> Path:
        """One line per object that can be grasped."""
        return self.objects / "objects.csv"

    @property
    def grasps(self) -> Path:
        """One JSON file per object and scale."""
        return self.root / "grasps"

    @property
    def shards(self) -> Path:
        """HDF5 files, a folder per split."""
        return self.root / "shards"

    @property
    def stats(self) -> Path:
        """Statistics, plots and the HTML page."""
        return self.root / "stats"

    @property
    def training(self) -> Path:
        """Checkpoints and logs."""
        return self.root / "training"

    @property
    def rejected(self) -> Path:
        """One JSON line per rejected object, grasp or sample draw."""
        return self.root / "rejected.jsonl"

    @property
    def cache(self) -> Path:
        """What can be made again at any time: skins, backgrounds, compiled hands."""
        return self.root / "cache"

    def open_for_writing(self) -> None:
        """Create the folder if need be, and clear away what killed processes left half written.

        Raises:
            InputError: if it cannot be created or written.
        """
        require_writable(self.root, "run folder", "--run")
        remove_leftovers(self.root)

    @contextmanager
    def withdrawn_if_unused(self) -> Iterator[None]:
        """Leave no folder behind if the block, which creates it, fails before it made anything.

        A configuration without data would bind the next command to settings nobody chose.
        """
        is_new, was_there = not self.config.exists(), self.root.exists()
        try:
            yield
        except InputError:
            if is_new and self.root.is_dir() and not set(self.root.iterdir()) - {self.config}:
                self.config.unlink(missing_ok=True)
                if not was_there:
                    self.root.rmdir()
            raise

    def require(self, path: Path, made_by: str) -> None:
        """Refuse to go on without a file an earlier command makes."""
        if not path.exists():
            raise InputError(
                f"{path} does not exist; run `obman-gen --run {self.root} {made_by}` first"
            )


def require_writable(folder: Path, kind: str, option: str) -> None:
    """Create a folder if need be, and refuse one that files cannot be put into.

    Raises:
        InputError: naming what kind of folder it is and the option that chooses it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # os.access says yes to root even on a read-only mount: try instead.
        probe = folder / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"{kind} {folder} cannot be written: {error.strerror}; choose another with {option}"
        ) from error


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a whole file or nothing: temporary name, fsync, rename.

    Raises:
        InputError: if the file cannot be written, for example because the disk is full.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            with suppress(OSError):  # file systems without locks keep leftovers instead
                _lock(file)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
    except OSError as error:
        with suppress(OSError):  # a read-only disk refuses this, too
            temporary.unlink()
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def remove_leftovers(root: Path) -> list[Path]:
    """Remove the temporary files of `write_atomically` whose writers are gone; return them.

    A writer holds a lock on its file, which ends with the process, however it ends. Process
    numbers would not do: containers hand out the same few again.
    """
    removed = []
    for path in sorted(root.rglob(".*.tmp")):
        with suppress(OSError), path.open("rb") as file:
            _lock(file)
            path.unlink()
            removed.append(path)
    return removed


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Keep other processes from changing a folder's lists between reading and writing them.

    The lock is on the folder itself and ends with the process; nothing is left behind. On file
    systems without locks there is none.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _lock(file: IO[bytes]) -> None:
    """Take the lock that marks a file as being worked on.

    Raises:
        OSError: if another process has it.
    """
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


_Task = tuple[str, str]
"""Stage and name of a task."""


class RejectionLog:
    """``rejected.jsonl``: what was thrown out, by which rule, grouped by the task that did it.

    Redoing a task replaces its lines, so a resumed run ends with the same file as an
    undisturbed one. Several processes may change it at the same time.
    """

    def __init__(self, path: Path):
        """Read the file, if there is one.

        Raises:
            InputError: if it is damaged.
        """
        self._path = path
        self._by_task = _read_rejections(path)
        self._changes: dict[_Task, list[dict]] = {}

    def replace(self, stage: str, task: str, rejections: Iterable[Mapping[str, Any]]) -> None:
        """Set the rejections of one task (`rule`, `detail`, and the sample or object)."""
        records = [{"stage": stage, "task": task, **rejection} for rejection in rejections]
        self._changes[stage, task] = records
        self._by_task[stage, task] = records

    def forget_others(self, stage: str, tasks: Collection[str]) -> None:
        """Drop what tasks of a stage threw out that are none of these: they are no more."""
        for its_stage, task in list(self._by_task):
            if its_stage == stage and task not in tasks:
                self.replace(stage, task, ())

    def save(self) -> None:
        """Enter what was changed here into the file, ordered by stage and task."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(self._path.parent):
            self._by_task = _read_rejections(self._path) | self._changes
            lines = [
                json.dumps(record, sort_keys=True)
                for key in sorted(self._by_task)
                for record in self._by_task[key]
            ]
            write_atomically(self._path, "".join(f"{line}\n" for line in lines))
        self._changes.clear()

    def counts(self, stage: str) -> dict[str, int]:
        """Count one stage's rejections by rule, most frequent first.

        A record may stand for several, with their number under ``count``.
        """
        totals: dict[str, int] = {}
        for (its_stage, _), records in self._by_task.items():
            if its_stage == stage:
                for record in records:
                    totals[record["rule"]] = totals.get(record["rule"], 0) + record.get("count", 1)
        return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0])))


def _read_rejections(path: Path) -> dict[_Task, list[dict]]:
    by_task: dict[_Task, list[dict]] = {}
    if not path.exists():
        return by_task
    try:
        for line in path.read_text().splitlines():
            record = json.loads(line)
            by_task.setdefault((record["stage"], record["task"]), []).append(record)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is damaged ({error}); delete it: it only tells what was thrown out"
        ) from error
    return by_task
