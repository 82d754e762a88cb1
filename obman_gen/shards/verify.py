"""Read every byte of a run's shards back and say what is wrong with them."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from obman_gen.errors import InputError
from obman_gen.runfolder import RunFolder
from obman_gen.sample import SPLITS
from obman_gen.shards.checks import geometry, stored
from obman_gen.shards.checks.models import hand_model_named, model_facts
from obman_gen.shards.checks.problem import Problem, shortened
from obman_gen.shards.checks.splits import SEPARATED, name_in, shared_names
from obman_gen.shards.manifest import Manifest, ShardEntry, sha256_of
from obman_gen.shards.shard_file import ShardFile

Track = Callable[[Iterable[ShardEntry], int], Iterable[ShardEntry]]
"""Shows progress while passing items on; given their number."""

ASIDE = "set-aside"
"""Folder of a run that `repair` moves broken files into."""


def verify(run: Path | str, deep: bool = False, track: Track | None = None) -> list[Problem]:
    """Check every shard in the manifest, and that there is nothing else.

    Args:
        run: the run folder.
        deep: also cast rays at the stored meshes and pose the bodies again.
        track: shows progress.

    Raises:
        InputError: if there is no run or no manifest to check against.
    """
    manifest = Manifest.require(run)
    problems: list[Problem] = []
    used: list[tuple[str, str, str, str]] = []
    entries: Iterable[ShardEntry] = manifest.entries
    for entry in track(entries, len(manifest.entries)) if track else entries:
        found = shortened(list(check_shard(Path(run), entry, deep)))
        problems += found
        if not found:
            used += names_used(Path(run), entry)
    problems += numbering(manifest)
    problems += shared_names(used)
    problems += strays(Path(run), manifest)
    return problems


def check_shard(run: Path, entry: ShardEntry, deep: bool = False) -> Iterator[Problem]:
    """Yield what is wrong with one shard."""
    path = run / entry.path
    if not path.is_file():
        yield Problem(entry.path, "missing", "the manifest lists it, but there is no such file")
        return
    try:
        shard = ShardFile(path)
    except InputError as error:
        yield Problem(entry.path, "unreadable", str(error))
        return
    size = path.stat().st_size
    intact = size == entry.byte_count and sha256_of(path) == entry.sha256
    if not intact:
        detail = f"holds {size} bytes that are not the {entry.byte_count} written"
        yield Problem(entry.path, "checksum", detail)
    try:
        yield from check_contents(shard, entry, deep) if intact else locate(shard, entry, deep)
    except InputError as error:
        yield Problem(entry.path, "unreadable", str(error))


def locate(shard: ShardFile, entry: ShardEntry, deep: bool) -> Iterator[Problem]:
    """Say what is damaged in a shard of other bytes: images, rows, or labels that were edited."""
    try:
        damaged = [*stored.check_images(shard, entry), *stored.unreadable_rows(shard, entry)]
        yield from damaged or check_contents(shard, entry, deep)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError) as error:
        # Damaged lengths and names surface as any of these.
        yield Problem(entry.path, "unreadable", f"{type(error).__name__}: {error}")


def check_contents(shard: ShardFile, entry: ShardEntry, deep: bool) -> Iterator[Problem]:
    """Check schema first: what follows relies on names and shapes."""
    wrong = list(stored.check_schema(shard, entry))
    yield from wrong
    if wrong:
        return
    yield from stored.check_ids(shard, entry)
    yield from stored.check_images(shard, entry)
    unusable = list(geometry.check_numbers(shard, entry))
    yield from unusable
    if unusable:
        return
    for check in (
        geometry.check_hand,
        geometry.check_projection,
        geometry.check_transforms,
        geometry.check_pixels,
    ):
        yield from check(shard, entry)
    if deep:
        from obman_gen.shards.checks.deep import check_attachment, check_depth

        yield from check_depth(shard, entry)
        yield from check_attachment(shard, entry)


def names_used(run: Path, entry: ShardEntry) -> list[tuple[str, str, str, str]]:
    """List (field, name, split, shard) of what must not be shared between splits."""
    shard = ShardFile(run / entry.path)
    return [
        (path, name, entry.split, entry.path)
        for path in SEPARATED
        for name in sorted({name_in(path, text.decode()) for text in shard.array(path)})
    ]


def numbering(manifest: Manifest) -> Iterator[Problem]:
    """Check that a split's shards follow one another without overlap."""
    for split in SPLITS:
        end = 0
        for entry in manifest.of(split):
            if entry.first_index < end:
                detail = f"starts at sample {entry.first_index}, but the shard before ends at {end}"
                yield Problem(entry.path, "numbering", detail)
            end = entry.first_index + entry.count


def strays(run: Path, manifest: Manifest) -> Iterator[Problem]:
    """Name the files among the shards that the manifest does not know."""
    known = {entry.path for entry in manifest.entries}
    for path in sorted(RunFolder(run).shards.rglob("*")):
        name = path.relative_to(run).as_posix()
        if path.is_file() and name not in known:
            yield Problem(name, "stray", "the manifest does not list this file")


def repair(run: Path | str, problems: Sequence[Problem]) -> str:
    """Take broken shards out of the manifest and move them aside; say what was done.

    The next ``render`` makes them again. Nothing is deleted.
    """
    root = Path(run)
    broken = sorted({problem.path for problem in problems if problem.shard_is_broken})
    manifest = Manifest.load(root)
    dropped = [entry.path for entry in manifest.entries if entry.path in broken]
    manifest.without(dropped).save(root)
    moved = [_set_aside(root, path) for path in broken if (root / path).exists()]
    lines = [
        f"{len(dropped)} shards taken out of the manifest: {', '.join(dropped) or 'none'}",
        f"{len(moved)} files moved into {root / ASIDE}: {', '.join(moved) or 'none'}",
    ]
    if dropped:
        lines.append(f"run `obman-gen --run {root} render` to make them again")
    left = [problem for problem in problems if not problem.shard_is_broken]
    lines += [f"cannot be repaired: {problem}" for problem in left]
    return "\n".join(lines)


def _set_aside(run: Path, path: str) -> str:
    """Move a file out of the way, under a name that is free; return it."""
    target, number = run / ASIDE / path, 1
    while target.exists():
        target = run / ASIDE / f"{path}.{number}"
        number += 1
    target.parent.mkdir(parents=True, exist_ok=True)
    (run / path).rename(target)
    return target.relative_to(run / ASIDE).as_posix()


def summary(run: Path | str) -> str:
    """Say what a run without problems holds, and what could not be checked."""
    manifest = Manifest.require(run)
    counts = ", ".join(f"{split} {manifest.count(split)}" for split in SPLITS)
    size_mb = sum(entry.byte_count for entry in manifest.entries) / 1e6
    total = sum(entry.count for entry in manifest.entries)
    lines = [
        f"{total} samples in {len(manifest.entries)} shards are intact: {counts} "
        f"({size_mb:.1f} MB, {1000 * size_mb / total:.0f} KB each)"
    ]
    lines += _unchecked(ShardFile(Path(run) / manifest.entries[0].path).attributes)
    return "\n".join(lines)


def _unchecked(attributes: dict[str, Any]) -> Iterator[str]:
    sha256, path = model_facts(attributes, "hand")
    if hand_model_named(sha256, path, "right") is None:
        name = json.loads(attributes["hand_model"])["name"]
        yield (
            f"not checked: hand vertices against parameters, because hand model {name} "
            f"(sha256 {sha256[:12]}) is not here; set OBMAN_GEN_MANO"
        )
