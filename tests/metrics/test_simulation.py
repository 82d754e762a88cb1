from dataclasses import replace

import numpy as np
import pytest
from metrics.obman_simulation import displacement_m
from metrics.shapes import ball, box, joined
from numpy.testing import assert_allclose

from obman_gen.hands import load_hand_model
from obman_gen.metrics import (
    OBMAN_PROTOCOL,
    directional_displacements,
    holds_in_all_directions,
    protocol_record,
    simulation_displacement,
    vhacd_parts,
)

RADIUS_M = 0.03
BALL = [ball(RADIUS_M, subdivisions=2)]
PLATE_M = (0.02, 0.02, 0.02)
REACH_M = RADIUS_M + 0.01
FINGERS = tuple(box(PLATE_M, sign * REACH_M * row) for row in np.eye(3) for sign in (1, -1))
CLOSED_HAND = joined(*FINGERS)
FLAT_HAND = joined(FINGERS[2])
"""Under the ball: the default gravity pulls along +y."""


def test_a_ball_in_a_closed_hand_stays_within_a_millimetre():
    assert simulation_displacement(*CLOSED_HAND, BALL) < 1e-3


def test_a_ball_on_a_flat_hand_stays_but_a_hand_above_lets_it_fall():
    above = joined(FINGERS[3])

    assert simulation_displacement(*FLAT_HAND, BALL) < 1e-3
    assert simulation_displacement(*above, BALL) > 0.1


def test_a_free_ball_falls_104_mm_in_35_steps():
    far = [(BALL[0][0] + [1.0, 0, 0], BALL[0][1])]

    fallen_m = simulation_displacement(*CLOSED_HAND, far)

    # Half g t^2; Bullet's integrator uses each step's last speed, half a step too much.
    seconds = 35 / 240
    assert_allclose(fallen_m, 9.8 * seconds**2 / 2, atol=9.8 * seconds / 240 / 2)
    assert fallen_m > 0.104


def test_two_runs_agree_to_the_last_bit():
    slipping = joined(*FINGERS[:2])
    part = [(BALL[0][0] + [0, 0.002, 0.001], BALL[0][1])]

    first, second = (simulation_displacement(*slipping, part) for _ in range(2))

    assert first == second
    assert first > 1e-4


def test_what_fell_before_leaves_nothing_behind():
    slipping = joined(*FINGERS[:2])
    part = [(BALL[0][0] + [0, 0.002, 0.001], BALL[0][1])]
    alone = simulation_displacement(*slipping, part)

    simulation_displacement(*CLOSED_HAND, part)
    with pytest.raises(ValueError, match="no convex parts"):
        simulation_displacement(*CLOSED_HAND, [])

    assert simulation_displacement(*slipping, part) == alone


def test_the_direction_of_the_protocol_s_own_gravity_may_be_known_already():
    slipping = joined(*FINGERS[:2])
    part = [(BALL[0][0] + [0, 0.002, 0.001], BALL[0][1])]
    known_m = simulation_displacement(*slipping, part)

    moved = list(directional_displacements(*slipping, part))

    assert moved[2] == known_m
    assert list(directional_displacements(*slipping, part, known_m=known_m)) == moved
    told = list(directional_displacements(*slipping, part, known_m=-1.0))
    assert told == [*moved[:2], -1.0, *moved[3:]]


@pytest.mark.parametrize("shift_m", [(0, -0.03, 0), (0.03, -0.025, 0), (0.05, -0.02, 0.02)])
def test_a_box_beside_the_palm_moves_as_in_obmans_experiment(shift_m):
    """Slips and pushes that a few solver iterations less would change by tens of per cent."""
    model = load_hand_model()
    skin = np.asarray(model.template, float)
    hand = model.close_boundary(skin)
    centre = skin[model.regions["palm"]].mean(axis=0) + shift_m
    part = box((0.03, 0.05, 0.04), centre)

    moved = simulation_displacement(*hand, [part])

    # A hull by itself and a hull in a compound are touched in another order.
    assert_allclose(moved, displacement_m(hand, part, part[0].mean(axis=0)), rtol=0.02)
    assert 1e-3 < moved < 0.1


def test_displacement_is_that_of_the_centre_of_mass_given():
    heavy_end = np.array([1.0, 0.0, 0.02])
    far = [(BALL[0][0] + [1.0, 0, 0], BALL[0][1])]

    as_given = simulation_displacement(*CLOSED_HAND, far, centre_m=heavy_end)

    assert_allclose(as_given, simulation_displacement(*CLOSED_HAND, far), rtol=1e-3)


def test_only_a_closed_hand_holds_in_all_directions():
    assert holds_in_all_directions(*CLOSED_HAND, BALL)
    assert not holds_in_all_directions(*FLAT_HAND, BALL)


def test_a_weaker_pull_moves_less():
    far = [(BALL[0][0] + [1.0, 0, 0], BALL[0][1])]
    moon = replace(OBMAN_PROTOCOL, gravity_m_s2=(0.0, 1.62, 0.0))

    ratio = simulation_displacement(*CLOSED_HAND, far, protocol=moon) / simulation_displacement(
        *CLOSED_HAND, far
    )

    # Not exactly: Bullet brakes by up to 4 % per second, the more the faster.
    assert_allclose(ratio, 1.62 / 9.8, rtol=0.04 * 35 / 240)


def test_the_report_names_every_number_and_the_version():
    record = protocol_record()

    assert record["steps"] == 35
    assert record["step_s"] == 1 / 240
    assert str(record["pybullet"]).startswith("3.2")


def test_vhacd_returns_a_convex_body_as_one_part_and_says_nothing(capfd):
    parts = vhacd_parts(*ball(RADIUS_M, (0.1, 0, 0), subdivisions=3))

    assert capfd.readouterr().out == ""
    (vertices, faces), *others = parts
    assert not others
    assert faces.max() < len(vertices) <= 64
    # About ten voxels per edge: the hull is true to a voxel.
    assert_allclose(np.linalg.norm(vertices - [0.1, 0, 0], axis=1), RADIUS_M, atol=0.2 * RADIUS_M)


def test_vhacd_cuts_what_is_not_convex():
    elbow = joined(box((0.06, 0.02, 0.02)), box((0.02, 0.06, 0.02), (-0.02, 0.04, 0.0)))

    assert len(vhacd_parts(*elbow)) > 1


def test_no_parts_is_an_error():
    with pytest.raises(ValueError, match="no convex parts"):
        simulation_displacement(*CLOSED_HAND, [])
    with pytest.raises(ValueError, match="object's part 0 mesh has no faces"):
        simulation_displacement(*CLOSED_HAND, [(np.zeros((3, 3)), np.zeros((0, 3), int))])
