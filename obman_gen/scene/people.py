"""Who holds the object: body shape and pose, skin and clothes, each from its split's own pool."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from obman_gen.errors import InputError
from obman_gen.sample import SPLITS, Split
from obman_gen.scene.pools import draw_name, generator_of, split_by_hash
from obman_gen.scene.scans import SCAN_PREFIX, split_scans

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
    skin_size_px: int = 512
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
