"""Scanned skins: the user's image files, dealt out to splits and put on a body.

On a body whose texture coordinates come with the scans (an .obj in SMPL's layout beside them,
with as many faces as the body) a scan is worn as it is. On any other body, such as the open
one, it lends its tone to a painted skin.
"""

import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image, UnidentifiedImageError

from obman_gen.errors import InputError, SampleRejected
from obman_gen.sample import Split
from obman_gen.scene.color import decode_srgb
from obman_gen.scene.pools import split_by_hash
from obman_gen.scene.skin import albedo

SCAN_PREFIX = "scan:"
"""Of the skin names that are files below the folder of scans."""

SCAN_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


@lru_cache(maxsize=8)
def split_scans(folder: str, split: Split) -> tuple[str, ...]:
    """List a split's skin scans below a folder, relative to it, sorted.

    Folders named ``train``, ``val`` and ``test`` (the ``bodywithands`` layout) and files named
    in SURREAL's ``*_train.txt`` and ``*_test.txt`` lists belong where they say; ``val`` takes
    its part of what is marked ``train``. All others are dealt out by a hash of their names.

    Raises:
        InputError: if the folder does not exist or holds nothing for the split.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"skin folder {folder} does not exist; check assets.skin_textures")
    listed = _surreal_lists(root)
    names = sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix.lower() in SCAN_SUFFIXES
    )
    has_val = any("val" in Path(name).parts[:-1] for name in names)
    mine = [name for name in names if _split_of(name, listed, has_val) == split]
    if not mine:
        raise InputError(
            f"skin folder {folder} has no image for the {split} split among {len(names)}; "
            "add images, or set scene.person.scan_share to 0"
        )
    return tuple(mine)


def _surreal_lists(root: Path) -> dict[str, str]:
    """Read which file belongs to which split from SURREAL's lists, by file name."""
    splits: dict[str, str] = {}
    for split in ("train", "val", "test"):
        for path in sorted(root.rglob(f"*_{split}.txt")):
            for line in path.read_text(errors="replace").splitlines():
                if line.strip():
                    splits[Path(line.strip()).name] = split
    return splits


def _split_of(name: str, listed: dict[str, str], has_val: bool) -> str:
    folders = set(Path(name).parts[:-1])
    marked = listed.get(Path(name).name) or next(
        (split for split in ("train", "val", "test") if split in folders), None
    )
    if marked is None:
        return split_by_hash(name)
    if marked == "train" and not has_val and "val" not in listed.values():
        return "val" if zlib.crc32(name.encode()) % 100 < 10 else "train"
    return marked


@lru_cache(maxsize=4)
def scan_uv(folder: str, face_count: int) -> Float[np.ndarray, "face 3 2"] | None:
    """Return corner coordinates of a body from an .obj beside the scans, if one fits it."""
    from obman_gen.scene.wavefront import read_corners

    for path in sorted(Path(folder).rglob("*.obj")):
        uv = read_corners(path)
        if uv is not None and len(uv) == face_count:
            return uv
    return None


def tone_of(path: Path) -> tuple[float, float]:
    """Return the melanin and haemoglobin of a scan: the median of its pixels that are skin.

    Clothes in the image do not count: a pixel is skin if some pair of pigments gives its colour.

    Raises:
        SampleRejected: ``unreadable_skin`` for a broken file, or one that shows no skin.
    """
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB").resize((96, 96), Image.Resampling.BOX))
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError) as error:
        raise SampleRejected("unreadable_skin", f"{path}: {error}") from error
    melanin, blood = (grid.ravel() for grid in np.meshgrid(np.linspace(0, 1, 24), _BLOOD))
    wanted = np.log(albedo(melanin, blood))
    seen = np.log(np.maximum(decode_srgb(pixels).reshape(-1, 3), 1e-3))
    # Light differs between scans: a common factor is allowed, up to a stop.
    gaps = seen[:, None] - wanted
    light = np.clip(gaps.mean(axis=2, keepdims=True), -0.35, 0.35)
    misfit = np.abs(gaps - light).max(axis=2)
    nearest = misfit.argmin(axis=1)
    is_skin = misfit[np.arange(len(seen)), nearest] < 0.12
    if is_skin.sum() < 20:
        raise SampleRejected("unreadable_skin", f"{path} shows no skin")
    chosen = nearest[is_skin]
    return float(np.median(melanin[chosen])), float(np.median(blood[chosen]))


_BLOOD = np.linspace(0.0, 0.6, 7)
