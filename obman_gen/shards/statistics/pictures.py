"""What the images themselves look like, measured on an even selection of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from obman_gen.sample import BODY, HAND, OBJECT
from obman_gen.scene.color import decode_srgb
from obman_gen.shards.statistics.distributions import describe, rounded

GRID = 32
"""Cells along each side of the occupancy maps."""
SKIN_GROUPS = (
    ("very light", 55.0),
    ("light", 41.0),
    ("intermediate", 28.0),
    ("tan", 10.0),
    ("brown", -30.0),
    ("dark", -91.0),
)
"""Classes of the individual typology angle by their least angle in degrees (Chardon, 1991)."""
_XYZ_FROM_RGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


@dataclass(frozen=True)
class Picture:
    """Numbers of one image."""

    brightness: float
    """Mean sRGB luma, 0 to 1."""
    contrast: float
    """Standard deviation of luma."""
    saturation: float
    """Mean of (max - min) / max over pixels."""
    shares: Float[np.ndarray, "4"]
    """Of pixels, by segmentation value."""
    skin_rgb: Float[np.ndarray, "3"] | None
    """Mean linear colour of the hand's pixels; None where no hand is seen."""
    occupied: Float[np.ndarray, "2 grid grid"]
    """Share of each cell covered by the hand, and by the object."""


def look_at(
    image: UInt8[np.ndarray, "height width 3"], segmentation: UInt8[np.ndarray, "height width"]
) -> Picture:
    """Measure one image."""
    levels = image.astype(np.float32) / 255
    luma = levels @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    high, low = levels.max(axis=2), levels.min(axis=2)
    hand = segmentation == HAND
    return Picture(
        brightness=float(luma.mean()),
        contrast=float(luma.std()),
        saturation=float(((high - low) / np.maximum(high, 1 / 255)).mean()),
        shares=np.bincount(segmentation.ravel(), minlength=OBJECT + 1)[: OBJECT + 1]
        / segmentation.size,
        skin_rgb=decode_srgb(image[hand]).mean(axis=0, dtype=np.float64) if hand.any() else None,
        occupied=np.stack([in_cells(hand), in_cells(segmentation == OBJECT)]),
    )


def in_cells(mask: np.ndarray) -> Float[np.ndarray, "grid grid"]:
    """Return the covered share of each cell of a grid over the image."""
    rows = np.arange(mask.shape[0]) * GRID // mask.shape[0]
    columns = np.arange(mask.shape[1]) * GRID // mask.shape[1]
    cells = (rows[:, None] * GRID + columns[None]).ravel()
    covered = np.bincount(cells, mask.ravel(), minlength=GRID**2)
    return (covered / np.bincount(cells, minlength=GRID**2)).reshape(GRID, GRID)


def typology_angle_deg(linear_rgb: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch"]:
    """Return the individual typology angle: atan2(L* - 50, b*) of CIELAB, lighter is higher."""
    ratio = linear_rgb @ _XYZ_FROM_RGB.T / _WHITE
    curve = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    lightness = 116 * curve[..., 1] - 16
    blueness = 200 * (curve[..., 1] - curve[..., 2])
    # b* is positive for skin; a blue light may make it negative, which must not flip the angle.
    return np.degrees(np.arctan2(lightness - 50, np.maximum(blueness, 1e-6)))


def skin_group(angle_deg: float) -> str:
    """Name the class of an individual typology angle."""
    return next(name for name, least in SKIN_GROUPS if angle_deg > least)


def describe_pictures(pictures: list[Picture]) -> dict[str, Any]:
    """Summarise the selected images."""

    def all_of(name: str) -> np.ndarray:
        return np.array([getattr(picture, name) for picture in pictures], np.float64)

    skins = np.array([p.skin_rgb for p in pictures if p.skin_rgb is not None]).reshape(-1, 3)
    angles = typology_angle_deg(skins)
    part_shares = all_of("shares").reshape(-1, OBJECT + 1)
    occupied = all_of("occupied").reshape(-1, 2, GRID, GRID).mean(axis=0)
    groups = [skin_group(float(angle)) for angle in angles]
    return {
        "samples": len(pictures),
        "brightness": describe(all_of("brightness"), "", "Mean brightness"),
        "contrast": describe(all_of("contrast"), "", "Contrast"),
        "saturation": describe(all_of("saturation"), "", "Mean saturation"),
        "hand_share": describe(part_shares[:, HAND] * 100, "%", "Hand's share of the image"),
        "body_share": describe(part_shares[:, BODY] * 100, "%", "Body's share of the image"),
        "object_share": describe(part_shares[:, OBJECT] * 100, "%", "Object's share of the image"),
        "occupancy": {
            part: [[rounded(cell, 3) for cell in row] for row in cells]
            for part, cells in zip(("hand", "object"), occupied, strict=True)
        },
        "skin": {
            "typology_angle_deg": describe(angles, "deg", "Typology angle of the hand as rendered"),
            "groups": {name: groups.count(name) for name, _ in SKIN_GROUPS},
            "linear_rgb": [
                [rounded(level, 4) for level in skins[at]]
                for at in np.argsort(-angles, kind="stable")
            ],
        },
    }
