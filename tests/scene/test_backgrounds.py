"""Rooms behind the hand: developed as a camera develops them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from obman_gen.errors import InputError
from obman_gen.scene.backgrounds import Background, BackgroundConfig, BackgroundPainter
from obman_gen.scene.placement import CameraConfig
from obman_gen.scene.pools import ArrayCache

CAMERA = CameraConfig().camera()


def picture(panorama, folder, balance=0.75):
    """Paint one room whose panorama is given, sharp."""
    config = BackgroundConfig(blur_max_px=0.0, balance=balance)
    painter = BackgroundPainter(config, ArrayCache(folder))
    room = Background("room", "room-train-0000", 5)
    return painter.paint(room, CAMERA, np.eye(3), lambda *_: panorama).image.astype(np.float64)


def walls(color=(1.0, 1.0, 1.0), level=0.2):
    return (np.full((64, 128, 3), level) * np.array(color)).astype(np.float32)


def test_exposure_does_not_depend_on_how_bright_the_room_is(tmp_path):
    dark = picture(walls(level=0.02), tmp_path / "dark")

    assert_allclose(picture(walls(level=2.0), tmp_path / "bright"), dark, rtol=1e-3)
    assert 0.08 < dark.mean() < 0.6


def test_a_window_is_white_and_walls_around_it_are_not_black(tmp_path):
    with_window = walls()
    with_window[:, np.arange(128) % 16 < 4] = 60.0

    seen = picture(with_window, tmp_path)

    assert seen.max() > 0.95
    assert seen.min() > 0.02


@pytest.mark.parametrize(("balance", "left"), [(1.0, 0.0), (0.75, 0.25), (0.0, 1.0)])
def test_white_balance_takes_its_share_of_a_rooms_cast_out(tmp_path, balance, left):
    color = np.array([1.4, 1.0, 0.6])
    image = picture(walls(color), tmp_path, balance)

    before = _exposed(image[128, 128])
    assert_allclose(
        np.log(before[[0, 2]] / before[1]), left * np.log(color[[0, 2]]), rtol=1e-3, atol=1e-3
    )


def _exposed(shown):
    """Undo Reinhard's curve y = x (1 + x / 16) / (1 + x): a quadratic in x."""
    half = 1 - shown
    return 8 * (np.sqrt(half**2 + shown / 4) - half)


def test_negative_blur_and_too_much_balance_are_refused():
    with pytest.raises(InputError, match="blur_max_px must be 0 or more, got -1"):
        BackgroundConfig(blur_max_px=-1.0)
    with pytest.raises(InputError, match="balance must be from 0 to 1, got 2"):
        BackgroundConfig(balance=2.0)
