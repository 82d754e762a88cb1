from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from shards import synthetic

from obman_gen.errors import InputError
from obman_gen.hands import load_hand_model
from obman_gen.hands.model import HandModel
from obman_gen.training import session
from obman_gen.training.augment import change_colors, turn_hue
from obman_gen.training.config import AugmentConfig, TrainConfig
from obman_gen.training.crop import Crop, box_square
from obman_gen.training.data import (
    Draw,
    Pictures,
    epoch_order,
    evaluation_batches,
    training_batches,
)

CONFIG = TrainConfig(image_px=48, batch_size=3, seed=4)
INTRINSICS = np.array([[480.0, 0, 120], [0, 480.0, 131], [0, 0, 1]])


def project(points, intrinsics):
    homogeneous = points @ intrinsics.T
    return homogeneous[..., :2] / homogeneous[..., 2:]


def random_crop(seed):
    rng = np.random.default_rng(seed)
    return Crop.around(
        rng.uniform(60, 190, 2),
        rng.uniform(40, 300),
        64,
        rng.uniform(-3, 3),
        mirrored=seed % 2 == 1,
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("focal_ratio", [1.0, 1.3])
def test_points_of_the_crops_camera_project_where_the_pixels_went(seed, focal_ratio):
    points = np.random.default_rng(9).uniform([-0.2, -0.2, 0.4], [0.2, 0.2, 0.9], (20, 3))
    intrinsics = np.diag([1, focal_ratio, 1]) @ INTRINSICS
    crop = random_crop(seed)

    seen = project(crop.points(points), crop.intrinsics(intrinsics))

    assert_allclose(seen, crop.pixels(project(points, intrinsics)), atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_square_pixels_stay_square_and_turns_keep_the_hands_side(seed):
    crop = random_crop(seed)

    intrinsics = crop.intrinsics(INTRINSICS)

    assert_allclose(intrinsics[0, 0], abs(intrinsics[1, 1]))
    assert_allclose(intrinsics[[0, 1, 2, 2], [1, 0, 0, 1]], 0, atol=1e-9)
    assert_allclose(np.linalg.det(crop.crop_from_camera), -1 if seed % 2 else 1)


@pytest.mark.parametrize("seed", range(4))
def test_a_dot_is_cut_where_its_pixel_went(seed):
    picture = np.zeros((240, 256, 3), np.uint8)
    crop = Crop.around(np.array([130.0, 115.0]), 40.0, 160, 0.7 * seed, mirrored=seed % 2 == 1)
    picture[110:113, 126:129] = 255  # its centre is the middle pixel's centre

    cut = np.asarray(crop.cut(picture))[..., 0].astype(float)

    rows, columns = np.mgrid[0:160, 0:160] + 0.5
    centre = np.array([(cut * columns).sum(), (cut * rows).sum()]) / cut.sum()
    assert_allclose(centre, crop.pixels(np.array([127.5, 111.5])), atol=0.15)


def test_shrinking_averages_instead_of_skipping_pixels():
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 200

    cut = np.asarray(Crop.around(np.array([256.0, 256.0]), 512.0, 64).cut(stripes))

    assert_allclose(cut, 100, atol=2)


@pytest.mark.parametrize("seed", range(6))
def test_a_crop_knows_which_of_its_pixels_the_picture_fills(seed):
    crop, picture = random_crop(seed), np.full((240, 256, 3), 255, np.uint8)

    shown = crop.shows(256, 240)

    filled = np.asarray(crop.cut(picture)).any(axis=2)
    assert (shown != filled).mean() < 0.01  # halves of pixels where reducing rounds up
    assert shown.any()


def test_the_box_of_one_point_still_has_a_size():
    centre, side = box_square(np.array([[3.0, 4.0]]))

    assert_array_equal(centre, [3, 4])
    assert side == 1


def test_no_colour_change_is_the_picture_itself():
    still = AugmentConfig(blur_px=0, brightness=0, contrast=0, saturation=0, hue=0)
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8))

    changed = change_colors(picture, np.random.default_rng(1), still)

    assert_array_equal(np.asarray(changed), np.asarray(picture))


def test_a_third_of_the_colour_circle_takes_red_to_green():
    red = Image.fromarray(np.full((1, 1, 3), (200, 0, 0), np.uint8))

    assert_allclose(np.asarray(turn_hue(red, 1 / 3))[0, 0], (0, 200, 0), atol=8)


@pytest.fixture(scope="module")
def pictures(run, hand):
    return Pictures(run, "train", replace(CONFIG, images=("ho", "h", "o")), hand)


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_a_draw_depends_on_epoch_and_picture_alone(run, hand, pictures):
    first = pictures[Draw(5, 2)]
    pictures[Draw(1, 0)]

    assert same(first, pictures[Draw(5, 2)])
    assert same(first, Pictures(run, "train", pictures.config, hand)[Draw(5, 2)])
    assert not same(first, pictures[Draw(5, 3)])
    other_seed = replace(pictures.config, seed=5)
    assert not same(first, Pictures(run, "train", other_seed, hand)[Draw(5, 2)])


@pytest.mark.parametrize("epoch", [None, 0, 1])
@pytest.mark.parametrize("index", [0, 9, 18])
def test_truth_projects_to_the_crops_joints(pictures, index, epoch):
    picture = pictures[Draw(index, epoch)]

    joints = picture["hand_joints"] + picture["root"]

    assert_allclose(project(joints, picture["intrinsics"]), picture["joints_2d"], atol=1e-2)
    assert_allclose(picture["hand_joints"][0], 0)


def test_colours_change_nothing_beyond_the_picture(run, hand):
    """Less contrast would turn the black beyond it grey, which no picture is that is measured."""
    config = replace(CONFIG, augment=replace(CONFIG.augment, crop_factor=8.0, scale_jitter=0.0))
    pictures = Pictures(run, "train", config, hand)

    for index in range(len(pictures)):
        image = pictures[Draw(index, 0)]["image"]

        assert (image == 0).all(axis=0).mean() > 0.3


def test_a_picture_supervises_what_it_shows(pictures):
    shows = [
        (float(picture["has_hand"]), float(picture["has_object"]))
        for picture in (pictures[Draw(index, None)] for index in (0, 8, 16))
    ]

    assert shows == [(1, 1), (1, 0), (0, 1)]


def test_the_plain_crop_is_around_the_hand_or_the_lone_object(pictures):
    joints = pictures[Draw(0, None)]["joints_2d"]
    lone = pictures[Draw(16, None)]
    points = project(lone["object_points"] + lone["root"], lone["intrinsics"])

    for seen in (joints, points):
        centre, side = box_square(seen.astype(float))
        assert_allclose(centre, 24, atol=1e-2)
        assert_allclose(side, 48 / CONFIG.augment.crop_factor, rtol=1e-3)


def test_samples_of_the_other_hand_are_mirrored(run):
    """The left hand model of mirrored pose is the mirror image: side by side they agree."""
    right, left = (
        Pictures(run, "train", CONFIG, load_hand_model(side=side))[Draw(0, None)]
        for side in ("right", "left")
    )

    assert_allclose(left["hand_vertices"], right["hand_vertices"] * [-1, 1, 1], atol=1e-6)
    assert_allclose(left["joints_2d"], [48, 0] + right["joints_2d"] * [-1, 1], atol=1e-3)
    difference = left["image"][..., ::-1].astype(int) - right["image"]
    assert np.abs(difference).mean() < 2  # the resampling rounds the other way


def test_every_epoch_shows_everything_once_in_its_own_order():
    orders = [epoch_order(20, 0, epoch) for epoch in (0, 1)]

    assert_array_equal(np.sort(orders[0]), np.arange(20))
    assert not np.array_equal(*orders)


def test_processes_share_a_step_without_overlap(run, hand):
    pictures = Pictures(run, "train", replace(CONFIG, batch_size=2), hand)

    shares = [
        [batch.sample_ids for batch in training_batches(pictures, 0, 0, rank, 2)] for rank in (0, 1)
    ]

    assert [len(share) for share in shares] == [2, 2]
    shown = [name for share in shares for names in share for name in names]
    assert len(set(shown)) == 8


def test_an_epoch_can_be_entered_in_the_middle(run, hand):
    pictures = Pictures(run, "train", replace(CONFIG, batch_size=2), hand)

    whole, rest = list(training_batches(pictures, 1)), list(training_batches(pictures, 1, 3))

    assert len(whole) == 4
    assert torch.equal(whole[3].images, rest[0].images)
    assert torch.equal(whole[3].targets.object_points, rest[0].targets.object_points)


def test_evaluation_counts_every_sample_once(run, hand):
    pictures = Pictures(run, "train", CONFIG, hand)

    batches = list(evaluation_batches(pictures))

    assert [len(batch.sample_ids) for batch in batches] == [3, 3, 2]
    assert batches[0].targets.object_points.shape[1] == 2048


def test_an_empty_split_is_named(run, hand):
    with pytest.raises(InputError, match="has no finished shard of the test split"):
        Pictures(run, "test", CONFIG, hand)


def test_data_of_another_hand_model_are_refused(run, hand):
    other = HandModel(replace(hand.asset, sha256="0" * 64, name="other"))

    with pytest.raises(
        InputError, match=r"holds hands of open-hand .*, not of other \(000000000000\)"
    ):
        Pictures(run, "train", CONFIG, other)


def test_unknown_kinds_of_pictures_are_named():
    with pytest.raises(InputError, match=r"training\.images takes ho, h, o; got \['x'\]"):
        TrainConfig(images=("x",))


def test_more_runs_are_mixed_into_training_alone(run, hand, tmp_path):
    other = synthetic.make_run(tmp_path / "other", {"train": 3, "val": 2, "test": 0}, size_px=64)
    config = replace(CONFIG, also=(str(other),), images=("ho", "h"))

    mixed, alone = (Pictures(run, "train", one, hand) for one in (config, CONFIG))

    assert len(mixed) == 2 * (len(alone) + 3)
    assert same(mixed[Draw(5, 2)], alone[Draw(5, 2)])
    first, again = mixed[Draw(2 * len(alone), 0)], mixed[Draw(0, 0)]
    assert first["sample_id"] == again["sample_id"]
    assert not np.array_equal(first["intrinsics"], again["intrinsics"])
    assert len(Pictures(run, "val", config, hand)) == 2 * len(Pictures(run, "val", CONFIG, hand))
    assert session.data_sha256(run, config) != session.data_sha256(run, CONFIG)


def test_a_smaller_share_is_part_of_a_larger_one_and_validation_stays_whole(run, hand):
    shares = {
        share: Pictures(run, "train", replace(CONFIG, fraction=share, images=("ho", "h")), hand)
        for share in (0.25, 0.5, 1.0)
    }

    chosen = {share: set(pictures.rows[0]) for share, pictures in shares.items()}
    assert [len(rows) for rows in chosen.values()] == [2, 4, 8]
    assert chosen[0.25] < chosen[0.5] < chosen[1.0]
    for pictures in shares.values():
        assert list(pictures.rows[0]) == list(pictures.rows[1])
    part, whole = shares[0.25], shares[1.0]
    for place, row in enumerate(part.rows[0]):
        assert same(part[Draw(place, 1)], whole[Draw(row, 1)])
    val = Pictures(run, "val", replace(CONFIG, fraction=0.25), hand)
    assert len(val) == len(Pictures(run, "val", CONFIG, hand))


def test_crops_around_the_object_are_the_same_with_and_without_the_hand(run, hand):
    config = replace(CONFIG, crop_around="object", images=("ho", "o"))
    pictures = Pictures(run, "train", config, hand)
    count = len(pictures) // 2

    for index in range(count):
        both, alone = pictures[Draw(index, None)], pictures[Draw(count + index, None)]
        for name in ("intrinsics", "joints_2d", "object_points"):
            assert_array_equal(both[name], alone[name])
    usual = Pictures(run, "train", replace(config, crop_around="shown"), hand)
    assert not np.array_equal(usual[Draw(0, None)]["intrinsics"], both["intrinsics"])


@pytest.mark.parametrize("share", [0.0, 1.5, float("nan")])
def test_impossible_shares_are_named(share):
    with pytest.raises(InputError, match=r"training\.fraction must lie in \(0, 1\]"):
        TrainConfig(fraction=share)
