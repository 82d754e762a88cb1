"""Scene presets: TOML files with settings of the ``scene`` and ``render`` sections."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from obman_gen.errors import InputError
from obman_gen.registry import lookup

FOLDER = Path(__file__).parents[2] / "blender_scenes"
SECTIONS = frozenset({"scene", "render"})


def preset_names() -> list[str]:
    """Return the names of all presets."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_preset(name: str) -> dict[str, Any]:
    """Return a preset's settings, tables nested as in a run's configuration.

    Args:
        name: of a file in ``blender_scenes/``, or the path of the user's own, ending in .toml.

    Raises:
        InputError: if there is no such preset, or it sets anything but scenes and rendering.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = lookup({known: FOLDER / f"{known}.toml" for known in preset_names()}, name, "scene")
    try:
        content = tomllib.loads(path.read_text())
    except OSError as error:
        raise InputError(f"scene preset {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"scene preset {path} is not TOML: {error}") from error
    content.pop("description", None)
    stray = sorted(set(content) - SECTIONS)
    if stray:
        raise InputError(
            f"scene preset {path} sets {', '.join(stray)}; only scene and render can be preset"
        )
    return content


@lru_cache(maxsize=1)
def descriptions() -> dict[str, str]:
    """Return what each preset is for, in one line."""
    return {
        name: tomllib.loads((FOLDER / f"{name}.toml").read_text())["description"]
        for name in preset_names()
    }
