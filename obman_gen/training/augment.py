"""Random changes of training pictures: where the crop is, and what its colours are."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageEnhance, ImageFilter

from obman_gen.training.config import AugmentConfig
from obman_gen.training.crop import Crop


class Square(NamedTuple):
    """A square of a picture, pixels."""

    centre_px: Float[np.ndarray, "2"]
    side_px: float


def draw_crop(
    square: Square, size_px: int, rng: np.random.Generator, config: AugmentConfig, *, mirrored: bool
) -> Crop:
    """Shift, scale and turn the square at random, uniformly but for the scale, which is normal."""
    shift = config.centre_jitter * square.side_px * rng.uniform(-1, 1, 2)
    spread = config.scale_jitter
    scale = float(np.clip(1 + spread * rng.normal(), 1 - spread, 1 + spread))
    angle_rad = float(rng.uniform(-config.rotation_rad, config.rotation_rad))
    return Crop.around(
        square.centre_px + shift, scale * square.side_px, size_px, angle_rad, mirrored=mirrored
    )


def change_colors(
    picture: Image.Image, rng: np.random.Generator, config: AugmentConfig
) -> Image.Image:
    """Blur, then change brightness, contrast, saturation and hue in random order."""
    radius_px = rng.uniform(0, config.blur_px)
    factors = {
        name: rng.uniform(1 - spread, 1 + spread)
        for name, spread in (
            ("brightness", config.brightness),
            ("contrast", config.contrast),
            ("saturation", config.saturation),
        )
    }
    turn = rng.uniform(-config.hue, config.hue)
    order = rng.permutation(4)
    if radius_px > 0:
        picture = picture.filter(ImageFilter.GaussianBlur(radius_px))
    steps = (
        lambda image: ImageEnhance.Brightness(image).enhance(factors["brightness"]),
        lambda image: ImageEnhance.Contrast(image).enhance(factors["contrast"]),
        lambda image: ImageEnhance.Color(image).enhance(factors["saturation"]),
        lambda image: turn_hue(image, turn),
    )
    for place in order:
        picture = steps[place](picture)
    return picture


def turn_hue(picture: Image.Image, turn: float) -> Image.Image:
    """Turn every pixel's hue by a share of the colour circle."""
    shift = round(turn * 256) % 256
    if shift == 0:
        return picture
    hue, saturation, value = picture.convert("HSV").split()
    hue = hue.point([(level + shift) % 256 for level in range(256)])
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")
