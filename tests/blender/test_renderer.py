"""Cycles pictures of stand-in geometry: where things are, and that nothing is remembered."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose, assert_array_equal
from scene.stand_in import camera, drawing

from obman_gen.blender.config import RenderConfig
from obman_gen.errors import InputError, SampleRejected
from obman_gen.sample import VIEWS, Camera
from obman_gen.scene.drawing import Material, Part

pytestmark = pytest.mark.blender

RULES_OFF = {"min_hand_px": 0, "min_object_px": 0, "min_object_visible": 0.0}


@pytest.fixture(scope="module")
def renderer():
    from obman_gen.blender.renderer import Renderer

    return Renderer(RenderConfig(samples=2, **RULES_OFF), lambda scene, _: scene)


def images(result):
    return np.stack([result.views[view].image for view in VIEWS])


def labelled(seed, grey):
    """The stand-in's box with a texture made for it alone."""
    _, thing = drawing(seed).parts
    texture = np.full((32, 32, 3), grey, np.uint8)
    uv = np.zeros((len(thing.faces), 3, 2))
    return replace(thing, materials=(Material((1.0, 1.0, 1.0), texture),), uv=uv)


@pytest.mark.parametrize("offset_px", [(0.0, 0.0, 0.0), (9.25, -6.5, 12.0)])
def test_cycles_sees_each_surface_at_the_pixel_where_its_truth_says(renderer, offset_px):
    """Cycles' own depth pass, by its camera, against ray casting by K: shift and focal exact."""
    from obman_gen.blender import session
    from obman_gen.scene.visibility import view_truths

    intrinsics = camera(96, 64).intrinsics.copy()
    intrinsics[0, 2] += offset_px[0]
    intrinsics[1, 2] += offset_px[1]
    intrinsics[1, 1] += offset_px[2]
    scene = drawing(of_camera=Camera(intrinsics, 96, 64))
    truth = view_truths(scene)["ho"]

    renderer._scene.view_layers[0].use_pass_z = True
    renderer._build(scene)
    session.set_crop(renderer._scene, (0, 64, 0, 96))
    depth_m = session.render_passes(renderer._scene, keep=False)["Depth"][..., 0]
    renderer._builder.clear()
    renderer._scene.view_layers[0].use_pass_z = False

    hit = depth_m < 1e9
    assert (hit != np.isfinite(truth.depth_m)).sum() <= 2
    both = hit & np.isfinite(truth.depth_m)
    assert np.median(np.abs(depth_m[both] - truth.depth_m[both])) < 1e-5
    assert (np.abs(depth_m[both] - truth.depth_m[both]) > 1e-3).sum() <= 2


def test_a_scene_renders_the_same_whatever_was_rendered_before(renderer):
    first = images(renderer.render(drawing(1)))

    for seed in (2, 3):
        renderer.render(drawing(seed, environment=np.full((8, 16, 3), 0.2 * seed, np.float32)))
    again = images(renderer.render(drawing(1)))

    assert_array_equal(first, again)


def test_kept_data_equal_a_fresh_start(renderer):
    """Walk through changes of light, material and mesh; each must equal a fresh renderer's."""
    from obman_gen.blender.renderer import Renderer

    dark = np.full((8, 16, 3), 0.1, np.float32)
    painted = [drawing(4, parts=(drawing(4).parts[0], labelled(4, grey))) for grey in (40, 200)]
    walk = [drawing(4), *painted, drawing(4, environment=dark), *painted, drawing(5, lamps=())]
    kept = [images(renderer.render(scene)) for scene in walk]

    for scene, picture in zip(walk, kept, strict=True):
        fresh = Renderer(renderer.config, lambda scene, _: scene)
        assert_array_equal(images(fresh.render(scene)), picture)


def test_another_process_renders_the_same_bits(renderer):
    code = (
        "import hashlib, numpy as np; from scene.stand_in import drawing;"
        "from obman_gen.blender.renderer import Renderer;"
        "from obman_gen.blender.config import RenderConfig;"
        f"r = Renderer(RenderConfig(samples=2, **{RULES_OFF}), lambda s, _: s).render(drawing(6));"
        "print(hashlib.sha256(r.views['ho'].image.tobytes()).hexdigest())"
    )
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'tests'}"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    import hashlib

    here = renderer.render(drawing(6)).views["ho"].image
    assert done.stdout.split()[-1] == hashlib.sha256(here.tobytes()).hexdigest()


def test_cycles_covers_pixels_as_the_guides_say(renderer):
    """Cycles' own filter and random rays against the window and a grid of rays."""
    from obman_gen.blender.renderer import Renderer, crop_box
    from obman_gen.scene.guides import view_guides
    from obman_gen.scene.visibility import view_truths

    config = RenderConfig(samples=256, body_samples=256, denoise=False, max_bounces=0, **RULES_OFF)
    many = Renderer(config, lambda scene, _: scene)
    scene = drawing()
    truths = view_truths(scene)
    many._build(scene)
    fronts = many._fronts(scene, truths)
    many._builder.clear()

    boxes = {view: crop_box(np.isfinite(truths[view].depth_m)) for view in VIEWS}
    guides = view_guides(scene, boxes, lambda _: None)
    for view in VIEWS:
        error = fronts[view][1][..., 3] - guides[view].coverage[..., 0]
        # A grid errs by up to half a step, 0.15, either way; the noise of 256 rays by 0.03.
        assert np.abs(error).max() < 0.18
        assert abs(error.mean()) < 0.002


def test_samples_of_a_subset_add_up_to_the_whole(renderer):
    """2 samples everywhere and 6 more in a box are the 8 samples of one render, bit for bit."""
    from obman_gen.blender.renderer import Renderer

    pictures = []
    for few in (2, 8):
        config = RenderConfig(samples=8, body_samples=few, denoise=False, **RULES_OFF)
        result = Renderer(config, lambda scene, _: scene).render(drawing(2))
        pictures.append(result.views["ho"])
    held = np.isin(pictures[0].segmentation, (1, 3))

    difference = np.abs(pictures[0].image.astype(int) - pictures[1].image)[held]
    assert difference.max() <= 1  # floats add up in another order


def test_panoramas_are_denoised(renderer):
    """Rooms have four samples a pixel: without denoising they are grain."""
    from obman_gen.blender.renderer import Renderer

    plain = Renderer(RenderConfig(denoise=False), lambda scene, _: scene)
    hall = trimesh.creation.icosphere(2, 3.0)
    part = Part(
        "hall", np.array(hall.vertices), hall.faces, (Material(),), np.zeros(len(hall.faces), int)
    )
    scene = drawing(parts=(part,))
    many = plain.panorama(scene, 64, 256)

    rms = [
        float(np.sqrt(np.mean((some.panorama(scene, 64, 4) - many) ** 2)))
        for some in (renderer, plain)
    ]

    assert rms[0] < 0.7 * rms[1]


def test_each_view_is_lit_without_what_it_does_not_show(renderer):
    """With the object gone, its shadow is too: the hand of H is nowhere darker than in HO."""
    result = renderer.render(drawing())

    hand = result.views["ho"].segmentation == 1
    shown, alone = (result.views[view].image[hand].astype(int) for view in ("ho", "h"))
    assert alone.sum() > shown.sum()


def test_empty_pixels_show_the_background_exactly(renderer):
    result = renderer.render(drawing())

    corner = result.views["ho"].image[0, -1]
    assert_array_equal(corner, np.full(3, 149))  # sRGB of linear 0.3: 255 * 0.584


def test_surroundings_face_the_right_way(renderer):
    """A bright patch up and to the right lights that side of the ball."""
    environment = np.full((32, 64, 3), 0.02, np.float32)
    environment[6:12, 44:52] = 30.0

    image = renderer.render(drawing(environment=environment, lamps=())).views["h"].image
    hand = renderer.render(drawing()).views["h"].segmentation == 1

    rows, columns = np.nonzero(hand)
    light = image[hand].mean(axis=1)
    assert np.average(rows, weights=light) < rows.mean()
    assert np.average(columns, weights=light) > columns.mean()


def test_hidden_object_is_rejected_before_rendering(renderer):
    from obman_gen.blender.renderer import Renderer

    person, thing = drawing().parts
    behind = replace(thing, vertices=thing.vertices * [0.2, 0.2, 1.0] + [-0.04, 0.015, 0.3])
    strict = Renderer(RenderConfig(min_object_px=0), lambda scene, _: scene)

    with pytest.raises(SampleRejected, match="object_visibility: 0% of the object is visible"):
        strict.render(drawing(parts=(person, behind)))
    with pytest.raises(SampleRejected, match="few_pixels: 0 px of the object, need 100"):
        Renderer(RenderConfig(), lambda scene, _: scene).render(drawing(parts=(person,)))


def test_what_a_sketch_rejects_is_never_drawn(renderer):
    from obman_gen.blender.renderer import Renderer

    person, thing = drawing().parts
    behind = replace(thing, vertices=thing.vertices * [0.2, 0.2, 1.0] + [-0.04, 0.015, 0.3])
    drawn = []
    draw = Renderer(
        RenderConfig(min_object_px=0),
        lambda scene, _: drawn.append(scene) or scene,
        lambda scene: replace(scene, parts=(person, behind)),
    )

    with pytest.raises(SampleRejected, match="object_visibility: 0% of the object is visible"):
        draw.render(drawing())
    assert not drawn


def test_unreadable_texture_leaves_its_surface_plain(renderer, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not an image")
    person, thing = drawing().parts
    textured = replace(thing, materials=(Material((0.1, 0.6, 0.1), broken),))
    plain = replace(thing, materials=(Material((0.1, 0.6, 0.1)),))

    pictures = [
        images(renderer.render(drawing(parts=(person, part)))) for part in (textured, plain)
    ]

    assert_array_equal(*pictures)


def test_texture_lands_the_right_way_up(renderer):
    """v runs upwards: the top of the image file is at v = 1."""
    person, _ = drawing().parts
    corners = np.array([[-0.1, -0.1, 0.5], [0.1, -0.1, 0.5], [0.1, 0.1, 0.5], [-0.1, 0.1, 0.5]])
    uv = np.array([[0, 1.0], [1, 1], [1, 0], [0, 0]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    texture = np.zeros((4, 4, 3), np.uint8)
    texture[:2, 2:, 0] = 255  # red at the top right
    card = Part("card", corners, faces, (Material(texture=texture),), np.full(2, 3), uv=uv[faces])

    image = renderer.render(drawing(parts=(person, card))).views["o"].image.astype(int)

    redness = image[..., 0] - image[..., 1]
    assert redness[20, 44] > 50
    assert abs(redness[20, 20]) < 20
    assert abs(redness[44, 44]) < 20


def test_settings_out_of_range_are_named():
    with pytest.raises(InputError, match="at least 1, got 0, 2 and 1"):
        RenderConfig(samples=0)
    with pytest.raises(InputError, match="fast, balanced or high, got 'best'"):
        RenderConfig(denoise_quality="best")
    with pytest.raises(InputError, match="must be cpu, cuda or optix, got 'tpu'"):
        RenderConfig(device="tpu")
    with pytest.raises(InputError, match="min_object_visible must be from 0 to 1, got 40"):
        RenderConfig(min_object_visible=40.0)
    with pytest.raises(InputError, match="min_hand_px must be 0 or more, got -1"):
        RenderConfig(min_hand_px=-1)


def test_skewed_pixels_are_refused(renderer):
    intrinsics = camera().intrinsics.copy()
    intrinsics[0, 1] = 2.0

    with pytest.raises(InputError, match="no skewed pixels"):
        renderer.render(drawing(of_camera=Camera(intrinsics, 64, 64)))
    assert_allclose(renderer._builder.objects, [])


def test_an_interrupt_during_a_render_comes_out_of_it(renderer, monkeypatch):
    """Blender prints what its callbacks raise and goes on with half a picture."""
    from obman_gen.blender import session

    before = images(renderer.render(drawing()))

    def interrupted(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(session, "_copy_passes", interrupted)
        with pytest.raises(KeyboardInterrupt):
            renderer.render(drawing())

    assert_array_equal(images(renderer.render(drawing())), before)
