"""The ball found in the growing polytope is the ball of the whole hull."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pygraspit.friction import friction_ellipsoid
from pygraspit.inner_ball import inner_ball
from pygraspit.quality import epsilon, grasp_quality, l1_wrenches
from tests.pygraspit.test_quality import sphere_contacts, wrenches_at


def grasp_of(rng, contact_count, soft):
    """Wrenches of fingers on a ball, pointing a little past its middle."""
    points = sphere_contacts(rng, contact_count)
    normals = -points + 0.3 * rng.normal(size=points.shape)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    edges = friction_ellipsoid(0.3) if soft else None
    return l1_wrenches(wrenches_at(points, normals, rng.uniform(0.2, 1.2), edges))


@pytest.mark.parametrize("dim", [2, 3, 4, 5, 6])
def test_ball_in_random_points_is_that_of_the_whole_hull(dim):
    rng = np.random.default_rng(dim)
    balls = []
    for _ in range(40):
        points = rng.normal(size=(rng.integers(dim + 1, 50), dim)) + rng.uniform(0, 0.5)
        balls.append((epsilon(points), grasp_quality(points).epsilon))

    found, whole = np.array(balls, float).T
    assert_allclose(found, whole, atol=1e-12)
    assert (found == -1).any()
    assert (found > 0).any()


@pytest.mark.parametrize("soft", [False, True])
def test_ball_in_friction_cones_is_that_of_the_whole_hull(soft):
    """Edges of a cone lie in one plane: many facets of the hull are no simplices."""
    rng = np.random.default_rng(int(soft))
    sets = [grasp_of(rng, rng.integers(3, 9), soft) for _ in range(30)]

    found = [epsilon(wrenches) for wrenches in sets]

    assert_allclose(found, [grasp_quality(wrenches).epsilon for wrenches in sets], atol=1e-9)
    assert max(found) > 0


def test_cross_polytope_holds_a_ball_of_one_over_the_root_of_its_dimension():
    for dim in range(2, 7):
        corners = np.vstack([np.eye(dim), -np.eye(dim)])
        assert_allclose(inner_ball(corners), dim**-0.5, rtol=1e-14)


def test_ball_does_not_depend_on_order_turns_or_repetition():
    rng = np.random.default_rng(4)
    wrenches = grasp_of(rng, 7, soft=True)
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    ball = inner_ball(wrenches)

    changed = [
        inner_ball(wrenches[rng.permutation(len(wrenches))]),
        inner_ball(wrenches @ turn),
        inner_ball(np.vstack([wrenches, wrenches[::-1]])),
    ]

    assert ball > 0.01
    assert_allclose(changed, ball, rtol=1e-9)


def test_points_in_a_plane_are_left_to_others():
    flat = np.random.default_rng(0).normal(size=(30, 6))
    flat[:, 5] = 0.0

    assert inner_ball(flat) is None
    assert inner_ball(flat[:6]) is None


def test_a_point_inside_or_within_a_facet_changes_nothing():
    corners = np.vstack([np.eye(6), -np.eye(6)])
    centre_of_facet, inside = np.full((1, 6), 1 / 6), np.full((1, 6), 0.05)

    more = inner_ball(np.vstack([centre_of_facet, inside, corners]))

    assert_allclose(more, 6**-0.5, rtol=1e-12)
