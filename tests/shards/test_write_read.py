import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from shards import synthetic

from obman_gen.arrays import transform_points
from obman_gen.sample import VIEWS
from obman_gen.shards import Manifest, SampleReader, ShardFile, ShardsConfig, shard_path
from obman_gen.shards.encoding import decode_depth, decode_image, decode_normals, encode_image
from obman_gen.shards.manifest import sha256_of
from obman_gen.shards.schema import FIELDS


@pytest.mark.parametrize("compression", ["gzip", "blosc2"])
def test_same_samples_give_same_bytes(tmp_path, compression):
    config = ShardsConfig(compression)

    entries = [
        synthetic.write_one(tmp_path / name, "train", 3, 6, 3, size_px=64, config=config)
        for name in ("one", "two")
    ]

    assert entries[0] == entries[1]
    hashes = {sha256_of(tmp_path / name / entries[0].path) for name in ("one", "two")}
    assert hashes == {entries[0].sha256}


def test_a_generator_gives_the_same_bytes_as_a_list(tmp_path):
    lazily = synthetic.write_one(tmp_path / "one", "train", 0, 0, 3, size_px=64)
    samples = [synthetic.sample("train", index, size_px=64) for index in range(3)]

    at_once = synthetic.write_shard(
        tmp_path / "two" / shard_path("train", 0),
        samples,
        synthetic.meshes("train"),
        synthetic.attributes("train"),
    )

    assert lazily == at_once


def test_shards_entered_by_two_processes_are_both_listed(tmp_path):
    train, val = (
        synthetic.write_one(tmp_path, split, 0, 0, 1, size_px=64) for split in ("train", "val")
    )
    Manifest.load(tmp_path)  # what either knew before the other was done

    Manifest.enter(tmp_path, train)
    Manifest.enter(tmp_path, val)

    assert Manifest.load(tmp_path).entries == (train, val)


def test_everything_written_is_read_back(run):
    reader = SampleReader(run, "train", fields=["image", "images/h", "images/o", *PLAIN])
    for index, stored in enumerate(reader):
        sample = synthetic.sample("train", index, size_px=64)
        assert stored["sample_id"] == sample.sample_id
        for name, value in expected(sample).items():
            assert_allclose(stored[name], value, rtol=1e-6, atol=1e-6, err_msg=name)
        for view, name in zip(VIEWS, ("image", "images/h", "images/o"), strict=True):
            assert_array_equal(stored[name], decode_image(encode_image(sample.views[view].image)))


PLAIN = ["sample_id", "hand", "object", "grasp", "visibility", "depth", "segmentation", "normals"]


def expected(sample):
    """Return a sample's stored numbers but for the pictures, by path."""
    hand = sample.hand
    measures = (name for name in vars(sample.measures) if f"grasp/{name}" in FIELDS)
    return {
        "hand/vertices": sample.hand_vertices,
        "hand/joints": sample.hand_joints,
        "hand/joints_2d": sample.camera.project(sample.hand_joints).astype(np.float32),
        "hand/global_orient": hand.global_orient,
        "hand/pose": hand.pose,
        "hand/betas": hand.betas,
        "hand/translation": hand.translation,
        "hand/side": 0,
        "hand/pca": synthetic.hand_model().pca_from_pose(hand.pose).astype(np.float32),
        "object/camera_from_object": sample.camera_from_object,
        "object/scale": sample.object_scale,
        "visibility/hand": sample.visibility_hand,
        "visibility/object": sample.visibility_object,
        **{f"grasp/{name}": getattr(sample.measures, name) for name in measures},
        **{f"segmentation/{view}": sample.views[view].segmentation for view in VIEWS},
    }


def test_pictures_keep_their_colour_edges():
    """Red beside blue: with halved chroma the border would be off by tens of levels."""
    image = np.zeros((32, 32, 3), np.uint8)
    image[:, :17, 0] = image[:, 17:, 2] = 200

    error = np.abs(decode_image(encode_image(image)).astype(int) - image)

    assert error.max() <= 8


def test_depth_is_exact_to_half_a_step_and_knows_no_surface(run):
    for index, stored in enumerate(SampleReader(run, "val", fields=["depth", "normals"])):
        sample = synthetic.sample("val", index, size_px=64)
        for view in VIEWS:
            depth_m = decode_depth(stored[f"depth/{view}"])
            true_m = sample.views[view].depth_m
            assert_array_equal(np.isinf(depth_m), np.isinf(true_m))
            hit = np.isfinite(true_m)
            # Half a step of 0.1 mm, and float32's 0.06 um at 1 m.
            assert_allclose(depth_m[hit], true_m[hit], atol=0.5e-4 + 1e-7, rtol=0)
        normals = decode_normals(stored["normals/ho"])
        assert_allclose(normals, sample.views["ho"].normals, atol=0.5 / 127 + 1e-6)


def test_the_hand_model_reproduces_what_is_stored(run):
    model = synthetic.hand_model()
    for stored in SampleReader(run, "train", fields=["hand"]):
        hand = synthetic.HandParameters(
            **{name: stored[f"hand/{name}"].astype(float) for name in PARAMETERS}
        )
        vertices, joints = model.vertices_of(hand)
        assert_allclose(stored["hand/vertices"], vertices, atol=1e-6)
        assert_allclose(stored["hand/joints"], joints, atol=1e-6)
        assert_allclose(model.pose_from_pca(stored["hand/pca"]), hand.pose, atol=1e-5)


PARAMETERS = ("global_orient", "pose", "betas", "translation")


def test_each_object_is_stored_once_per_shard_and_placed_by_its_transform(run):
    reader = SampleReader(run, "train", fields=["object"])
    shard = ShardFile(run / shard_path("train", 0))
    assert set(shard.object_ids) == {reader[index]["object/id"] for index in range(shard.count)}

    mesh = reader.mesh(2)

    source = synthetic.object_mesh(reader[2]["object/id"])
    assert_allclose(mesh.vertices, source.vertices, atol=1e-6)
    assert_array_equal(mesh.faces, source.faces)
    points = transform_points(reader[2]["object/camera_from_object"], mesh.surface_points)
    assert_allclose(reader[2]["object/surface_points"], points, atol=1e-6)


def test_a_shard_says_where_it_comes_from(run):
    attributes = ShardFile(run / shard_path("val", 0)).attributes

    assert (attributes["split"], attributes["seed"], attributes["schema_version"]) == ("val", 0, 1)
    model = synthetic.hand_model()
    assert json.loads(attributes["hand_model"]) == {"name": model.name, "sha256": model.sha256}
    assert json.loads(attributes["config"]) == {"seed": 0}


def test_manifest_survives_a_round_trip(run):
    manifest = Manifest.load(run)

    assert {split: manifest.count(split) for split in ("train", "val", "test")} == {
        "train": 8,
        "val": 4,
        "test": 4,
    }
    assert all(manifest.is_intact(entry.path, entry.count) for entry in manifest.entries)
    assert not manifest.is_intact(shard_path("train", 0), count=5)
    assert not manifest.is_intact(shard_path("train", 9))


def test_maps_packed_with_blosc2_are_read_back(run, tmp_path):
    packed = synthetic.make_run(tmp_path / "run", {"val": 4}, config=ShardsConfig("blosc2"))

    for one, other in zip(SampleReader(packed, "val"), SampleReader(run, "val"), strict=True):
        for name in one:
            assert_array_equal(one[name], other[name], err_msg=name)
