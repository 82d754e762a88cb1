import numpy as np
import pytest
from metrics.shapes import ball
from numpy.testing import assert_allclose

from obman_gen.metrics import (
    chamfer_distance,
    f_score,
    sample_surface,
    surface_chamfer,
    to_unit_sphere,
)

MM2_PER_M2 = 1e6


def test_chamfer_of_known_sets_is_a_sum_of_mean_squares():
    predicted = np.array([[0.0, 0, 0]])
    target = np.array([[0.01, 0, 0], [0, 0.02, 0]])

    # (1^2 + 2^2) / 2 from the targets and 1^2 from the prediction, in cm^2.
    assert_allclose(chamfer_distance(predicted, target) * MM2_PER_M2, 350)


def test_chamfer_agrees_with_all_pairs():
    rng = np.random.default_rng(0)
    predicted, target = rng.normal(size=(70, 3)), rng.normal(size=(50, 3))

    squared = ((predicted[:, None] - target) ** 2).sum(-1)

    expected = squared.min(axis=0).mean() + squared.min(axis=1).mean()
    assert_allclose(chamfer_distance(predicted, target), expected, rtol=1e-12)
    assert_allclose(chamfer_distance(target, predicted), expected, rtol=1e-12)
    assert chamfer_distance(target, target[::-1]) == 0


def test_unit_sphere_is_about_the_middle_of_the_box():
    cloud = np.array([[1.0, 0, 0], [5.0, 0, 0], [3.0, 1.0, 0], [3.0, -1.0, 0]])

    unit = to_unit_sphere(cloud, cloud)

    assert_allclose(unit, [[-1, 0, 0], [1, 0, 0], [0, 0.5, 0], [0, -0.5, 0]])
    assert_allclose(to_unit_sphere(7 * cloud + 3, 7 * cloud + 3), unit, atol=1e-12)


def test_samples_are_uniform_by_area():
    """A square made of a large and many small triangles: the mean is its middle all the same."""
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 1, 0], [0.75, 1, 0]])
    faces = np.array([[0, 1, 2], [0, 2, 5], [0, 5, 4], [0, 4, 3]])

    points = sample_surface(vertices, faces, 20_000, np.random.default_rng(0))

    assert_allclose(points.mean(axis=0), [0.5, 0.5, 0], atol=4 / np.sqrt(12 * 20_000))
    assert_allclose(points.var(axis=0), [1 / 12, 1 / 12, 0], atol=0.003)


def test_surfaces_a_step_apart_have_twice_the_squared_step():
    inner, outer = ball(0.04, subdivisions=5), ball(0.05, subdivisions=5)

    squared = surface_chamfer(inner, outer, np.random.default_rng(0), count=20_000)

    # Neighbours of n samples on an area A lie A / (pi n) apart in square, at most.
    spacing = 4 * np.pi * 0.05**2 / (np.pi * 20_000)
    assert_allclose(squared, 2 * 0.01**2, atol=2 * spacing + 2e-7)


def test_f_score_is_the_harmonic_mean_of_precision_and_recall():
    target = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]])
    predicted = np.array([[0.0, 0.004, 0], [5, 0, 0]])

    assert_allclose(f_score(predicted, target, 0.005), 2 * 0.5 * 0.25 / 0.75)
    assert f_score(predicted, target, 0.003) == 0
    assert f_score(target, target, 0.001) == 1


def test_empty_and_lost_clouds_are_refused():
    with pytest.raises(ValueError, match="clouds of 2 and 0 points"):
        chamfer_distance(np.zeros((2, 3)), np.zeros((0, 3)))
    with pytest.raises(ValueError, match="not finite"):
        f_score(np.full((1, 3), np.inf), np.zeros((1, 3)), 0.01)
    with pytest.raises(ValueError, match="all coincide"):
        to_unit_sphere(np.zeros((2, 3)), np.zeros((2, 3)))
