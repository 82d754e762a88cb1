"""Body poses: within the joints' ranges, and from files of AMASS and SURREAL."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.spatial.transform import Rotation

from obman_gen.bodies.pose_sources import ELBOW_R, HoldingPoses, load_sequences
from obman_gen.errors import InputError


def frames(width, count=3):
    return np.random.default_rng(width).normal(0, 0.3, (count, width))


def test_an_amass_sequence_keeps_every_joint_but_the_pelvis(tmp_path):
    poses = frames(156)
    np.savez(tmp_path / "walk.npz", poses=poses, gender=np.array("male", object))

    (sequence,) = load_sequences([tmp_path / "walk.npz"])

    assert sequence.name == "walk/poses"
    assert_array_equal(sequence.poses, poses[:, 3:])


def test_an_amass_sequence_of_smplx_loses_jaw_and_eyes_and_its_parts_count_once(tmp_path):
    poses = frames(165)
    np.savez(tmp_path / "wave.npz", poses=poses, pose_body=poses[:, 3:66], pose_jaw=poses[:, 66:69])

    (sequence,) = load_sequences([tmp_path / "wave.npz"])

    assert_array_equal(sequence.poses[:, :63], poses[:, 3:66])
    assert_array_equal(sequence.poses[:, 63:], poses[:, 75:])


def test_each_of_surreals_sequences_is_found_by_its_name(tmp_path):
    arrays = {"pose_01_01": frames(72, 2), "pose_09_02": frames(72, 4), "trans_01_01": frames(3)}
    np.savez(tmp_path / "smpl_data.npz", **arrays)

    first, second = load_sequences([tmp_path / "smpl_data.npz"])

    assert [first.name, second.name] == ["smpl_data/pose_01_01", "smpl_data/pose_09_02"]
    assert_array_equal(second.poses[:, :63], arrays["pose_09_02"][:, 3:66])
    assert_array_equal(first.poses[:, 108:], 0)  # the grasp sets the right hand
    drawn = second.sample(np.random.default_rng(2))
    assert any((drawn == pose).all() for pose in second.poses)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"poses": np.zeros((4, 63))}, r"bad\.npz: poses has shape \(4, 63\)"),
        ({"trans": np.zeros((4, 3))}, r"bad\.npz has no array named poses"),
    ],
)
def test_other_files_are_named_with_what_was_expected(tmp_path, arrays, message):
    np.savez(tmp_path / "bad.npz", **arrays)

    with pytest.raises(InputError, match=message):
        load_sequences([tmp_path / "bad.npz"])


def test_a_file_that_is_no_npz_is_named(tmp_path):
    (tmp_path / "notes.npz").write_text("poses")

    with pytest.raises(InputError, match=r"notes\.npz cannot be read"):
        load_sequences([tmp_path / "notes.npz"])


def test_elbows_of_holding_people_bend_within_their_range():
    rng = np.random.default_rng(0)

    poses = np.stack([HoldingPoses().sample(rng) for _ in range(200)]).reshape(200, 51, 3)

    along_arm = Rotation.from_rotvec(poses[:, ELBOW_R - 1]).apply([-1.0, 0, 0])
    bend_deg = np.degrees(np.arccos(np.clip(-along_arm[:, 0], -1, 1)))
    assert bend_deg.min() > 20
    assert bend_deg.max() < 150
