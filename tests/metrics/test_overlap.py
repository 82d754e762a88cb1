import numpy as np
import pytest
from helpers import random_rigid
from metrics.shapes import ball, box, cap, inner_radius, joined, lens, prism
from numpy.testing import assert_allclose

from obman_gen.arrays import transform_points
from obman_gen.hands import load_hand_model
from obman_gen.metrics import (
    intersection_volume,
    obman_voxel_intersection_volume,
    voxel_intersection_volume,
)
from obman_gen.metrics.columns import shared_volumes

RADIUS_M = 0.04


@pytest.fixture(scope="module")
def hand():
    """The open hand, flat, with its open wrist; and the same with the wrist closed."""
    model = load_hand_model()
    vertices = np.asarray(model.template, float)
    return (vertices, model.faces), model.close_boundary(vertices)


def test_boxes_share_the_product_of_their_overlaps():
    shared = intersection_volume(
        *box((0.04, 0.05, 0.06)), *box((0.04, 0.05, 0.06), (0.01, -0.02, 0.03))
    )

    assert_allclose(shared, 0.03 * 0.03 * 0.03, rtol=1e-9)


@pytest.mark.parametrize("distance_m", [0.02, 0.05, 0.075])
def test_balls_share_a_lens(distance_m):
    shared = intersection_volume(*ball(RADIUS_M), *ball(RADIUS_M, (0, distance_m, 0)))

    # Each mesh lies between two balls, so the overlap lies between their lenses.
    assert lens(inner_radius(RADIUS_M), distance_m) <= shared <= lens(RADIUS_M, distance_m)


@pytest.mark.parametrize("height_m", [0.005, 0.04, 0.07])
def test_a_plane_cuts_a_cap_off_a_ball(height_m):
    plate = box((1, 1, 1), (0, 0, RADIUS_M - height_m + 0.5))

    shared = intersection_volume(*ball(RADIUS_M), *plate)

    inner = inner_radius(RADIUS_M)
    low = cap(inner, height_m - (RADIUS_M - inner))
    assert low <= shared <= cap(RADIUS_M, height_m)


def test_crossed_cylinders_share_the_steinmetz_solid():
    shared = intersection_volume(*prism(RADIUS_M, 0.2, 0, 200), *prism(RADIUS_M, 0.2, 1, 200))

    whole = 16 * RADIUS_M**3 / 3
    assert whole * np.cos(np.pi / 200) ** 3 <= shared <= whole


def test_a_swallowed_solid_shares_all_of_itself():
    assert_allclose(intersection_volume(*box((0.01, 0.02, 0.03)), *ball(RADIUS_M)), 6e-6, rtol=1e-9)


def test_solids_apart_share_nothing():
    assert intersection_volume(*ball(RADIUS_M), *ball(RADIUS_M, (0.09, 0, 0))) == 0
    corner = RADIUS_M * np.ones(3)  # the boxes of the two meshes overlap
    assert intersection_volume(*ball(RADIUS_M), *ball(RADIUS_M, 1.4 * corner)) == 0


def test_volume_does_not_depend_on_frame_order_or_orientation(hand):
    _, (vertices, faces) = hand
    thing, thing_faces = ball(0.03, vertices.mean(axis=0))
    shared = intersection_volume(vertices, faces, thing, thing_faces)
    turn = random_rigid(np.random.default_rng(0))

    moved = [transform_points(turn, cloud) for cloud in (vertices, thing)]

    assert shared > 1e-6
    assert_allclose(intersection_volume(moved[0], faces, moved[1], thing_faces), shared, rtol=1e-6)
    assert_allclose(intersection_volume(thing, thing_faces, vertices, faces), shared, rtol=1e-6)
    inwards = thing_faces[:, ::-1]
    assert_allclose(intersection_volume(vertices, faces, thing, inwards), shared, rtol=1e-6)


@pytest.mark.parametrize("inwards", [False, True])
def test_what_a_surface_covers_twice_counts_once(inwards):
    """Two boxes that share half of themselves, as one mesh: a hand whose fingers cross."""
    fingers, faces = joined(box((0.02, 0.02, 0.02)), box((0.02, 0.02, 0.02), (0.01, 0, 0)))
    fingers = transform_points(random_rigid(np.random.default_rng(0)), fingers)
    around = box((0.1, 0.1, 0.1), fingers.mean(axis=0))

    shared = intersection_volume(fingers, faces[:, ::-1] if inwards else faces, *around)

    assert_allclose(shared, 0.03 * 0.02 * 0.02, rtol=1e-3)


def test_columns_agree_with_the_boolean(hand):
    _, (vertices, faces) = hand
    for number in range(3):
        thing = ball(0.03, vertices.mean(axis=0) + 0.01 * np.eye(3)[number])

        counted = shared_volumes((vertices, faces), thing, whole_space(vertices))

        assert_allclose(counted.covered, intersection_volume(vertices, faces, *thing), rtol=2e-3)
        assert_allclose(counted.layered, counted.covered, rtol=1e-3)


def test_columns_through_edges_and_corners_are_counted_once():
    """A grid that runs exactly along the edges, diagonals and corners of two boxes."""
    first, second = box((4.0, 4, 4)), box((4.0, 4, 4), (1, 1, 1))

    counted = shared_volumes(first, second, (np.full(3, -2.5), np.full(3, 3.5)), cells=36)

    assert_allclose(counted.covered, 27)


def whole_space(vertices):
    return vertices.min(axis=0), vertices.max(axis=0)


def test_an_open_wrist_is_counted_in_voxels_and_agrees(hand):
    (vertices, faces), (closed, closed_faces) = hand
    thing = ball(0.03, vertices.mean(axis=0))

    shared = intersection_volume(vertices, faces, *thing)
    exact = intersection_volume(closed, closed_faces, *thing)

    assert exact > 1e-5
    assert_allclose(shared, exact, rtol=0.02)


@pytest.mark.parametrize("pitch_m", [0.004, 0.002, 0.001])
def test_voxels_close_in_on_the_lens(pitch_m):
    counted = voxel_intersection_volume(*ball(RADIUS_M), *ball(RADIUS_M, (0, 0.05, 0)), pitch_m)

    # Half the border voxels at worst, all to one side, would be off by area x pitch / 2; signs
    # of neighbours differ, which leaves a small part of it.
    area = 2 * 2 * np.pi * RADIUS_M * (RADIUS_M - 0.025)
    assert abs(counted - lens(RADIUS_M, 0.05)) < 0.1 * area * pitch_m + 3e-7


def test_obmans_voxels_are_a_shell_not_the_volume():
    """Two 40 mm balls 50 mm apart: 49.5 cm^3 in truth; the published code finds about 26."""
    counted = obman_voxel_intersection_volume(*ball(RADIUS_M), *ball(RADIUS_M, (0, 0.05, 0)))

    assert_allclose(counted, 26.1e-6, rtol=0.1)
    assert_allclose(counted / 0.125e-6, round(counted / 0.125e-6), atol=1e-9)


@pytest.mark.parametrize(
    ("vertices", "faces", "message"),
    [
        (np.zeros((3, 3)), np.zeros((0, 3), int), "the hand mesh has no faces"),
        (np.zeros((3, 3)), np.array([[0, 1, 3]]), "has 3 vertices, its faces name 0 to 3"),
        (np.full((3, 3), np.nan), np.array([[0, 1, 2]]), "hand mesh has vertices that are not"),
    ],
)
def test_meshes_without_a_surface_are_refused(vertices, faces, message):
    with pytest.raises(ValueError, match=message):
        intersection_volume(vertices, faces, *ball(RADIUS_M))
