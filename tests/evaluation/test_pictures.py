"""Pictures of cases: enlarged ones show the same directions."""

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose

from obman_gen.sample import Camera
from obman_gen.training.evaluation_measures import HandAndObject
from obman_gen.training.evaluation_pictures import MIN_TILE_PX, Portrait, enlarged


def portrait(side_px):
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    shape = HandAndObject(np.zeros((1, 3)), np.zeros((21, 3)), box.vertices, box.faces)
    intrinsics = np.array([[90.0, 0, 40], [0, 110.0, 55], [0, 0, 1]])
    return Portrait("", np.zeros((side_px, side_px, 3), np.uint8), intrinsics, shape, shape)


@pytest.mark.parametrize("side_px", [32, 96, 191])
def test_small_pictures_are_enlarged_and_points_stay_at_their_share_of_the_side(side_px):
    small = portrait(side_px)
    points = np.random.default_rng(0).uniform(0.2, 1.0, (5, 3))

    large = enlarged(small)

    assert large.image.shape == (MIN_TILE_PX, MIN_TILE_PX, 3)
    shares = [
        Camera(each.intrinsics, 1, 1).project(points) / len(each.image) for each in (small, large)
    ]
    assert_allclose(shares[1], shares[0], rtol=1e-12)


def test_large_pictures_stay_as_they_are():
    large = portrait(256)

    assert enlarged(large) is large
