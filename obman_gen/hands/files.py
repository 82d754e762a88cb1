"""Find and read hand models: MANO's own files, AMASS-style npz, or the shipped open hand."""

import hashlib
import io
import os
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from obman_gen.assets import GATED
from obman_gen.errors import InputError
from obman_gen.hands.asset import BETAS_COUNT, ModelAsset, load_asset
from obman_gen.hands.model import HandModel, mirrored
from obman_gen.hands.unpickle import read_pickle

OPEN_HAND = Path(__file__).parent / "open_hand" / "hand_right.npz"
FOLDERS = ("", "mano", "models", "mano/models", "mano_v1_2/models", "misc/mano", "smplh")
MANO_TIPS = {"right": (745, 317, 444, 556, 673), "left": (745, 317, 445, 556, 673)}
"""Fingertip vertices of MANO's own 778-vertex mesh, thumb first (manopth's choice)."""


def load_hand_model(path: str | Path | None = None, side: str = "right") -> HandModel:
    """Load a hand model.

    Args:
        path: a MANO file, or a folder with one in any of the usual places; None: the file
            or folder in OBMAN_GEN_MANO, else the shipped open hand.
        side: ``right`` or ``left``; a right-hand file gives the left hand by mirroring.

    Raises:
        InputError: naming the file, the array and what was expected of it.
    """
    if side not in ("right", "left"):
        raise InputError(f"side must be right or left, got {side!r}")
    given = path or os.environ.get(GATED["mano"]) or OPEN_HAND
    asset = _read(_find(Path(given), side))
    return HandModel(asset if asset.side == side else mirrored(asset))


def _find(path: Path, side: str) -> Path:
    if path.is_file():
        return path
    names = [f"MANO_{side.upper()}.pkl", f"MANO_{side.upper()}.npz", "MANO_RIGHT.pkl"]
    for name in names:
        for folder in FOLDERS:
            if (path / folder / name).is_file():
                return path / folder / name
    raise InputError(
        f"no hand model at {path}: need a file, or a folder with MANO_{side.upper()}.pkl in it "
        f"or in one of {', '.join(folder for folder in FOLDERS if folder)}"
    )


@lru_cache(maxsize=4)
def _read(path: Path) -> ModelAsset:
    entries = read_entries(path)
    return load_asset(path) if "about" in entries else mano_asset(path, entries)


def read_entries(path: Path) -> dict[str, Any]:
    """Return the arrays of a pickle or npz model file."""
    if path.suffix == ".pkl":
        return read_pickle(path)
    try:
        # From memory: np.load leaves a damaged file's handle open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        what = "pickled data" in str(error) and "it is no zip file of arrays; pickles end in .pkl"
        raise InputError(f"{path} cannot be read as npz: {what or error}") from error


def mano_asset(path: Path, entries: Mapping[str, Any]) -> ModelAsset:
    """Turn MANO's arrays into an asset.

    Raises:
        InputError: if an array is missing or has another shape than MANO's.
    """
    side = "left" if "left" in path.name.lower() else "right"
    parents = np.asarray(entry(path, entries, "kintree_table", (2, 16))[0], np.int64)
    parents[0] = -1
    count = len(entry(path, entries, "v_template", (None, 3)))
    mean = entry(path, entries, "hands_mean", (45,)) if "hands_mean" in entries else np.zeros(45)
    components = (
        entry(path, entries, "hands_components", (45, 45))
        if "hands_components" in entries
        else np.eye(45)
    )
    tips = np.array(MANO_TIPS[side])
    if tips.max() >= count:
        raise InputError(f"{path}: v_template has {count} vertices, MANO has 778")
    template = entry(path, entries, "v_template", (None, 3))
    return ModelAsset(
        name=path.stem,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        template=template,
        faces=entry(path, entries, "f", (None, 3)).astype(np.int64),
        shape_directions=entry(path, entries, "shapedirs", (count, 3, None))[..., :BETAS_COUNT],
        pose_directions=entry(path, entries, "posedirs", (count, 3, 135)),
        joint_regressor=entry(path, entries, "J_regressor", (16, count)),
        weights=entry(path, entries, "weights", (count, 16)),
        parents=parents,
        side=side,
        hands_mean=mean,
        hands_components=components,
        tip_ids=tips,
        pad_ids=_pads(template, tips),
        regions=_regions(entry(path, entries, "weights", (count, 16)), template),
        provenance={"source": path.name},
    )


def _pads(template, tips):
    """Return vertices 9 mm behind each tip on the palmar (-y) side of the flat hand."""
    inward = template.mean(axis=0) - template[tips]
    inward /= np.linalg.norm(inward, axis=1, keepdims=True)
    wanted = template[tips] + 0.009 * inward + np.array([0, -0.006, 0])
    return np.array([np.linalg.norm(template - point, axis=1).argmin() for point in wanted])


def _regions(weights, template):
    """Name palm, back and fingers by the bone that moves each vertex most."""
    bones, middle = weights.argmax(axis=1), np.median(template[:, 1])
    regions = {
        "palm": np.flatnonzero((bones == 0) & (template[:, 1] < middle)),
        "back": np.flatnonzero((bones == 0) & (template[:, 1] >= middle)),
    }
    for place, finger in enumerate(("index", "middle", "little", "ring", "thumb")):
        first = 1 + 3 * place
        regions[finger] = np.flatnonzero((bones >= first) & (bones < first + 3))
        regions[f"{finger}_tip"] = np.flatnonzero(bones == first + 2)
    return regions


def entry(path: Path, entries: Mapping[str, Any], key: str, shape: tuple) -> np.ndarray:
    """Return one array as float64, checked against a shape in which None is free."""
    if key not in entries:
        raise InputError(f"{path} has no {key!r}; it has {', '.join(sorted(entries))}")
    try:
        array = np.asarray(entries[key], np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {key} is not an array of numbers") from error
    fits = array.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise InputError(f"{path}: {key} has shape {array.shape}, need ({wanted})")
    return array
