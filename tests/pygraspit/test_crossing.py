"""Shortcuts of collision and contact tests, each against the slow way that it replaces."""

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose

from pygraspit import World
from pygraspit.boxes import relative_pose
from pygraspit.crossing import crossing_pairs, new_watch, newly_crossing
from pygraspit.formats.geometry import body_from_trimesh
from pygraspit.friction import friction_ellipsoid, torque_axis_mm
from pygraspit.queries import lower_bound, make_work
from pygraspit.separation import farthest_corner, plane_gap
from pygraspit.soft import add_to_fit, curvature, solve_fits
from pygraspit.thinning import convex_corners, distinct
from pygraspit.transforms import rigid, rotation

SOLIDS = (
    trimesh.creation.box(extents=(30, 20, 10)),
    trimesh.creation.annulus(r_min=12, r_max=15, height=30),
    trimesh.creation.icosphere(2, 9.0),
    trimesh.creation.capsule(radius=4, height=30),
)


@pytest.fixture
def crowd():
    world = World()
    for index, solid in enumerate(SOLIDS):
        world.add_body(body_from_trimesh(solid, f"solid {index}"))
    return world


def drift(rng, poses):
    """Turn and shift every body a little, and draw it to the middle."""
    for pose in poses:
        axis = rng.normal(size=3)
        turn = rotation(rng.uniform(0, 0.1), axis / np.linalg.norm(axis))
        pose[:] = rigid(turn[:3, :3] @ pose[:3, :3], 0.98 * pose[:3, 3] + rng.normal(0, 1.0, 3))


def test_a_watched_motion_finds_every_crossing_at_every_step(crowd):
    rng, scene = np.random.default_rng(5), crowd.scene
    scene.poses[:, :3, 3] = rng.normal(0, 20, (len(SOLIDS), 3))
    watch, work = new_watch(len(SOLIDS)), make_work()
    chosen, total = np.ones(len(SOLIDS), bool), 0
    for _ in range(300):
        drift(rng, scene.poses)
        found, wanted = np.zeros((9, 2), np.int64), np.zeros((9, 2), np.int64)

        count = newly_crossing(scene, work, watch, chosen, found)

        assert count == crossing_pairs(scene, work, chosen, wanted)
        assert found.tolist() == wanted.tolist()
        total += count
    assert 0 < total < 300 * 6


def test_bounds_of_a_distance_are_not_above_it(crowd):
    rng, scene, work = np.random.default_rng(6), crowd.scene, make_work()
    turn, shift, parted, shares = np.zeros((3, 3)), np.zeros(3), 0, []
    for _ in range(100):
        scene.poses[:, :3, 3] = rng.normal(0, 15, (len(SOLIDS), 3))
        drift(rng, scene.poses)
        first, second = rng.choice(len(SOLIDS), 2, replace=False)
        distance = crowd.distance_mm(crowd.bodies[first], crowd.bodies[second])
        relative_pose(scene, first, second, turn, shift)

        gap = plane_gap(scene, first, second, turn, shift, np.zeros(3), 0.0)
        wide = plane_gap(scene, first, second, turn, shift, np.zeros(3), np.inf)
        bound = lower_bound(scene, work, first, second, 1.0)

        parted += gap > 0
        assert gap <= max(distance, 0.0) + 1e-9
        assert gap <= wide <= max(distance, 0.0) + 1e-9
        shares += [wide / distance] if wide > 0 else []
        assert bound <= distance + 1e-9
        assert (bound == -1.0) == (distance == -1.0)
    assert parted > 10
    # Most bodies are convex here, and a few steps come near to the widest gap.
    assert np.median(shares) > 0.7


def test_climbing_a_hull_ends_at_its_farthest_corner(crowd):
    rng, scene = np.random.default_rng(11), crowd.scene
    for _ in range(200):
        body, (x, y, z) = int(rng.integers(len(SOLIDS))), rng.normal(size=3)
        start, stop = scene.corner_start[body : body + 2]
        begin = int(rng.integers(start, stop))

        corner = farthest_corner(scene, body, begin, x, y, z)

        heights = scene.corners[start:stop] @ np.array([x, y, z])
        assert start <= corner < stop
        assert_allclose(scene.corners[corner] @ np.array([x, y, z]), heights.max(), atol=1e-12)


def test_of_near_points_the_one_of_least_rank_stays():
    rng = np.random.default_rng(7)
    on_first, on_second = rng.uniform(0, 8, (40, 3)), rng.uniform(0, 8, (40, 3))
    ranks = np.linalg.norm(on_first - on_second, axis=1)

    alive = distinct(on_first, on_second)

    gaps = [np.linalg.norm(some[:, None] - some, axis=2) for some in (on_first, on_second)]
    near = (gaps[0] <= 3.0) & (gaps[1] <= 3.0)
    assert not (near & ~np.eye(40, dtype=bool))[np.ix_(alive, alive)].any()
    for index in np.flatnonzero(~alive):
        assert ranks[near[index]].min() < ranks[index]


def test_corners_of_a_planar_hull_are_qhulls():
    from scipy.spatial import ConvexHull

    points = np.random.default_rng(8).normal(size=(50, 2))

    assert sorted(convex_corners(points)) == sorted(ConvexHull(points).vertices)


def test_fit_finds_the_radii_of_a_paraboloid():
    rng = np.random.default_rng(9)
    x, y = rng.normal(0, 2, (2, 30))
    matrix, right = np.zeros((3, 3)), np.zeros(3)
    turn, (a, b) = 0.3, (0.05, 0.01)
    u, v = np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y
    for point in np.stack([x, y, a * u * u + b * v * v], axis=1):
        add_to_fit(point, np.eye(3), matrix, right)

    first, second, angle = curvature(solve_fits(matrix, right))

    assert_allclose(sorted([first, second]), [1 / (2 * a), 1 / (2 * b)], rtol=1e-9)
    assert_allclose(abs(np.sin(2 * angle)), abs(np.sin(2 * turn)), rtol=1e-9)


def test_a_fit_that_is_not_determined_is_the_shortest():
    matrices, right = np.zeros((2, 3, 3)), np.zeros((2, 3))
    for point in ((1.0, 2.0, 3.0), (2.0, 0.0, 1.0)):
        add_to_fit(np.array(point), np.eye(3), matrices[1], right[1])

    fits = solve_fits(matrices, right)

    assert_allclose(fits[0], 0.0)
    assert_allclose(fits[1], np.linalg.pinv(matrices[1]) @ right[1], atol=1e-9)


def test_edges_of_a_soft_contact_lie_on_its_ellipsoid():
    axis = torque_axis_mm(3.0, 5.0)
    edges = friction_ellipsoid(axis)

    assert edges.shape == (20, 6)
    assert_allclose(edges[:, 0] ** 2 + edges[:, 1] ** 2 + (edges[:, 5] / axis) ** 2, 1.0)
