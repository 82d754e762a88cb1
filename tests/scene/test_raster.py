"""Ray-cast ground truth against closed forms and an independent ray caster."""

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose, assert_array_equal
from scene.stand_in import camera, drawing
from trimesh.ray.ray_pyembree import RayMeshIntersector

from obman_gen.sample import HAND, OBJECT, Camera
from obman_gen.scene.raster import NEAR_M, camera_rays, cast, ground_truth, joined
from obman_gen.scene.visibility import measure, view_truths

FRONT = np.array([[-1, -1, 2.0], [1, -1, 2], [1, 1, 2], [-1, 1, 2]])
SQUARE = np.array([[0, 1, 2], [0, 2, 3]])


def test_plane_parallel_to_the_image_has_one_depth_everywhere():
    hits = cast(FRONT, SQUARE, camera())

    assert_allclose(hits.depth_m, 2.0, rtol=1e-12)
    assert_allclose(hits.weights.sum(axis=-1), 1.0, rtol=1e-12)


def test_tilted_plane_matches_the_ray_plane_intersection():
    normal = np.array([0.3, -0.2, 1.0])
    tilted = FRONT.copy()
    tilted[:, 2] = (2.0 - tilted[:, :2] @ normal[:2]) / normal[2]

    hits = cast(tilted, SQUARE, camera())

    assert_allclose(hits.depth_m, 2.0 / (camera_rays(camera()) @ normal), rtol=1e-12)


def test_a_ground_plane_through_the_camera_plane_needs_no_clipping():
    """It starts behind the camera and runs to the horizon: depth is height / ray slope."""
    ground = np.array([[-50, 1, -50.0], [50, 1, -50], [50, 1, 50], [-50, 1, 50]])

    depth_m = cast(ground, SQUARE, camera()).depth_m

    slope = camera_rays(camera())[..., 1]
    reached = 1 / np.where(slope > 1 / 49, slope, np.inf)
    assert_allclose(depth_m[slope > 1 / 49], reached[slope > 1 / 49], rtol=1e-9)
    assert np.isinf(depth_m[slope < 0]).all()


def test_vertices_behind_the_camera_are_never_seen():
    hits = cast(FRONT * [1, 1, -1], SQUARE, camera())

    assert (hits.faces == -1).all()


def every_ray_against_every_face(vertices, faces, seen_by):
    """Solve each ray and plane for corner weights and depth; return the nearest depth."""
    rays = camera_rays(seen_by).reshape(-1, 3)
    a, b, c = vertices[faces].transpose(1, 0, 2)
    crossed = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)])
    weights = np.einsum("cfi,ri->crf", crossed, rays)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth_m = np.einsum("fi,fi->f", a, crossed[0]) / weights.sum(axis=0)
    inside = (weights >= 0).all(axis=0) | (weights <= 0).all(axis=0)
    depth_m = np.where(inside & (depth_m > NEAR_M), depth_m, np.inf)
    return depth_m.min(axis=1).reshape(seen_by.height_px, seen_by.width_px)


@pytest.mark.parametrize("size_m", [0.02, 0.3, 4.0])
@pytest.mark.parametrize("skew", [0.0, 7.0])
def test_no_face_loses_a_pixel(size_m, skew):
    """Slivers, faces across the camera plane, faces on the near side: all rays meet all faces."""
    rng = np.random.default_rng(3)
    vertices = size_m * rng.normal(size=(240, 3)) + [0, 0, size_m]
    vertices[::6] = vertices[1::6] + 10.0 ** rng.uniform(-9, -2, (40, 1)) * size_m
    faces = np.arange(240).reshape(-1, 3)
    intrinsics = np.array([[70, skew, 40.3], [0, 55, 30.8], [0, 0, 1.0]])
    seen_by = Camera(intrinsics, 80, 60)

    depth_m = cast(vertices, faces, seen_by).depth_m

    assert_allclose(depth_m, every_ray_against_every_face(vertices, faces, seen_by), rtol=1e-9)
    assert np.isfinite(depth_m).mean() > 0.2


@pytest.mark.parametrize("offset_px", [(0.0, 0.0), (11.3, -7.9)])
def test_depth_and_segments_equal_an_independent_ray_caster(offset_px):
    """Embree works in float32, so rays within a hair of an edge may differ: those are skipped."""
    intrinsics = camera(128, 96).intrinsics.copy()
    intrinsics[:2, 2] += offset_px
    seen_by = Camera(intrinsics, 128, 96)
    parts = drawing(of_camera=seen_by).parts

    truth = ground_truth(parts, seen_by)

    vertices, faces, segments = joined(parts)
    rays = camera_rays(seen_by).reshape(-1, 3)
    caster = RayMeshIntersector(trimesh.Trimesh(vertices, faces, process=False))
    first = caster.intersects_first(np.zeros_like(rays), rays).reshape(96, 128)
    expected = np.where(first >= 0, segments[first], 0)
    away_from_edges = ~boundary(truth.segmentation)
    assert_array_equal(truth.segmentation[away_from_edges], expected[away_from_edges])
    corners = vertices[faces[first]]
    normals = np.cross(
        corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :]
    )
    along = np.einsum("ijk,ijk->ij", normals, rays.reshape(96, 128, 3))
    with np.errstate(divide="ignore", invalid="ignore"):
        depth_m = np.einsum("ijk,ijk->ij", normals, corners[..., 0, :]) / along
    inside = away_from_edges & (expected > 0)
    assert_allclose(truth.depth_m[inside], depth_m[inside], atol=1e-4)


def boundary(segmentation):
    """Pixels with a neighbour of another value."""
    padded = np.pad(segmentation, 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    return (windows != segmentation[..., None, None]).any(axis=(2, 3))


def test_nearest_wins_between_hand_and_object_views():
    truths = view_truths(drawing())

    whole = ground_truth(drawing().parts, camera())
    assert_array_equal(truths["ho"].segmentation, whole.segmentation)
    assert_array_equal(truths["ho"].depth_m, whole.depth_m)
    for view, segment in (("h", HAND), ("o", OBJECT)):
        own = truths["ho"].segmentation == segment
        assert_array_equal(truths["ho"].depth_m[own], truths[view].depth_m[own])


def test_visible_fractions_count_only_what_hides():
    scene = drawing()

    seen = measure(scene, view_truths(scene))

    assert 0 < seen.hand_px < seen.hand_silhouette_px
    assert seen.object == 1.0 or seen.object_px < seen.object_silhouette_px


def test_normals_are_unit_and_face_the_camera():
    truth = ground_truth(drawing().parts, camera())

    seen = np.isfinite(truth.depth_m)
    assert_allclose(np.linalg.norm(truth.normals[seen], axis=1), 1.0, atol=1e-12)
    assert (np.einsum("ij,ij->i", truth.normals[seen], camera_rays(camera())[seen]) < 0).all()


def test_zero_area_faces_are_invisible():
    line = np.array([[0, 0, 1.0], [1, 0, 1], [2, 0, 1]])

    assert (cast(line, np.array([[0, 1, 2], [0, 0, 1]]), camera()).faces == -1).all()
