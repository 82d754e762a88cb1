"""Normals of meshes against closed forms."""

import numpy as np
import trimesh
from numpy.testing import assert_allclose

from obman_gen.scene.normals import corner_normals, fill_face_normals, vertex_normals


def test_vertices_of_a_ball_point_outwards():
    ball = trimesh.creation.icosphere(3, 0.2)

    assert_allclose(vertex_normals(ball.vertices, ball.faces), ball.vertices / 0.2, atol=0.02)


def test_face_normals_are_as_long_as_twice_the_area():
    ball = trimesh.creation.icosphere(2)
    normals = np.zeros((len(ball.faces), 3))
    fill_face_normals(np.array(ball.vertices), np.array(ball.faces), normals)

    assert_allclose(normals, 2 * ball.area_faces[:, None] * ball.face_normals, atol=1e-12)


def test_corners_take_their_vertex_normals_but_at_creases():
    """A box's corners lean 55 degrees from each face: more than half a crease of 90 degrees."""
    box = trimesh.creation.box()
    creased, round_ = (corner_normals(box.vertices, box.faces, angle) for angle in (1.0, np.pi))

    assert_allclose(creased, np.repeat(box.face_normals[:, None], 3, axis=1), atol=1e-7)
    assert_allclose(round_, vertex_normals(box.vertices, box.faces)[box.faces], atol=1e-7)


def test_a_vertex_without_faces_has_no_normal():
    triangle = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5]])

    assert_allclose(vertex_normals(triangle, np.array([[0, 1, 2]]))[3], 0)
