"""Mass, convex parts, points and simplification of solids."""

import igl
import numpy as np
from numpy.testing import assert_allclose
from objects.shapes import box, joined

from obman_gen.objects import solids
from obman_gen.objects.surface import Surface, outer_surface, volume


def ell():
    """An L of two boxes: volume 2, convex hull 2.5."""
    return outer_surface(*joined(box(2.0, 1.0, 1.0), box(1.0, 1.5, 1.0, (-0.5, 0.25, 0.0))), 48)


def test_mass_of_a_box_away_from_the_origin():
    x, y, z = 1.0, 2.0, 3.0
    mass = solids.mass_properties(Surface(*box(x, y, z, (4.0, 5.0, 6.0))))

    assert_allclose(mass.volume, x * y * z)
    assert_allclose(mass.center, [4, 5, 6])
    expected = np.diag([y**2 + z**2, x**2 + z**2, x**2 + y**2]) * x * y * z / 12
    assert_allclose(mass.inertia, expected, atol=1e-10)


def test_a_convex_solid_is_one_part():
    parts = solids.convex_parts(Surface(*box()), 0.05)

    assert len(parts) == 1
    assert_allclose(volume(parts[0]), 1.0)


def test_convex_parts_fill_an_ell_and_not_its_corner():
    parts = solids.convex_parts(ell(), 0.05)

    assert_allclose(sum(volume(part) for part in parts), volume(ell()), rtol=0.02)
    inside = [igl.fast_winding_number(*part, np.array([[0.7, 0.8, 0.0]])) > 0.5 for part in parts]
    assert not np.any(inside)


def test_convex_parts_are_the_same_each_time():
    first, second = (solids.convex_parts(ell(), 0.05) for _ in range(2))

    for one, other in zip(first, second, strict=True):
        assert_allclose(one.vertices, other.vertices, rtol=0, atol=0)


def test_points_fall_on_faces_by_area():
    """One side of a 1 x 1 x 3 box has 3 / 14 of the area; the strata keep shares within one."""
    points = solids.surface_points(Surface(*box(1.0, 1.0, 3.0)), np.random.default_rng(0))

    on_side = np.abs(points[:, 0] - 0.5) < 1e-9
    assert points.shape == (2048, 3)
    assert abs(on_side.sum() - 2048 * 3 / 14) <= 2


def test_simplification_keeps_a_sphere_round():
    import trimesh

    ball = trimesh.creation.icosphere(4)
    fine = Surface(np.array(ball.vertices), np.array(ball.faces))

    coarse = solids.simplified(fine, 500)

    assert len(coarse.faces) <= 500
    # A regular face of 500 has edges of about 0.24: its sagitta is 0.24^2 / 6.
    assert_allclose(np.linalg.norm(coarse.vertices, axis=1), 1, atol=0.02)
    assert_allclose(volume(coarse), volume(fine), rtol=0.02)


def test_long_things_get_a_finer_grid():
    ball = solids.sdf_resolution(Surface(*box()), 0.15)
    stick = solids.sdf_resolution(Surface(*box(10.0, 1.0, 1.0)), 0.15)

    # A padded cube of 64^3 nodes; the grid adds a node of its own.
    assert ball == 63
    assert ball < stick <= solids.SDF_MAX_RESOLUTION
