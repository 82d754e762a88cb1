"""The hinge hand and MANO must describe the same postures, exactly."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from obman_gen.grasps.chains import THUMB, find_chains, hinge_turns
from obman_gen.grasps.dh import dh_from_axes, rest_frames

FINGER_PLACES_M = {"thumb": 0.03, "index": 0.025, "middle": 0.0, "ring": -0.02, "little": -0.04}


def flat_hand():
    """A right hand with straight fingers along -x, palm down (-y), thumb side +z."""
    joints, pads = [np.zeros(3)], []
    for name, side_m in FINGER_PLACES_M.items():
        start, step = (0.02, 0.03) if name == "thumb" else (0.09, 0.03)
        joints.extend(np.array([-start - step * k, 0.002 * k, side_m]) for k in range(4))
        pads.append(joints[-1] + np.array([0.005, -0.007, 0.0]))
    return np.array(joints), np.array(pads)


def natural_poses(rng, count=200):
    """Flexion about +z for every joint, some spread about y, thumb about an oblique axis."""
    poses = np.zeros((count, 15, 3))
    poses[:, :12, 2] = rng.uniform(0, 1.2, (count, 12))
    poses[:, 0:12:3, 1] = rng.uniform(-0.2, 0.2, (count, 4))
    thumb_axis = np.array([0.2, 0.3, 0.93]) / np.linalg.norm([0.2, 0.3, 0.93])
    poses[:, 12] = rng.uniform(-0.4, 0.6, (count, 1)) * thumb_axis
    poses[:, 12] += rng.uniform(-0.2, 0.2, (count, 1)) * np.array([0.0, 1.0, 0.0])
    poses[:, 13:] = rng.uniform(0, 0.9, (count, 2, 1)) * thumb_axis
    return poses.reshape(count, 45)


@pytest.fixture
def chains():
    return find_chains(*flat_hand(), natural_poses(np.random.default_rng(0)))


def mano_bone_frames(pose, joints):
    """Forward kinematics as MANO does it: the oracle for the hinge chains."""
    frames = {0: np.eye(4)}
    for joint in range(1, 16):
        parent = 0 if joint % 3 == 1 else joint - 1
        local = np.eye(4)
        local[:3, :3] = Rotation.from_rotvec(pose.reshape(15, 3)[joint - 1]).as_matrix()
        local[:3, 3] = joints[joint] - joints[parent]
        frames[joint] = frames[parent] @ local
    return frames


def screw(hinge, turn):
    """Rotate space about a line."""
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_rotvec(turn * hinge.direction).as_matrix()
    motion[:3, 3] = hinge.point - motion[:3, :3] @ hinge.point
    return motion


def test_hinges_move_every_bone_as_mano_does(chains):
    dofs = np.random.default_rng(1).uniform(-0.3, 1.2, 16)

    frames = mano_bone_frames(chains.pose_from_dofs(dofs), chains.joints)

    turns = hinge_turns(dofs)
    for chain in range(5):
        motion = screw(chains.hinges[chain][0], turns[chain, 0])
        for place in range(3):
            motion = motion @ screw(chains.hinges[chain][place + 1], turns[chain, place + 1])
            bone = 1 + 3 * chain + place
            rest = np.eye(4)
            rest[:3, 3] = chains.joints[bone]
            assert_allclose(motion @ rest, frames[bone], atol=1e-12)


def test_dofs_survive_the_way_through_mano(chains):
    dofs = np.random.default_rng(2).uniform(-0.3, 1.2, (20, 16))

    assert_allclose(chains.dofs_from_pose(chains.pose_from_dofs(dofs)), dofs, atol=1e-9)


def test_positive_turns_flex_towards_the_pad(chains):
    _, pads = flat_hand()
    tips, pads = chains.tips, pads[[1, 2, 4, 3, 0]]
    for chain in range(5):
        hinge = chains.hinges[chain][3]
        moved = Rotation.from_rotvec(0.3 * hinge.direction).apply(tips[chain] - hinge.point)
        towards = pads[chain] - 0.5 * (tips[chain] + hinge.point)
        assert (moved + hinge.point - tips[chain]) @ towards > 0


def test_thumb_axes_follow_the_postures(chains):
    middle = chains.hinges[THUMB][2].direction

    assert_allclose(abs(middle @ np.array([0.2, 0.3, 0.93])) / np.linalg.norm([0.2, 0.3, 0.93]), 1)


def dh_motion(palm_from_base, rows, turns):
    """Pose a DH chain: the frame after the last joint."""
    turned = tuple(
        row._replace(offset_rad=row.offset_rad + turn)
        for row, turn in zip(rows, turns, strict=True)
    )
    return rest_frames(palm_from_base, turned)[-1]


@pytest.mark.parametrize("kind", ["skew", "parallel", "crossing", "same"])
def test_dh_rows_turn_about_the_given_lines(kind):
    rng = np.random.default_rng(3)
    points = rng.normal(size=(4, 3))
    directions = rng.normal(size=(4, 3))
    if kind == "parallel":
        directions[2] = directions[1]
    if kind == "crossing":
        points[1] = points[0]
    if kind == "same":
        points[1], directions[1] = points[0], directions[0]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    turns = rng.uniform(-1, 1, 4)

    base, rows = dh_from_axes(points, directions)

    at_rest = rest_frames(base, rows)[-1]
    motion = np.eye(4)
    for point, direction, turn in zip(points, directions, turns, strict=True):
        about = np.eye(4)
        about[:3, :3] = Rotation.from_rotvec(turn * direction).as_matrix()
        about[:3, 3] = point - about[:3, :3] @ point
        motion = motion @ about
    assert_allclose(dh_motion(base, rows, turns), motion @ at_rest, atol=1e-9)
