"""Temperatures, neighbours, acceptance and the list of best states against their formulas."""

import numpy as np
import pytest
from helpers import random_rigid
from numpy.testing import assert_allclose

from pygraspit.planner.annealing import SCHEDULES, acceptance, draw_neighbour, step_size
from pygraspit.planner.shortlist import consider, new_shortlist, state_distance

DEFAULT = SCHEDULES["ANNEAL_DEFAULT"]


def test_default_temperatures_are_graspits():
    """T(k) = 1e6 exp(-7 k^(1/8)): 9.4 energy units at the first step, 0.55 at the last."""
    assert DEFAULT.first_step == 30_000
    for step, expected in ((30_000, 9.4), (70_000, 0.55)):
        assert_allclose(DEFAULT.energy_temperature(step), expected, rtol=0.01)
        assert_allclose(
            DEFAULT.state_temperature(step), 1e6 * np.exp(-7 * step ** (1 / 8)), rtol=1e-12
        )


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_every_schedule_cools(name):
    schedule = SCHEDULES[name]
    steps = schedule.first_step + np.array([1, 100, 10_000])

    for temperature in (schedule.state_temperature, schedule.energy_temperature):
        values = [temperature(float(step)) for step in steps]
        assert (np.diff(values) < 0).all()
        assert values[-1] > 0


def test_acceptance_is_certain_downhill_and_boltzmann_uphill():
    assert acceptance(2.0, 1.0, 0.1) == 1.0
    assert_allclose(acceptance(1.0, 2.0, 0.5), np.exp(-2))


@pytest.mark.parametrize("heat", [1e-6, 1e-2, 1.0])
def test_steps_reach_from_nothing_to_one_jump(heat):
    assert step_size(0.5, heat) == 0.0
    assert_allclose(step_size(0.0, heat), -1.0)
    assert_allclose(step_size(0.75, heat), heat * (np.sqrt(1 + 1 / heat) - 1))


def test_neighbours_stay_in_the_box_and_wrap_around():
    box = np.array([[0.0, -1.0], [1.0, 1.0], [5.0, 1.9], [0.0, 1.0]])
    rng = np.random.default_rng(0)
    state, neighbour = np.array([0.5, 0.9]), np.zeros(2)
    drawn = []
    for _ in range(500):
        draw_neighbour(rng, state, 10.0, box, neighbour)
        drawn.append(neighbour.copy())

    drawn = np.array(drawn)
    assert (drawn >= box[0]).all()
    assert (drawn <= box[1]).all()
    assert (drawn[:, 1] < -0.5).any()  # only by wrapping: 0.9 + 0.6 and more


def entered(energies, frames, size=3):
    shortlist = new_shortlist(size, 1)
    for step, (energy, frame) in enumerate(zip(energies, frames, strict=True)):
        consider(shortlist, energy, np.array([energy]), frame, step, 100.0)
    return shortlist


def shifted(*millimetres):
    frames = np.tile(np.eye(4), (len(millimetres), 1, 1))
    frames[:, 0, 3] = millimetres
    return frames


def test_the_list_keeps_the_best_sorted():
    shortlist = entered([3.0, 1.0, 2.0, 0.5], shifted(0, 100, 200, 300))

    assert_allclose(shortlist.energy, [0.5, 1.0, 2.0])
    assert_allclose(shortlist.state[:, 0], [0.5, 1.0, 2.0])


def test_of_states_nearer_than_a_fifth_of_the_object_only_the_best_stays():
    shortlist = entered([3.0, 1.0, 2.0, 5.0], shifted(0, 19, 30, 45))

    assert shortlist.count[0] == 2  # 1.0 replaced 3.0, 2.0 was too near, 5.0 is far enough
    assert_allclose(shortlist.energy[:2], [1.0, 5.0])


def test_state_distance_is_the_larger_of_shift_and_half_the_turn():
    turned = np.eye(4)
    turned[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]

    assert_allclose(state_distance(np.eye(4), turned, 100.0), 0.25)
    turned[0, 3] = 50.0
    assert_allclose(state_distance(np.eye(4), turned, 100.0), 0.5)
    rigid = random_rigid(np.random.default_rng(1))
    assert_allclose(state_distance(rigid, rigid @ turned, 100.0), 0.5)
