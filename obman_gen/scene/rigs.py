"""Rigs: where the light around a hand comes from, drawn at random.

A *level* is the light a white diffuse surface facing the source would send back, so a level
of 1 is correctly exposed white. Directions are in the world frame of a scene (y down).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from obman_gen.scene.color import LUMINANCE, color_of_temperature
from obman_gen.scene.panorama import EDGES, panorama_directions

ENVIRONMENT_SHAPE = (32, 64)
AMBIENT_PEAK = 2.0
"""Soft surroundings are nowhere brighter than this many times their mean."""
AMBIENT_BLUR_PX = 1.5
"""Smoothing of soft surroundings, pixels of `ENVIRONMENT_SHAPE`."""


@dataclass(frozen=True)
class Rig:
    """Light in the world frame, before it is scaled to its level."""

    environment: Float[np.ndarray, "32 64 3"]
    sources: tuple["Source", ...] = ()


@dataclass(frozen=True)
class Source:
    """A lamp by where it stands, how large it looks and the level it adds."""

    towards: Float[np.ndarray, "3"]
    """Unit, from the hand to the lamp."""
    level: float
    color: tuple[float, float, float]
    distance_m: float = 1.5
    size_m: float = 0.4


def harmonics_panorama(coefficients: Float[np.ndarray, "9 3"]) -> Float[np.ndarray, "32 64 3"]:
    """Evaluate real spherical harmonics to degree 2 in ObMan's order, clipped at zero."""
    x, y, z = np.moveaxis(panorama_directions(*ENVIRONMENT_SHAPE), -1, 0)
    basis = [
        np.full_like(x, 0.282095),
        0.488603 * y,
        0.488603 * z,
        0.488603 * x,
        1.092548 * x * y,
        1.092548 * y * z,
        0.315392 * (3 * z * z - 1),
        1.092548 * x * z,
        0.546274 * (x * x - y * y),
    ]
    return np.maximum(np.stack(basis, axis=-1) @ coefficients, 0.0)


def _direction(rng: np.random.Generator, low_rad: float, high_rad: float) -> np.ndarray:
    """Draw a direction at a height above the horizon, all round."""
    height, around = rng.uniform(low_rad, high_rad), rng.uniform(0, 2 * np.pi)
    level = np.cos(height)
    return np.array([level * np.sin(around), -np.sin(height), level * np.cos(around)])


def _sky(zenith, horizon, ground) -> np.ndarray:
    """Blend from the ground's colour over the horizon's to the zenith's."""
    height = -panorama_directions(*ENVIRONMENT_SHAPE)[..., 1:2]
    above = np.array(horizon) + (np.array(zenith) - horizon) * np.clip(height, 0, 1) ** 0.6
    return np.where(height > 0, above, np.array(ground) * np.ones_like(above))


def _tinted(surroundings: np.ndarray) -> np.ndarray:
    """Scale surroundings to a mean luminance of 1."""
    return surroundings / max((surroundings @ LUMINANCE).mean(), 1e-6)


def _ambient(surroundings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split surroundings of mean 1 into soft light and what their bright spots add to it.

    Small bright spots are left to lamps, at which Cycles aims its rays. Found by chance alone,
    as the soft light is, they would be most of a picture's noise.
    """
    light = _tinted(surroundings)
    luminance = light @ LUMINANCE
    capped = light * np.minimum(1, AMBIENT_PEAK / np.maximum(luminance, 1e-6))[..., None]
    soft = ndimage.gaussian_filter(capped, (AMBIENT_BLUR_PX, AMBIENT_BLUR_PX, 0), mode=EDGES)
    return soft, light - capped


def surroundings_rig(rng: np.random.Generator, surroundings: np.ndarray) -> Rig:
    """Light from the background itself; its brightest patch becomes a lamp that casts shadows."""
    soft, lost = _ambient(surroundings)
    brightness = surroundings @ LUMINANCE
    brightest = np.unravel_index(brightness.argmax(), brightness.shape)
    towards = panorama_directions(*ENVIRONMENT_SHAPE)[brightest]
    level = float((lost @ LUMINANCE).mean()) * 2 + rng.uniform(0.1, 0.6)
    red, green, blue = (surroundings[brightest] / max(surroundings[brightest].max(), 1e-6)).tolist()
    source = Source(towards, level, (red, green, blue), 1.8, float(rng.uniform(0.3, 1.0)))
    return Rig(soft, (source,))


def window_rig(rng: np.random.Generator, surroundings: np.ndarray) -> Rig:
    """A large soft source from one side in a dim room."""
    day = color_of_temperature(rng.uniform(5000, 8500))
    towards = _direction(rng, 0.0, 0.7)
    size_m = float(rng.uniform(0.7, 1.6))
    source = Source(towards, float(rng.uniform(1.2, 3)), day, 1.6, size_m)
    return Rig(_ambient(surroundings)[0] * rng.uniform(0.15, 0.5), (source,))


def studio_rig(rng: np.random.Generator, surroundings: np.ndarray) -> Rig:
    """A key lamp, a weaker fill from the other side, a rim light at times."""
    kelvin = rng.uniform(3800, 7000)
    key = _direction(rng, 0.3, 1.1)
    fill = key * [-1, 0.4, -1] + rng.normal(size=3) * 0.2
    fill /= np.linalg.norm(fill)
    sources = (
        Source(key, 2.0, color_of_temperature(kelvin), 1.4, float(rng.uniform(0.2, 0.8))),
        Source(fill, float(rng.uniform(0.3, 0.9)), color_of_temperature(kelvin + 500), 1.8, 0.9),
    )
    return Rig(_ambient(surroundings)[0] * rng.uniform(0.1, 0.35), sources)


def lamp_rig(rng: np.random.Generator, surroundings: np.ndarray) -> Rig:
    """A warm household lamp, small and near, in the evening."""
    warm = color_of_temperature(rng.uniform(3000, 4300))
    towards, level = _direction(rng, 0.2, 1.3), float(rng.uniform(1.2, 2.5))
    source = Source(towards, level, warm, float(rng.uniform(0.8, 1.6)), 0.15)
    ambient = _ambient(surroundings)[0] * np.array(warm) ** 0.4
    return Rig(ambient * rng.uniform(0.15, 0.5), (source,))


def sun_rig(rng: np.random.Generator, surroundings: np.ndarray) -> Rig:
    """Sun and sky: a hard warm key under a blue dome, the ground sending light back."""
    height = rng.uniform(0.25, 1.2)
    towards = _direction(rng, height, height)
    warm = color_of_temperature(3500 + 2300 * min(height, 1.0))
    ground = _tinted(surroundings).mean(axis=(0, 1)) * 0.35
    dome = _sky((0.25, 0.42, 0.85), (0.75, 0.85, 1.0), ground)
    source = Source(towards, float(rng.uniform(1.5, 3.0)), warm, 6.0, 0.12)
    return Rig(dome * rng.uniform(0.7, 1.2), (source,))


def harmonics_rig(rng: np.random.Generator, surroundings: np.ndarray) -> Rig:
    """ObMan's light: nine random coefficients, brighter from above; no lamps."""
    grey = rng.uniform(-0.7, 0.7, (9, 1)) + 0.08 * rng.normal(size=(9, 3))
    grey[0] = rng.uniform(2.2, 2.8) * (1 + 0.05 * rng.normal(size=3))
    grey[1] = -rng.uniform(0.2, 1.0)
    return Rig(harmonics_panorama(grey))


RIGS: Mapping[str, Callable[[np.random.Generator, np.ndarray], Rig]] = {
    "surroundings": surroundings_rig,
    "window": window_rig,
    "studio": studio_rig,
    "lamp": lamp_rig,
    "sun": sun_rig,
    "harmonics": harmonics_rig,
}
