import numpy as np
import pytest
import torch
import trimesh
from numpy.testing import assert_allclose, assert_array_equal

from obman_gen.reconstruction import proximity
from obman_gen.reconstruction.sphere import icosphere


def solid_angle_winding(points, vertices, faces):
    """The reference: sum the signed solid angles (Van Oosterom and Strackee 1983), all pairs."""
    a, b, c = (vertices[faces[:, k]] - points[:, None] for k in range(3))
    la, lb, lc = (np.linalg.norm(corner, axis=2) for corner in (a, b, c))
    above = (a * np.cross(b, c)).sum(2)
    below = la * lb * lc + (a * b).sum(2) * lc + (b * c).sum(2) * la + (c * a).sum(2) * lb
    return np.rint(2 * np.arctan2(above, below).sum(1) / (4 * np.pi)).astype(int)


def windings(points, mesh, dense=False):
    """Wind by the compiled kernel, or by the tensor operations of other devices."""
    vertices = torch.tensor(np.array(mesh.vertices))[None]
    faces, batch = torch.tensor(np.array(mesh.faces)), torch.tensor(points)[None]
    if dense:
        return proximity._in_pieces(proximity._winding_of_all_pairs, batch, vertices, faces)[0]
    return proximity.winding_numbers(batch, vertices, faces)[0]


def bumpy_sphere(seed=0):
    sphere = icosphere(3)
    bumps = np.random.default_rng(seed).uniform(0.6, 1.3, (len(sphere.vertices), 1))
    return trimesh.Trimesh(0.05 * bumps * sphere.vertices, sphere.faces, process=False)


MESHES = {
    "bumpy": bumpy_sphere(),
    "box": trimesh.creation.box((0.1, 0.08, 0.06)).subdivide().subdivide(),
    "torus": trimesh.creation.torus(0.06, 0.02),
    "inside out": trimesh.Trimesh(
        bumpy_sphere(1).vertices, bumpy_sphere(1).faces[:, ::-1], process=False
    ),
    "overlapping": trimesh.util.concatenate(
        trimesh.creation.icosphere(2, 0.05),
        trimesh.creation.icosphere(2, 0.05).apply_translation([0.04, 0, 0]),
    ),
}


def random_points(mesh, count=800):
    low, high = mesh.bounds
    return np.random.default_rng(5).uniform(low - 0.01, high + 0.01, (count, 3))


def points_in_line_with_features(mesh):
    """Points whose rays in +x and +z run exactly through vertices, and along or through edges."""
    vertices = np.array(mesh.vertices)
    starts, ends = vertices[mesh.edges_unique].transpose(1, 0, 2)
    features = np.concatenate([vertices, (starts + ends) / 2])[::2]
    axes = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    shifts = np.array([-0.07, -0.011, -0.003, 0.004, 0.013])
    moved = features[:, None, None] + axes[:, None] * shifts[:, None]
    points = moved.reshape(-1, 3)[::3]
    distance = trimesh.proximity.closest_point(mesh, points[:: max(1, len(points) // 900)])[1]
    return points[:: max(1, len(points) // 900)][distance > 1e-9]


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("choose", [random_points, points_in_line_with_features])
def test_winding_is_that_of_the_solid_angles(name, choose, dense):
    mesh = MESHES[name]
    points = choose(mesh)

    expected = solid_angle_winding(points, np.array(mesh.vertices), mesh.faces)

    assert len(points) > 100
    assert len(set(expected.tolist())) > 1
    assert_array_equal(windings(points, mesh, dense), expected)


def test_where_a_mesh_overlaps_itself_is_inside_too():
    winding = windings(np.array([[0.02, 0, 0], [-0.03, 0, 0], [0.2, 0, 0]]), MESHES["overlapping"])

    assert winding.tolist() == [2, 1, 0]


def test_samples_of_a_batch_do_not_mix():
    sphere = icosphere(2)
    vertices = torch.from_numpy(sphere.vertices)
    batch = torch.stack([vertices, vertices + 10])
    points = torch.tensor([[[0.0, 0, 0], [10, 10, 10]]]).expand(2, 2, 3)

    winding = proximity.winding_numbers(points, batch, torch.from_numpy(sphere.faces))

    assert winding.tolist() == [[1, 0], [0, 1]]


def nearest(points, mesh, dense=False):
    vertices = torch.tensor(np.array(mesh.vertices))[None]
    faces, batch = torch.tensor(np.array(mesh.faces)), torch.tensor(points)[None]
    if dense:
        found = proximity._in_pieces(proximity._nearest_of_all_pairs, batch, vertices, faces)[0]
        corners, weights = faces[found[:, 0].long()], found[:, 1:4]
        return found[:, 4], (weights[..., None] * vertices[0][corners]).sum(1)
    found = proximity.nearest_on_faces(batch, vertices, faces)
    there = (found.weights[0, ..., None] * vertices[0][found.corners[0]]).sum(1)
    return found.distances[0], there


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("name", MESHES)
def test_nearest_point_is_that_of_an_exact_library(name, dense):
    import igl

    mesh, points = MESHES[name], random_points(MESHES[name], 300)
    vertices = np.array(mesh.vertices)

    distances, there = nearest(points, mesh, dense)

    expected = np.sqrt(igl.point_mesh_squared_distance(points, vertices, np.array(mesh.faces))[0])
    assert_allclose(distances, expected, atol=1e-9)
    assert_allclose(np.linalg.norm(points - there.numpy(), axis=1), expected, atol=1e-9)


def test_nearest_point_of_a_degenerate_triangle_is_on_its_longest_edge():
    line = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], process=False)

    for dense in (False, True):
        distances, there = nearest(np.array([[1.5, 1.0, 0]]), line, dense)
        assert_allclose(distances, 1)
        assert_allclose(there, [[1.5, 0, 0]])


def test_unwanted_points_are_left_alone():
    sphere = icosphere(1)
    points = torch.full((1, 2, 3), 2.0)
    wanted = torch.tensor([[True, False]])

    found = proximity.nearest_vertices(points, torch.from_numpy(sphere.vertices)[None], wanted)

    assert found.distances[0, 0] > 1
    assert found.distances[0, 1] == 0
