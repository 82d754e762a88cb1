import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.transform import Rotation

from obman_gen.hands import load_hand_model
from obman_gen.shards import Manifest
from obman_gen.shards.statistics import describe_run, read_table
from obman_gen.shards.statistics.contact import (
    CONTACT_DISTANCE_M,
    ContactCount,
    contact_mask,
    contact_regions,
)
from obman_gen.shards.statistics.counting import count_shared, grasp_keys
from obman_gen.shards.statistics.distributions import bins_for, describe, histogram
from obman_gen.shards.statistics.pictures import GRID, in_cells, skin_group, typology_angle_deg
from obman_gen.shards.statistics.poses import (
    bends_deg,
    distinct_rows,
    neighbour_map,
    pose_space,
    spread_out,
)
from obman_gen.shards.statistics.viewpoints import (
    count_directions,
    directions_to_camera,
    evenness,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_summary_of_normal_numbers_finds_mean_spread_and_percentiles(rng):
    values = rng.normal(3, 2, 20_000)

    summary = describe(values, "mm", "Distance")

    # Standard errors: s / sqrt(n) of the mean, about 1.25 of that for the median.
    assert_allclose(summary["mean"], 3, atol=4 * 2 / np.sqrt(20_000))
    assert_allclose(summary["p50"], 3, atol=5 * 2 / np.sqrt(20_000))
    assert_allclose(summary["std"], 2, atol=4 * 2 / np.sqrt(40_000))
    assert_allclose(summary["p95"], 3 + 1.645 * 2, atol=0.15)


def test_values_not_measured_only_lower_the_count():
    summary = describe(np.array([1.0, np.nan, 3.0]), "", "x")

    assert summary["count"] == 2
    assert_allclose(summary["mean"], 2)
    assert describe(np.array([np.nan]), "mm", "x") == {"label": "x", "unit": "mm", "count": 0}


@pytest.mark.parametrize("count", [1, 2, 50, 5000])
def test_every_measured_value_is_in_the_histogram_whatever_the_outliers(rng, count):
    values = np.append(rng.exponential(1, count), 1e6)

    counts = histogram(values, bins_for(values))["counts"]

    assert sum(counts) == count + 1


def test_whole_numbers_get_a_bin_each():
    values = np.array([3.0, 3, 5, 11])

    found = histogram(values, bins_for(values))

    assert len(found["counts"]) == 9
    assert found["counts"][0] == 2
    assert_allclose(np.diff(found["edges"]), 1)


def test_principal_axes_hold_all_variance_and_find_the_direction_that_made_it(rng):
    direction = rng.normal(size=45)
    direction /= np.linalg.norm(direction)
    poses = rng.normal(size=(400, 1)) * direction + 0.01 * rng.normal(size=(400, 45)) + 0.3

    space = pose_space(poses)

    assert_allclose(space.variances.sum(), poses.var(axis=0).sum())
    assert_allclose(abs(space.axes[0] @ direction), 1, atol=1e-3)
    assert_allclose(space.axes @ space.axes.T, np.eye(45), atol=1e-10)


def test_equal_poses_have_no_spread():
    assert_allclose(pose_space(np.ones((3, 45))).variances, 0, atol=1e-20)


def test_spread_out_poses_take_one_of_each_cluster_before_a_second(rng):
    centres = 10 * rng.normal(size=(5, 45))
    poses = np.repeat(centres, 20, axis=0) + 0.01 * rng.normal(size=(100, 45))

    chosen = spread_out(poses, 5)

    assert sorted(chosen // 20) == [0, 1, 2, 3, 4]


def test_nearest_on_the_map_is_a_pose_of_the_same_cluster(rng):
    """Eight clusters in 45 dimensions, which no two axes tell apart."""
    cluster = np.repeat(np.arange(8), 12)
    poses = 3 * np.eye(8, 45)[cluster] + 0.3 * rng.normal(size=(96, 45))

    flat = neighbour_map(poses)

    gap = np.linalg.norm(flat[:, None] - flat, axis=-1)
    np.fill_diagonal(gap, np.inf)
    assert_array_equal(cluster[gap.argmin(axis=1)], cluster)
    assert_array_equal(flat, neighbour_map(poses))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_few_poses_are_mapped_too(rng, count):
    flat = neighbour_map(rng.normal(size=(count, 45)))

    assert flat.shape == (count, 2)
    assert np.isfinite(flat).all()


def test_distinct_rows_are_the_first_of_each():
    rows = np.array([[1, 2], [3, 4], [1, 2], [0, 0]], np.float32)

    assert_array_equal(distinct_rows(rows), [0, 1, 3])


def test_bends_are_filed_under_the_finger_that_bends():
    pose = np.zeros((1, 15, 3))
    pose[0, 12:15] = np.radians([[30, 0, 0], [0, 40, 0], [0, 0, -50]])  # MANO ends with the thumb

    bends = bends_deg(pose.reshape(1, 45))

    assert_allclose(bends["thumb"][0], [30, 40, 50])
    assert_allclose(sum(angles.sum() for angles in bends.values()), 120)


def test_a_camera_before_the_palm_is_seen_at_longitude_and_latitude_zero():
    # Turning about x by -90 degrees takes the palm's direction, -y, to -z: towards the camera.
    orient = np.array([[-np.pi / 2, 0, 0]])

    direction = directions_to_camera(orient, np.array([[0, 0, 0.6]]))
    cells = count_directions(direction)

    assert_allclose(Rotation.from_rotvec(orient[0]).apply([0, -1, 0]), [0, 0, 1], atol=1e-12)
    assert_allclose(direction[0], [0, 1, 0], atol=1e-12)
    assert sum(map(sum, cells["counts"])) == 1


def test_longitude_zero_is_the_palm_and_ninety_degrees_the_fingertips():
    counts = np.array(count_directions(np.array([[0.0, -1, 0.1], [1, 0, 0.1]]))["counts"])
    bins = len(counts)

    assert counts[[bins // 2, 3 * bins // 4]].sum() == 2


def test_directions_even_over_the_sphere_fill_all_cells_alike(rng):
    directions = rng.normal(size=(40_000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)

    counts = np.array(count_directions(directions)["counts"])

    expected = 40_000 / counts.size
    assert_allclose(counts, expected, atol=5 * np.sqrt(expected))
    assert evenness(counts) > 0.998
    assert evenness(np.eye(4)[0]) == 0


def test_contact_counted_in_parts_is_contact_counted_at_once(rng):
    distances_m = rng.normal(0.01, 0.01, (50, 30)).astype(np.float16)
    touching = contact_mask(distances_m)

    at_once = ContactCount.none(30).with_samples(touching)
    in_parts = ContactCount.none(30).with_samples(touching[:20]).with_samples(touching[20:])

    assert_array_equal(at_once.touches, in_parts.touches)
    assert_allclose(at_once.frequency, (distances_m <= np.float16(CONTACT_DISTANCE_M)).mean(axis=0))


def test_contact_regions_are_the_frequent_vertices_or_the_most_touched_fifth():
    frequency = np.array([0.5, 0.09, 0.07, 0.0, 0.0, 0.03, 0.02, 0.01, 0.0, 0.0, 0.0, 0.0])
    areas = {
        "palm": np.arange(0, 5),
        "thumb_tip": np.arange(5, 10),
        "index_tip": np.arange(10, 12),
    }

    regions = contact_regions(frequency, areas)

    assert regions == {"palm": [0, 1], "thumb_tip": [5], "index_tip": [10, 11]}


def test_occupancy_cells_keep_the_covered_area(rng):
    mask = rng.random((64, 96)) < 0.3

    cells = in_cells(mask)

    assert cells.shape == (GRID, GRID)
    assert_allclose(cells.mean(), mask.mean())


def test_typology_angle_of_greys_is_a_right_angle_and_darker_skin_has_a_smaller_one():
    from obman_gen.scene.skin import ALBEDOS

    angles = typology_angle_deg(ALBEDOS)

    assert (np.diff(angles) < 0).all()
    assert skin_group(angles[0]) in ("very light", "light")
    assert skin_group(angles[-1]) == "dark"
    # sRGB's white is the reference white only to four digits, so b* of grey is small, not zero.
    assert_allclose(abs(typology_angle_deg(np.full((2, 3), [[0.9], [0.02]]))), 90, atol=0.1)


def test_names_in_two_splits_are_counted_as_shared():
    columns = {
        "split": np.array(["train", "train", "val"]),
        "object/id": np.array(["a", "b", "b"]),
        "skin_name": np.array(["s", "s", "t"]),
        "background_name": np.array(["x", "y", "z"]),
        "scene/body_pose": np.array(["p", "p", "p"]),
    }

    assert count_shared(columns) == {
        "objects": 1,
        "skins": 0,
        "backgrounds": 0,
        "body_poses": 1,
    }


def test_a_grasp_is_an_object_a_scale_and_a_finger_pose(rng):
    pose = rng.normal(size=(1, 45)).astype(np.float32)
    columns = {
        "object/id": np.array(["a", "a", "b", "a"]),
        "object/scale": np.array([0.1, 0.1, 0.1, 0.2], np.float32),
        "hand/pose": np.repeat(pose, 4, axis=0),
    }

    keys = grasp_keys(columns)

    assert keys[0] == keys[1]
    assert len(set(keys.tolist())) == 3


def test_statistics_of_a_run_count_what_the_manifest_lists(run):
    hand = load_hand_model()

    statistics = describe_run(run, read_table(run, hand), hand)

    manifest = Manifest.load(run)
    for split, counts in statistics["splits"].items():
        assert counts["samples"] == manifest.count(split)
        assert counts["samples"] == sum(
            category["samples"] for category in counts["categories"].values()
        )
    assert statistics["shared_between_splits"]["objects"] == 0
    assert statistics["contact"]["samples"] == manifest.count("train")
    assert statistics["images"]["samples"] == statistics["samples"]
