import numpy as np
import pytest
from hands.finger_overlap import deepest_overlap_m

from obman_gen.hands import load_hand_model
from obman_gen.hands.pose_prior import HandPosePrior


@pytest.fixture(scope="module")
def hand():
    return load_hand_model()


def test_draws_stay_within_the_joint_limits(hand):
    poses = HandPosePrior(hand).sample_many(np.random.default_rng(0), 200)

    low, high = hand.joint_limits_rad.T
    assert (poses >= low).all()
    assert (poses <= high).all()


def test_same_generator_same_postures(hand):
    one, two = (HandPosePrior(hand).sample_many(np.random.default_rng(5), 9) for _ in range(2))

    np.testing.assert_array_equal(one, two)


def test_fewer_than_one_draw_in_a_hundred_has_fingers_inside_each_other(hand):
    count = 150
    poses = HandPosePrior(hand).sample_many(np.random.default_rng(1), count)

    deep = sum(deepest_overlap_m(hand, pose) > 0.002 for pose in poses)

    assert deep <= 0.01 * count + 1
