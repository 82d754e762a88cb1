"""Light on the hand: a rig of lamps and surroundings, filled in, white-balanced and scaled."""

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from obman_gen.arrays import Rotation
from obman_gen.errors import InputError
from obman_gen.registry import lookup
from obman_gen.scene.color import LUMINANCE, white_balance_gains
from obman_gen.scene.drawing import Lamp, LinearImage
from obman_gen.scene.panorama import look_up, mean_light, panorama_directions
from obman_gen.scene.rigs import ENVIRONMENT_SHAPE, RIGS, Rig, Source


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
    rig = _balanced(_filled(rig, light.fill_min), light.balance, -camera_from_world[2])
    scale = light.level / _level(rig)
    turned = _turned(rig.environment * scale, camera_from_world)
    lamps = tuple(_lamp(source, scale, camera_from_world, target) for source in rig.sources)
    return turned.astype(np.float32), lamps


def _filled(rig: Rig, fill_min: float) -> Rig:
    """Brighten the environment to a share of the lamps, as photographers fill shadows in."""
    needed = fill_min * sum(source.level for source in rig.sources)
    gain = max(1.0, needed / max(ambient_level(rig.environment), 1e-6))
    return replace(rig, environment=rig.environment * gain)


def _balanced(rig: Rig, balance: float, to_camera: Float[np.ndarray, "3"]) -> Rig:
    """Take a share of its colour out of the light, as a camera's white balance does.

    Its colour is that of a white ball in the hand's place, seen by the camera. Light is linear:
    scaling its channels where it is made scales those of the picture.
    """
    shown = ball_brightness(panorama_directions(*ENVIRONMENT_SHAPE) @ to_camera)
    color = mean_light(4 * shown[..., None] * rig.environment)
    towards = np.reshape([source.towards for source in rig.sources], (-1, 3))
    for source, facing in zip(rig.sources, ball_brightness(towards @ to_camera), strict=True):
        color = color + facing * source.level * np.array(source.color)
    gains = white_balance_gains(color, balance)
    return Rig(rig.environment * gains, tuple(_scaled(source, gains) for source in rig.sources))


def ball_brightness(cosine: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return the mean light that a white diffuse ball shows under a lamp of level 1.

    Lambert's phase function; its mean over all directions is 1/4.

    Args:
        cosine: between the directions from the ball to the lamp and to the camera.
    """
    angle = np.arccos(np.clip(cosine, -1, 1))
    return (np.sin(angle) + (np.pi - angle) * np.cos(angle)) * 2 / (3 * np.pi)


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
    directions = panorama_directions(*ENVIRONMENT_SHAPE) @ camera_from_world
    return np.maximum(look_up(environment, directions), 0)


def _lamp(source: Source, scale: float, camera_from_world: Rotation, target: np.ndarray) -> Lamp:
    """Set a lamp up; an area lamp's irradiance at a distance d is power / (pi d^2)."""
    towards = camera_from_world @ source.towards
    position = target + source.distance_m * towards
    power = source.level * scale * (np.pi * source.distance_m) ** 2
    (x, y, z), (dx, dy, dz) = position.tolist(), (-towards).tolist()
    return Lamp("area", float(power), source.color, (x, y, z), (dx, dy, dz), source.size_m)
