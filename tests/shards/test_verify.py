import shutil

import h5py
import numpy as np
import pytest
from shards import synthetic
from shards.editing import edit, flip

from obman_gen.errors import InputError
from obman_gen.sample import VIEWS
from obman_gen.shards import Manifest, SampleReader, ShardFile, shard_path
from obman_gen.shards.assembly import crc32_of
from obman_gen.shards.verify import check_shard, repair, summary, verify

FIRST = shard_path("train", 0)


@pytest.fixture
def copy(run, tmp_path):
    """A run that a test may damage."""
    return shutil.copytree(run, tmp_path / "run")


def test_a_whole_run_has_no_problems(run):
    assert verify(run, deep=True) == []
    assert summary(run).startswith("16 samples in 4 shards are intact: train 8, val 4, test 4 (")


def test_a_missing_shard_is_named(copy):
    (copy / FIRST).unlink()

    assert [(p.path, p.rule) for p in verify(copy)] == [(FIRST, "missing")]


def test_a_truncated_shard_is_named(copy):
    data = (copy / FIRST).read_bytes()
    (copy / FIRST).write_bytes(data[: len(data) // 2])

    problems = verify(copy)

    assert [(p.path, p.rule) for p in problems] == [(FIRST, "unreadable")]
    assert "cut short or damaged" in problems[0].detail


def test_a_flipped_bit_anywhere_is_found_and_nothing_crashes(copy):
    whole = (copy / FIRST).read_bytes()
    entry = Manifest.load(copy).of("train")[0]
    for position in np.linspace(0, len(whole) - 1, 40).astype(int):
        flip(copy / FIRST, position)

        problems = list(check_shard(copy, entry))

        assert problems, f"the bit at {position} went unnoticed"
        assert problems[0].rule in ("checksum", "unreadable")
        (copy / FIRST).write_bytes(whole)


def test_a_flipped_bit_in_a_picture_names_the_sample(copy):
    shard = ShardFile(copy / FIRST)
    jpeg = shard.jpeg("h", 2)
    flip(copy / FIRST, jpeg.__array_interface__["data"][0] - start_of(shard) + len(jpeg) // 2)

    named = [p for p in verify(copy) if p.sample_id]

    assert [(p.rule, p.sample_id) for p in named] == [("image checksum", "train-00000002")]


def start_of(shard):
    return shard._map.__array_interface__["data"][0]


def test_a_flipped_bit_in_a_dense_map_names_the_sample(copy):
    with synthetic_file(copy) as file:
        chunk = file["depth/o"].id.get_chunk_info(1)
    flip(copy / FIRST, chunk.byte_offset + chunk.size // 2)

    named = [p for p in verify(copy) if p.sample_id]

    assert [(p.rule, p.sample_id) for p in named] == [("map checksum", "train-00000001")]


def synthetic_file(run):
    import h5py

    return h5py.File(run / FIRST, "r")


def shift(path, amount, index=1):
    """Return a change that adds to the first value of one sample."""

    def change(file):
        row = np.asarray(file[path][index], float)
        row.flat[0] += amount
        file[path][index] = row

    return change


def put(path, value, index=1):
    def change(file):
        file[path][index] = value

    return change


def remove(path):
    def change(file):
        del file[path]

    return change


def mirror(file):
    file["object/camera_from_object"][1, :3, 0] = -file["object/camera_from_object"][1, :3, 0]


def forget_attribute(file):
    del file.attrs["seed"]


def put_attribute(name, value):
    def change(file):
        file.attrs[name] = value

    return change


def no_picture(file):
    """Spoil a JPEG's header and own up to it in the checksum."""
    start, _ = file["images/ho/offset"][1:3]
    file["images/ho/bytes"][start : start + 40] = 0
    pictures = []
    for view in VIEWS:
        start, end = file[f"images/{view}/offset"][1:3]
        pictures.append(file[f"images/{view}/bytes"][start:end])
    file["crc32"][1] = crc32_of(pictures)


CHANGES = {
    "an edited joint": (shift("hand/joints", 0.001), "hand parameters"),
    "an edited vertex": (shift("hand/vertices", 0.0003), "hand parameters"),
    "an edited pose": (shift("hand/pose", 0.05), "hand parameters"),
    "edited PCA coefficients": (shift("hand/pca", 0.05), "hand parameters"),
    "an edited wrist": (shift("hand/global_orient", 0.05), "hand parameters"),
    "an edited shape": (shift("hand/betas", 1.0), "hand parameters"),
    "the other side": (put("hand/side", 1), "hand parameters"),
    "no side": (put("hand/side", 7), "side"),
    "an edited projection": (shift("hand/joints_2d", 0.05), "projection"),
    "an edited camera": (shift("camera/intrinsics", 1.0), "projection"),
    "a sheared object": (shift("object/camera_from_object", 0.01), "transform"),
    "a mirrored object": (mirror, "transform"),
    "another scale": (shift("object/scale", 0.001), "transform"),
    "a number that is none": (shift("body/pose", np.nan), "numbers"),
    "another checksum": (put("crc32", 5), "image checksum"),
    "another name": (put("sample_id", "train-00000009"), "sample id"),
    "an unknown label": (put("segmentation/ho", 9), "segmentation"),
    "a hand in the object's view": (put("segmentation/o", 1), "segmentation"),
    "a surface without depth": (put("depth/h", 0), "depth"),
    "a hand elsewhere": (put("segmentation/h", 0), "joints"),
    "another visibility": (put("visibility/object", 0.123), "visibility"),
    "an impossible visibility": (put("visibility/hand", 1.5), "visibility"),
    "a face too far": (put("hand/faces", 10**6), "faces"),
    "an object without a mesh": (put("object/id", "02876657/none"), "meshes"),
    "a missing dataset": (remove("hand/pose"), "schema"),
    "a missing mesh part": (remove("meshes/02876657/bottle-0/faces"), "schema"),
    "a missing attribute": (forget_attribute, "schema"),
    "a picture that is none": (no_picture, "image"),
    "a config that is none": (put_attribute("config", "seed = 3"), "schema"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_wrong_content_is_found_though_checksums_agree(copy, name):
    change, rule = CHANGES[name]
    edit(copy, FIRST, change)

    problems = verify(copy)

    assert rule in {p.rule for p in problems}
    assert {p.path for p in problems} == {FIRST}
    named = {p.sample_id for p in problems if p.rule == rule} - {""}
    assert named <= {"train-00000001", "train-00000009"}


def test_an_edited_joint_is_named_though_the_checksum_was_not_updated(copy):
    with h5py.File(copy / FIRST, "r+") as file:
        file["hand/joints"][1, 4] += 0.01

    rules = {(p.rule, p.sample_id) for p in verify(copy)}

    named = {(rule, "train-00000001") for rule in ("hand parameters", "projection")}
    assert rules == {("checksum", ""), *named}


DEEP_CHANGES = {
    "depth that is 0.5 mm off": (
        lambda file: file["depth/o"].write_direct(
            np.maximum(file["depth/o"][()], 5) + np.uint16(5)
        ),
        "depth against mesh",
    ),
    "a body elsewhere": (shift("body/translation", 0.002), "attachment"),
}


@pytest.mark.parametrize("name", DEEP_CHANGES)
def test_deep_checks_find_what_the_others_cannot(copy, name):
    change, rule = DEEP_CHANGES[name]
    edit(copy, FIRST, change)

    assert verify(copy) == []
    assert {p.rule for p in verify(copy, deep=True)} == {rule}


def test_an_object_skin_and_background_in_two_splits_are_named(copy):
    number = len(Manifest.load(copy).of("val"))
    samples = [synthetic.sample("train", index, size_px=64) for index in range(2)]
    leaked = [rename(sample, f"val-{4 + place:08d}") for place, sample in enumerate(samples)]
    entry = synthetic.write_shard(
        copy / shard_path("val", number),
        leaked,
        synthetic.meshes("train"),
        synthetic.attributes("val"),
    )
    Manifest.load(copy).with_entry(entry).save(copy)

    problems = verify(copy)

    assert {p.rule for p in problems} == {"splits"}
    text = " ".join(str(p) for p in problems)
    assert samples[0].object_id in text
    assert "skin skin-train-" in text
    assert "background room-train-" in text
    assert "cannot be repaired: manifest.json: splits" in repair(copy, problems)
    assert (copy / entry.path).exists()


def rename(sample, sample_id):
    from dataclasses import replace

    return replace(sample, sample_id=sample_id)


def test_shards_of_overlapping_numbers_are_named(copy):
    entry = synthetic.write_one(copy, "train", 7, 6, 3, size_px=64)
    Manifest.load(copy).with_entry(entry).save(copy)

    assert [p.rule for p in verify(copy)] == ["numbering"]


def test_stray_files_are_named_and_moved_aside(copy):
    stray = copy / "shards/train/.00009.h5.77.tmp"
    stray.write_bytes(b"half a shard")

    problems = verify(copy)
    told = repair(copy, problems)

    assert [str(p) for p in problems] == [
        "shards/train/.00009.h5.77.tmp: stray: the manifest does not list this file"
    ]
    assert "1 files moved into" in told
    assert (copy / "set-aside/shards/train/.00009.h5.77.tmp").read_bytes() == b"half a shard"
    assert verify(copy) == []


def test_repaired_shards_are_made_again_and_nothing_is_deleted(copy):
    before = (copy / FIRST).read_bytes()
    flip(copy / FIRST, len(before) // 2)
    damaged = (copy / FIRST).read_bytes()
    missing = shard_path("test", 0)
    (copy / missing).unlink()

    told = repair(copy, verify(copy))

    assert "2 shards taken out of the manifest" in told
    assert FIRST in told
    assert (copy / "set-aside" / FIRST).read_bytes() == damaged
    manifest = Manifest.load(copy)
    assert not manifest.is_intact(FIRST)
    for split, count in (("train", 4), ("test", 4)):
        entry = synthetic.write_one(copy, split, 0, 0, count, size_px=64)
        manifest = manifest.with_entry(entry)
    manifest.save(copy)
    assert verify(copy) == []
    assert (copy / FIRST).read_bytes() == before


def test_setting_aside_twice_keeps_both(copy):
    for content in (b"one", b"two"):
        (copy / "shards/train/extra.h5").write_bytes(content)
        repair(copy, verify(copy))

    aside = copy / "set-aside/shards/train"
    assert {path.read_bytes() for path in aside.iterdir()} == {b"one", b"two"}


def test_without_the_hand_model_the_rest_is_checked_and_that_is_said(copy):
    def unknown_model(file):
        file.attrs["hand_model"] = '{"name": "MANO_RIGHT", "sha256": "00aa"}'

    for entry in Manifest.load(copy).entries:
        edit(copy, entry.path, unknown_model)

    assert verify(copy) == []
    assert "because hand model MANO_RIGHT (sha256 00aa) is not here" in summary(copy)


def test_a_run_without_shards_cannot_be_verified(tmp_path):
    with pytest.raises(InputError, match="has no finished shard"):
        verify(tmp_path)
    with pytest.raises(InputError, match="nowhere does not exist"):
        verify(tmp_path / "nowhere")


def test_many_broken_samples_are_summed_up(copy):
    def zero(file):
        file["hand/joints_2d"][...] += 1

    edit(copy, FIRST, zero)

    assert len([p for p in verify(copy) if p.rule == "projection"]) == 4
    assert len(SampleReader(copy, "train")) == 8
