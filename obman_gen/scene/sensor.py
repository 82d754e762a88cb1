"""What a real camera adds to a picture: exposure, white balance, vignetting, noise, blur, JPEG.

Applied to the finished linear picture of all three views with the same draw, so that they
differ only in what they show.
"""

import io
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from scipy import ndimage

from obman_gen.errors import InputError
from obman_gen.scene.color import encode_srgb


@dataclass(frozen=True)
class SensorConfig:
    """Largest strength of each effect; 0 switches it off. All are off by default."""

    exposure_stops: float = 0.0
    white_balance: float = 0.0
    """Relative gain error of red against blue."""
    vignetting: float = 0.0
    """Light lost in the corners, as a share."""
    noise: float = 0.0
    """Standard deviation at middle grey, linear light, where 1 is white."""
    blur_px: float = 0.0
    jpeg_quality_min: int = 100
    """Quality is drawn between this and 100; 100 leaves the picture as it is."""

    def __post_init__(self):
        values = (self.exposure_stops, self.white_balance, self.vignetting, self.noise)
        if min(*values, self.blur_px) < 0 or self.vignetting > 1:
            raise InputError(f"sensor: strengths must not be negative, got {self}")
        if not 1 <= self.jpeg_quality_min <= 100:
            raise InputError(
                f"sensor.jpeg_quality_min must lie in [1, 100], got {self.jpeg_quality_min}"
            )


@dataclass(frozen=True)
class Sensor:
    """What was drawn for one scene; JSON-able."""

    seed: int = 0
    exposure_stops: float = 0.0
    white_balance: float = 0.0
    vignetting: float = 0.0
    noise: float = 0.0
    blur_px: float = 0.0
    jpeg_quality: int = 100


def draw_sensor(rng: np.random.Generator, config: SensorConfig) -> Sensor:
    """Draw the strength of each effect."""
    stops, balance = rng.uniform(-1, 1, 2) * (config.exposure_stops, config.white_balance)
    vignetting, noise, blur_px = rng.random(3) * (config.vignetting, config.noise, config.blur_px)
    quality = int(rng.integers(config.jpeg_quality_min, 101))
    return Sensor(
        int(rng.integers(2**31)),
        float(stops),
        float(balance),
        float(vignetting),
        float(noise),
        float(blur_px),
        quality,
    )


def expose(
    linear: Float[np.ndarray, "height width 3"], sensor: Sensor
) -> UInt8[np.ndarray, "height width 3"]:
    """Turn linear light into the bytes a camera would store."""
    height, width = linear.shape[:2]
    light = linear * 2.0**sensor.exposure_stops
    if sensor.white_balance:
        light = light * [1 + sensor.white_balance, 1.0, 1 - sensor.white_balance]
    if sensor.vignetting:
        rows, columns = np.mgrid[0:height, 0:width]
        radius = np.hypot((rows + 0.5) / height - 0.5, (columns + 0.5) / width - 0.5) / 0.5**0.5
        light = light * (1 - sensor.vignetting * radius**2)[..., None]
    if sensor.blur_px > 0.05:
        light = ndimage.gaussian_filter(light, (sensor.blur_px, sensor.blur_px, 0))
    if sensor.noise:
        light = light + _noise(light, sensor)
    pixels = encode_srgb(light)
    return pixels if sensor.jpeg_quality == 100 else _compressed(pixels, sensor.jpeg_quality)


def _noise(light: np.ndarray, sensor: Sensor) -> np.ndarray:
    """Photon noise grows with the root of the light, read noise does not."""
    rng = np.random.default_rng(sensor.seed)
    spread = sensor.noise * np.sqrt(np.clip(light, 0, None) / 0.18 * 0.8 + 0.2)
    return spread * rng.normal(size=light.shape)


def _compressed(pixels: np.ndarray, quality: int) -> UInt8[np.ndarray, "height width 3"]:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))
