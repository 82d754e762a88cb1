import os
import shutil

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from scipy.io import savemat

from obman_gen.errors import InputError
from obman_gen.objects.categories import categories
from obman_gen.realdata import CORe50
from obman_gen.realdata.core50 import CATEGORIES, CLASSES, SESSIONS

OBJECTS = (6, 10, 25, 41, 50)
FRAMES = 2
PLACES = [(s, o, f) for s in (1, 3, 6) for o in OBJECTS for f in range(FRAMES)]


def write_core50(root):
    """Write sessions 1, 3 and 6 of five objects, each picture with a shade of its own."""
    for at, (session, number, frame) in enumerate(PLACES):
        name = f"{session:02d}_{number:02d}_{frame:03d}"
        place = f"s{session}/o{number}"
        write_picture(root / "core50_350x350" / place / f"C_{name}.png", (at, 0, 255))
        write_picture(root / "core50_350x350_DepthMap" / place / f"D_{name}.png", at)
        annotation = {
            "hand": {"root2d": [120, 300], "root_depth_png": 150, "side": "LR"[at % 2]},
            "object": {"root2d": [170, 160], "root_depth_png": 160},
            "crop": np.array([[60 + at, 50, 250 + at, 310]], np.uint16),
        }
        path = root / "core50_350x350_Annot" / place / f"A_{name}.mat"
        path.parent.mkdir(parents=True, exist_ok=True)
        savemat(path, {"annot": annotation})


def write_picture(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (350, 350, 3) if isinstance(value, tuple) else (350, 350)
    Image.fromarray(np.full(shape, value, np.uint8)).save(path, compress_level=1)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("core50")
    write_core50(folder)
    return folder


@pytest.fixture
def copy(root, tmp_path):
    shutil.copytree(root, tmp_path / "core50")
    return tmp_path / "core50"


def places_of(split):
    return [at for at, place in enumerate(PLACES) if place[0] in SESSIONS[split]]


@pytest.mark.parametrize("split", SESSIONS)
def test_each_picture_comes_with_its_own_side_box_and_depth(root, split):
    samples = list(CORe50(root, split))

    assert len(samples) == len(places_of(split)) == 10
    for at, sample in zip(places_of(split), samples, strict=True):
        session, number, frame = PLACES[at]
        name = f"s{session}/o{number}/{session:02d}_{number:02d}_{frame:03d}"
        assert sample.sample_id == name
        assert_array_equal(sample.image[0, 0], [at, 0, 255])
        assert sample.side == ("left", "right")[at % 2]
        assert_array_equal(sample.box, [60 + at, 50, 250 + at, 310])
        depth_m = np.inf if at == 0 else (255 - at) * 8 / 256
        assert_allclose(sample.depth_m, np.full((350, 350), depth_m))


def test_splits_share_no_session_and_use_all_eleven():
    sessions = [session for split in SESSIONS.values() for session in split]

    assert sorted(sessions) == list(range(1, 12))
    assert SESSIONS["test"] == (3, 7, 10)


def test_classes_are_our_categories_where_they_agree(root):
    by_object = {sample.object_id: sample.category for sample in CORe50(root, "val")}

    assert by_object == {
        "core50/o6": "cellphone",
        "core50/o10": "cellphone",
        "core50/o25": "can",
        "core50/o41": "cup",
        "core50/o50": "remote control",
    }
    assert set(CATEGORIES.values()) <= {category.name for category in categories().values()}
    assert set(CATEGORIES) <= set(CLASSES)


def test_classes_choose_and_wrong_ones_are_named(root):
    chosen = CORe50(root, "test", classes=("cup", "can"))

    assert [sample.category for sample in chosen] == ["can"] * FRAMES + ["cup"] * FRAMES
    with pytest.raises(InputError, match=r"unknown class of CORe50 'cups'\. Did you mean 'cup'"):
        CORe50(root, "test", classes="cups")


def test_nothing_is_claimed_in_three_dimensions(root):
    sample = CORe50(root, "test", depth=False)[0]

    for name in ("intrinsics", "joints", "joints_2d", "vertices", "camera_from_object", "depth_m"):
        assert getattr(sample, name) is None
    assert set(sample.fields()) == {
        "sample_id",
        "image",
        "hand/side",
        "object/id",
        "object/category",
    }


def test_annotations_without_a_picture_are_skipped_and_counted(copy):
    (copy / "core50_350x350/s3/o6/C_03_06_001.png").unlink()
    shutil.rmtree(copy / "core50_350x350/s3/o50")
    (copy / "core50_350x350_Annot/s3/o6/readme.mat").write_text("no annotation by its name")

    dataset = CORe50(copy, "test")

    assert dataset.skipped == {"no_image": 1 + FRAMES}
    assert len(dataset) == 10 - 1 - FRAMES


def test_depth_may_be_absent(copy):
    shutil.rmtree(copy / "core50_350x350_DepthMap")

    assert CORe50(copy, "test")[0].depth_m is None


@pytest.mark.parametrize("gone", ["core50_350x350", "core50_350x350_Annot"])
def test_a_wrong_root_says_what_is_expected(copy, gone):
    shutil.rmtree(copy / gone)

    with pytest.raises(InputError, match=f"no folder {gone}; CORe50's root is the folder with"):
        CORe50(copy, "test")


def test_a_split_without_annotations_says_which_sessions_it_is(copy):
    shutil.rmtree(copy / "core50_350x350_Annot/s3")

    with pytest.raises(InputError, match=r"no picture .* sessions 3, 7, 10 \(test\); .* 0 have no"):
        len(CORe50(copy, "test"))


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ({"annot": {"hand": {"side": "X"}, "crop": [0, 0, 9, 9]}}, r"side is 'X', need 'R' or 'L'"),
        ({"annot": {"crop": [0, 0, 9, 9]}}, r"hand\.side is 'None'"),
        ({"annot": {"hand": {"side": "R"}, "crop": [9, 0, 9, 9]}}, r"need left < right"),
        ({"annot": {"hand": {"side": "R"}}}, r"annot\.crop is \[\]"),
        ({"other": 1}, r"hand\.side is 'None'"),
    ],
)
def test_a_damaged_annotation_is_named(copy, annotation, message):
    savemat(copy / "core50_350x350_Annot/s3/o6/A_03_06_000.mat", annotation)

    with pytest.raises(InputError, match=rf"A_03_06_000\.mat.*{message}"):
        CORe50(copy, "test")[0]


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"MATLAB 5.0 MAT-file" + bytes(200)])
def test_a_file_that_is_no_matlab_file_is_named(copy, garbage):
    (copy / "core50_350x350_Annot/s3/o6/A_03_06_000.mat").write_bytes(garbage)

    with pytest.raises(InputError, match=r"A_03_06_000\.mat"):
        CORe50(copy, "test")[0]


def test_pictures_that_cannot_be_read_are_named(copy):
    (copy / "core50_350x350/s3/o6/C_03_06_000.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    colour = copy / "core50_350x350_DepthMap/s3/o6/D_03_06_001.png"
    write_picture(colour, (1, 2, 3))
    deep = copy / "core50_350x350_DepthMap/s3/o10/D_03_10_000.png"
    Image.fromarray(np.full((350, 350), 700, np.uint16)).save(deep)
    dataset = CORe50(copy, "test")

    with pytest.raises(InputError, match=r"C_03_06_000\.png cannot be read as a picture"):
        dataset[0]
    with pytest.raises(InputError, match=r"D_03_06_001\.png cannot be read as a picture of one"):
        dataset[1]
    with pytest.raises(InputError, match=r"D_03_10_000\.png holds \S*int\d* values; .* 8 bits"):
        dataset[2]


@pytest.mark.skipif(
    "OBMAN_GEN_TEST_CORE50" not in os.environ,
    reason="OBMAN_GEN_TEST_CORE50 does not name a copy of CORe50: it may not be shipped",
)
def test_real_boxes_lie_in_their_pictures():
    dataset = CORe50(os.environ["OBMAN_GEN_TEST_CORE50"], "test")

    for sample in (dataset[at] for at in range(0, len(dataset), max(1, len(dataset) // 20))):
        assert sample.image.shape == (350, 350, 3)
        assert (sample.box > -50).all()
        assert (sample.box < 400).all()
