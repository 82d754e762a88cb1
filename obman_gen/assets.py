"""Where licence-gated files come from: option, then configuration, then environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from obman_gen.errors import InputError

GATED: Mapping[str, str] = {
    "mano": "OBMAN_GEN_MANO",
    "smplh": "OBMAN_GEN_SMPLH",
    "shapenet": "OBMAN_GEN_SHAPENET",
    "skin_textures": "OBMAN_GEN_SKIN_TEXTURES",
    "backgrounds": "OBMAN_GEN_BACKGROUNDS",
}
"""Asset name to environment variable."""

_OPEN_DEFAULTS = {
    "mano": "open hand",
    "smplh": "open body",
    "shapenet": "procedural objects",
    "skin_textures": "procedural skin",
    "backgrounds": "generated backgrounds",
}


@dataclass(frozen=True)
class AssetsConfig:
    """Files that cannot be shipped. Empty: the environment variable, then the open default."""

    mano: str = ""
    """MANO_RIGHT.pkl or a folder with it (OBMAN_GEN_MANO)."""
    smplh: str = ""
    """An SMPL+H model or a folder with one (OBMAN_GEN_SMPLH)."""
    shapenet: str = ""
    """ShapeNetCore's folder (OBMAN_GEN_SHAPENET)."""
    skin_textures: str = ""
    """A folder of skin scans (OBMAN_GEN_SKIN_TEXTURES)."""
    backgrounds: str = ""
    """A folder of photographs (OBMAN_GEN_BACKGROUNDS)."""


def with_environment(assets: AssetsConfig) -> AssetsConfig:
    """Fill what is not configured from the environment, so that a run records what it used.

    Raises:
        InputError: if a path does not exist.
    """
    paths = {}
    for spec in fields(assets):
        path = getattr(assets, spec.name) or os.environ.get(GATED[spec.name], "")
        if path and not Path(path).exists():
            raise InputError(
                f"assets.{spec.name}: {path} does not exist; correct the path or "
                f"{GATED[spec.name]}, or unset both to use the {open_default(spec.name)}"
            )
        paths[spec.name] = path
    return AssetsConfig(**paths)


def require_usable(assets: AssetsConfig) -> None:
    """Look at given files before hours are spent on what comes before they are needed.

    Models are read; of folders only that something is in them.

    Raises:
        InputError: naming what cannot be used.
    """
    for spec in fields(assets):
        path = getattr(assets, spec.name)
        if path:
            require_one_usable(spec.name, path)


def require_one_usable(name: str, path: str) -> None:
    """Look at one given file or folder; see `require_usable`.

    Raises:
        InputError: if it cannot be used.
    """
    from obman_gen.bodies import load_body_model
    from obman_gen.hands import load_hand_model

    if name in ("mano", "smplh"):
        (load_hand_model if name == "mano" else load_body_model)(path)
    elif not Path(path).is_dir() or not any(Path(path).iterdir()):
        raise InputError(
            f"assets.{name}: {path} is no folder with something in it; correct the path or "
            f"{GATED[name]}, or unset both to use the {open_default(name)}"
        )


def open_default(name: str) -> str:
    """Return what stands in for a gated asset."""
    return _OPEN_DEFAULTS[name]
