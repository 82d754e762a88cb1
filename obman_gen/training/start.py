"""From the command line's words to a training: settle the configuration, then train."""

import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import tomli_w

from obman_gen import config as configuration
from obman_gen.errors import InputError
from obman_gen.progress import Reporter
from obman_gen.registry import lookup
from obman_gen.runfolder import RunFolder, write_atomically
from obman_gen.training.config import PRESETS, TrainConfig


@dataclass(frozen=True)
class StartOptions:
    """How a training is asked for."""

    config: Path | None = None
    preset: str | None = None
    overrides: tuple[str, ...] = ()
    name: str = "default"
    """Of its folder below the run's ``training``."""
    device: str | None = None
    resume: bool = False
    overfit: int | None = None
    """Fit so many samples instead of training."""
    force: bool = False


class Result(NamedTuple):
    """What a training left."""

    checkpoint: Path
    summary: str


def start(run: Path, options: StartOptions, reporter: Reporter) -> Result:
    """Train as asked.

    Raises:
        InputError: if something asked for does not exist, or does not fit.
    """
    from obman_gen.training import loop
    from obman_gen.training.session import BEST, LAST

    folder = RunFolder(run)
    name = f"overfit-{options.overfit}" if options.overfit else options.name
    out = folder.training / name
    config = settle(folder, out, options)
    if not config.data:
        folder.require(folder.manifest, "dataset")
    _make_room(out, options)
    write_atomically(out / "config.toml", to_toml(config))
    if options.overfit:
        scores = loop.overfit(run, out, config, reporter, samples=options.overfit)
        return Result(out / LAST, f"{options.overfit} samples fitted: {loop.describe(scores)}")
    scores = loop.train(run, out, config, reporter, again=options.resume)
    return Result(out / BEST, f"last validation: {loop.describe(scores)}")


def settle(folder: RunFolder, out: Path, options: StartOptions) -> TrainConfig:
    """Put settings together: the run's or the checkpoint's, then preset, file and words.

    Raises:
        InputError: naming a setting that does not exist, or that is not possible.
    """
    base = _stored_settings(folder, out, options)
    if options.preset is not None:
        base = _merge(base, lookup(PRESETS, options.preset, "training preset"))
    resolved = configuration.resolve(
        file=options.config, overrides=options.overrides, base={"training": base}
    )
    if options.device is None:
        return resolved.training
    if options.device not in ("auto", "cpu", "cuda"):
        raise InputError(f"--device takes auto, cpu or cuda, got {options.device!r}")
    return replace(resolved.training, device=options.device)


def _stored_settings(folder: RunFolder, out: Path, options: StartOptions) -> Mapping[str, Any]:
    if options.resume:
        if not (out / "config.toml").exists():
            raise InputError(f"there is no training in {out} to resume; start it without --resume")
        return _read_training(out / "config.toml")
    return _read_training(folder.config) if folder.config.exists() else {}


def _read_training(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text()).get("training", {})
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both_tables = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if both_tables else value
    return merged


def _make_room(out: Path, options: StartOptions) -> None:
    """Refuse to write over a training unless asked to."""
    if options.resume or not out.exists():
        return
    if not (options.force or options.overfit) and any(out.glob("*.pt")):
        raise InputError(
            f"{out} holds a training; go on with --resume, choose another --name, "
            "or replace it with --force"
        )
    shutil.rmtree(out)


def to_toml(config: TrainConfig) -> str:
    """Write every setting as a TOML file that ``--config`` takes."""
    return tomli_w.dumps({"training": msgspec.to_builtins(asdict(config))})
