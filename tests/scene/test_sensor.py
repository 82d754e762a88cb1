"""What the camera does to a finished picture."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from obman_gen.errors import InputError
from obman_gen.scene.color import decode_srgb
from obman_gen.scene.sensor import (
    MOST_STOPS_ADDED,
    WELL_EXPOSED,
    Sensor,
    SensorConfig,
    draw_sensor,
    expose,
    metered_gain,
)

OF_HAND = np.zeros((8, 8), bool)
OF_HAND[2:6, 2:6] = True


def picture_with_hand(level):
    linear = np.full((8, 8, 3), 0.9)
    linear[OF_HAND] = level
    return linear


@pytest.mark.parametrize("metering", [0.25, 0.5, 1.0])
def test_a_dark_hand_gains_its_distance_times_the_metering(metering):
    level = WELL_EXPOSED / 2

    gain = metered_gain(picture_with_hand(level), OF_HAND, metering)

    assert_allclose(gain, 2**metering, rtol=1e-12)
    hand = decode_srgb(expose(picture_with_hand(level), Sensor(), gain))[OF_HAND]
    assert_allclose(hand, level * gain / (1 + (gain - 1) * level), atol=0.002)  # a step of 255


def test_gain_never_darkens_and_has_a_bound():
    assert metered_gain(picture_with_hand(0.7), OF_HAND, 1.0) == 1
    assert_allclose(metered_gain(picture_with_hand(0.0), OF_HAND, 1.0), 2**MOST_STOPS_ADDED)


def test_gain_leaves_black_and_white_and_the_order_of_levels():
    levels = np.linspace(0, 1, 64).reshape(8, 8, 1) * np.ones(3)

    lifted, plain = expose(levels, Sensor(), 2.5), expose(levels, Sensor())

    assert (lifted[0, 0] == 0).all()
    assert (lifted[-1, -1] == 255).all()
    assert (np.diff(lifted[..., 0].ravel().astype(int)) >= 0).all()
    assert (lifted >= plain).all()


def test_gain_keeps_the_hue_of_dark_skin():
    """Ratios of linear channels stay; bytes are a 255th apart, 3 % of the darkest channel here."""
    skin = np.full((4, 4, 3), 0.5) * [0.088, 0.05, 0.034]

    shown = decode_srgb(expose(skin, Sensor(), 4.0))[0, 0]

    assert_allclose(shown / shown[0], [1, 0.05 / 0.088, 0.034 / 0.088], rtol=0.03)


def test_nothing_is_metered_without_a_hand_or_without_metering():
    dark = picture_with_hand(0.01)

    assert metered_gain(dark, np.zeros_like(OF_HAND), 1.0) == 1
    assert metered_gain(dark, OF_HAND, 0.0) == 1


def test_noise_has_the_strength_at_grey_that_was_asked_for():
    grey = np.full((400, 400, 3), 0.18)

    bright = decode_srgb(expose(grey, Sensor(seed=1, noise=0.01)))

    assert_allclose(bright.std(), 0.01, rtol=0.03)


def test_same_draw_same_bytes_and_strengths_stay_below_their_bounds():
    config = SensorConfig(noise=0.03, blur_px=0.7, vignetting=0.3, jpeg_quality_min=60)
    linear = np.random.default_rng(0).random((16, 16, 3))

    one, other = (draw_sensor(np.random.default_rng(5), config) for _ in range(2))

    assert_array_equal(expose(linear, one), expose(linear, other))
    assert one.noise <= 0.03
    assert 60 <= one.jpeg_quality <= 100
    assert (expose(linear, replace(one, seed=one.seed + 1)) != expose(linear, one)).any()


def test_metering_out_of_range_is_named():
    with pytest.raises(InputError, match=r"sensor\.metering"):
        SensorConfig(metering=1.5)
