"""Trees of boxes against brute force over triangles: the same verdicts, distances and points."""

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from pygraspit import World
from pygraspit.formats.geometry import body_from_trimesh
from pygraspit.touching import touching
from pygraspit.transforms import inverse, points_to, rigid
from pygraspit.triangles import (
    CROSSING,
    cross_triangles,
    touching_points,
    triangle_distance_squared,
)


@pytest.fixture(scope="module")
def pair():
    """Two lumpy bodies."""
    rng = np.random.default_rng(0)
    world = World()
    for name, radius in (("first", 20.0), ("second", 12.0)):
        mesh = trimesh.creation.icosphere(2, radius)
        mesh.vertices += rng.normal(0, 0.03 * radius, mesh.vertices.shape) * [1, 2, 0.5]
        world.add_body(body_from_trimesh(mesh, name))
    return world


def poses(count):
    rng = np.random.default_rng(1)
    for turn in Rotation.random(count, random_state=2).as_matrix():
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        yield rigid(turn, direction * rng.uniform(24.0, 40.0))


def both_in_first(world):
    first, second = world.bodies
    moved = points_to(
        inverse(first.world_from_body) @ second.world_from_body, second.shape.tree.triangles
    )
    return first.shape.tree.triangles, np.ascontiguousarray(moved)


def test_distance_and_crossing_are_those_of_the_closest_triangles(pair):
    first, second = pair.bodies
    crossings = 0
    for pose in poses(12):
        second.set_pose(pose)
        a, b = both_in_first(pair)
        p, q = np.zeros(3), np.zeros(3)
        best = min(triangle_distance_squared(x, y, p, q) for x in a for y in b)

        found = pair.distance_mm(first, second)

        assert (best == CROSSING) == bool(pair.collisions())
        crossings += best == CROSSING
        assert_allclose(found, -1.0 if best == CROSSING else np.sqrt(best), atol=1e-9)
    assert 0 < crossings < 12


def test_touching_points_are_those_of_all_pairs_of_triangles(pair):
    first, second = pair.bodies
    limit, total = 1.0, 0
    for pose in poses(12):
        second.set_pose(pose)
        a, b = both_in_first(pair)
        on_a, on_b, brute = np.zeros((15, 3)), np.zeros((15, 3)), []
        for x in a:
            for y in b:
                if not cross_triangles(x, y):
                    count = touching_points(x, y, limit**2, np.zeros(3), np.zeros(3), on_a, on_b)
                    brute += on_a[:count].tolist()

        found, _ = touching(pair.scene, first.index, second.index, limit)

        total += len(found)
        assert_allclose(np.sort(found, axis=0), np.sort(np.array(brute).reshape(-1, 3), axis=0))
    assert total > 0


def test_closest_points_are_trimeshs(pair):
    first = pair.bodies[0]
    mesh = trimesh.Trimesh(first.model.geometry.vertices, first.model.geometry.faces)
    points = np.random.default_rng(3).normal(0, 20, (100, 3))

    found = first.closest_points(points)

    _, distances, _ = trimesh.proximity.closest_point(mesh, points)
    assert_allclose(np.linalg.norm(found - points, axis=1), distances, atol=1e-9)


def test_distance_of_spheres_is_that_of_their_centres_less_the_radii():
    world = World()
    ball = trimesh.creation.icosphere(4, 10.0)
    first = world.add_body(body_from_trimesh(ball, "first"))
    second = world.add_body(body_from_trimesh(ball, "second"))
    second.set_pose(rigid(np.eye(3), np.array([30.0, 0, 0])))

    # Both have vertices at their poles on the axes, so the gap is exact.
    assert_allclose(world.distance_mm(first, second), 10.0, atol=1e-9)
