"""Rigs of light: their level, and how much of it comes from all around."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from obman_gen.errors import InputError
from obman_gen.scene.lights import (
    Light,
    LightConfig,
    ambient_level,
    ball_brightness,
    illuminate,
)
from obman_gen.scene.panorama import mean_light, panorama_directions
from obman_gen.scene.rigs import RIGS


def surroundings(seed=0):
    return np.random.default_rng(seed).uniform(0.2, 1.8, (32, 64, 3)).astype(np.float32)


def levels(rig, fill_min, seed):
    """Ambient level, and the lamps' together: an area lamp's level is power / (pi d)^2."""
    light = Light(rig, seed, 1.3, fill_min)
    environment, lamps = illuminate(light, surroundings(), np.eye(3), np.zeros(3))
    faced = sum(lamp.power / (np.pi * np.linalg.norm(lamp.position)) ** 2 for lamp in lamps)
    return ambient_level(environment.astype(np.float64)), faced


@pytest.mark.parametrize("rig", sorted(RIGS))
@pytest.mark.parametrize("fill_min", [0.0, 0.35, 1.0])
def test_ambient_light_is_at_least_its_share_of_the_lamps(rig, fill_min):
    for seed in range(5):
        ambient, lamps = levels(rig, fill_min, seed)

        assert ambient >= 0.98 * fill_min * lamps  # turning a panorama blurs a little
        assert_allclose(ambient + 0.5 * lamps, 1.3, rtol=0.02)


def test_more_fill_leaves_rigs_that_have_enough_alone():
    assert levels("surroundings", 0.0, 3) == levels("surroundings", 0.35, 3)


def test_negative_fill_is_refused():
    with pytest.raises(InputError, match="fill_min must not be negative, got -1"):
        LightConfig(fill_min=-1.0)


def cast(rig, balance, seed=4):
    """Return the colour of a white ball before the camera, logarithms against green."""
    light = Light(rig, seed, 1.3, 0.35, balance)
    environment, lamps = illuminate(light, surroundings(), np.eye(3), np.zeros(3))
    shown = 4 * ball_brightness(-panorama_directions(32, 64)[..., 2:])
    color = mean_light(shown * environment)
    for lamp in lamps:
        level = lamp.power / (np.pi * np.linalg.norm(lamp.position)) ** 2
        assert max(lamp.color) == pytest.approx(1)
        (facing,) = ball_brightness(np.array([lamp.direction[2]]))
        color = color + facing * level * np.array(lamp.color)
    return np.log(color[[0, 2]] / color[1])


@pytest.mark.parametrize("rig", sorted(RIGS))
def test_white_balance_takes_its_share_of_the_cast_out(rig):
    """Divided by a power of itself, a colour keeps the rest of its logarithm."""
    raw = cast(rig, 0.0)

    assert_allclose(cast(rig, 0.75), 0.25 * raw, atol=0.01)  # turning a panorama blurs a little
    assert_allclose(cast(rig, 1.0), 0, atol=0.01)


def test_white_balance_leaves_the_level_alone():
    for balance in (0.0, 0.5, 1.0):
        light = Light("lamp", 2, 1.3, 0.35, balance)
        environment, (lamp,) = illuminate(light, surroundings(), np.eye(3), np.zeros(3))
        faced = lamp.power / (np.pi * np.linalg.norm(lamp.position)) ** 2
        assert_allclose(ambient_level(environment.astype(float)) + 0.5 * faced, 1.3, rtol=0.02)


def test_balance_beyond_all_of_the_colour_is_refused():
    with pytest.raises(InputError, match=r"balance must lie in \[0, 1\], got 1.5"):
        LightConfig(balance=1.5)


def test_a_ball_shows_two_thirds_from_the_front_nothing_from_behind_a_quarter_on_average():
    """Of a facing surface: the mean cosine over a disc is 2/3, that over the sphere's both 1/4."""
    assert_allclose(ball_brightness(np.array([1.0, -1.0])), [2 / 3, 0], atol=1e-12)
    shown = ball_brightness(panorama_directions(256, 512)[..., :1])
    assert_allclose(mean_light(np.repeat(shown, 3, axis=2)), 0.25, rtol=1e-4)
