import numpy as np
import pytest
from helpers import random_rigid
from numpy.testing import assert_allclose

from obman_gen.metrics import (
    end_point_error,
    pck_auc,
    pck_curve,
    point_errors,
    procrustes_aligned,
)


@pytest.fixture
def joints():
    return np.random.default_rng(0).normal(0, 0.05, (6, 21, 3))


def test_truth_against_itself_is_perfect(joints):
    assert end_point_error(joints, joints, root_index=0) == 0
    assert pck_auc(point_errors(joints, joints, None)) == 1
    assert_allclose(procrustes_aligned(joints, joints), joints, atol=1e-15)


def test_error_is_the_mean_over_joints_root_included(joints):
    shifted = joints.copy()
    shifted[:, 1:] += [0.003, 0.004, 0.0]

    assert_allclose(end_point_error(shifted, joints, root_index=None), 0.005 * 20 / 21)
    assert_allclose(end_point_error(shifted, joints, root_index=0), 0.005 * 20 / 21)
    # Any other root carries the shift over to the wrist.
    assert_allclose(end_point_error(shifted, joints, root_index=9), 0.005 / 21)


def test_a_shift_of_everything_vanishes_with_a_root_only(joints):
    assert_allclose(end_point_error(joints + 0.1, joints, root_index=0), 0, atol=1e-15)
    assert_allclose(end_point_error(joints + 0.1, joints, root_index=None), 0.1 * 3**0.5)


def test_errors_spread_evenly_up_to_the_limit_have_half_the_area():
    errors = (np.arange(21 * 1000) + 0.5).reshape(1000, 21) / (21 * 1000) * 0.05

    assert_allclose(pck_auc(errors), 0.5, atol=1e-4)


def test_curve_steps_at_the_error():
    curve = pck_curve(np.full((4, 21), 0.0131), max_threshold_m=0.05, threshold_count=20)

    np.testing.assert_array_equal(curve.shares, curve.thresholds_m > 0.0131)
    # Five of twenty points lie below; the trapezoid over the step counts half an interval.
    assert_allclose(curve.auc, 1 - 4.5 / 19)


def test_area_of_the_curve_is_the_mean_over_joints_of_their_areas():
    errors = np.random.default_rng(1).gamma(2, 0.01, (50, 21))

    by_joint = np.mean([pck_auc(errors[:, joint]) for joint in range(21)])

    assert_allclose(pck_auc(errors), by_joint, rtol=1e-12)


@pytest.mark.parametrize(
    ("rotate", "rescale", "undone"),
    [
        (True, True, {"turn", "size", "shift"}),
        (True, False, {"turn", "shift"}),
        (False, True, {"size", "shift"}),
        (False, False, {"shift"}),
    ],
)
@pytest.mark.parametrize("change", ["turn", "size", "shift"])
def test_alignment_undoes_what_it_may_and_nothing_else(joints, change, rotate, rescale, undone):
    moved = {
        "turn": joints @ random_rigid(np.random.default_rng(2))[:3, :3],
        "size": 1.3 * joints,
        "shift": joints + np.array([0.1, 0.2, 0.3]),
    }[change]

    aligned = procrustes_aligned(moved, joints, rotate, rescale)

    left = end_point_error(aligned, joints, root_index=None)
    assert (left < 1e-12) == (change in undone)


def test_a_mirror_image_is_not_aligned_away(joints):
    mirrored = joints * [-1, 1, 1]

    assert end_point_error(procrustes_aligned(mirrored, joints), joints, None) > 0.01


def test_alignment_never_makes_the_squares_larger(joints):
    noisy = joints + np.random.default_rng(3).normal(0, 0.01, joints.shape)

    squares = [
        ((procrustes_aligned(noisy, joints, *choice) - joints) ** 2).sum()
        for choice in ((False, False), (True, False), (True, True))
    ]

    assert squares[0] >= squares[1] >= squares[2]


def test_coinciding_predictions_stay_finite(joints):
    aligned = procrustes_aligned(np.zeros_like(joints), joints)

    assert_allclose(aligned, np.broadcast_to(joints.mean(axis=1, keepdims=True), joints.shape))


def test_points_that_do_not_correspond_are_refused(joints):
    with pytest.raises(ValueError, match=r"\(6, 21, 3\), targets \(6, 1, 3\)"):
        point_errors.__wrapped__(joints, joints[:, :1], None)
