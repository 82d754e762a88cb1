"""Guides of the denoiser: what each pixel's window holds, against closed forms and merging."""

from dataclasses import replace

import numpy as np
from numpy.testing import assert_allclose
from scene.stand_in import camera, drawing

from obman_gen.sample import OBJECT
from obman_gen.scene.drawing import Material, Part
from obman_gen.scene.guides import GRID, WINDOW_PX, view_guides

WHOLE = (0, 64, 0, 64)


def card(left, right, depth_m=0.5, material=None, uv=None):
    """A card that fills the picture's height between two columns of pixel units."""
    x = (np.array([left, right]) - 32) * depth_m / 120
    corners = np.array([[x[0], -1, depth_m], [x[1], -1, depth_m], [x[1], 1, depth_m]])
    corners = np.concatenate([corners, [[x[0], 1, depth_m]]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    look = material or Material((0.2, 0.4, 0.6))
    return Part("card", corners, faces, (look,), np.full(2, OBJECT), uv=uv)


def guides_of(*parts, view="o"):
    scene = drawing(of_camera=camera(), parts=parts)
    return view_guides(scene, {view: WHOLE}, lambda _: None)[view]


def window_below(edge_px):
    """Share of Cycles' window, by its integral, that lies below a distance from its middle."""
    x = np.linspace(-WINDOW_PX / 2, WINDOW_PX / 2, 30_001)
    turn = 2 * np.pi * (x / WINDOW_PX + 0.5)
    terms = (0.35875, -0.48829, 0.14128, -0.01168)
    window = sum(term * np.cos(k * turn) for k, term in enumerate(terms))
    return np.interp(edge_px, x, np.cumsum(window) / window.sum())


def test_coverage_beside_an_edge_is_the_share_of_the_window():
    edge = 20.3
    guides = guides_of(card(-50, edge))

    expected = window_below(edge - (np.arange(64) + 0.5))
    # A grid of rays can miss the edge by half a step, where the window weighs at most 0.93 / px.
    assert_allclose(guides.coverage[32, :, 0], expected, atol=0.93 * 0.5 / GRID)
    assert_allclose(guides.coverage[:, :18], 1, atol=1e-5)


def test_albedo_and_normals_are_weighed_by_coverage():
    guides = guides_of(card(-50, 20.3))

    assert_allclose(guides.albedo, guides.coverage * np.float32([0.2, 0.4, 0.6]), atol=1e-5)
    assert_allclose(guides.normals, guides.coverage * np.float32([0, 0, -1]), atol=1e-5)


def test_surfaces_beyond_the_box_count_where_the_window_reaches_them():
    parts = (card(-50, 20.3),)
    scene = drawing(of_camera=camera(), parts=parts)
    whole, cut = WHOLE, (10, 30, 17, 21)
    guides = [view_guides(scene, {"o": box}, lambda _: None)["o"] for box in (whole, cut)]

    assert_allclose(guides[1].coverage, guides[0].coverage[10:30, 17:21], atol=1e-6)


def test_of_both_the_nearest_counts_ray_by_ray():
    scene = drawing(3)
    boxes = {"ho": (0, 64, 0, 64), "h": (0, 64, 0, 64), "o": (10, 60, 12, 62)}
    merged = view_guides(scene, boxes, lambda _: None)["ho"]

    together = tuple(replace(part, in_views=frozenset({"h"})) for part in scene.parts)
    expected = view_guides(replace(scene, parts=together), {"h": WHOLE}, lambda _: None)["h"]
    for name in ("coverage", "albedo", "normals"):
        assert_allclose(getattr(merged, name), getattr(expected, name), atol=1e-6)


def test_textures_are_read_where_their_coordinates_say():
    texture = np.zeros((4, 4, 3), np.uint8)
    texture[:2, 2:, 0] = 255  # red at the top right
    corners = np.array([[0, 1.0], [1, 1], [1, 0], [0, 0]])
    uv = corners[np.array([[0, 1, 2], [0, 2, 3]])]
    part = card(0, 64, material=Material((1.0, 0.5, 0.5), texture), uv=uv)

    red = guides_of(replace(part, vertices=part.vertices * [1, 32 / 240, 1])).albedo[..., 0]

    assert red[16, 48] > 0.95  # top right
    assert red[16, 12] < 0.01
    assert red[48, 48] < 0.01


def test_a_crease_is_not_shaded_round():
    """A box's faces keep their own normals up to the edge; without creases they bend."""
    thing = drawing().parts[1]
    flat, bent = (
        guides_of(replace(thing, sharp_angle_rad=angle)).normals for angle in (0.5, np.pi)
    )
    inside = guides_of(thing).coverage[..., 0] > 0.999

    def distinct(normals):
        return len(np.unique(np.round(normals[inside], 2), axis=0)) / inside.sum()

    assert distinct(flat) < 0.5 * distinct(bent)
