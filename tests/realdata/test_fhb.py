import os
import pickle
import shutil

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from realdata.fhb_folder import CLIPS, FRAMES, SIZES, write_clip, write_fhb, write_picture

from obman_gen.errors import InputError
from obman_gen.realdata import FHB
from obman_gen.realdata.fhb_index import CONTACT_M

DIGITS_M = 5e-10 * 4
"""The folder's files have six decimals of a millimetre; a rotation adds up three of them."""
ALL = {"train", "val", "test", "trainval"}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("fhb")
    return root, write_fhb(root)


@pytest.fixture
def copy(written, tmp_path):
    """A folder of one's own to damage."""
    shutil.copytree(written[0], tmp_path / "fhb")
    return tmp_path / "fhb"


def ids(dataset):
    return [frame.name for frame in dataset._frames]


def parts(sample_id):
    clip, _, frame = sample_id.rpartition("/")
    return clip, int(frame)


def test_joints_and_poses_come_back_in_our_order_frame_and_unit(written):
    root, truth = written

    samples = list(FHB(root, "test"))

    assert len(samples) == 3 * 6 * FRAMES
    for sample in samples:
        clip, frame = parts(sample.sample_id)
        joints, poses = truth[clip]
        assert_allclose(sample.joints, joints[frame], atol=DIGITS_M)
        # rotations are written with six decimals too
        assert_allclose(sample.camera_from_object, poses[frame], atol=2e-6)
        assert sample.side == "right"
        assert sample.vertices is None


@pytest.mark.parametrize("folder", SIZES)
def test_points_on_the_picture_are_where_the_full_size_camera_puts_them(tmp_path, folder):
    truth = write_fhb(tmp_path, folder)
    sample = FHB(tmp_path, "test", images=folder)[0]
    joints = truth[parts(sample.sample_id)[0]][0][0]

    scale = SIZES[folder][1] / 1920
    x = scale * (1395.749023 * joints[:, 0] / joints[:, 2] + 935.732544)
    y = scale * (1395.749268 * joints[:, 1] / joints[:, 2] + 540.681030)

    assert sample.image.shape[:2] == SIZES[folder]
    assert_allclose(sample.joints_2d, np.stack([x, y], axis=1), atol=1e-4)
    assert_allclose(sample.intrinsics @ [0, 0, 1], [scale * 935.732544, scale * 540.681030, 1])


def test_both_picture_sizes_together_are_no_conflict(written, tmp_path):
    write_fhb(tmp_path, "Video_files")
    (tmp_path / "Video_files_480").symlink_to(written[0] / "Video_files_480")

    assert FHB(tmp_path, "test")[0].image.shape == (270, 480, 3)
    assert FHB(tmp_path, "test", images="Video_files")[0].image.shape == (1080, 1920, 3)


def test_the_object_is_placed_by_its_pose(written):
    sample = FHB(written[0], "train")[0]

    local = (sample.object_points - sample.camera_from_object[:3, 3]) @ sample.camera_from_object[
        :3, :3
    ]
    half = np.abs(local).max(axis=0)
    size_m = {"juice_bottle": 0.06, "milk": 0.10, "salt": 0.12}[sample.category]
    # boxes of size x size x twice size; 2,048 points reach within a fortieth of each face
    assert_allclose(half, np.array([1, 1, 2]) * size_m / 2, rtol=0.03)
    assert sample.object_points.shape == (2048, 3)
    assert sample.object_faces.shape == (12, 3)


def test_splits_by_subject_share_no_clip_and_leave_none_out(written):
    clips = {split: {parts(name)[0] for name in ids(FHB(written[0], split))} for split in ALL}

    assert clips["train"] | clips["val"] == clips["trainval"]
    assert not clips["train"] & clips["val"]
    assert clips["trainval"] | clips["test"] == set(CLIPS)
    assert {clip[:9] for clip in clips["trainval"]} == {"Subject_1", "Subject_3", "Subject_4"}
    assert {clip[:9] for clip in clips["test"]} == {"Subject_2", "Subject_5", "Subject_6"}
    assert len(clips["val"]) == round(0.1 * len(clips["trainval"]))


def test_splits_by_object_hold_milk_back(written):
    held = {
        split: {sample.split("/")[1] for sample in ids(FHB(written[0], split, "objects"))}
        for split in ALL
    }

    assert held["test"] == {"open_milk"}
    assert held["trainval"] == {"pour_juice_bottle", "put_salt"}


def test_splits_by_action_are_those_of_the_official_file(copy):
    lines = [f"Training {len(CLIPS[::2])}", *(f"{clip} 3" for clip in CLIPS[::2])]
    lines += [f"Test {len(CLIPS[1:-2:2])}", *(f"{clip} 3" for clip in CLIPS[1:-2:2])]
    (copy / "data_split_action_recognition.txt").write_text("\n".join(lines) + "\n")

    assert {parts(name)[0] for name in ids(FHB(copy, "trainval", "actions"))} == set(CLIPS[::2])
    assert {parts(name)[0] for name in ids(FHB(copy, "test", "actions"))} == set(CLIPS[1:-2:2])


def test_contact_keeps_frames_with_a_vertex_within_ten_millimetres(copy):
    joints, poses = np.zeros((FRAMES, 21, 3)), np.tile(np.eye(4), (FRAMES, 1, 1))
    joints[...] = 0.3, 0.0, 0.5
    poses[:, :3, 3] = 0.0, 0.0, 0.5
    corner = np.array([0.05, 0.05, 0.1]) + poses[0, :3, 3]  # of the milk's box
    for frame, gap_m in enumerate((0.0099, 0.0101, 0.0)):
        joints[frame, 8] = corner + gap_m * np.array([1.0, 2.0, 2.0]) / 3
    # the middle of a face is 0.07 m from any vertex: FHB_c measures to vertices
    joints[2, 8] = 0.05, 0.0, 0.5
    write_clip(copy, "Subject_2/open_milk/1", joints, poses)

    dataset = FHB(copy, "test", contact_only=True)

    of_clip = [name for name in ids(dataset) if name.startswith("Subject_2/open_milk/1")]
    assert of_clip == ["Subject_2/open_milk/1/0000"]
    assert dataset.skipped["no_contact"] == len(FHB(copy, "test")) - len(dataset)


def test_contact_by_tree_is_contact_by_all_distances(written):
    for split in ("trainval", "test"):
        near = [
            sample.sample_id
            for sample in FHB(written[0], split)
            if np.linalg.norm(sample.joints[:, None] - sample.object_vertices, axis=-1).min()
            <= CONTACT_M
        ]
        assert ids(FHB(written[0], split, contact_only=True)) == near


def test_fractions_are_nested_shuffled_and_of_training_only(written):
    tenth, half, whole = (
        ids(FHB(written[0], "trainval", fraction=fraction)) for fraction in (0.1, 0.5, 1.0)
    )

    assert [len(part) for part in (tenth, half)] == [int(0.1 * len(whole)), len(whole) // 2]
    assert half[: len(tenth)] == tenth
    assert set(half) < set(whole)
    assert half != sorted(half)
    for split in ("val", "test"):
        assert ids(FHB(written[0], split, fraction=0.1)) == ids(FHB(written[0], split))


def test_what_lacks_something_is_skipped_and_counted(copy):
    clip = "Subject_2/put_salt/1"
    (copy / "Video_files_480" / clip / "color/color_0001.jpeg").unlink()
    poses = copy / "Object_6D_pose_annotation_v1" / clip / "object_pose.txt"
    poses.write_text("\n".join(poses.read_text().splitlines()[:2]))
    shutil.rmtree(copy / "Object_6D_pose_annotation_v1/Subject_5/open_milk/2")
    skeleton = copy / "Hand_pose_annotation_v1/Subject_6/open_milk/1/skeleton.txt"
    lines = skeleton.read_text().splitlines()
    lines[1] = " ".join(["1", "nan", *lines[1].split()[2:]])
    skeleton.write_text("\n".join(lines))

    dataset = FHB(copy, "test")

    assert dataset.skipped["no_image"] == 1
    assert dataset.skipped["no_object_pose"] == 1 + FRAMES
    assert dataset.skipped["not_finite"] == 1
    assert len(dataset) + sum(dataset.skipped.values()) == 3 * 6 * FRAMES


def test_a_pose_that_is_no_rotation_is_skipped(copy):
    path = copy / "Object_6D_pose_annotation_v1/Subject_2/put_salt/1/object_pose.txt"
    path.write_text("0 " + " ".join(["0"] * 16) + "\n")

    assert FHB(copy, "test").skipped == {
        "no_image": 0,
        "no_object_pose": FRAMES - 1,
        "not_finite": 0,
        "pose_not_rigid": 1,
        "no_contact": 0,
    }


def test_names_and_versions_of_folders_may_differ(copy):
    expected = FHB(copy, "test")[8]
    (copy / "Hand_pose_annotation_v1").rename(copy / "Hand_pose_annotation_v1_1")
    (copy / "Object_6D_pose_annotation_v1").rename(copy / "Object_6D_pose_annotation_v1_1")
    juice = copy / "Object_models/juice_bottle_model"
    (juice / "juice_bottle_model.ply").rename(juice / "juice_model.ply")
    juice.rename(copy / "Object_models/juice_model")

    sample = FHB(copy, "test")[8]

    assert sample.sample_id == expected.sample_id
    assert_array_equal(sample.object_points, expected.object_points)


def test_reading_writes_nothing_and_survives_a_pickle(copy):
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}

    dataset = FHB(copy, "train", contact_only=False)
    first = dataset[0]
    again = pickle.loads(pickle.dumps(dataset))[0]  # noqa: S301

    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before
    assert_array_equal(again.joints, first.joints)


def test_fields_have_the_names_of_our_shards_and_no_hand_mesh(written):
    fields = FHB(written[0], "test")[0].fields()

    assert fields["object/id"].startswith("fhb/")
    assert fields["hand/joints_2d"].shape == (21, 2)
    assert "hand/vertices" not in fields


def test_other_actions_are_no_business_of_ours(copy):
    other = copy / "Hand_pose_annotation_v1/Subject_2/charge_cell_phone/1/skeleton.txt"
    other.parent.mkdir(parents=True)
    other.write_text("garbage")

    assert len(FHB(copy, "test")) == 3 * 6 * FRAMES


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("Hand_pose_annotation_v1", "no folder Hand_pose_annotation_v1_1 or Hand_pose_annot"),
        ("Object_6D_pose_annotation_v1", "no folder Object_6D_pose_annotation_v1_1 or Object_6D"),
        ("Video_files_480", "FHB's root is the folder with .* and Video_files in it"),
        ("Object_models/milk_model", r"no Object_models/milk_model/milk_model\.ply; unpack"),
    ],
)
def test_a_wrong_root_says_what_is_expected(copy, gone, message):
    shutil.rmtree(copy / gone)

    with pytest.raises(InputError, match=message):
        FHB(copy, "test")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 2 3", r"skeleton\.txt, line 2: 3 numbers, need 64 \(frame, 21 joints x 3\)"),
        ("1 " + "0 " * 62 + "zero", r"skeleton\.txt, line 2: 'zero' is no number"),
        ("0 " + "0 " * 63, r"skeleton\.txt: the first numbers .* each once"),
        ("0.5 " + "0 " * 63, r"skeleton\.txt: the first numbers of its lines must be frames"),
    ],
)
def test_a_damaged_line_is_named(copy, line, message):
    path = copy / "Hand_pose_annotation_v1/Subject_2/put_salt/1/skeleton.txt"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], line, *lines[2:]]))

    with pytest.raises(InputError, match=message):
        len(FHB(copy, "test"))


def test_a_damaged_split_file_is_named(copy):
    (copy / "data_split_action_recognition.txt").write_text("Training 1\nSubject_1 3\n")

    with pytest.raises(InputError, match=r"recognition\.txt, line 2: 'Subject_1 3' is neither"):
        len(FHB(copy, "test", "actions"))


def test_pictures_that_break_off_or_are_crops_are_named(copy):
    folder = copy / "Video_files_480/Subject_2/open_milk/1/color"
    (folder / "color_0000.jpeg").write_bytes(b"\xff\xd8\xff")
    write_picture(folder, 1, (256, 256), shade=0)
    dataset = FHB(copy, "test")

    with pytest.raises(InputError, match=r"color_0000\.jpeg cannot be read as a JPEG"):
        dataset[0]
    with pytest.raises(InputError, match=r"256 x 256 pixels; FHB's pictures have 1920 x 1080"):
        dataset[1]


def test_a_model_in_millimetres_is_refused(copy):
    path = copy / "Object_models/milk_model/milk_model.ply"
    import trimesh

    trimesh.creation.box((60, 60, 120)).export(path)

    with pytest.raises(InputError, match=r"would be 120 m long, .* a unit of its file is 1\.0 m"):
        FHB(copy, "test")[0]


def test_bad_arguments_are_named(written):
    with pytest.raises(InputError, match=r"unknown protocol 'subject'\. Did you mean 'subjects'"):
        FHB(written[0], "test", "subject")
    with pytest.raises(InputError, match="unknown split 'valid'"):
        FHB(written[0], "valid")
    with pytest.raises(InputError, match=r"fraction must lie in \(0, 1\], got 0"):
        FHB(written[0], "train", fraction=0)


@pytest.mark.skipif(
    "OBMAN_GEN_TEST_FHB" not in os.environ,
    reason="OBMAN_GEN_TEST_FHB does not name a copy of FHB: it may not be shipped",
)
def test_real_hands_reach_their_objects():
    """Most joints of a hand at an object lie in the picture and within 0.3 m of the object."""
    dataset = FHB(os.environ["OBMAN_GEN_TEST_FHB"], "test", contact_only=True)

    for sample in (dataset[at] for at in range(0, len(dataset), max(1, len(dataset) // 20))):
        height, width, _ = sample.image.shape
        inside = ((sample.joints_2d > 0) & (sample.joints_2d < (width, height))).all(axis=1)
        assert inside.mean() > 0.5
        assert np.linalg.norm(sample.joints - sample.object_points.mean(axis=0), axis=1).max() < 0.3
