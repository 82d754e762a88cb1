"""Light on the hand: nine spherical-harmonics coefficients, or rigs of lamps and surroundings.

A *level* is the light a white diffuse surface facing the source would send back, so a level
of 1 is correctly exposed white. Directions are in the world frame of a scene (y down).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from obman_gen.arrays import Rotation
from obman_gen.errors import InputError
from obman_gen.registry import lookup
from obman_gen.scene.color import LUMINANCE, color_of_temperature, white_balance_gains
from obman_gen.scene.drawing import Lamp, LinearImage
from obman_gen.scene.panorama import EDGES, mean_light, panorama_directions

ENVIRONMENT_SHAPE = (32, 64)
AMBIENT_PEAK = 2.0
"""Soft surroundings are nowhere brighter than this many times their mean."""
AMBIENT_BLUR_PX = 1.5
"""Smoothing of soft surroundings, pixels of `ENVIRONMENT_SHAPE`."""


@dataclass(frozen=True)
class LightConfig:
    """Which rigs light the scenes, and how brightly."""

    rigs: dict[str, float] = field(
        default_factory=lambda: {
            "surroundings": 3.0,
            "window": 2.0,
            "studio": 1.0,
            "lamp": 1.0,
            "sun": 1.0,
            "harmonics": 1.0,
        }
    )
    """Relative frequencies by name."""
    level_min: float = 0.9
    level_max: float = 1.7
    fill_min: float = 0.35
    """Soft light from all around, at least this share of the lamps' together."""
    balance: float = 0.75
    """How far the camera's white balance takes out the colour of the light, 1: entirely."""

    def __post_init__(self):
        for name in self.rigs:
            lookup(RIGS, name, "light rig")
        if not self.rigs or min(self.rigs.values()) < 0 or sum(self.rigs.values()) <= 0:
            raise InputError(f"light.rigs: need a positive frequency, got {self.rigs}")
        if self.fill_min < 0:
            raise InputError(f"light.fill_min must not be negative, got {self.fill_min}")
        if not 0 <= self.balance <= 1:
            raise InputError(f"light.balance must lie in [0, 1], got {self.balance}")
        if not 0 < self.level_min <= self.level_max:
            raise InputError(
                f"light: need 0 < level_min <= level_max, got {self.level_min} and {self.level_max}"
            )


@dataclass(frozen=True)
class Light:
    """What was drawn for one scene; JSON-able."""

    rig: str
    seed: int
    level: float
    fill_min: float = 0.0
    balance: float = 0.0


def draw_light(rng: np.random.Generator, config: LightConfig) -> Light:
    """Draw a rig, its seed and its brightness."""
    names = sorted(config.rigs)
    shares = np.array([config.rigs[name] for name in names])
    rig = str(rng.choice(names, p=shares / shares.sum()))
    span = np.log([config.level_min, config.level_max])
    level = float(np.exp(rng.uniform(*span)))
    return Light(rig, int(rng.integers(2**31)), level, config.fill_min, config.balance)


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


def illuminate(
    light: Light,
    surroundings: LinearImage,
    camera_from_world: Rotation,
    target: Float[np.ndarray, "3"],
) -> tuple[LinearImage, tuple[Lamp, ...]]:
    """Return the environment and lamps of a light around a target point, camera frame.

    Args:
        light: what was drawn.
        surroundings: the background's own light as a (32, 64) panorama in the world frame.
        camera_from_world: rotation.
        target: where the lamps point, metres.
    """
    rng = np.random.default_rng(light.seed)
    rig = lookup(RIGS, light.rig, "light rig")(rng, surroundings.astype(np.float64))
    rig = _balanced(_filled(rig, light.fill_min), light.balance)
    scale = light.level / _level(rig)
    turned = _turned(rig.environment * scale, camera_from_world)
    lamps = tuple(_lamp(source, scale, camera_from_world, target) for source in rig.sources)
    return turned.astype(np.float32), lamps


def _filled(rig: Rig, fill_min: float) -> Rig:
    """Brighten the environment to a share of the lamps, as photographers fill shadows in."""
    needed = fill_min * sum(source.level for source in rig.sources)
    gain = max(1.0, needed / max(ambient_level(rig.environment), 1e-6))
    return replace(rig, environment=rig.environment * gain)


def _balanced(rig: Rig, balance: float) -> Rig:
    """Take a share of its colour out of the light on a sphere, as a camera's white balance does.

    Light is linear: scaling its channels where it is made scales those of the picture.
    """
    color = mean_light(rig.environment)
    for source in rig.sources:
        color = color + 0.5 * source.level * np.array(source.color)
    gains = white_balance_gains(color, balance)
    return Rig(rig.environment * gains, tuple(_scaled(source, gains) for source in rig.sources))


def _scaled(source: Source, gains: np.ndarray) -> Source:
    """Scale a lamp's channels; the brightest of its colour stays 1."""
    red, green, blue = (np.array(source.color) * gains).tolist()
    peak = max(red, green, blue)
    return replace(source, color=(red / peak, green / peak, blue / peak), level=source.level * peak)


def _level(rig: Rig) -> float:
    """Mean light on a sphere: the environment's mean, and of a lamp half its facing level."""
    lamps = sum(0.5 * source.level for source in rig.sources)
    return max(ambient_level(rig.environment) + lamps, 1e-6)


def ambient_level(environment: Float[np.ndarray, "32 64 3"]) -> float:
    """Return the mean luminance over all directions."""
    return float(mean_light(environment) @ LUMINANCE)


def _turned(environment: np.ndarray, camera_from_world: Rotation) -> np.ndarray:
    from obman_gen.scene.panorama import look_up

    directions = panorama_directions(*ENVIRONMENT_SHAPE) @ camera_from_world
    return np.maximum(look_up(environment, directions), 0)


def _lamp(source: Source, scale: float, camera_from_world: Rotation, target: np.ndarray) -> Lamp:
    """Set a lamp up; an area lamp's irradiance at a distance d is power / (pi d^2)."""
    towards = camera_from_world @ source.towards
    position = target + source.distance_m * towards
    power = source.level * scale * (np.pi * source.distance_m) ** 2
    (x, y, z), (dx, dy, dz) = position.tolist(), (-towards).tolist()
    return Lamp("area", float(power), source.color, (x, y, z), (dx, dy, dz), source.size_m)


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
