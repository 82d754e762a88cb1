"""Search spaces: ranges, from states to hands and back, and planning in each of them."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import trimesh
from helpers import random_rigid
from numpy.testing import assert_allclose, assert_array_equal

from pygraspit import World
from pygraspit.formats import read_robot
from pygraspit.formats.geometry import body_from_trimesh
from pygraspit.planner import SPACES, EigenGraspPlanner, WorldScene, state_of
from pygraspit.planner.exact import anneal_exact
from pygraspit.planner.places import fill_place
from pygraspit.planner.spaces import Postures, StateSpace, object_from_palm_of

HAND = Path(__file__).parents[2] / "grasp_configs/open-hand/open-hand.xml"


@cache
def hand():
    return read_robot(HAND)


@pytest.fixture
def scene():
    world = World()
    robot = world.add_robot(hand())
    bar = body_from_trimesh(trimesh.creation.cylinder(radius=15, height=120), "bar")
    return WorldScene(world, robot, world.add_body(bar))


@pytest.fixture(params=SPACES)
def space(request) -> StateSpace:
    return SPACES[request.param](hand())


def uniform(space, count=20):
    rng = np.random.default_rng(0)
    return [space.uniform(rng) for _ in range(count)]


def test_a_search_starts_within_its_ranges(space):
    assert (space.start >= space.minimum).all()
    assert (space.start <= space.maximum).all()
    assert (space.jump > 0).all()
    assert (space.jump < space.maximum - space.minimum).all()


def test_complete_ranges_are_graspits():
    place = SPACES["SPACE_COMPLETE"](hand()).variables[-7:]

    assert [(v.minimum, v.maximum) for v in place] == [
        *[(-250.0, 250.0)] * 2,
        (-250.0, 350.0),
        *[(-5.0, 5.0)] * 4,
    ]


def test_compiled_places_are_the_plain_ones(space):
    frame = np.zeros((4, 4))
    for state in uniform(space):
        fill_place(space.place, state[-len(space.variables) + amplitude_count() :], frame)

        assert_allclose(frame, space.object_from_approach(state), atol=1e-12)
        assert_allclose(frame[:3, :3] @ frame[:3, :3].T, np.eye(3), atol=1e-12)


def amplitude_count() -> int:
    return len(Postures.of(hand()).directions)


def test_a_place_written_down_is_the_place(space):
    rng = np.random.default_rng(1)
    for _ in range(20):
        pose = random_rigid(rng)

        numbers = space.place_of(pose)

        state = np.append(np.zeros(amplitude_count()), numbers)
        assert_allclose(space.object_from_approach(state), pose, atol=1e-9)
        assert (numbers[3:] >= space.minimum[-len(numbers) + 3 :]).all()
        assert (numbers[3:] <= space.maximum[-len(numbers) + 3 :]).all()


def test_no_turn_is_written_and_read_in_every_space(space):
    numbers = space.place_of(np.eye(4))

    state = np.append(np.zeros(amplitude_count()), numbers)
    assert_array_equal(space.object_from_approach(state), np.eye(4))


def test_a_quaternion_without_length_is_no_turn():
    space = SPACES["SPACE_COMPLETE"](hand())
    state, frame = np.zeros(len(space.variables)), np.ones((4, 4))

    fill_place(space.place, state[-7:], frame)

    assert_array_equal(frame, np.eye(4))
    assert_array_equal(space.object_from_approach(state), np.eye(4))


def test_a_hand_posed_by_a_state_has_a_state_that_poses_it_so(space):
    """Amplitudes small enough that no DOF is clipped come back themselves."""
    postures = Postures.of(hand())
    for state in uniform(space):
        state[: amplitude_count()] *= 0.01
        dofs, palm = postures.dofs(state), object_from_palm_of(hand(), state, space)

        back = state_of(hand(), palm, dofs, space)

        inside = (dofs > postures.minimum).all() and (dofs < postures.maximum).all()
        if inside:
            assert_allclose(back[: amplitude_count()], state[: amplitude_count()], atol=1e-9)
        assert_allclose(object_from_palm_of(hand(), back, space), palm, atol=1e-8)


def test_chains_depend_on_their_generator_alone_and_compile_to_the_same(space, scene):
    planner = EigenGraspPlanner(hand(), "GUIDED_FORCE_CLOSURE_ENERGY", space=space)
    last = planner.schedule.first_step + 100

    one, again, other = (planner.plan(scene, np.random.default_rng(s), last) for s in (0, 0, 1))
    plain = anneal_exact(planner, scene, np.random.default_rng(0), space.start, last)

    assert_array_equal(one[0].state, again[0].state)
    assert_array_equal(one[0].state, plain.state[0])
    assert not np.array_equal(one[0].state, other[0].state)
    assert_array_equal(one[0].object_from_palm, object_from_palm_of(hand(), one[0].state, space))


def test_a_chain_begins_where_it_is_told(scene):
    """At a temperature of almost nothing, the first state accepted is the start itself nearly."""
    planner = EigenGraspPlanner(hand(), "CONTACT_ENERGY")
    start = planner.space.start + 0.01 * planner.space.jump
    cold = planner.schedule.first_step

    grasps = planner.plan(scene, np.random.default_rng(0), cold + 1, start)

    moved = np.abs(grasps[0].state - start) / planner.space.jump
    assert np.median(moved) < 0.05
