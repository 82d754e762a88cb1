"""Rigs of light: their level, and how much of it comes from all around."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from obman_gen.errors import InputError
from obman_gen.scene.lights import RIGS, Light, LightConfig, ambient_level, illuminate


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
