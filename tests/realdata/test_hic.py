import os
import pickle
import shutil

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from realdata.hic_folder import (
    BONES,
    FITS,
    OBJECTS,
    POSES,
    made_up_hand,
    motion_text,
    write_fit,
    write_hic,
    write_picture,
)

from obman_gen.arrays import transform_points
from obman_gen.errors import InputError
from obman_gen.hands.orders import FINGERS, HO3D, MANOPTH
from obman_gen.realdata import HIC
from obman_gen.realdata.hic_files import posed_mesh, read_rig
from obman_gen.realdata.hic_fits import read_fit

DIGITS_M = 1e-6
"""The folder's files have seven digits of up to 700 mm, and a pose adds up a few of them."""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("hic")
    return root, write_hic(root)


@pytest.fixture
def copy(written, tmp_path):
    shutil.copytree(written[0], tmp_path / "hic")
    return tmp_path / "hic"


def place(sample):
    sequence, frame = sample.sample_id.split("/")
    return int(sequence), int(frame)


def test_each_frame_comes_with_its_own_picture_and_pose(written):
    root, truth = written

    samples = list(HIC(root, "all"))

    assert len(samples) == 4 * (POSES - 1)
    for sample in samples:
        sequence, frame = place(sample)
        assert_array_equal(sample.image[0, 0], [sequence, frame, 90])
        poses = truth[sequence]["object"]["transforms"][:, 0]
        camera_from_object = poses[frame + 1] @ np.linalg.inv(poses[0])
        assert_allclose(sample.camera_from_object, camera_from_object, atol=DIGITS_M)
        placed = transform_points(camera_from_object, truth[sequence]["object"]["vertices"])
        assert_allclose(sample.object_vertices, placed, atol=DIGITS_M)
        assert sample.category == OBJECTS[sequence].lower()


def test_joints_are_where_bones_begin_and_tips_where_they_end(written):
    root, truth = written
    sample = HIC(root, "test")[3]
    sequence, frame = place(sample)
    hand = truth[sequence]["hand"]
    poses = dict(zip(BONES, hand["transforms"][frame + 1], strict=True))
    lengths = dict(zip(BONES, hand["lengths"], strict=True))

    expected = {"wrist": poses["Lower Arm R"][:3, 3]}
    for finger, number in zip(FINGERS, (4, 3, 2, 1, 0), strict=True):
        bones = [f"RFing.{number}_{k}" for k in (("Hand", 0, 1) if number == 4 else (0, 1, 2))]
        for joint, bone in enumerate(bones, start=1):
            expected[f"{finger}{joint}"] = poses[bone][:3, 3]
        expected[f"{finger}4"] = (poses[bones[-1]] @ [lengths[bones[-1]], 0, 0, 1])[:3]

    assert_allclose(sample.joints, [expected[name] for name in MANOPTH], atol=DIGITS_M)
    # the dataset's camera: pixel centres at whole numbers, centre 319.5, 239.5
    whole = 525 * sample.joints[:, :2] / sample.joints[:, 2:] + (319.5, 239.5)
    assert_allclose(sample.joints_2d, whole + 0.5, atol=1e-9)


def test_the_hands_own_mesh_is_skinned_vertex_by_vertex(written):
    root, truth = written
    sample = HIC(root, "train")[4]
    sequence, frame = place(sample)
    hand = truth[sequence]["hand"]
    moves = hand["transforms"][frame + 1] @ np.linalg.inv(hand["transforms"][0])

    twin = [
        sum(w * (move @ [*vertex, 1])[:3] for w, move in zip(weights, moves, strict=True))
        for vertex, weights in zip(hand["vertices"], hand["weights"], strict=True)
    ]

    assert_allclose(sample.own_hand_vertices, twin, atol=1e-5)
    assert sample.own_hand_faces.shape == (80, 3)
    assert sample.vertices is None
    assert not [name for name in sample.fields() if "vertices" in name]


def test_bones_that_move_as_one_move_the_mesh_rigidly(copy, written):
    stem = copy / "Models/15/Model_Hand_R"
    moved = np.array(written[1][15]["hand"]["transforms"])
    moved[..., :3, 3] *= 1000
    together = moved[3, 2].copy()
    moved[1:] = together @ moved[0]
    stem.with_suffix(".MOTION").write_text(motion_text(BONES, moved))

    vertices, _ = posed_mesh(stem, read_rig(stem), 5)

    together[:3, 3] /= 1000
    expected = transform_points(together, written[1][15]["hand"]["vertices"])
    assert_allclose(vertices, expected, atol=1e-5)


def test_splits_share_no_frame_and_leave_none_out(written):
    frames = {
        split: {place(sample) for sample in HIC(written[0], split)}
        for split in ("train", "val", "test", "all")
    }

    assert not frames["train"] & frames["val"]
    assert frames["train"] | frames["val"] | frames["test"] == frames["all"]
    assert {sequence for sequence, _ in frames["test"]} == {19, 21}
    assert frames["val"] == {(15, POSES - 2), (20, POSES - 2)}


def test_sequences_choose(written):
    assert {place(s)[0] for s in HIC(written[0], "train", sequences=(20, 21))} == {20}
    assert {place(s)[0] for s in HIC(written[0], "train", sequences=15)} == {15}
    with pytest.raises(InputError, match=r"none of the sequences \[19\] is in HIC's split 'train'"):
        HIC(written[0], "train", sequences=(19,))
    with pytest.raises(InputError, match="sequence 17 of HIC is not read: it has two hands, a be"):
        HIC(written[0], "train", sequences=(15, 17))


def test_fits_give_manos_vertices_and_joints(written):
    root, truth = written

    for sample in HIC(root, "val", mano_fits=True):
        sequence, frame = place(sample)
        fit = truth[sequence]["fits"][frame]
        assert_allclose(sample.vertices, fit["vertices"])
        assert_allclose(sample.joints, fit["joints"])
        assert sample.fields()["hand/vertices"].shape == (778, 3)


BY_FINGER_THEN_TIPS = (
    "wrist",
    *(f"{finger}{place}" for finger in FINGERS for place in (1, 2, 3)),
    *(f"{finger}4" for finger in FINGERS),
)


@pytest.mark.parametrize("order", [MANOPTH, HO3D, BY_FINGER_THEN_TIPS])
def test_joints_of_a_fit_are_recognised_in_any_known_order(tmp_path, order):
    truth = write_fit(tmp_path, 15, 0, np.random.default_rng(5), order)

    fit = read_fit(next((tmp_path / FITS).glob("*/000.pkl")))

    assert_allclose(fit.joints, truth["joints"])


def test_joints_of_a_fit_in_another_order_are_refused(tmp_path):
    write_fit(tmp_path, 15, 0, np.random.default_rng(5), MANOPTH[::-1])

    with pytest.raises(InputError, match="its joints are in no known order, a tip is"):
        read_fit(next((tmp_path / FITS).glob("*/000.pkl")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"v": np.zeros((700, 3))}, r"'v' must be 778 x 3 finite numbers, got \(700, 3\)"),
        ({"v": None}, r"'v' must be 778 x 3 finite numbers, got \(\)"),
        ({"J_transformed___j21": np.full((21, 3), np.nan)}, r"'J_transformed___j21' must be 21"),
        ({"v": np.full((778, 3), 600.0)}, r"600 m in front of the camera, .* numbers metres\?"),
    ],
)
def test_a_damaged_fit_is_named(tmp_path, change, message):
    good = {
        "v": np.full((778, 3), 0.6),
        "J_transformed___j21": made_up_hand(np.random.default_rng(0)),
    }
    path = tmp_path / "000.pkl"
    path.write_bytes(pickle.dumps(good | change, protocol=2))

    with pytest.raises(InputError, match=rf"000\.pkl: .*{message}"):
        read_fit(path)


def test_frames_that_lack_something_are_skipped_and_counted(copy):
    (copy / "19/1/rgb/004.png").unlink()
    next((copy / FITS).glob("*_21_*R_*/007.pkl")).unlink()
    motion = copy / "Models/21/Model_Object_Cube.MOTION"
    lines = motion.read_text().splitlines()
    lines[1 + 1 + 2] = " ".join(["nan"] * 12)
    motion.write_text("\n".join(lines))

    dataset = HIC(copy, "test", mano_fits=True)

    assert dataset.skipped == {"no_image": 1, "not_finite": 1, "no_mano_fit": 1}
    assert len(dataset) == 2 * (POSES - 1) - 3
    assert {(19, 4), (21, 2), (21, 7)}.isdisjoint(place(sample) for sample in dataset)


@pytest.mark.parametrize(
    "gone",
    [
        "15/1/rgb",
        "Models/20",
        *(f"Models/15/Model_Hand_R.{kind}" for kind in ("OFF", "SKEL", "SKIN", "MOTION")),
        *(f"Models/20/Model_Object_Cube.{kind}" for kind in ("OFF", "SKEL", "MOTION")),
    ],
)
def test_a_wrong_root_says_what_is_expected(copy, gone):
    path = copy / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()

    with pytest.raises(InputError, match=rf"{gone}\S* is not there; HIC's root is the folder with"):
        HIC(copy, "train")


def test_fits_that_are_not_there_are_named(copy):
    shutil.rmtree(copy / FITS)

    assert len(HIC(copy, "train")) == 2 * (POSES - 2)
    with pytest.raises(InputError, match="unpack HIC's MANO fits in its root, or leave out mano"):
        HIC(copy, "train", mano_fits=True)


def replaced(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("Hand_R.MOTION", "RFing.0_1\n", "RFing.9_1\n", r"does not move the bone 'RFing\.0_1'"),
        ("Hand_R.MOTION", "Lower Arm R\n", "Lower Arm R\n1 2 3\n", r"line 2: 3 numbers, need a bo"),
        ("Hand_R.MOTION", "Lower Arm R\n", "", r"line 1: 12 numbers, need a bone's name, then"),
        ("Hand_R.SKEL", f"{POSES}\n", f"{POSES + 1}\n", r"has 11 poses of .*says 12"),
        ("Hand_R.SKEL", f"{POSES}\n", "many\n", r"is no \.SKEL file: need a number of poses"),
        ("Object_Ball.SKEL", "Bone001\n", "", r"is no \.SKEL file"),
    ],
)
def test_damaged_models_are_named(copy, name, old, new, message):
    replaced(copy / f"Models/15/Model_{name}", old, new)

    with pytest.raises(InputError, match=message):
        len(HIC(copy, "train"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "does not begin with a number of bones and names"),
        ("2\nLower Arm R Nobody\n1 2\n", "does not begin with a number of bones and names"),
        ("2\nLower Arm R RFing.0_0\n1 2 3\n", "is no table of weights of 2 bones"),
        ("1\nRFing.0_0\n1\n", r"has weights of 1 vertices, .*OFF has 42 vertices"),
        ("1\nRFing.0_0\n" + "1\n" * 41 + "0\n", "gives vertex 41 no weight"),
    ],
)
def test_damaged_weights_are_named(copy, content, message):
    (copy / "Models/15/Model_Hand_R.SKIN").write_text(content)

    with pytest.raises(InputError, match=message):
        HIC(copy, "train")[0]


def test_a_rest_pose_that_is_no_rotation_is_named(copy):
    path = copy / "Models/15/Model_Object_Ball.MOTION"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], " ".join(["0"] * 12), *lines[2:]]))

    with pytest.raises(InputError, match="first pose of 'Bone001' is no rotation"):
        len(HIC(copy, "train"))


def test_an_object_that_bends_is_refused(copy):
    for kind in ("SKEL", "MOTION"):
        source = copy / f"Models/15/Model_Hand_R.{kind}"
        shutil.copy(source, copy / f"Models/15/Model_Object_Ball.{kind}")

    with pytest.raises(InputError, match=r"Ball\.SKEL has 20 bones: it is not rigid"):
        len(HIC(copy, "train"))


def test_another_hand_is_refused(copy):
    for kind in ("SKEL", "MOTION", "SKIN"):
        path = copy / f"Models/15/Model_Hand_R.{kind}"
        path.write_text(path.read_text().replace("RFing", "LFing"))

    with pytest.raises(InputError, match=r"has no bone 'RFing\.0_0': is it HIC's right hand"):
        HIC(copy, "train")[0]


def test_pictures_of_another_size_or_none_are_named(copy):
    (copy / "15/1/rgb/000.png").write_bytes(b"garbage")
    (copy / "15/1/rgb/001.png").unlink()
    write_picture(copy, 20, 1, (0, 0, 0))
    shutil.copy(copy / "20/1/rgb/001.png", copy / "15/1/rgb/001.png")
    from PIL import Image

    Image.new("RGB", (320, 240)).save(copy / "15/1/rgb/002.png")
    dataset = HIC(copy, "train")

    with pytest.raises(InputError, match=r"15/1/rgb/000\.png cannot be read as a picture"):
        dataset[0]
    assert dataset[1].image.shape == (480, 640, 3)
    with pytest.raises(InputError, match=r"002\.png has 320 x 240 pixels, HIC's have 640 x 480"):
        dataset[2]


@pytest.mark.skipif(
    "OBMAN_GEN_TEST_HIC" not in os.environ,
    reason="OBMAN_GEN_TEST_HIC does not name a copy of HIC: it may not be shipped",
)
def test_real_hands_have_the_proportions_of_a_hand():
    dataset = HIC(os.environ["OBMAN_GEN_TEST_HIC"], "all")

    assert len(dataset) == 883
    for sample in (dataset[at] for at in range(0, len(dataset), 40)):
        assert (
            np.linalg.norm(np.diff(sample.joints[1:].reshape(5, 4, 3), axis=1), axis=-1) < 0.06
        ).all()
        assert (np.linalg.norm(sample.joints[5::4] - sample.joints[0], axis=1) < 0.12).all()
        assert np.linalg.norm(sample.own_hand_vertices.mean(0) - sample.joints.mean(0)) < 0.06
        assert ((sample.joints_2d > 0) & (sample.joints_2d < (640, 480))).all()
