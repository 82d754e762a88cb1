"""How cloth and shoes lie on a body."""

import numpy as np
import trimesh
from numpy.testing import assert_allclose
from scene.grasping import figure
from scipy.spatial.transform import Rotation

from obman_gen.scene.draping import TORSO_SPAN_M, draping
from obman_gen.scene.shoes import below_ankles


def ball(radius_m):
    """A ball that is all torso."""
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=radius_m)
    weights = np.zeros((len(mesh.vertices), 52))
    weights[:, 0] = 1.0
    return np.array(mesh.vertices), np.array(mesh.faces), weights


def test_cloth_keeps_a_body_s_size_and_loses_small_bulges():
    """On a sphere one mean shrinks by (s / R)^2; applied as 2 S - S S, by the square of that."""
    radius_m, bulge_m = 0.12, 0.008
    vertices, faces, weights = ball(radius_m)
    up = vertices @ [0, 0, 1.0]
    beside_m = np.linalg.norm(vertices - [0, 0, radius_m], axis=1)
    bulge = bulge_m * np.exp(-0.5 * (beside_m / 0.008) ** 2)
    bulged = vertices * (1 + bulge / radius_m)[:, None]

    drape = draping(vertices, faces, weights)
    plain_m, bulged_m = (np.linalg.norm(drape(shape), axis=1) for shape in (vertices, bulged))

    assert_allclose(plain_m, radius_m, atol=2 * radius_m * (TORSO_SPAN_M / radius_m) ** 4)
    left_m = (bulged_m - plain_m)[up.argmax()]
    assert 0 < left_m < 0.25 * bulge_m


def test_cloth_follows_a_body_wherever_it_moves():
    body = figure().body_shape
    turn = Rotation.from_euler("xyz", [0.3, -1.1, 2.0]).as_matrix()

    moved = body.draping(body.vertices @ turn.T + [1.0, -2.0, 0.5])

    expected = body.draping(body.vertices) @ turn.T + [1.0, -2.0, 0.5]
    assert_allclose(moved, expected, atol=1e-9)


def test_shoes_are_convex_closed_and_hold_the_whole_foot():
    body = figure().body_shape
    low = body.vertices[below_ankles(body.vertices, body.joints) > 0]

    for shape, side in zip(body.shoes, (1, -1), strict=True):
        shoe = trimesh.Trimesh(shape.blend @ body.vertices, shape.faces, process=False)
        assert shoe.is_watertight
        assert shoe.volume > 0
        foot = low[np.sign(low[:, 0]) == side]
        heights_m = np.einsum(
            "pfi,fi->pf", foot[:, None] - shoe.triangles_center, shoe.face_normals
        )
        assert heights_m.max() < 1e-9
