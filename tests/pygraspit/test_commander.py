"""A script of the ROS kind, and a world file in and out."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose

from pygraspit.commander import GraspitCommander, Pose
from pygraspit.errors import DescriptionError
from pygraspit.formats.world_xml import Placed, read_world, write_world
from pygraspit.transforms import from_pose

HANDS = Path(__file__).parents[2] / "grasp_configs"


@pytest.fixture
def bar(tmp_path):
    """A bar of 30 mm across, in metres as bare geometry files are."""
    path = tmp_path / "bar.off"
    trimesh.creation.cylinder(0.015, 0.12, sections=24).export(path)
    return path


def test_a_ros_script_runs_on_the_class(bar):
    pose = Pose()
    pose.position.y = 0.2
    GraspitCommander.clearWorld()
    GraspitCommander.importRobot(str(HANDS / "open-hand"))
    GraspitCommander.importGraspableBody(str(bar))
    GraspitCommander.toggleAllCollisions(False)
    GraspitCommander.setRobotPose(pose)
    GraspitCommander.forceRobotDof(np.zeros(len(GraspitCommander.getRobot().robot.dofs)))
    GraspitCommander.toggleAllCollisions(True)
    GraspitCommander.approachToContact()
    GraspitCommander.autoGrasp()

    quality = GraspitCommander.computeQuality()

    assert quality.result in {0, 2}
    assert_allclose(GraspitCommander.getGraspableBody(0).graspable_body.pose.position.x, 0)
    assert max(GraspitCommander.getRobot(0).robot.dofs) > 0.3
    GraspitCommander.clearWorld()


def test_planned_grasps_are_what_closing_there_gives(bar):
    commander = GraspitCommander()
    commander.importRobot(str(HANDS / "open-hand"))
    commander.importGraspableBody(str(bar))

    answer = commander.planGrasps(max_steps=30_300, seed=3)

    assert answer.grasps
    assert len(answer.energies) == len(answer.grasps)
    contacts = []
    for grasp in answer.grasps[:3]:
        commander.setRobotPose(grasp.pose)
        commander.forceRobotDof(grasp.dofs)
        quality = commander.computeQuality()
        contacts += commander.getRobot().robot.contacts
        if quality.result == 0:
            assert_allclose(quality.epsilon, grasp.epsilon_quality, atol=1e-6)
            assert_allclose(quality.volume, grasp.volume_quality, rtol=1e-3, atol=1e-9)
    assert_some_are_on_the_bar(contacts, commander.world.robots[0])


@pytest.mark.parametrize("space", ["SPACE_ELLIPSOID", 2, SimpleNamespace(type=2)])
def test_a_search_that_is_not_there_is_refused_by_name(bar, space):
    with pytest.raises(
        DescriptionError,
        match="SPACE_ELLIPSOID is not available; SPACE_AXIS_ANGLE, SPACE_COMPLETE are",
    ):
        GraspitCommander().planGrasps(search_space=space)


def assert_some_are_on_the_bar(contacts, robot):
    on_bar = [contact for contact in contacts if contact.body2 == "bar"]
    assert on_bar
    for contact in on_bar:
        assert contact.body1 in {body.name for body in robot.bodies}
        place = contact.ps.pose.position
        from_wall_m = abs(np.hypot(place.x, place.y) - 0.015)
        from_ends_m = abs(abs(place.z) - 0.06)
        assert min(from_wall_m, from_ends_m) < 5e-4  # 24 sides: up to 0.13 mm inside the circle


def test_instances_do_not_share_a_world(bar):
    one, other = GraspitCommander(bar.parent), GraspitCommander()

    one.importGraspableBody("bar.off")

    assert len(one.world.objects) == 1
    assert not other.world.objects


def test_asking_for_what_is_not_there_says_so():
    with pytest.raises(DescriptionError, match="no hand 0: the world holds 0"):
        GraspitCommander().computeQuality()


def test_a_world_file_comes_back_as_written(tmp_path, bar):
    pose = from_pose(np.array([10.0, -20, 30, 0.5, 0.5, -0.5, 0.5]))
    placed = [
        Placed("graspableBody", bar, pose),
        Placed("robot", tmp_path / "h.xml", pose, pose[0]),
    ]

    write_world(tmp_path / "world.xml", placed)
    back = read_world(tmp_path / "world.xml")

    assert [one.kind for one in back] == ["graspableBody", "robot"]
    assert back[0].file == bar
    assert_allclose(back[0].world_from_element, pose, atol=1e-10)
    assert_allclose(back[1].dofs, pose[0], atol=1e-10)


def test_a_world_is_loaded(tmp_path, bar):
    pose = from_pose(np.array([10.0, 0, 0, 1, 0, 0, 0]))
    write_world(tmp_path / "world.xml", [Placed("graspableBody", bar, pose)])
    commander = GraspitCommander(tmp_path)

    commander.loadWorld("world.xml")

    assert_allclose(commander.getGraspableBody(0).graspable_body.pose.position.x, 0.01)
