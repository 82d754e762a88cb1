"""What counts as another grasp."""

from dataclasses import replace

import numpy as np
import pytest
from grasps.holding import hand
from numpy.testing import assert_allclose

from obman_gen.grasps.diversity import HAND_WIDTH_M, difference, pick_distinct


@pytest.mark.parametrize(
    "changes",
    [
        {"translation": np.array([0.0, HAND_WIDTH_M, 0.0])},
        {"global_orient": np.array([0.0, 0.0, np.pi / 2])},
        {"pose": hand().pose + np.tile([1.0, 0.0, 0.0], 15)},
    ],
)
def test_a_hand_width_a_right_angle_and_a_fist_are_one(changes):
    assert_allclose(difference(hand(), replace(hand(), **changes)), 1.0)
    assert_allclose(difference(replace(hand(), **changes), hand()), 1.0)


def test_rotations_are_compared_the_short_way():
    one = replace(hand(), global_orient=np.array([0.0, np.pi - 0.01, 0.0]))
    other = replace(hand(), global_orient=np.array([0.0, -np.pi + 0.01, 0.0]))

    assert_allclose(difference(one, other), 0.02 / (np.pi / 2), rtol=1e-6)


def test_the_best_of_each_kind_is_picked():
    """Three clusters of shifts; scores tell which of each comes first."""
    rng = np.random.default_rng(0)
    clusters = np.repeat([0, 1, 2], 5)
    shifts = clusters[:, None] * [0.1, 0.0, 0.0] + rng.normal(0, 1e-3, (15, 3))
    hands = [hand(translation=shift) for shift in shifts]
    scores = rng.permutation(15).astype(float).tolist()

    picked = pick_distinct(hands, scores, 0.35, 8)

    best = [max(np.flatnonzero(clusters == kind), key=lambda i: scores[i]) for kind in range(3)]
    assert set(picked) == set(best)
    assert [scores[i] for i in picked] == sorted((scores[i] for i in picked), reverse=True)
    assert pick_distinct(hands, scores, 0.35, 2) == picked[:2]
    assert len(pick_distinct(hands, scores, 0.0, 15)) == 15


def test_of_equal_scores_the_first_wins():
    assert pick_distinct([hand(), hand()], [1.0, 1.0], 0.1, 2) == [0]
