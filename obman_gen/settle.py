"""Decide a run's configuration: what was asked for against what the folder already holds."""

import shutil
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from obman_gen import config as configuration
from obman_gen.assets import with_environment
from obman_gen.config import Config
from obman_gen.errors import InputError
from obman_gen.runfolder import RunFolder, write_atomically


def settle_config(
    folder: RunFolder,
    preset: str | None,
    file: Path | None,
    overrides: Iterable[str],
    force: bool = False,
) -> Config:
    """Return the run's configuration and store it in the run folder.

    A folder that has one keeps it: options may repeat it, and change what no data depend on.

    Args:
        folder: the run.
        preset: preset of a new run; a run that exists stays what it is without it.
        file: TOML file with settings.
        overrides: ``key=value`` words.
        force: throw away the data of a different configuration.

    Raises:
        InputError: if the options ask for another dataset than the folder holds.
    """
    stored = configuration.load(folder.config) if folder.config.exists() else None
    base = None
    if stored is not None and preset is None:
        base = tomllib.loads(configuration.to_toml(stored))
    config = configuration.resolve(preset, file, overrides, base)
    config = replace(config, assets=with_environment(config.assets))
    folder.open_for_writing()
    if stored is not None:
        _require_same_data(folder, stored, config, force)
    write_atomically(folder.config, configuration.to_toml(config))
    return config


def _require_same_data(folder: RunFolder, stored: Config, asked: Config, force: bool) -> None:
    difference = _first_difference(configuration.data_part(stored), configuration.data_part(asked))
    if difference is None:
        return
    if not force:
        raise InputError(
            f"run folder {folder.root} holds a dataset with {difference}; "
            "use another --run, or --force to make this one again"
        )
    _discard_data(folder)


def _first_difference(
    stored: Mapping[str, Any], asked: Mapping[str, Any], path: str = ""
) -> str | None:
    for key in stored:
        before, now = stored[key], asked[key]
        if isinstance(before, Mapping):
            found = _first_difference(before, now, f"{path}{key}.")
            if found:
                return found
        elif before != now:
            return f"{path}{key} = {before!r}, not {now!r}"
    return None


def _discard_data(folder: RunFolder) -> None:
    """Remove what was generated; the training folder and foreign files stay."""
    for path in (folder.objects, folder.grasps, folder.shards, folder.stats, folder.cache):
        shutil.rmtree(path, ignore_errors=True)
    for path in (folder.manifest, folder.rejected):
        path.unlink(missing_ok=True)
