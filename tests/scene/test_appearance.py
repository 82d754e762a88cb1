"""Skin, clothes, faces and atlases."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scene.grasping import figure

from obman_gen.hands import load_hand_model
from obman_gen.scene.atlas import atlas_of, packed_uv, two_sided_uv
from obman_gen.scene.cutting import cut
from obman_gen.scene.figure import HAND_SKIN
from obman_gen.scene.limbs import LEFT_ARM, RIGHT_ARM
from obman_gen.scene.people import PersonConfig
from obman_gen.scene.pools import generator_of
from obman_gen.scene.skin import ALBEDOS, albedo, body_skin, draw_person, hand_skin
from obman_gen.scene.skins import SkinPainter
from obman_gen.scene.wardrobe import (
    LONGEST_SLEEVE,
    draw_outfit,
    posed_garments,
    shirt_field,
    trousers_field,
    wardrobe,
)

SIZE_PX = 96


@pytest.fixture(scope="module")
def painter(tmp_path_factory):
    config = PersonConfig(skin_size_px=SIZE_PX)
    return SkinPainter(figure(), config, tmp_path_factory.mktemp("skins"))


def test_every_face_of_both_hands_wears_the_hand_image():
    surface = figure().body_surface
    hand_faces = len(figure().hand_model.faces)

    assert surface.is_hand.sum() == hand_faces
    assert (surface.materials == HAND_SKIN).sum() == 2 * hand_faces


def test_mirrored_corners_of_both_hands_show_the_same_texel():
    surface, template = figure().body_surface, figure().body.template
    corners = template[surface.faces]
    texel_of = {}
    for face in np.flatnonzero(surface.is_hand):
        for point, uv in zip(corners[face], surface.uv[face], strict=True):
            texel_of.setdefault(tuple(np.round(point * [-1, 1, 1], 6) + 0.0), set()).add(tuple(uv))
    left = np.flatnonzero((surface.materials == HAND_SKIN) & ~surface.is_hand)
    for face in left[::37]:
        for point, uv in zip(corners[face], surface.uv[face], strict=True):
            assert tuple(uv) in texel_of[tuple(np.round(point, 6) + 0.0)]


def test_packed_atlas_fills_the_square_without_overlaps():
    atlas = load_hand_model().asset.atlas

    uv = packed_uv(atlas.uv, atlas.faces)

    assert uv.min() >= 0
    assert uv.max() <= 1
    one, other, third = np.moveaxis(uv, 1, 0)
    first, second = other - one, third - one
    area = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum() / 2
    corners = np.arange(3 * len(uv)).reshape(-1, 3)
    covered = atlas_of(uv.reshape(-1, 2), corners, 512).covered.mean()
    assert_allclose(covered, area, rtol=0.02)


def test_two_sided_atlas_keeps_front_and_back_apart():
    vertices = np.array([[0, 0, 0.1], [1, 0, 0.1], [0, 1, 0.1], [0, 0, -0.1]])
    faces = np.array([[0, 1, 2], [0, 2, 1]])

    uv = two_sided_uv(vertices, faces)

    assert uv[0, :, 0].max() < 0.5 < uv[1, :, 0].min()


def test_albedo_meets_the_measured_types_and_darkens_between_them():
    melanin = np.linspace(0, 1, 6)
    assert_allclose(albedo(melanin, np.zeros(6)), ALBEDOS)

    fine = albedo(np.linspace(0, 1, 101), np.zeros(101))
    assert (np.diff(fine, axis=0) < 0).all()


def test_hand_and_forearm_have_one_colour_where_they_meet(painter):
    """Behind the wrist, the hand's paint is the body's paint at the same point."""
    anatomy, person = painter._anatomy, draw_person(generator_of("skin-train-0003"))
    behind = anatomy.beyond_wrist_m < -0.014

    hand, relief = hand_skin(anatomy, person)
    body, body_relief = body_skin(anatomy.points, person)

    assert behind.sum() > 20
    assert_allclose(hand[behind], body[behind], rtol=1e-9)
    assert_allclose(relief[behind], body_relief[behind], atol=0.02)


def test_skin_is_painted_once_and_the_same_again(painter, tmp_path):
    materials = painter.materials("skin-train-0001")
    again = SkinPainter(painter.figure, painter.config, tmp_path).materials("skin-train-0001")

    assert materials.hand.texture.read_bytes() == again.hand.texture.read_bytes()
    before = materials.body.texture.stat().st_mtime_ns
    painter.materials("skin-train-0001")
    assert materials.body.texture.stat().st_mtime_ns == before


def test_face_has_two_mirrored_eyes():
    eyes = figure().face.eyes

    assert_allclose(eyes[0] * [-1, 1, 1], eyes[1], atol=1e-6)
    assert 0.05 < abs(eyes[0, 0] - eyes[1, 0]) < 0.08


def test_cloth_ends_exactly_where_its_field_is_zero():
    rows, columns = np.mgrid[0:6, 0:6]
    grid = np.stack([columns.ravel(), rows.ravel(), 0 * rows.ravel()], axis=1).astype(float)
    corner = (rows[:5, :5] * 6 + columns[:5, :5]).ravel()
    faces = np.concatenate(
        [
            np.stack([corner, corner + 1, corner + 6], axis=1),
            np.stack([corner + 1, corner + 7, corner + 6], axis=1),
        ]
    )
    values = 2.3 - grid[:, 0] - 0.2 * grid[:, 1]

    shape = cut(faces, values)

    points = shape.blend @ grid
    assert_allclose(points @ [1, 0.2, 0] <= 2.3 + 1e-9, True)
    assert_allclose(points[np.unique(shape.border)] @ [1, 0.2, 0], 2.3, atol=1e-9)
    one, other, third = np.moveaxis(points[shape.faces], 1, 0)
    area = 0.5 * np.linalg.norm(np.cross(other - one, third - one), axis=1).sum()
    assert_allclose(area, 5 * (2.3 - 0.2 * 2.5), rtol=1e-9)


@pytest.mark.parametrize("number", range(4))
def test_nobody_has_a_bare_torso(number):
    body = figure().body_shape
    outfit = draw_outfit(generator_of(f"wardrobe-train-{number:04d}"))

    under_cloth = np.maximum(shirt_field(body, outfit), trousers_field(body, outfit)) > 0

    main = body.weights.argmax(axis=1)
    on_torso = np.isin(main, (0, 1, 2, 3, 6))
    above_knee = body.vertices[:, 1] > body.joints[(1, 2), 1].min() - 0.1
    assert under_cloth[on_torso & above_knee].all()


def test_the_longest_sleeve_leaves_the_wrist_joint_bare():
    body = figure().body_shape
    outfit = replace(draw_outfit(np.random.default_rng(0)), sleeve=LONGEST_SLEEVE)
    shape = cut(body.faces, shirt_field(body, outfit))
    cloth = shape.blend @ body.vertices

    for elbow, wrist in ((LEFT_ARM[1], LEFT_ARM[2]), (RIGHT_ARM[1], RIGHT_ARM[2])):
        along = body.joints[wrist] - body.joints[elbow]
        reach_m = (cloth - body.joints[wrist]) @ along / np.linalg.norm(along)
        assert -0.05 < reach_m.max() < -0.03


def test_cloth_stays_off_the_skin_and_hems_are_closed():
    body = figure().body_shape
    garments, _ = wardrobe("wardrobe-val-0001", body)

    shirt = posed_garments(garments, body.vertices, body)[1]

    edges = np.sort(shirt.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert counts.max() == 2  # no edge with three faces: the hem's quads are whole
    assert_array_equal(np.unique(shirt.faces), np.arange(len(shirt.vertices)))
