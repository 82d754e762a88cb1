"""One configuration for a run: presets, a TOML file, ``--set key=value``, in that order.

Each stage's section is a frozen dataclass beside the stage; this file only puts them
together, reads them and writes the resolved result.
"""

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import tomli_w

from obman_gen.assets import AssetsConfig
from obman_gen.blender.config import RenderConfig
from obman_gen.errors import InputError
from obman_gen.grasps.config import GraspsConfig
from obman_gen.objects import ObjectsConfig
from obman_gen.registry import lookup
from obman_gen.scene import SceneConfig
from obman_gen.scene.presets import read_preset
from obman_gen.shards.writer import ShardsConfig
from obman_gen.training.config import TrainConfig


@dataclass(frozen=True)
class SamplesConfig:
    """How many samples to render."""

    train: int = 32
    val: int = 8
    test: int = 8
    per_shard: int = 256

    def __post_init__(self):
        for spec in fields(self):
            count, least = getattr(self, spec.name), int(spec.name == "per_shard")
            if count < least:
                raise InputError(f"samples.{spec.name} must be at least {least}, got {count}")


@dataclass(frozen=True)
class Config:
    """Everything that decides what a dataset looks like."""

    seed: int = 0
    samples: SamplesConfig = field(default_factory=SamplesConfig)
    assets: AssetsConfig = field(default_factory=AssetsConfig)
    objects: ObjectsConfig = field(default_factory=ObjectsConfig)
    grasps: GraspsConfig = field(default_factory=GraspsConfig)
    scene: SceneConfig = field(default_factory=SceneConfig)
    shards: ShardsConfig = field(default_factory=ShardsConfig)
    render: RenderConfig = field(default_factory=RenderConfig)
    training: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self):
        if self.seed < 0:
            raise InputError(f"seed must be 0 or more, got {self.seed}")


FREE_SECTIONS = ("training",)
"""Sections that may change after a run's data exist, because no data depend on them."""

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "smoke": {
        "samples": {"train": 32, "val": 8, "test": 8, "per_shard": 8},
        "objects": {"per_category": 3, "scales_per_object": 1},
        "grasps": {"per_scale": 4},
    },
    "small": {
        "samples": {"train": 1600, "val": 200, "test": 200},
        "objects": {"per_category": 25},
        "scene": {"background": {"rooms": {"train": 12, "val": 3, "test": 3}}},
    },
    "obman": {
        "samples": {"train": 141550, "val": 6463, "test": 6285},
        "objects": {"per_category": 0},
        "scene": {"background": {"rooms": {"train": 300, "val": 40, "test": 40}}},
    },
}


def resolve(
    preset: str | None = None,
    file: Path | None = None,
    overrides: Iterable[str] = (),
    base: Mapping[str, Any] | None = None,
) -> Config:
    """Put a configuration together: base, then preset, then file, then ``key=value`` words.

    Raises:
        InputError: for an unknown key or a bad value, naming where it stands.
    """
    merged: dict[str, Any] = dict(base or {})
    layers = [] if preset is None else [lookup(PRESETS, preset, "preset")]
    layers += [] if file is None else [_read(file)]
    layers += [_parse_override(word) for word in overrides]
    for layer in layers:
        merged = _merge(merged, _with_scene_preset(layer))
    return from_mapping(merged, str(file) if file else "config")


def _with_scene_preset(layer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put the settings of a scene preset that a layer names below its own."""
    scene = layer.get("scene")
    name = scene.get("preset") if isinstance(scene, Mapping) else None
    return _merge(read_preset(name), layer) if isinstance(name, str) and name else layer


def from_mapping(mapping: Mapping[str, Any], where: str) -> Config:
    """Build a configuration from nested tables; missing keys take their defaults."""
    _refuse_unknown_keys(Config, mapping, "")
    _refuse_no_numbers(mapping, "")
    try:
        return msgspec.convert(mapping, Config)
    except msgspec.ValidationError as error:
        # __post_init__'s own sentences arrive wrapped, as the cause.
        if isinstance(error.__cause__, InputError):
            raise error.__cause__ from error
        raise InputError(f"{where}: {_plain(str(error))}") from error


def to_toml(config: Config) -> str:
    """Write every value, defaults included; None, which TOML lacks, is left out."""
    return tomli_w.dumps(_without_none(msgspec.to_builtins(asdict(config))))


def load(path: Path) -> Config:
    """Read a complete configuration back.

    Raises:
        InputError: if the file is damaged, or of a version with other settings.
    """
    mapping = _read(path)
    try:
        return from_mapping(mapping, "configuration")
    except InputError as error:
        raise InputError(
            f"{path} is not of this version of obman-gen: {str(error).rstrip('.')}; "
            "use the version that wrote it, or correct the file"
        ) from error


def data_part(config: Config) -> dict[str, Any]:
    """Return what the data depend on: two runs that agree on it are the same dataset."""
    return {key: value for key, value in asdict(config).items() if key not in FREE_SECTIONS}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error


def _parse_override(word: str) -> dict[str, Any]:
    """Turn ``a.b=1`` into nested tables; a value that is no TOML is taken as text."""
    key, equals, text = word.partition("=")
    if not equals or not key.strip():
        raise InputError(f"--set takes key=value, for example objects.per_category=5; got {word!r}")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    nested: Any = value
    for part in reversed(key.strip().split(".")):
        nested = {part: nested}
    return nested


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both_tables = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if both_tables else value
    return merged


def _refuse_unknown_keys(kind: Any, mapping: Any, path: str) -> None:
    if not is_dataclass(kind) or not isinstance(mapping, Mapping):
        return
    hints = get_type_hints(kind)
    known = [spec.name for spec in fields(kind)]
    for key, value in mapping.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean {path}{near[0]}?" if near else ""
            raise InputError(
                f"unknown setting {path}{key}.{hint} {path.rstrip('.') or 'The top level'} has: "
                f"{', '.join(known)}."
            )
        _refuse_unknown_keys(_dataclass_in(hints[key]), value, f"{path}{key}.")


def _refuse_no_numbers(mapping: Mapping[str, Any], path: str) -> None:
    """Refuse nan and infinity, which TOML has and comparisons let pass."""
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            _refuse_no_numbers(value, f"{path}{key}.")
        elif isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{path}{key} must be a finite number, got {value}")


def _dataclass_in(hint: Any) -> Any:
    """Return the dataclass of an optional annotation, or the annotation itself."""
    if get_origin(hint) in (Union, UnionType):
        return next((part for part in get_args(hint) if is_dataclass(part)), hint)
    return hint


def _plain(message: str) -> str:
    """Turn msgspec's path notation into ours, and name the choices where it leaves them out."""
    text, _, place = message.partition(" - at `$.")
    if not place:
        return text
    path = place.rstrip("`")
    choices = ", ".join(map(str, _choices(path))) if text.startswith("Invalid enum value") else ""
    return f"{path}: {text[0].lower()}{text[1:]}" + (f"; choices: {choices}" if choices else "")


def _choices(path: str) -> tuple[Any, ...]:
    """Return the values of the literal annotation of a setting."""
    kind: Any = Config
    for name in path.split("."):
        kind = _dataclass_in(get_type_hints(kind)[name])
    return get_args(kind)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(part) for key, part in value.items() if part is not None}
    return value
