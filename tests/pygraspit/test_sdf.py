import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose, assert_array_equal

from pygraspit.sdf import bake

RADIUS_MM = 30.0


@pytest.fixture(scope="module")
def sphere():
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=RADIUS_MM)
    return bake(np.array(mesh.vertices), np.array(mesh.faces), resolution=48)


def points_between(low_mm, high_mm):
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(300, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions * rng.uniform(low_mm, high_mm, (300, 1))


def test_distance_of_a_sphere_is_the_radius_to_second_order_in_the_spacing(sphere):
    points = points_between(15, 33)

    distances = sphere.distance(points)

    # Trilinear error: three axes, f''/8 h^2 each, with curvature at most 1/15 per mm.
    assert_allclose(
        distances, np.linalg.norm(points, axis=1) - RADIUS_MM, atol=3 / 8 / 15 * sphere.spacing**2
    )


def test_gradient_is_the_slope_of_the_distance(sphere):
    points = points_between(20, 35)
    step = 1e-5

    _, gradients = sphere.distance_and_gradient(points)

    for axis, shift in enumerate(step * np.eye(3)):
        slope = (sphere.distance(points + shift) - sphere.distance(points - shift)) / (2 * step)
        smooth = np.abs(slope - gradients[:, axis]) < 1e-4  # a step may cross a cell border
        assert smooth.mean() > 0.98


def test_distance_goes_on_growing_outside_the_box(sphere):
    ray = np.array([[60.0, 0, 0], [160.0, 0, 0]])

    near, far = sphere.distance(ray)

    assert_allclose(far - near, 100.0, rtol=1e-6)


def test_scaling_the_grid_scales_the_surface(sphere):
    points = points_between(15, 40)

    assert_allclose(
        sphere.scaled(0.5).distance(0.5 * points), 0.5 * sphere.distance(points), atol=1e-5
    )


def thin_cup():
    """Closed, with walls thinner than a cell, and a hollow that is outside."""
    outer = trimesh.creation.cylinder(radius=20, height=50)
    inner = trimesh.creation.cylinder(radius=18.5, height=50)
    inner.apply_translation((0, 0, 1.5))
    return trimesh.boolean.difference([outer, inner], engine="manifold")


def shell_within_a_shell():
    """A ball with a hollow in it that nothing joins to the outside."""
    outer, hollow = (trimesh.creation.icosphere(3, radius) for radius in (20.0, 12.0))
    hollow.invert()
    return trimesh.util.concatenate([outer, hollow])


def open_bowl():
    """A sphere without its top: its winding number changes where no triangle is."""
    ball = trimesh.creation.icosphere(3, 20.0)
    ball.update_faces(ball.triangles_center[:, 2] < 12)
    return ball


@pytest.mark.parametrize("make", [thin_cup, shell_within_a_shell, open_bowl])
@pytest.mark.parametrize("resolution", [17, 32])
def test_every_node_is_on_the_side_that_its_own_winding_number_says(make, resolution):
    import igl

    mesh = make()
    vertices, faces = np.array(mesh.vertices), np.array(mesh.faces, np.int64)

    grid = bake(vertices, faces, resolution)

    nodes = grid.origin + grid.spacing * np.indices(grid.values.shape).reshape(3, -1).T
    inside = np.asarray(igl.fast_winding_number(vertices, faces, nodes)) > 0.5
    assert 0 < inside.sum() < inside.size
    off = np.abs(grid.values.ravel()) > 1e-6
    assert_array_equal((grid.values.ravel() < 0)[off], inside[off])


def test_no_surface_is_an_error():
    with pytest.raises(ValueError, match="0 faces"):
        bake(np.zeros((3, 3)), np.zeros((0, 3), int))
