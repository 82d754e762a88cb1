"""Measures of a hand and a ball against closed forms, and limits that reject by name."""

from dataclasses import replace

import numpy as np
import pytest
from grasps.holding import PLANNED, ball, hand, hand_model, palm_m
from numpy.testing import assert_allclose

from obman_gen.errors import SampleRejected
from obman_gen.grasps.config import LimitsConfig
from obman_gen.grasps.measure import SkinMeasurer, Solid

LIMITS = LimitsConfig()


def measurer(centre, radius_m, limits=LIMITS):
    vertices, faces = ball(centre, radius_m)
    return SkinMeasurer(hand_model(), Solid(vertices, faces, [(vertices, faces)]), limits)


def skin(one):
    vertices, _ = hand_model().vertices_of(one)
    return vertices


def test_depth_is_that_of_the_deepest_vertex_in_the_ball():
    one, radius = hand(), 0.03
    centre = palm_m(one) - [0.0, 0.02, 0.0]

    measures = measurer(centre, radius).measure(one, PLANNED)

    deepest = radius - np.linalg.norm(skin(one) - centre, axis=1).min()
    # The ball's 2,562 vertices lie on the sphere, its facets up to 2e-3 radii inside.
    assert_allclose(measures.max_penetration_m, deepest, atol=2e-3 * radius)


def test_a_bead_inside_the_palm_shares_all_its_volume():
    one, radius = hand(1.0), 0.004
    _, joints = hand_model().vertices_of(one)
    centre = 0.5 * (joints[0] + joints[9])

    measures = measurer(centre, radius).measure(one, PLANNED)

    assert_allclose(measures.intersection_volume_m3, 4 / 3 * np.pi * radius**3, rtol=0.01)
    assert measures.max_penetration_m == 0.0  # no skin is in the bead


def test_a_bead_at_a_fingertip_touches_that_finger_only():
    one = hand(1.0)
    tip = skin(one)[hand_model().pad_ids[1]]
    centre = tip - [0.0, 0.0105, 0.0]

    contacts = measurer(centre, 0.01).contacts(skin(one))

    assert contacts == {
        "links_in_contact": 1,
        "fingers_in_contact": 1,
        "palm_in_contact": False,
    }


def test_a_ball_in_the_palm_touches_the_palm():
    one = hand(1.0)
    centre = palm_m(one) - [0.0, 0.04, 0.0]
    gap = np.linalg.norm(skin(one) - centre, axis=1).min() - 0.03

    contacts = measurer(centre - [0.0, -gap, 0.0], 0.03).contacts(skin(one))

    assert contacts["palm_in_contact"]


def test_a_ball_in_free_air_is_held_in_no_direction():
    one = hand(1.0)

    free = measurer(palm_m(one) - [0.0, 0.5, 0.0], 0.03)

    # Half a g t^2 of 35 steps, less what Bullet's air takes.
    measures = free.measure_fully(one, PLANNED)
    assert_allclose(measures.simulation_displacement_m, 0.107, atol=0.002)
    assert measures.directions_held == 0
    assert (measures.epsilon, measures.quality) == (PLANNED.epsilon, PLANNED.quality)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"max_penetration_m": 0.0041}, "max_penetration_m"),
        ({"intersection_volume_m3": 4.1e-6}, "intersection_volume_m3"),
        ({"simulation_displacement_m": 0.021}, "simulation_displacement_m"),
        ({"links_in_contact": 2}, "links_in_contact"),
    ],
)
def test_each_limit_rejects_under_its_name(changes, rule):
    judge = measurer(np.zeros(3), 0.03)
    fine = replace(
        PLANNED,
        max_penetration_m=0.004,
        intersection_volume_m3=4e-6,
        simulation_displacement_m=0.02,
        links_in_contact=3,
    )
    judge.require_acceptable(fine)

    with pytest.raises(SampleRejected) as rejected:
        judge.require_acceptable(replace(fine, **changes))

    assert rejected.value.rule == rule
