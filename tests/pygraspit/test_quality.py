"""Grasp quality: closed forms and theorems."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from pygraspit.friction import contact_frame, edge_wrenches, friction_cone, friction_ellipsoid
from pygraspit.quality import epsilon, extreme_points, grasp_quality, l1_wrenches, linf_wrenches

FACES = np.vstack([np.eye(3), -np.eye(3)])


def wrenches_at(points, normals, friction, edges=None, scale_mm=1.0):
    edges = friction_cone() if edges is None else edges
    return [
        edge_wrenches(edges, friction, contact_frame(normal), point, scale_mm)
        for point, normal in zip(points, normals, strict=True)
    ]


def sphere_contacts(rng, count):
    points = rng.normal(size=(count, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def test_cross_polytope_holds_a_ball_of_one_over_root_six():
    corners = np.vstack([np.eye(6), -np.eye(6)])

    quality = grasp_quality(corners)

    assert_allclose(quality.epsilon, 1 / np.sqrt(6), rtol=1e-12)
    assert_allclose(quality.volume, 2**6 / 720, rtol=1e-12)


def test_regular_simplex_holds_a_ball_of_one_sixth_of_its_radius():
    # Seven unit vectors with inner products -1/6: rows of the centred identity, in their plane.
    centred = np.eye(7) - 1 / 7
    axes = np.linalg.svd(centred)[2][:6]
    corners = centred @ axes.T / np.sqrt(6 / 7)

    assert_allclose(epsilon(corners), 1 / 6, rtol=1e-10)


@pytest.mark.parametrize("friction", [0.1, 0.3, 1.0])
def test_six_face_centres_of_a_cube_hold_mu_root_two_thirds(friction):
    """With torques in half edges."""
    pairs = wrenches_at(-FACES, FACES, friction)

    assert_allclose(epsilon(l1_wrenches(pairs)), friction * np.sqrt(2 / 3), rtol=1e-9)


def test_two_hard_antipodal_contacts_hold_nothing():
    points = np.array([[1.0, 0, 0], [-1.0, 0, 0]])

    quality = grasp_quality(l1_wrenches(wrenches_at(points, -points, 0.5)))

    # No torque about the line between them: the hull is flat, with the origin in it.
    assert quality == (0.0, 0.0)


def test_two_soft_antipodal_contacts_hold_something():
    points = np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    pairs = wrenches_at(points, -points, 0.5, friction_ellipsoid(2.0))

    assert epsilon(l1_wrenches(pairs)) > 0.0


def test_no_contact_holds_nothing():
    assert grasp_quality(np.zeros((0, 6))) == (-1.0, 0.0)
    assert epsilon(l1_wrenches([])) == -1.0


@pytest.mark.parametrize("measure", [grasp_quality, epsilon])
def test_wrenches_that_are_not_finite_are_refused(measure):
    wrenches = np.random.default_rng(0).normal(size=(20, 6))
    wrenches[7, 3] = np.nan
    for given in (wrenches, np.full((20, 6), np.nan)):
        with pytest.raises(ValueError, match="finite"):
            measure(given)


def test_quality_does_not_change_when_everything_turns():
    rng = np.random.default_rng(0)
    points = sphere_contacts(rng, 6)
    turn = Rotation.random(random_state=1).as_matrix()
    edges = friction_cone(64)

    before = epsilon(l1_wrenches(wrenches_at(points, -points, 0.6, edges)))
    after = epsilon(l1_wrenches(wrenches_at(points @ turn.T, -points @ turn.T, 0.6, edges)))

    # Tangents do not turn along: a cone of 64 edges is round to 1 - cos(pi / 64).
    assert before > 0.05
    assert_allclose(after, before, rtol=3 * (1 - np.cos(np.pi / 64)))


def test_quality_does_not_fall_when_contacts_are_added():
    rng = np.random.default_rng(2)
    points = sphere_contacts(rng, 12)
    pairs = wrenches_at(points, -points, 0.4)

    values = [epsilon(l1_wrenches(pairs[:count])) for count in range(2, 13)]

    assert (np.diff(values) >= -1e-12).all()
    assert values[-1] > 0.0


def test_quality_does_not_fall_when_friction_rises():
    points = np.array([[1, 0, 0], [-0.5, 0.8, 0.1], [-0.5, -0.8, 0.1], [0, 0.1, -1]], float)
    points /= np.linalg.norm(points, axis=1, keepdims=True)

    values = [epsilon(l1_wrenches(wrenches_at(points, -points, mu))) for mu in (0.2, 0.5, 0.9, 2)]

    assert (np.diff(values) >= -1e-12).all()
    assert values[-1] > 0.0


def test_independent_forces_hold_at_least_what_shared_ones_hold():
    points = sphere_contacts(np.random.default_rng(3), 4)
    pairs = wrenches_at(points, -points, 0.8, friction_cone(4))

    assert epsilon(linf_wrenches(pairs)) >= epsilon(l1_wrenches(pairs))


def test_extreme_points_of_a_filled_square_are_its_corners():
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * 2), -1).reshape(-1, 2)
    flat = np.hstack([grid, np.zeros((25, 4))])

    assert len(extreme_points(flat)) == 4
