"""Settling a hand on a ball: inside becomes outside, contact stays, and slopes are right."""

from dataclasses import replace

import numpy as np
import pytest
from grasps.holding import BALL_RADIUS_M, ball, hand, hand_model, palm_m
from numpy.testing import assert_allclose

from obman_gen.grasps.config import RefineConfig
from obman_gen.grasps.refine import Refiner
from obman_gen.grasps.settling import JOINT_COUNT, Weights, energy_and_gradient
from pygraspit.sdf import bake

CONFIG = RefineConfig()


@pytest.fixture(scope="module")
def scene():
    """A relaxed hand that is 6 mm deep in a ball before its palm."""
    one = hand()
    vertices, _ = hand_model().vertices_of(one)
    centre = palm_m(one) - [0.0, BALL_RADIUS_M, 0.0]
    return one, moved_to_gap(vertices, centre, -0.006)


def moved_to_gap(vertices, centre, gap_m):
    """Move a ball up or down until the nearest vertex is this far outside."""
    for _ in range(20):  # the nearest vertex changes as the ball moves
        gap = np.linalg.norm(vertices - centre, axis=1).min() - BALL_RADIUS_M
        centre = centre - [0.0, gap_m - gap, 0.0]
    return centre


def refiner(centre, config=CONFIG):
    grid = bake(*ball(centre, subdivisions=3), resolution=48)
    return Refiner(hand_model(), np.zeros(10), grid, 1.0, config)


def distances_m(one, centre):
    """Of the skin, in closed form."""
    vertices, _ = hand_model().vertices_of(one)
    return np.linalg.norm(vertices - centre, axis=1) - BALL_RADIUS_M


def bones_touching(one, centre):
    bones = np.asarray(hand_model().weights).argmax(axis=1)
    return set(bones[distances_m(one, centre) < 0.002].tolist())


def test_skin_inside_comes_out_and_what_touched_still_touches(scene):
    one, centre = scene
    before = distances_m(one, centre)

    (settled,) = refiner(centre).refine([one])

    after = distances_m(settled, centre)
    assert before.min() < -0.005
    # Pads may press in by press_m; forces balance within about as much again.
    assert after.min() > -2.5 * CONFIG.press_m
    # Nothing was thrown away: the palm that lay on the ball still does.
    assert 0 in bones_touching(settled, centre)
    assert len(bones_touching(settled, centre)) >= 2


def test_fingers_that_nearly_touch_are_brought_to_the_surface(scene):
    one, centre = scene
    vertices, _ = hand_model().vertices_of(one)
    below = moved_to_gap(vertices, centre, 0.004)
    assert not bones_touching(one, below)

    (settled,) = refiner(below).refine([one])

    # All of the skin in reach aims at press_m: the middle of a patch goes deeper.
    assert -3.5 * CONFIG.press_m < distances_m(settled, below).min() < 0.001
    assert bones_touching(settled, below)


def test_a_hand_far_from_everything_stays_as_it_is(scene):
    one, centre = scene

    (settled,) = refiner(centre - [0.0, 0.5, 0.0]).refine([one])

    assert_allclose(settled.translation, one.translation, atol=1e-12)
    assert_allclose(settled.global_orient, one.global_orient, atol=1e-12)


def test_no_steps_keep_the_planned_grasp(scene):
    one, centre = scene

    (settled,) = refiner(centre, replace(CONFIG, steps=0)).refine([one])

    # Rounded to 1e-10.
    assert_allclose(settled.pose, one.pose, atol=1e-10)
    assert_allclose(settled.translation, one.translation, atol=1e-10)


def test_a_ball_through_a_finger_is_noticed(scene):
    one, centre = scene
    _, joints = hand_model().vertices_of(one)

    assert refiner(centre - [0.0, 0.2, 0.0]).core_clearance(one) > 0.5
    # A ball whose pole is the middle of a phalanx of the index: its surface cuts the bone.
    middle = 0.5 * (joints[6] + joints[7])
    assert refiner(middle - [0.0, BALL_RADIUS_M, 0.0]).core_clearance(one) < 0.2


def test_the_gradient_is_that_of_the_energy(scene):
    one, centre = scene
    tools = refiner(centre)
    particles, grid = tools._particles(one), tools._distance
    weights = Weights(contact=20.0, pose=0.02, limit=10.0, crossing=20.0, press_cm=0.1)
    start = np.concatenate([one.global_orient, one.pose, one.translation])
    # Off the start, where the pull back to the plan is not zero.
    place = start + np.random.default_rng(0).normal(0, 0.02, 51) * ([1.0] * 48 + [0.02] * 3)

    def energy(parameters, gradient):
        return energy_and_gradient(
            parameters, start, tools._skeleton, particles, grid.values,
            np.asarray(grid.origin, float), grid.spacing, weights, gradient,
            np.zeros((JOINT_COUNT, 3, 3)), np.zeros((JOINT_COUNT, 3)),
            np.zeros_like(particles.rest), np.zeros_like(particles.rest),
        )  # fmt: skip

    gradient, unused = np.zeros(51), np.zeros(51)
    energy(place, gradient)
    step = 1e-6
    numeric = [
        (energy(place + step * axis, unused) - energy(place - step * axis, unused)) / (2 * step)
        for axis in np.eye(51)
    ]
    # A trilinear field has kinks at cell borders: a particle on one costs a little.
    assert_allclose(gradient, numeric, rtol=1e-3, atol=1e-3 * np.abs(gradient).max())
