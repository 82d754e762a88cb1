"""What a real camera adds to a picture: exposure, white balance, vignetting, noise, blur, JPEG.

Applied to the finished linear picture of all three views with the same draw, so that they
differ only in what they show.
"""

import io
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from scipy import ndimage

from obman_gen.errors import InputError
from obman_gen.scene.color import LUMINANCE, encode_srgb

WELL_EXPOSED = 0.25
"""Luminance of a hand that metering leaves as it is: linear; 137 of 255 as sRGB."""
MOST_STOPS_ADDED = 2.0


@dataclass(frozen=True)
class SensorConfig:
    """Largest strength of each effect; 0 switches it off. All but metering are off by default."""

    metering: float = 0.75
    """How far a dark hand lightens the picture: at 1 up to `WELL_EXPOSED`, see `metered_gain`."""
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
        if not 0 <= self.metering <= 1:
            raise InputError(f"sensor.metering must lie in [0, 1], got {self.metering}")
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
    metering: float = 0.0


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
        config.metering,
    )


def metered_gain(
    linear: Float[np.ndarray, "height width 3"],
    of_hand: Bool[np.ndarray, "height width"],
    metering: float,
) -> float:
    """Return how much brighter to develop shadows where the hand is darker than `WELL_EXPOSED`.

    Cameras meter on what they are pointed at, and people who photograph hands expose for the
    hand. The gain is the hand's distance from that, in stops, times the metering; at least 1.
    """
    if not metering or not of_hand.any():
        return 1.0
    luminance = float(np.median(linear[of_hand] @ LUMINANCE))
    stops = metering * np.log2(WELL_EXPOSED / max(luminance, 1e-6))
    return float(2.0 ** np.clip(stops, 0, MOST_STOPS_ADDED))


def _lifted(linear: np.ndarray, gain: float) -> np.ndarray:
    """Brighten shadows by a gain, leaving black black and white white, as raw developers do.

    The curve is the luminance's; channel by channel, it would turn dark skin grey.
    """
    light = np.maximum(linear, 0)
    luminance = np.minimum(light @ LUMINANCE, 1)[..., None]
    return light * (gain / (1 + (gain - 1) * luminance))


def expose(
    linear: Float[np.ndarray, "height width 3"], sensor: Sensor, gain: float = 1.0
) -> UInt8[np.ndarray, "height width 3"]:
    """Turn linear light into the bytes a camera would store; ``gain`` as `metered_gain`'s."""
    height, width = linear.shape[:2]
    light = (linear if gain == 1 else _lifted(linear, gain)) * 2.0**sensor.exposure_stops
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
