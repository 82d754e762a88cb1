"""A hand written in GraspIt!'s files and read back is the same hand; so are its postures."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose

from obman_gen.grasps.export import with_simple_bodies, write_robot
from obman_gen.grasps.robot import make_robot
from obman_gen.hands import HandPosePrior, load_hand_model
from pygraspit import World
from pygraspit.formats import read_robot
from pygraspit.formats.geometry import body_from_trimesh
from pygraspit.kinematics import Kinematics

SHIPPED = Path(__file__).parents[2] / "grasp_configs/open-hand/open-hand.xml"
ANGLE_RAD = 2e-11
"""Angles are written to 1e-9 degrees."""


@pytest.fixture(scope="module")
def hand():
    model = load_hand_model()
    postures = HandPosePrior(model).sample_many(np.random.default_rng(0), 60)
    return make_robot(model, np.random.default_rng(1).normal(size=10), postures)


@pytest.fixture(scope="module")
def written(hand):
    return with_simple_bodies(hand.robot)


@pytest.fixture(scope="module")
def read(written, tmp_path_factory):
    return read_robot(write_robot(written, tmp_path_factory.mktemp("hand")))


def bodies_of(robot):
    return [robot.palm, *(link.body for chain in robot.chains for link in chain.links)]


def test_ranges_and_velocities_survive(written, read):
    before, after = Kinematics.of(written), Kinematics.of(read)

    assert_allclose(after.minimum, before.minimum, atol=3 * ANGLE_RAD)  # over the ratio, 0.6
    assert_allclose(after.maximum, before.maximum, atol=3 * ANGLE_RAD)
    assert_allclose(after.closing_velocity, before.closing_velocity)


def test_every_link_moves_as_before(written, read):
    before, after = Kinematics.of(written), Kinematics.of(read)
    rng = np.random.default_rng(2)
    for _ in range(10):
        dofs = rng.uniform(before.minimum, before.maximum)

        poses = [k.link_poses(np.eye(4), k.joints(dofs)) for k in (before, after)]

        # 9 decimals of millimetres and degrees, over five steps of at most 100 mm
        assert_allclose(poses[1], poses[0], atol=1e-7)


def test_bodies_are_small_closed_and_of_the_same_stuff(hand, written, read):
    for full, before, after in zip(*map(bodies_of, (hand.robot, written, read)), strict=True):
        assert (after.material, after.youngs) == (full.material, full.youngs)
        assert len(after.geometry.faces) <= 320
        assert_allclose(after.geometry.triangles, before.geometry.triangles, atol=6e-5)
        whole, small = (
            trimesh.Trimesh(b.geometry.vertices, b.geometry.faces) for b in (full, after)
        )
        assert small.is_watertight
        assert_allclose(small.volume, whole.volume, rtol=0.05)


def test_eigengrasps_and_virtual_contacts_survive(written, read):
    for name in ("directions", "minimum", "maximum"):
        assert_allclose(
            getattr(read.eigengrasps, name), getattr(written.eigengrasps, name), atol=2e-9
        )
    for before, after in zip(written.virtual_contacts, read.virtual_contacts, strict=True):
        assert (after.chain_index, after.link_index) == (before.chain_index, before.link_index)
        assert after.friction == before.friction
        for name in ("position", "normal", "friction_edges"):
            assert_allclose(getattr(after, name), getattr(before, name), atol=2e-9)


def test_the_hand_approaches_from_the_same_place_in_the_same_direction(written, read):
    """GraspIt! chooses the frame's other two axes itself."""
    before, after = written.palm_from_approach, read.palm_from_approach

    assert_allclose(after[:3, 2:], before[:3, 2:], atol=2e-9)
    assert_allclose(after[:3, :3].T @ after[:3, :3], np.eye(3), atol=1e-12)


def test_postures_survive_the_way_to_mano_and_back(hand):
    """Fifteen joints in MANO's finger order: index, middle, little, ring, thumb."""
    kinematics = Kinematics.of(hand.robot)
    rng = np.random.default_rng(3)
    for _ in range(10):
        dofs = rng.uniform(kinematics.minimum, kinematics.maximum)
        world_from_palm = hand.robot.palm_from_approach

        posed = hand.hand_from_robot(world_from_palm, dofs)
        back, again = hand.robot_from_hand(posed)

        assert_allclose(again, dofs, atol=1e-9)
        assert_allclose(back, world_from_palm, atol=1e-9)


@pytest.mark.parametrize(
    ("chain", "joints"), [(0, (1, 3)), (1, (4, 6)), (2, (7, 9)), (3, (10, 12)), (4, (13, 15))]
)
def test_each_chain_bends_its_own_joints_of_mano(hand, chain, joints):
    dofs = np.zeros(16)
    dofs[3 * chain + 1 : 3 * chain + (4 if chain == 4 else 3)] = 0.3

    turned = np.linalg.norm(hand.chains.pose_from_dofs(dofs).reshape(15, 3), axis=1) > 1e-6

    assert set(np.flatnonzero(turned) + 1) == set(range(joints[0], joints[1] + 1))


def test_the_shipped_hand_closes_on_a_bottle():
    hand = read_robot(SHIPPED)
    world = World()
    robot = world.add_robot(hand)
    bottle = trimesh.creation.cylinder(radius=25, height=160)
    body = world.add_body(body_from_trimesh(bottle, "bottle"))
    body.set_pose(in_front_of(hand, distance_mm=80))
    assert not world.collisions()

    robot.approach_to_contact()
    robot.auto_grasp()

    touching = {side.body for side in robot.contacts() if side.other == body.name}
    assert len(touching) >= 3
    assert not world.collisions()


def in_front_of(hand, distance_mm):
    """Lay something's z axis across the fingers, near their bases."""
    towards_fingers, across, outward = hand.palm_from_approach[:3, :3].T
    if towards_fingers @ hand.palm_from_approach[:3, 3] < 0:
        towards_fingers, across = -towards_fingers, -across
    palm_from_body = np.eye(4)
    palm_from_body[:3, :3] = np.stack([towards_fingers, outward, across], axis=1)
    palm_from_body[:3, :3] *= np.linalg.det(palm_from_body[:3, :3])
    middle = hand.palm_from_approach[:3, 3]
    palm_from_body[:3, 3] = middle + 45 * towards_fingers + distance_mm * outward
    return palm_from_body
