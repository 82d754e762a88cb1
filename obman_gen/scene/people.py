"""Who holds the object: body shape and pose, skin and clothes, each from its split's own pool."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from obman_gen.errors import InputError
from obman_gen.sample import SPLITS, Split
from obman_gen.scene.pools import draw_name, generator_of

SPLIT_SHARES: dict[Split, tuple[int, int]] = {
    "train": (0, 80),
    "val": (80, 90),
    "test": (90, 100),
}
"""Percent of a folder's files or sequences, by hash of their names."""

HOLDING_POSES = 1_000_000
"""Poses each split's pool holds; one is made from its name when it is drawn."""


@dataclass(frozen=True)
class PersonConfig:
    """Which people there are."""

    body: bool = True
    """False: hands by themselves, their wrists closed."""
    shape_std: float = 0.7
    """Standard deviation of the body shape coefficients."""
    poses: str = ""
    """A motion capture file or a folder of them (AMASS, SURREAL); empty: drawn holding poses."""
    skins: dict[str, int] = field(default_factory=lambda: {"train": 400, "val": 60, "test": 60})
    """How many painted skins each split has. One costs about a CPU second, once per run folder."""
    skin_size_px: int = 768
    """Edge of a painted skin's images."""
    scans: str = ""
    """Folder of scanned skins; empty: `assets.skin_textures`, then painted skins."""
    scan_share: float = 0.7
    """Share of people who wear a scan where there is a folder of them."""
    wardrobes: dict[str, int] = field(
        default_factory=lambda: {"train": 2000, "val": 300, "test": 300}
    )
    """How many sets of clothes and hair each split has."""

    def __post_init__(self):
        for name in ("skins", "wardrobes"):
            counts = getattr(self, name)
            for split in SPLITS:
                if counts.get(split, 0) < 1:
                    raise InputError(
                        f"scene.person.{name}.{split} must be at least 1, "
                        f"got {counts.get(split, 0)}"
                    )
        if self.shape_std < 0 or not 0 <= self.scan_share <= 1 or self.skin_size_px < 16:
            raise InputError(
                "scene.person: need shape_std >= 0, scan_share in [0, 1] and skin_size_px >= 16, "
                f"got {self.shape_std}, {self.scan_share} and {self.skin_size_px}"
            )


@dataclass(frozen=True)
class Looks:
    """Names of a person's skin and clothes."""

    skin: str
    wardrobe: str
    betas: Float[np.ndarray, "10"]


def draw_looks(rng: np.random.Generator, split: Split, config: PersonConfig) -> Looks:
    """Draw a skin, clothes and a body shape of a split."""
    betas = config.shape_std * rng.normal(size=10)
    wardrobe = draw_name(rng, "wardrobe", split, config.wardrobes[split])
    painted = draw_name(rng, "skin", split, config.skins[split])
    wears_scan = rng.random() < config.scan_share
    if config.scans and wears_scan:
        files = split_scans(config.scans, split)
        return Looks(SCAN_PREFIX + files[int(rng.integers(len(files)))], wardrobe, betas)
    return Looks(painted, wardrobe, betas)


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


def split_by_hash(name: str) -> Split:
    """Return the split a name hashes to: adding names moves no other."""
    at = zlib.crc32(name.encode()) % 100
    return next(split for split, (low, high) in SPLIT_SHARES.items() if low <= at < high)


def draw_pose_name(rng: np.random.Generator, split: Split, config: PersonConfig) -> str:
    """Draw the name of a body pose: its sequence and frame, or its place in the split's pool."""
    if not config.poses:
        return f"holding-{split}-{int(rng.integers(HOLDING_POSES)):06d}"
    sequences = _sequences_of(config.poses, split)
    chosen = sequences[int(rng.integers(len(sequences)))]
    return f"{chosen.name}#{int(rng.integers(len(chosen.poses)))}"


def pose_of(name: str, split: Split, config: PersonConfig) -> Float[np.ndarray, "153"]:
    """Return the pose of a name: rotation vectors of the 51 joints beyond the pelvis."""
    if name.startswith("holding-"):
        from obman_gen.bodies.pose_sources import sample_body_pose

        return sample_body_pose(generator_of(name))
    sequence, _, frame = name.rpartition("#")
    for candidate in _sequences_of(config.poses, split):
        if candidate.name == sequence:
            return candidate.poses[int(frame)].copy()
    raise InputError(f"body pose {name} is not in {config.poses}; check scene.person.poses")


@lru_cache(maxsize=4)
def _sequences_of(place: str, split: Split) -> Sequence:
    """Read the motion sequences of a split."""
    from obman_gen.bodies.pose_sources import load_sequences

    path = Path(place)
    files = sorted(path.rglob("*.npz")) if path.is_dir() else [path]
    mine = [found for found in load_sequences(files) if split_by_hash(found.name) == split]
    if not mine:
        raise InputError(f"{place} holds no motion sequence for the {split} split; add sequences")
    return mine
