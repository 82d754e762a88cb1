"""Decide a run's configuration: what was asked for against what the folder already holds."""

import os
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from obman_gen import config as configuration
from obman_gen.assets import GATED, require_usable, with_environment
from obman_gen.config import Config
from obman_gen.errors import InputError
from obman_gen.runfolder import RejectionLog, RunFolder, write_atomically
from obman_gen.sample import SPLITS


def settle_config(
    folder: RunFolder,
    preset: str | None,
    file: Path | None,
    overrides: Iterable[str],
    force: bool = False,
) -> Config:
    """Return the run's configuration and store it in the run folder.

    A folder that has one keeps it: options may repeat it, and change what no data depend on yet.

    Args:
        folder: the run.
        preset: preset of a new run; a run that exists stays what it is without it.
        file: TOML file with settings.
        overrides: ``key=value`` words.
        force: throw away the data that depend on a setting that changes.

    Raises:
        InputError: if the options ask for another dataset than the folder holds, or name files
            that cannot be used.
    """
    stored = configuration.load(folder.config) if folder.config.exists() else None
    base = None
    if stored is not None and preset is None:
        base = tomllib.loads(configuration.to_toml(stored))
    config = configuration.resolve(preset, file, overrides, base)
    config = replace(config, assets=with_environment(config.assets))
    require_usable(config.assets)
    folder.open_for_writing()
    if stored is not None:
        _require_same_data(folder, stored, config, force)
    write_atomically(folder.config, configuration.to_toml(config))
    return config


def _require_same_data(folder: RunFolder, stored: Config, asked: Config, force: bool) -> None:
    """Let settings change that no data depend on yet, and others if data may be thrown away.

    Objects depend on their own settings, grasps on those and theirs, shards on everything.
    """
    differences = dict(
        _differences(configuration.data_part(stored), configuration.data_part(asked))
    )
    if not differences:
        return
    made = _last_stage_made(folder)
    for key, difference in differences.items():
        if _stage_of(key) <= made and not force:
            raise InputError(
                f"run folder {folder.root} holds a dataset with {difference}; "
                f"{_undoing(key, stored, asked)}use another --run, or --force to make again what "
                "depends on it"
            )
    _discard(folder, min(map(_stage_of, differences)))


OBJECTS, GRASPS, SHARDS = range(3)
"""Stages of data, each made of the one before."""


def _stage_of(key: str) -> int:
    """Return the first stage whose data depend on a setting."""
    section = key.partition(".")[0]
    if section in ("seed", "objects") or key == "assets.shapenet":
        return OBJECTS
    return GRASPS if section == "grasps" or key == "assets.mano" else SHARDS


def _last_stage_made(folder: RunFolder) -> int:
    """Return the last stage that has any data, -1 if none has."""
    made = (folder.objects.exists(), any(folder.grasps.glob("*.json")), folder.manifest.exists())
    return max((stage for stage, is_made in enumerate(made) if is_made), default=-1)


def _differences(
    stored: Mapping[str, Any], asked: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield each setting that differs and how."""
    for key in stored:
        before, now = stored[key], asked[key]
        if isinstance(before, Mapping):
            yield from _differences(before, now, f"{path}{key}.")
        elif before != now:
            yield f"{path}{key}", f"{path}{key} = {before!r}, not {now!r}"


def _undoing(key: str, stored: Config, asked: Config) -> str:
    """Name the environment variable that a difference comes from, if it does."""
    section, _, name = key.partition(".")
    variable = GATED.get(name, "") if section == "assets" else ""
    is_from_there = variable and getattr(asked.assets, name) == os.environ.get(variable)
    return f"unset {variable}, " if is_from_there and not getattr(stored.assets, name) else ""


def _discard(folder: RunFolder, first: int) -> None:
    """Remove what stages from the first on made; the training folder and foreign files stay."""
    homes = ((folder.objects,), (folder.grasps,), (folder.shards, folder.stats, folder.cache))
    for path in (path for stage in homes[first:] for path in stage):
        shutil.rmtree(path, ignore_errors=True)
    folder.manifest.unlink(missing_ok=True)
    log = RejectionLog(folder.rejected)
    logged = (("objects",), ("grasp",), tuple(f"render {split}" for split in SPLITS))
    for name in (name for stage in logged[first:] for name in stage):
        log.forget_others(name, ())
    if folder.rejected.exists():
        log.save()
