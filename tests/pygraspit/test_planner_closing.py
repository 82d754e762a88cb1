"""The quick closing on a distance field: what it skips never changes where a finger stops."""

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose, assert_array_equal

from pygraspit.formats import read_robot
from pygraspit.kinematics import Kinematics
from pygraspit.planner import EigenGraspPlanner, axis_angle_space
from pygraspit.planner.closing import FieldCloser
from pygraspit.planner.field_motion import MAX_STEPS, STEP_RAD, driven_by_dofs
from pygraspit.planner.tables import field_table, hand_table
from pygraspit.sdf import bake

HAND = "grasp_configs/open-hand/open-hand.xml"
SLACK_MM, TOUCH_MM = 0.5, 2.5


@pytest.fixture(scope="module")
def robot():
    return read_robot(HAND)


@pytest.fixture(scope="module")
def grid():
    mesh = trimesh.creation.cylinder(radius=25, height=120)
    return bake(mesh.vertices, mesh.faces, resolution=40)


@pytest.fixture(scope="module")
def planned(robot, grid):
    space = axis_angle_space(robot, reach_mm=120.0)
    planner = EigenGraspPlanner(robot, space=space)
    return planner.plan_on_field(grid, 65.0, np.random.default_rng(0), 3, 400)


def velocity_of(robot):
    return np.array([dof.closing_velocity for dof in robot.dofs])


class EveryStep:
    """The same closing, looking at every ball, point and pair in every step."""

    def __init__(self, robot, grid):
        self.kinematics, self.table, self.grid = Kinematics.of(robot), hand_table(robot), grid
        velocity = velocity_of(robot)
        self.steps = STEP_RAD * velocity / np.abs(velocity).max()
        self.least = np.where(self.table.ball_radius > 0, self.table.ball_radius - SLACK_MM, 0.0)

    def places(self, palm, dofs):
        links = self.kinematics.link_poses(palm, self.kinematics.joints(dofs))
        poses = np.concatenate([palm[None], links])[self.table.ball_link]
        turned = np.einsum("nij,nj->ni", poses[:, :3, :3], self.table.ball_centre)
        return turned + poses[:, :3, 3]

    def hits(self, before, after):
        moved = np.abs(after - before).max(axis=1) > 1e-12
        if (self.grid.distance(after)[moved] < self.least[moved]).any():
            return True
        one, other = self.table.ball_pairs.T
        least = self.table.ball_radius[one] + self.table.ball_radius[other] - SLACK_MM
        gaps = np.linalg.norm(after[one] - after[other], axis=1)
        return bool(((gaps < least) & (least > 0) & (moved[one] | moved[other])).any())

    def close(self, palm, dofs):
        dofs = dofs.copy()
        going = self.steps != 0
        places = self.places(palm, dofs)
        for _ in range(MAX_STEPS):
            for dof in np.flatnonzero(going):
                trial = dofs.copy()
                trial[dof] += self.steps[dof]
                trial = np.clip(trial, *self.table.dof_range)
                after = self.places(palm, trial)
                going[dof] = trial[dof] != dofs[dof] and not self.hits(places, after)
                if going[dof]:
                    dofs, places = trial, after
        return dofs


def test_fingers_stop_where_looking_at_everything_in_every_step_stops_them(robot, grid, planned):
    closer = FieldCloser(hand_table(robot), field_table(grid), velocity_of(robot))
    twin = EveryStep(robot, grid)
    touching = 0
    for grasp in planned[:8]:
        closed = closer.close(grasp.object_from_palm, grasp.dofs, SLACK_MM, TOUCH_MM)

        assert_array_equal(closed.dofs, twin.close(grasp.object_from_palm, grasp.dofs))
        touching += len(closed.links)
    assert touching >= 16


def test_touching_points_lie_on_the_object(robot, grid, planned):
    closer = FieldCloser(hand_table(robot), field_table(grid), velocity_of(robot))

    closed = closer.close(planned[0].object_from_palm, planned[0].dofs, SLACK_MM, TOUCH_MM)

    assert len(closed.points) > 0
    assert_allclose(grid.distance(closed.points), 0.0, atol=grid.spacing)
    assert_allclose(np.linalg.norm(closed.normals, axis=1), 1.0, rtol=1e-9)


def test_no_ball_moves_farther_than_its_dofs_way(robot):
    table, driven = hand_table(robot), driven_by_dofs(hand_table(robot))
    kinematics, rng = Kinematics.of(robot), np.random.default_rng(1)
    bound = np.zeros((table.dof_range.shape[1], len(table.joints.link_joint) + 1))
    rows = np.repeat(np.arange(len(bound)), np.diff(driven.link_start))
    bound[rows, driven.links] = driven.link_way
    for _ in range(20):
        dofs = rng.uniform(*table.dof_range)
        for dof in range(len(dofs)):
            moved = dofs.copy()
            moved[dof] += 1e-4
            poses = [kinematics.link_poses(np.eye(4), kinematics.joints(q)) for q in (dofs, moved)]
            change = np.concatenate([np.zeros((1, 4, 4)), poses[1] - poses[0]])[table.ball_link]
            way = np.einsum("nij,nj->ni", change[:, :3, :3], table.ball_centre) + change[:, :3, 3]

            assert (np.linalg.norm(way, axis=1) <= 1e-4 * bound[dof, table.ball_link] + 1e-9).all()
