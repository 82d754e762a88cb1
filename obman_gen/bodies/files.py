"""Find and read body models: SMPL+H's own files, AMASS's npz, or the shipped open body."""

import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from obman_gen.assets import GATED
from obman_gen.bodies.model import BodyModel
from obman_gen.errors import InputError
from obman_gen.hands.asset import BETAS_COUNT, ModelAsset, load_asset
from obman_gen.hands.files import entry, read_entries

OPEN_BODY = Path(__file__).parent / "open_body" / "body.npz"
FOLDERS = ("", "smplh", "models", "models/smplh", "body_models/smplh", "neutral", "female", "male")
NAMES = tuple(
    f"{stem}.{suffix}"
    for stem in ("SMPLH_NEUTRAL", "SMPLH_neutral", "SMPLH_FEMALE", "SMPLH_female", "SMPLH_MALE",
                 "SMPLH_male", "model")
    for suffix in ("npz", "pkl")
)  # fmt: skip


def load_body_model(path: str | Path | None = None) -> BodyModel:
    """Load a body model.

    Args:
        path: an SMPL+H file, or a folder with one in any of the usual places; None: the file
            or folder in OBMAN_GEN_SMPLH, else the shipped open body.

    Raises:
        InputError: naming the file, the array and what was expected of it.
    """
    given = path or os.environ.get(GATED["smplh"]) or OPEN_BODY
    return BodyModel(_read(_find(Path(given))))


def _find(path: Path) -> Path:
    if path.is_file():
        return path
    for name in NAMES:
        for folder in FOLDERS:
            if (path / folder / name).is_file():
                return path / folder / name
    raise InputError(
        f"no body model at {path}: need a file, or a folder with SMPLH_neutral.npz (or _female, "
        "_male, .pkl, or AMASS's model.npz) in it"
    )


@lru_cache(maxsize=2)
def _read(path: Path) -> ModelAsset:
    entries = read_entries(path)
    return load_asset(path) if "about" in entries else smplh_asset(path, entries)


def smplh_asset(path: Path, entries: Mapping[str, Any]) -> ModelAsset:
    """Turn SMPL+H's arrays into an asset.

    Raises:
        InputError: if an array is missing or has another shape than SMPL+H's.
    """
    parents = np.asarray(entry(path, entries, "kintree_table", (2, 52))[0], np.int64)
    parents[0] = -1
    template = entry(path, entries, "v_template", (None, 3))
    count = len(template)
    weights = entry(path, entries, "weights", (count, 52))
    return ModelAsset(
        name=path.stem,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        template=template,
        faces=entry(path, entries, "f", (None, 3)).astype(np.int64),
        shape_directions=entry(path, entries, "shapedirs", (count, 3, None))[..., :BETAS_COUNT],
        pose_directions=entry(path, entries, "posedirs", (count, 3, 459)),
        joint_regressor=entry(path, entries, "J_regressor", (52, count)),
        weights=weights,
        parents=parents,
        regions=regions_by_weight(weights),
        provenance={"source": path.name},
    )


REGION_JOINTS: Mapping[str, tuple[int, ...]] = {
    "head": (15,),
    "neck": (12,),
    "torso": (0, 3, 6, 9, 13, 14),
    "upper_arms": (16, 17),
    "forearms": (18, 19),
    "hands": (20, 21, *range(22, 52)),
    "thighs": (1, 2),
    "legs": (1, 2, 4, 5),
    "feet": (7, 8, 10, 11),
}
"""Named body regions by the SMPL+H joints that move them."""


def regions_by_weight(weights: np.ndarray) -> dict[str, np.ndarray]:
    """Name body parts by the joint that moves each vertex most."""
    main = weights.argmax(axis=1)
    return {name: np.flatnonzero(np.isin(main, joints)) for name, joints in REGION_JOINTS.items()}
