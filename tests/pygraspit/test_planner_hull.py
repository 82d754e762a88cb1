"""The fast force hull against qhull, closed forms and theorems."""

import numpy as np
import pytest
from helpers import random_rigid
from numpy.testing import assert_allclose
from scipy.spatial import ConvexHull

from pygraspit.friction import soft_friction_edges
from pygraspit.planner.hull import force_epsilon
from pygraspit.planner.joggled import NEARLY_FLAT, joggled_epsilon


def radius_by_qhull(points):
    distances = -ConvexHull(points).equations[:, 3]
    return distances.min() if distances.min() >= 0 else -1.0


def cones(rng, count, friction):
    """Forces of soft contacts in random directions, each scaled as the planner scales them."""
    normals = rng.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    tangents = np.cross(np.array([0.0, 1.0, 0.0]), normals)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    edges = friction * soft_friction_edges(5.0)
    sideways = (
        edges[:, :1] * tangents[:, None] + edges[:, 1:2] * np.cross(normals, tangents)[:, None]
    )
    return ((normals[:, None] + sideways) * rng.uniform(0.1, 2, (count, 1, 1))).reshape(-1, 3)


@pytest.mark.parametrize("friction", [0.2, 0.5, 1.0])
def test_agrees_with_qhull(friction):
    rng = np.random.default_rng(0)
    for _ in range(150):
        points = cones(rng, rng.integers(3, 12), friction)

        assert_allclose(force_epsilon(points), radius_by_qhull(points), atol=1e-9)


def test_cross_polytope_and_cube():
    assert_allclose(force_epsilon(np.vstack([np.eye(3), -np.eye(3)])), 3**-0.5, atol=1e-12)
    corners = np.stack(np.meshgrid(*[np.linspace(-1.0, 1.0, 5)] * 3), axis=-1).reshape(-1, 3)
    assert_allclose(force_epsilon(corners + np.array([0.25, 0, 0])), 0.75, atol=1e-12)


def test_turning_all_forces_changes_nothing():
    rng = np.random.default_rng(1)
    points = cones(rng, 7, 0.5)

    assert_allclose(force_epsilon(points @ random_rigid(rng)[:3, :3].T), force_epsilon(points))


def test_more_forces_never_resist_less():
    rng = np.random.default_rng(2)
    points = cones(rng, 10, 0.5)
    radii = [force_epsilon(points[:count]) for count in range(40, len(points), 20)]

    assert (np.diff(radii) >= -1e-9).all()


def test_origin_outside_flat_and_among_the_points():
    above = cones(np.random.default_rng(3), 5, 0.2) + np.array([0, 0, 10])

    assert force_epsilon(above) == -1.0
    assert force_epsilon(above, with_origin=True) == 0.0
    assert force_epsilon(np.zeros((8, 3))) == -1.0
    assert force_epsilon(np.zeros((0, 3)), with_origin=True) == 0.0
    assert force_epsilon(np.eye(3)) == -1.0


def test_joggling_moves_no_radius_that_is_not_nearly_zero():
    """Centra move by 1e-4, radii of facets that are far across by less."""
    rng = np.random.default_rng(4)
    for _ in range(50):
        points = cones(rng, rng.integers(3, 12), 0.5)
        exact = force_epsilon(points)

        if not 0.0 <= exact < NEARLY_FLAT:
            assert_allclose(joggled_epsilon(points), exact, atol=1e-4)


def test_joggled_copies_of_the_origin_hold_it_in_some_cones_and_not_in_others():
    rng = np.random.default_rng(5)
    verdicts = []
    for _ in range(40):
        cone = cones(rng, 3, 0.5)
        cone = cone[cone[:, 2] > 0.05] if (cone[:, 2] > 0.05).sum() > 20 else np.abs(cone) + 0.05
        radius = joggled_epsilon(np.vstack([cone, np.zeros((200, 3))]))
        verdicts.append(radius >= 0.0)
        assert radius < 1e-8

    assert 0 < sum(verdicts) < 40


def test_a_joggled_hull_of_one_point_or_none_is_none():
    assert joggled_epsilon(np.zeros((3, 3))) == -1.0
