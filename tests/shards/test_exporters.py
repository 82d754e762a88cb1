import io
import json
import pickle
import tarfile
from itertools import pairwise

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from scipy.spatial.transform import Rotation

from obman_gen.arrays import transform_points
from obman_gen.errors import InputError
from obman_gen.hands import load_hand_model
from obman_gen.realdata import ObMan
from obman_gen.sample import BODY, HAND, OBJECT, SPLITS, HandParameters
from obman_gen.shards import SampleReader
from obman_gen.shards.encoding import decode_image, encode_depth
from obman_gen.shards.exporters import EXPORTERS
from obman_gen.shards.exporters import obman_layout as layout
from obman_gen.shards.exporters.bop import diameter
from obman_gen.shards.exporters.coco import keypoint_flags, labelled
from obman_gen.shards.exporters.ho3d import DEPTH_SCALE_M, FROM_OURS, encode_ho3d_depth
from obman_gen.shards.exporters.meshes import obj_text, ply_bytes
from obman_gen.shards.exporters.rle import decode_mask, encode_mask
from obman_gen.shards.exporters.rows import (
    OPENGL_FROM_OPENCV,
    box_of,
    hand_in_opengl,
    rows_of,
    whole_folder,
)

FLOAT32 = 1e-6
"""Half a unit in the last place at 1 m is 6e-8; labels pass through a few operations."""


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    """The run in every layout, by format."""
    folder = tmp_path_factory.mktemp("exported")
    counts = {name: export(run, folder / name) for name, export in EXPORTERS.items()}
    assert set(counts.values()) == {16}
    return folder


@pytest.fixture(scope="module")
def truth(run):
    """Every sample of the test split as the reader gives it."""
    fields = ("sample_id", "images", "segmentation", "depth", "hand", "object", "camera", "grasp")
    return list(SampleReader(run, "test", fields=fields))


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_folder_that_is_not_empty_is_refused_and_left_alone(run, tmp_path, name):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(InputError, match="exists and is not empty; name a new folder"):
        EXPORTERS[name](run, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("name", EXPORTERS)
def test_exporting_twice_gives_the_same_bytes(run, exported, tmp_path, name):
    EXPORTERS[name](run, tmp_path / "again")

    first, second = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (exported / name, tmp_path / "again")
    )
    assert first == second


def test_an_export_that_fails_leaves_nothing(tmp_path):
    def fail_halfway():
        with whole_folder(tmp_path / "out") as folder:
            (folder / "half").write_text("done")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_halfway()

    assert not list(tmp_path.iterdir())


# --- ObMan ---------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["ho", "h", "o"])
def test_obman_round_trip_gives_images_labels_and_masks_back(exported, truth, view):
    back = ObMan(exported / "obman", "test", view)

    assert len(back) == len(truth)
    for read, ours in zip(back, truth, strict=True):
        assert read.sample_id == ours["sample_id"]
        assert_array_equal(read.image, ours[f"images/{view}"])
        assert_array_equal(read.segmentation, ours[f"segmentation/{view}"])
        assert_allclose(read.joints, ours["hand/joints"], atol=FLOAT32)
        assert_allclose(read.vertices, ours["hand/vertices"], atol=FLOAT32)
        assert_allclose(read.joints_2d, ours["hand/joints_2d"])
        assert_allclose(read.pose, ours["hand/pose"])
        assert_allclose(read.camera_from_object, ours["object/camera_from_object"], atol=FLOAT32)
        assert read.object_id == ours["object/id"]


def test_obman_round_trip_gives_depth_back_to_half_a_level(exported, truth):
    for read, ours in zip(ObMan(exported / "obman", "test"), truth, strict=True):
        stored = ours["depth/ho"]
        seen = stored > 0
        depth_m = stored / 1e4
        step_m = np.ptp(depth_m[seen]) / 254
        assert_array_equal(np.isfinite(read.depth_m), seen)
        assert_allclose(read.depth_m[seen], depth_m[seen], atol=0.501 * step_m)


def test_obman_objects_come_with_the_export_and_stand_where_they_were_seen(exported, run):
    reader = SampleReader(run, "test")
    for index, read in enumerate(ObMan(exported / "obman", "test")):
        mesh = reader.mesh(index)
        placed = transform_points(reader[index]["object/camera_from_object"], mesh.vertices)
        triangles = read.object_vertices[read.object_faces]
        assert_allclose(triangles, placed[mesh.faces], atol=FLOAT32)
        distance_m = trimesh.proximity.closest_point(
            trimesh.Trimesh(placed, mesh.faces), read.object_points[:50]
        )[1]
        assert_allclose(distance_m, 0, atol=1e-6)


def test_obmans_depth_range_is_swapped_as_in_its_own_files():
    """A plane from 0.5 to 0.7 m: near is level 1, and stands in ``depth_max``."""
    plane_m = np.linspace(0.5, 0.7, 255, dtype=np.float32).reshape(1, 255)

    image = layout.encode_depth_levels(encode_depth(plane_m))
    meta = layout.depth_range_meta("ho", image)

    assert image.levels[0, 0] == 1
    assert image.levels[0, -1] == 255
    assert_allclose([meta["depth_max"], meta["depth_min"]], [0.5, 0.7])
    restored = layout.decode_depth_levels(layout.depth_of_meta("ho", meta, image.levels))
    assert_allclose(restored, plane_m, atol=0.2 / 254 / 2 + 5e-5)


def test_obmans_channels_are_scene_hand_object_as_opencv_reads_them(exported, truth):
    picture = np.asarray(Image.open(exported / "obman" / "test" / "segm" / "00000000.png"))
    bgr = picture[..., ::-1]

    hand, thing = truth[0]["segmentation/h"] == HAND, truth[0]["segmentation/o"] == OBJECT
    assert_array_equal(np.isin(bgr[..., 1], (22, 24)), hand)
    assert_array_equal(bgr[..., 2] == 100, thing)
    assert_array_equal(bgr[..., 0] > 0, truth[0]["segmentation/ho"] > 0)


@pytest.mark.parametrize("side", ["right", "left"])
def test_segment_values_survive_and_the_other_hand_is_body(side):
    ours = np.array([[0, HAND, BODY, OBJECT]], np.uint8)

    assert_array_equal(layout.decode_segments(layout.encode_segments(ours, side), side), ours)
    other = {"right": "left", "left": "right"}[side]
    assert layout.decode_segments(layout.encode_segments(ours, other), side)[0, 1] == BODY


def test_the_hand_can_be_rebuilt_from_obmans_meta(exported):
    hand = load_hand_model()
    path = exported / "obman" / "test" / "meta" / "00000002.pkl"
    meta = pickle.loads(path.read_bytes())  # noqa: S301 written above

    doubles = (
        np.asarray(meta[key], np.float64)
        for key in ("hand_global_rot", "hand_pose", "hand_betas", "hand_trans")
    )
    vertices, joints = hand.vertices_of(HandParameters(*doubles))

    assert_allclose(vertices, meta["verts_3d"], atol=1e-5)
    assert_allclose(joints, meta["coords_3d"], atol=1e-5)


def test_obmans_world_projects_onto_its_image(exported):
    path = exported / "obman" / "test" / "meta" / "00000001.pkl"
    meta = pickle.loads(path.read_bytes())  # noqa: S301 written above

    camera = meta["coords_3d"] * [1, -1, -1] @ meta["camera_intrinsics"].T

    assert_allclose(camera[:, :2] / camera[:, 2:], meta["coords_2d"], atol=1e-3)


def test_an_original_meta_file_without_our_keys_is_read(exported, tmp_path):
    """Its ``hand_pose`` may have the wrist's three numbers in front; K is fixed."""
    meta = {
        "side": "right",
        "coords_2d": np.zeros((21, 2)),
        "coords_3d": np.full((21, 3), [0.1, 0.2, -0.6]),
        "hand_pose": np.arange(48.0),
        "affine_transform": np.eye(4, dtype=np.float32),
        "class_id": "02876657",
        "sample_id": "abc",
        "obj_scale": np.float64(0.1),
    }
    folder = tmp_path / "train"
    for name in ("meta", "rgb"):
        (folder / name).mkdir(parents=True)
    (folder / "meta" / "00000007.pkl").write_bytes(pickle.dumps(meta, protocol=3))
    picture = exported / "obman" / "test" / "rgb" / "00000000.jpg"
    (folder / "rgb" / "00000007.jpg").write_bytes(picture.read_bytes())

    sample = ObMan(tmp_path, "train")[0]

    assert sample.sample_id == "train-00000007"
    assert_allclose(sample.joints, np.full((21, 3), [0.1, -0.2, 0.6]))
    assert_allclose(sample.pose, np.arange(3.0, 48))
    assert_allclose(sample.intrinsics, layout.INTRINSICS)
    assert sample.segmentation is None
    assert sample.vertices is None
    assert "hand/joints" in sample.fields()
    assert "hand/vertices" not in sample.fields()


class Hostile:
    def __reduce__(self):
        return eval, ("__import__('pathlib').Path('pwned').touch()",)


def test_a_meta_file_that_wants_to_run_code_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train" / "meta").mkdir(parents=True)
    path = tmp_path / "train" / "meta" / "00000000.pkl"
    path.write_bytes(pickle.dumps({"side": Hostile()}))

    with pytest.raises(InputError, match=r"refused: it asks for builtins\.eval"):
        ObMan(tmp_path, "train")[0]

    assert not (tmp_path / "pwned").exists()


def test_a_folder_that_is_not_obman_is_named(tmp_path):
    with pytest.raises(InputError, match=r"has no meta/\*.pkl; ObMan's root is the folder with"):
        ObMan(tmp_path, "train")


# --- COCO ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def coco(exported):
    return json.loads((exported / "coco" / "annotations" / "test.json").read_text())


def test_coco_masks_boxes_and_areas_are_those_of_the_segmentation(coco, truth):
    for annotation in coco["annotations"]:
        ours = truth[annotation["image_id"] - 1]["segmentation/ho"]
        mask = decode_mask(annotation["segmentation"])
        assert_array_equal(mask, ours == (HAND if annotation["category_id"] == 1 else OBJECT))
        assert annotation["area"] == mask.sum()
        x, y, width, height = annotation["bbox"]
        assert mask[y : y + height, x : x + width].sum() == mask.sum()


def test_coco_keypoints_are_the_joints_with_flags(coco, truth):
    hands = [one for one in coco["annotations"] if one["category_id"] == 1]
    for hand in hands:
        points = np.array(hand["keypoints"]).reshape(21, 3)
        known = points[:, 2] > 0
        ours = truth[hand["image_id"] - 1]["hand/joints_2d"]
        assert_allclose(points[known, :2], ours[known], atol=6e-4)
        assert not points[~known].any()
        assert hand["num_keypoints"] == known.sum()


def test_coco_flags_tell_seen_from_covered_from_outside():
    joints_px = np.full((21, 2), 4.5)
    joints_px[1:5] = [[1.5, 4.5], [6.5, 4.5], [-0.1, 4.5], [4.5, 8.0]]
    joints_m = np.full((21, 3), 0.61)
    segmentation = np.full((8, 8), HAND, np.uint8)
    segmentation[:, :3] = OBJECT
    depth_m = np.full((8, 8), 0.6)
    depth_m[:, 6:] = 0.5  # the hand's own skin, far in front of the joint

    flags = keypoint_flags(joints_m, joints_px, segmentation, depth_m)
    points = labelled(joints_px, flags)

    assert flags[:6].tolist() == [2, 1, 1, 0, 0, 2]
    assert_allclose(points[1], [1.5, 4.5, 1])
    assert not points[3:5].any()


def test_coco_ids_are_unique_and_refer_to_what_exists(coco, exported):
    images = {image["id"]: image for image in coco["images"]}
    ids = [annotation["id"] for annotation in coco["annotations"]]
    categories = {category["id"] for category in coco["categories"]}

    assert len(set(ids)) == len(ids)
    assert {one["image_id"] for one in coco["annotations"]} <= set(images)
    assert {one["category_id"] for one in coco["annotations"]} <= categories
    for image in images.values():
        assert (exported / "coco" / "images" / "test" / image["file_name"]).is_file()


@pytest.mark.parametrize("fill", [0.0, 0.02, 0.5, 1.0])
def test_run_lengths_give_masks_back(fill):
    mask = np.random.default_rng(3).random((37, 53)) < fill

    assert_array_equal(decode_mask(encode_mask(mask)), mask)


def test_run_lengths_are_cocos_text():
    """By the published rule: runs 6, 1, 40, 4, 13, the last two as differences of 3 and -27."""
    mask = np.zeros((8, 8), bool)
    mask.ravel()[:] = False
    flat = np.zeros(64, bool)
    flat[6] = True
    flat[47:51] = True
    mask = flat.reshape(8, 8, order="F")

    # 6 -> "6"; 1 -> "1"; 40 = 8 + 32 -> "X" "1"; 3 -> "3"; -27 = 5 + 32 * (-1) -> "U" "O".
    assert encode_mask(mask) == {"size": [8, 8], "counts": "61X13UO"}


# --- BOP -----------------------------------------------------------------------------------


def scene_files(exported):
    scene = exported / "bop" / "test" / "000000"
    names = ("scene_camera", "scene_gt", "scene_gt_info", "scene_hand")
    return scene, *(json.loads((scene / f"{name}.json").read_text()) for name in names)


def test_bop_poses_put_millimetre_models_where_the_object_is(exported, run):
    _, cameras, poses, _, _ = scene_files(exported)
    reader = SampleReader(run, "test")
    for index, sample in enumerate(reader):
        pose = poses[str(index)][0]
        model = trimesh.load(
            exported / "bop" / "models" / f"obj_{pose['obj_id']:06d}.ply", process=False
        )
        rotation = np.array(pose["cam_R_m2c"]).reshape(3, 3)
        placed_mm = model.vertices @ rotation.T + pose["cam_t_m2c"]
        expected = transform_points(
            sample["object/camera_from_object"], reader.mesh(index).vertices
        )
        assert_allclose(placed_mm / 1000, expected, atol=2e-6)
        assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-6)
        assert_allclose(
            np.array(cameras[str(index)]["cam_K"]).reshape(3, 3), sample["camera/intrinsics"]
        )


def test_bop_depth_and_masks_are_ours(exported, truth):
    scene, cameras, _, infos, hands = scene_files(exported)
    for index, ours in enumerate(truth):
        depth = np.asarray(Image.open(scene / "depth" / f"{index:06d}.png"))
        millimetres = depth * cameras[str(index)]["depth_scale"]
        assert_allclose(millimetres, ours["depth/ho"] / 10, atol=1e-9)
        visible = np.asarray(Image.open(scene / "mask_visib" / f"{index:06d}_000000.png")) > 0
        assert_array_equal(visible, ours["segmentation/ho"] == OBJECT)
        info = infos[str(index)][0]
        assert info["px_count_visib"] == visible.sum()
        assert info["px_count_all"] == (ours["segmentation/o"] == OBJECT).sum()
        assert hands[str(index)]["sample_id"] == ours["sample_id"]


def test_the_diameter_of_a_box_is_its_diagonal():
    box = trimesh.creation.box((30, 40, 120))

    assert_allclose(diameter(np.array(box.vertices)), 130)


def test_the_box_of_a_mask_counts_its_last_pixel():
    mask = np.zeros((10, 12), bool)
    mask[2:5, 3:9] = True

    assert box_of(mask) == [3, 2, 6, 3]
    assert box_of(np.zeros((4, 4), bool)) == [-1, -1, -1, -1]


# --- HO-3D ---------------------------------------------------------------------------------


def test_ho3d_labels_rebuild_hand_and_object_in_opengl_axes(exported, truth):
    hand = load_hand_model()
    names = (exported / "ho3d" / "evaluation.txt").read_text().split()
    assert len(names) == len(truth)
    for name, ours in zip(names, truth, strict=True):
        sequence, frame = name.split("/")
        path = exported / "ho3d" / "evaluation" / sequence / "meta" / f"{frame}.pkl"
        meta = pickle.loads(path.read_bytes())  # noqa: S301 written above
        pose = np.asarray(meta["handPose"], np.float64)
        vertices, joints = hand.vertices_of(
            HandParameters(pose[:3], pose[3:], meta["handBeta"], meta["handTrans"])
        )
        assert_allclose(vertices @ OPENGL_FROM_OPENCV, ours["hand/vertices"], atol=1e-5)
        assert_allclose(joints[FROM_OURS], meta["handJoints3D"], atol=1e-5)
        rotation = Rotation.from_rotvec(meta["objRot"][:, 0]).as_matrix()
        model = trimesh.load(
            exported / "ho3d" / "models" / meta["objName"] / "textured_simple.obj", process=False
        )
        placed = (model.vertices @ rotation.T + meta["objTrans"]) @ OPENGL_FROM_OPENCV
        centre = ours["object/camera_from_object"][:3, 3]
        assert_allclose((placed.min(axis=0) + placed.max(axis=0)) / 2, centre, atol=0.01)
        assert_allclose(meta["objCorners3D"].mean(axis=0) * [1, -1, -1], centre, atol=0.01)


def test_ho3d_joint_order_is_manos_then_the_tips_from_the_thumb():
    assert sorted(FROM_OURS.tolist()) == list(range(21))
    assert FROM_OURS[16:].tolist() == [4, 8, 12, 16, 20]


def test_ho3d_depth_is_good_to_half_its_step():
    stored = np.array([[0, 1, 5000, 65535]], np.uint16)

    packed = encode_ho3d_depth(stored).astype(np.int64)
    depth_m = (packed[..., 0] + 256 * packed[..., 1]) * DEPTH_SCALE_M

    assert_allclose(depth_m, stored / 1e4, atol=DEPTH_SCALE_M / 2 + 1e-12)


# --- WebDataset ----------------------------------------------------------------------------


def test_webdataset_groups_hold_every_field(exported, truth):
    with tarfile.open(exported / "webdataset" / "test-000000.tar") as tar:
        files = {entry.name: tar.extractfile(entry).read() for entry in tar}
        order = [entry.name.partition(".")[0] for entry in tar]

    assert [name for place, name in enumerate(order) if name not in order[:place]] == [
        ours["sample_id"] for ours in truth
    ]
    for ours in truth:
        key = ours["sample_id"]
        assert_array_equal(decode_image(files[f"{key}.ho.jpg"]), ours["images/ho"])
        depth = np.asarray(Image.open(io.BytesIO(files[f"{key}.h.depth.png"])))
        assert_array_equal(depth, ours["depth/h"])
        with np.load(io.BytesIO(files[f"{key}.npz"])) as arrays:
            assert_array_equal(arrays["hand/vertices"], ours["hand/vertices"])
            assert_array_equal(arrays["grasp/epsilon"], ours["grasp/epsilon"])
        assert json.loads(files[f"{key}.json"])["object/id"] == ours["object/id"]


def test_webdataset_keeps_a_samples_files_together(exported):
    with tarfile.open(exported / "webdataset" / "train-000000.tar") as tar:
        keys = [entry.name.partition(".")[0] for entry in tar]

    changes = sum(one != two for one, two in pairwise(keys))
    assert changes == len(set(keys)) - 1


# --- shared --------------------------------------------------------------------------------


def test_mesh_files_give_float32_vertices_and_faces_back_exactly(tmp_path):
    ball = trimesh.creation.icosphere(2, 0.7)
    vertices = np.array(ball.vertices, np.float32)
    (tmp_path / "a.obj").write_text(obj_text(vertices, ball.faces))
    (tmp_path / "a.ply").write_bytes(ply_bytes(vertices, ball.faces))

    for name in ("a.obj", "a.ply"):
        back = trimesh.load(tmp_path / name, process=False)
        assert_array_equal(back.vertices.astype(np.float32), vertices)
        assert_array_equal(back.faces, ball.faces)


def test_rows_come_split_by_split_with_the_numbers_of_their_ids(run):
    rows = list(rows_of(run))

    assert [row.split for row in rows] == ["train"] * 8 + ["val"] * 4 + ["test"] * 4
    assert [row.number for row in rows] == [*range(8), *range(4), *range(4)]
    assert list(dict.fromkeys(row.split for row in rows)) == list(SPLITS)


@pytest.mark.parametrize("layout", EXPORTERS)
def test_every_exporter_tells_how_far_it_is(run, tmp_path, layout):
    told = []

    def track(rows, count):
        for row in rows:
            told.append((row.sample_id, count))
            yield row

    count = EXPORTERS[layout](run, tmp_path / layout, track)

    assert [total for _, total in told] == [count] * count


def test_the_hand_in_opengl_axes_is_the_hand_with_y_and_z_turned_around(run):
    row = next(rows_of(run))
    hand = load_hand_model()
    pose, betas = (row.array(f"hand/{name}").astype(np.float64) for name in ("pose", "betas"))

    turned = hand_in_opengl(row)
    vertices, _ = hand.vertices_of(
        HandParameters(turned.global_orient, pose, betas, turned.translation)
    )

    assert_allclose(vertices, row.array("hand/vertices") * [1, -1, -1], atol=1e-5)
