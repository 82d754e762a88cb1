"""From the command line's words to a training: settle the configuration, then train."""

import re
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
from obman_gen.training.log import CURVES, HISTORY

CONFIG = "config.toml"
TAKEN = ("evaluation", "experiments")
"""Folders beside the trainings that are none."""


@dataclass(frozen=True)
class StartOptions:
    """How a training is asked for."""

    config: Path | None = None
    preset: str | None = None
    overrides: tuple[str, ...] = ()
    name: str | None = None
    """Of its folder below the run's ``training``; None: ``default``, or ``overfit-N``."""
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
    out = folder.training / _folder_name(options)
    config = settle(folder, out, options)
    if not config.data:
        folder.require(folder.manifest, "dataset")
    _require_room(out, options)

    def begin() -> None:
        """Change the folder only when all that is asked for was found."""
        if not options.resume:
            _remove_training(out)
        write_atomically(out / CONFIG, to_toml(config))

    if options.overfit:
        scores = loop.overfit(run, out, config, reporter, samples=options.overfit, begin=begin)
        return Result(out / LAST, f"{options.overfit} samples fitted: {loop.describe(scores)}")
    scores = loop.train(run, out, config, reporter, again=options.resume, begin=begin)
    return Result(out / BEST, f"last validation: {loop.describe(scores)}")


def _folder_name(options: StartOptions) -> str:
    name = options.name
    if name is None:
        return f"overfit-{options.overfit}" if options.overfit else "default"
    if not re.fullmatch(r"\w[\w.+-]*", name) or name in TAKEN:
        raise InputError(
            f"--name must be letters, digits, and . _ + - after the first, and neither of "
            f"{' and '.join(TAKEN)}; got {name!r}"
        )
    return name


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
    for word in options.overrides:
        if word.partition(".")[0].strip() != "training":
            raise InputError(
                f"--set changes settings of training. here, such as training.seed; got {word!r}, "
                "which decides what the data are"
            )
    if options.device is None:
        return resolved.training
    if options.device not in ("auto", "cpu", "cuda"):
        raise InputError(f"--device takes auto, cpu or cuda, got {options.device!r}")
    return replace(resolved.training, device=options.device)


def _stored_settings(folder: RunFolder, out: Path, options: StartOptions) -> Mapping[str, Any]:
    if options.resume:
        if not (out / CONFIG).exists():
            raise InputError(f"there is no training in {out} to resume; start it without --resume")
        return _read_training(out / CONFIG)
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


def _require_room(out: Path, options: StartOptions) -> None:
    """Refuse to write over a training unless asked to; fits without a name are tests only."""
    is_test = options.overfit and options.name is None
    if not (options.resume or options.force or is_test) and any(out.glob("*.pt")):
        raise InputError(
            f"{out} holds a training; go on with --resume, choose another --name, "
            "or replace it with --force"
        )


def _remove_training(out: Path) -> None:
    """Remove what an earlier training wrote, and nothing else that lies there."""
    for path in (*out.glob("*.pt"), out / CONFIG, out / HISTORY):
        path.unlink(missing_ok=True)
    shutil.rmtree(out / CURVES, ignore_errors=True)


def to_toml(config: TrainConfig) -> str:
    """Write every setting as a TOML file that ``--config`` takes."""
    return tomli_w.dumps({"training": msgspec.to_builtins(asdict(config))})
