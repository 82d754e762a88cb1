import numpy as np
import pytest
from helpers import random_rigid
from metrics.shapes import ball, box
from numpy.testing import assert_allclose

from obman_gen.arrays import transform_points
from obman_gen.metrics import contact_ratio, max_penetration, signed_distances

SLAB = box((0.1, 0.1, 0.04))


def test_depth_is_that_of_the_deepest_vertex_to_the_surface_not_to_a_vertex():
    hand = np.array([[0, 0, 0.0161], [0.01, 0.02, 0.018], [0, 0, 0.05]])

    assert_allclose(max_penetration(hand, *SLAB), 0.02 - 0.0161, rtol=1e-12)


def test_depth_is_zero_outside():
    assert max_penetration(np.array([[0, 0, 0.0201], [0.2, 0, 0]]), *SLAB) == 0


def test_depth_does_not_depend_on_frame_or_orientation():
    rng = np.random.default_rng(1)
    hand, (vertices, faces) = rng.normal(0, 0.03, (200, 3)), ball(0.05)
    depth = max_penetration(hand, vertices, faces)
    turn = random_rigid(rng)

    moved = max_penetration(transform_points(turn, hand), transform_points(turn, vertices), faces)

    assert depth > 0.02
    assert_allclose(moved, depth, rtol=1e-9)
    assert max_penetration(hand, vertices, faces[:, ::-1]) == depth


def test_a_ball_swallows_a_point_by_radius_minus_its_distance():
    vertices, faces = ball(0.05)
    point = np.array([[0.02, 0, 0]])

    assert_allclose(max_penetration(point, vertices, faces), 0.03, atol=1e-4)


def test_rays_through_edges_and_corners_make_no_difference():
    """ObMan's ray test fails for points that see an edge of the box along the ray."""
    grid = np.linspace(-0.045, 0.045, 7)
    points = np.stack(np.meshgrid(grid, grid, [-0.03, 0.0, 0.01]), axis=-1).reshape(-1, 3)

    inside = signed_distances(points, *SLAB) < 0

    np.testing.assert_array_equal(inside, np.abs(points[:, 2]) < 0.02)


def test_signed_distance_of_a_box_is_known():
    points = np.array([[0, 0, 0.015], [0, 0, 0.03], [0.053, 0.054, 0.0]])

    assert_allclose(signed_distances(points, *SLAB), [-0.005, 0.01, 0.005], rtol=1e-9)


def test_contact_ratio_counts_grasps_that_touch():
    distances = np.array([[0.1, 0.0049], [0.0051, 0.2], [-0.01, 0.3], [0.02, 0.03]])

    assert contact_ratio(distances) == 0.5


def test_lost_vertices_are_refused():
    with pytest.raises(ValueError, match="hand has vertices that are not finite"):
        max_penetration(np.array([[np.nan, 0, 0]]), *SLAB)
    with pytest.raises(ValueError, match="object mesh has no faces"):
        max_penetration(np.zeros((1, 3)), np.zeros((3, 3)), np.zeros((0, 3), int))
