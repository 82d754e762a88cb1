import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from shards import synthetic
from shards.editing import edit

from obman_gen.errors import InputError
from obman_gen.shards import (
    HandObjectDataset,
    Manifest,
    SampleReader,
    ShardsConfig,
    Where,
    shard_path,
)
from obman_gen.shards import reader as reader_module
from obman_gen.shards.chunks import ChunkTable

ROOT = Path(__file__).parents[2]
FIRST = shard_path("train", 0)


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run, tmp_path / "run")


def equal(one, other):
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name], equal_nan=not isinstance(one[name], str))
        if isinstance(one[name], np.ndarray) and one[name].dtype.kind == "f"
        else np.array_equal(one[name], other[name])
        for name in one
    )


def test_index_id_and_iteration_give_the_same_samples(run):
    reader = SampleReader(run, "train")

    for index, sample in enumerate(reader):
        assert equal(sample, sample)
        assert equal(sample, reader[index - len(reader)])
        assert equal(sample, reader.by_id(f"train-{index:08d}"))


@pytest.mark.parametrize(
    "sample_id", ["train-00000008", "val-00000001", "train", "train-x", "00000001"]
)
def test_an_id_the_split_lacks_is_named(run, sample_id):
    with pytest.raises(InputError, match=f"has no sample {sample_id} in the train split"):
        SampleReader(run, "train").by_id(sample_id)


@pytest.mark.parametrize("index", [8, -9])
def test_an_index_beyond_the_end_is_an_index_error(run, index):
    with pytest.raises(IndexError, match=f"sample {index} of 8 in the train split"):
        SampleReader(run, "train")[index]


@pytest.mark.parametrize("view", ["ho", "h", "o"])
def test_image_is_the_chosen_view_with_its_own_maps(run, view):
    chosen = SampleReader(run, "val", image=view)[1]
    by_name = SampleReader(run, "val", fields=["images", "depth", "segmentation"])[1]

    assert_array_equal(chosen["image"], by_name[f"images/{view}"])
    maps = {name for name in chosen if name.startswith(("depth/", "segmentation/", "normals/"))}
    assert maps == {f"depth/{view}", f"segmentation/{view}"} | (
        {"normals/ho"} if view == "ho" else set()
    )


def test_only_chosen_fields_are_read(run, monkeypatch):
    monkeypatch.setattr(
        reader_module, "decode_image", lambda data: pytest.fail("a picture was decoded")
    )
    monkeypatch.setattr(ChunkTable, "read", lambda *_: pytest.fail("a dense map was read"))

    sample = SampleReader(run, "train", fields=["hand/joints", "object/id"])[3]

    assert set(sample) == {"hand/joints", "object/id"}


def test_values_may_be_written_to(run):
    reader = SampleReader(run, "train", fields=["hand", "image", "depth/ho"])
    for value in reader[0].values():
        value[...] = 1

    again = SampleReader(run, "train", fields=["hand", "image", "depth/ho"])

    assert equal(reader[0], again[0])


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("hand/joint", "unknown field 'hand/joint'. Did you mean 'hand/joints'?"),
        ("images/x", "unknown field 'images/x'"),
    ],
)
def test_an_unknown_field_names_the_nearest(run, field, message):
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        SampleReader(run, "train", fields=[field])


def test_columns_are_what_samples_hold(run):
    reader = SampleReader(run, "train", fields=["hand", "object", "scene", "grasp"])
    for path in ("hand/pose", "object/category", "scene/skin", "grasp/epsilon"):
        assert_array_equal(reader.column(path), np.stack([sample[path] for sample in reader]))


def test_a_column_of_maps_is_refused(run):
    with pytest.raises(InputError, match="depth/ho is a map per sample; read it sample by sample"):
        SampleReader(run, "train").column("depth/ho")


CONDITIONS = {
    "category": (Where(categories=("can", "bowl")), lambda s: s["object/category"] != "bottle"),
    "penetration": (
        Where(max_penetration_m=0.002),
        lambda s: s["grasp/max_penetration_m"] <= 0.002,
    ),
    "displacement": (
        Where(max_displacement_m=0.01),
        lambda s: s["grasp/simulation_displacement_m"] <= 0.01,
    ),
    "visibility": (
        Where(min_object_visible=0.5, min_hand_visible=0.5),
        lambda s: min(s["visibility/object"], s["visibility/hand"]) >= 0.5,
    ),
    "quality": (Where(min_quality=0.3), lambda s: s["grasp/quality"] >= 0.3),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_keep_exactly_the_samples_that_meet_them(run, name):
    where, holds = CONDITIONS[name]
    everything = SampleReader(run, "train")

    kept = SampleReader(run, "train", where=where)

    wanted = [sample["sample_id"] for sample in everything if holds(sample)]
    assert [sample["sample_id"] for sample in kept] == wanted
    assert_array_equal(kept.column("sample_id"), np.array(wanted, dtype=str))
    assert 0 < len(wanted) < len(everything)


def test_an_object_can_be_asked_for_by_id(run):
    object_id = SampleReader(run, "train")[5]["object/id"]

    kept = SampleReader(run, "train", where=Where(object_ids=[object_id]))

    assert set(kept.column("object/id")) == {object_id}


def test_conditions_nothing_meets_leave_nothing(run):
    assert len(SampleReader(run, "train", where=Where(categories=["sofa"]))) == 0


def test_more_shards_than_may_be_open_are_read_right(run, monkeypatch):
    whole = list(SampleReader(run, "train"))
    monkeypatch.setattr(reader_module, "MAX_OPEN_SHARDS", 1)
    reader = SampleReader(run, "train")

    for index in (0, 7, 1, 6, 2, 5):
        assert equal(reader[index], whole[index])
    assert len(reader._open) == 1


def test_the_numpy_reader_needs_no_torch_and_finds_its_filters(tmp_path):
    """In a fresh interpreter in which torch cannot be imported and no filter is loaded yet."""
    run = synthetic.make_run(tmp_path, {"train": 2}, config=ShardsConfig("blosc2"))
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from obman_gen.shards import SampleReader\n"
        f"print(len(list(SampleReader({str(run)!r}, 'train'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "2\n"


def test_a_reader_travels_by_pickle_without_its_handles(run):
    reader = SampleReader(run, "train")
    first = reader[0]

    copied = pickle.loads(pickle.dumps(reader))  # noqa: S301 our own bytes

    assert not copied._open
    assert equal(copied[0], first)


def test_missing_runs_splits_and_views_are_named(run, tmp_path):
    with pytest.raises(InputError, match="nowhere does not exist; choose another with --run"):
        SampleReader(tmp_path / "nowhere", "train")
    with pytest.raises(InputError, match="has no finished shard; run `obman-gen --run"):
        SampleReader(tmp_path, "train")
    with pytest.raises(InputError, match="unknown split 'training'"):
        SampleReader(run, "training")
    with pytest.raises(InputError, match="unknown image 'hand'"):
        SampleReader(run, "train", image="hand")


def test_a_split_without_shards_is_named(copy):
    manifest = Manifest.load(copy)
    manifest.without([shard_path("val", 0)]).save(copy)

    with pytest.raises(InputError, match="has no finished shard of the val split"):
        SampleReader(copy, "val")


def test_a_shard_that_does_not_match_the_manifest_is_named(copy):
    shutil.copy(copy / shard_path("val", 0), copy / FIRST)
    synthetic.write_one(copy, "test", 0, 0, 2, size_px=64)

    with pytest.raises(InputError, match="holds 2 samples, the manifest says 4"):
        SampleReader(copy, "test")[0]
    with pytest.raises(InputError, match="does not hold the samples it should"):
        SampleReader(copy, "train").by_id("train-00000001")


def test_manifests_that_are_none_are_named(copy):
    for text, message in (
        ("{", "manifest.json is not JSON"),
        ("{}", "manifest.json is not a manifest: KeyError"),
        ('{"format": "other 3", "shards": []}', "manifest.json has format 'other 3'"),
        (
            '{"format": "obman-gen manifest 1", "shards": [{"path": "x"}]}',
            "manifest.json is not a manifest: TypeError",
        ),
    ):
        (copy / "manifest.json").write_text(text)
        with pytest.raises(InputError, match=message):
            Manifest.load(copy)


def test_an_optional_field_a_run_lacks_is_left_out_or_named(copy):
    def without_normals(file):
        del file["normals/ho"]

    for number in (0, 1):
        edit(copy, shard_path("train", number), without_normals)

    assert "normals/ho" not in SampleReader(copy, "train")[0]
    with pytest.raises(InputError, match="was made without the optional field normals/ho"):
        SampleReader(copy, "train", fields=["normals/ho"])


def test_a_shard_that_is_being_read_can_be_opened_with_other_tools(run):
    """HDF5 refuses a second opening of a file in one process if it asks for locks otherwise."""
    reader = SampleReader(run, "train")
    depth = reader[1]["depth/ho"]

    with h5py.File(run / FIRST, "r") as file:
        assert_array_equal(file["depth/ho"][1], depth)


@pytest.mark.parametrize("kind", [SampleReader, HandObjectDataset])
def test_a_batch_is_its_samples_stacked(run, kind):
    source = kind(run, "train", fields=["image", "images/o", "depth", "normals", *LABELS])
    indices = [5, 0, -1, 5]
    whole = source.batch(indices) if kind is SampleReader else source[indices]

    for name, values in whole.items():
        for place, index in enumerate(indices):
            one = source[index][name]
            assert_array_equal(np.asarray(values[place]), np.asarray(one), err_msg=name)
            if not isinstance(one, str):
                assert values[place].dtype == one.dtype


LABELS = ["hand", "object", "scene", "crc32"]


def test_labels_of_a_batch_that_are_kept_do_not_keep_its_pictures(run):
    batch = SampleReader(run, "train", fields=["image", "depth/ho", "hand"]).batch([0, 1, 2])

    assert batch["image"].base is batch["depth/ho"].base is not None
    for name, values in batch.items():
        if name.startswith("hand/"):
            assert values.base is None, name


def test_a_batch_stores_numbers_as_wider_types_on_request(run):
    reader = SampleReader(run, "train", fields=["depth/ho", "crc32", "segmentation/ho"])
    as_stored = reader.batch([3, 1])

    wide = reader.batch([3, 1], {np.dtype(np.uint16): np.int32, np.dtype(np.uint32): np.int64})

    assert [values.dtype for values in wide.values()] == [np.int32, np.int64, np.uint8]
    assert equal(wide, as_stored)


def test_torch_items_hold_what_the_numpy_reader_gives(run):
    dataset, reader = HandObjectDataset(run, "train"), SampleReader(run, "train")

    for item, sample in zip(dataset, reader, strict=True):
        for name, value in sample.items():
            assert_array_equal(np.asarray(item[name]), value, err_msg=name)
