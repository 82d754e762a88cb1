"""Every construction of every category, made and looked at as a mesh."""

import io

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from obman_gen.objects.categories import categories
from obman_gen.objects.procedural import CONSTRUCTIONS, construction, make, name_of
from obman_gen.objects.procedural.model import Finish, Model
from obman_gen.objects.procedural.rings import circle, curve, rounded_rectangle, slab, turned
from obman_gen.objects.procedural.shape import loft
from obman_gen.objects.surface import closed_pieces, volume
from obman_gen.scene.wavefront import read_mtl
from obman_gen.streams import RandomStreams

EVERY = [(synset, name) for synset, ways in CONSTRUCTIONS.items() for name in ways]


def written(files, home):
    for name, content in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)
    return home / "models/model_normalized.obj"


def plain_mesh(text):
    """Read vertices and faces, equal positions as one; `read_obj` is slow under type checks."""
    rows = [line.split() for line in text.splitlines()]
    vertices = np.array([row[1:] for row in rows if row[0] == "v"], float)
    faces = [[word.partition("/")[0] for word in row[1:]] for row in rows if row[0] == "f"]
    vertices, welded = np.unique(vertices, axis=0, return_inverse=True)
    return vertices, welded.reshape(-1)[np.array(faces, int) - 1]


@pytest.mark.parametrize(("synset", "name"), EVERY)
def test_every_construction_is_closed_wound_outwards_textured_and_of_its_size(
    synset, name, tmp_path
):
    category = categories()[synset]
    model = CONSTRUCTIONS[synset][name](RandomStreams(0, name)("model"))
    shape, files = model.shape(), model.files()

    path = written(files.files, tmp_path)
    vertices, faces = plain_mesh(path.read_text())

    pieces = closed_pieces(vertices, faces)
    assert pieces
    # Wound outwards as written: pieces that had to be turned around would change the sum.
    as_written = np.linalg.det(vertices[faces]).sum() / 6
    assert_allclose(as_written, sum(volume(piece) for piece in pieces), rtol=1e-4)
    size_m = np.ptp(shape.vertices, axis=0).max()
    assert 0.6 * category.size_min_m < size_m < 1.4 * category.size_max_m
    assert_allclose(np.linalg.norm(np.ptp(vertices, axis=0)), 1, atol=1e-4)
    assert -1e-9 <= shape.uv.min() <= shape.uv.max() <= 1 + 1e-9
    materials = read_mtl(path.with_suffix(".mtl")).values()
    images = {material.texture for material in materials if material.texture is not None}
    assert {path.resolve() for path in images} == {
        (tmp_path / path).resolve() for path in files.files if path.endswith(".png")
    }


@pytest.mark.parametrize("synset", CONSTRUCTIONS)
def test_one_seed_gives_the_same_bytes_and_another_does_not(synset):
    first, again = (make(name_of(synset, 0, 4)).files for _ in range(2))

    assert first == again
    assert first != make(name_of(synset, 1, 4)).files


@pytest.mark.parametrize("synset", CONSTRUCTIONS)
def test_successive_objects_go_through_all_constructions(synset):
    count = len(CONSTRUCTIONS[synset])

    for turn in range(3):
        drawn = {construction(synset, 7, turn * count + number) for number in range(count)}
        assert drawn == set(CONSTRUCTIONS[synset])


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ValueError, match="'02876657/abc' does not name a procedural object"):
        make("02876657/abc")


def test_a_turned_cylinder_has_its_prism_s_volume():
    shape = turned(np.array([(0.5, 0.0), (0.5, 2.0)]))

    area = 48 / 2 * 0.25 * np.sin(2 * np.pi / 48)
    assert_allclose(np.linalg.det(shape.vertices[shape.faces]).sum() / 6, 2 * area)


def test_a_loft_closed_on_itself_is_a_ring():
    """Pappus: area of the section times the way of its middle."""
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    section = circle(64) * 0.1
    rings = [
        np.stack(
            [(1 + section[:, 0]) * np.cos(t), section[:, 1], (1 + section[:, 0]) * np.sin(t)], 1
        )
        for t in turn
    ]

    shape = loft(np.array(rings), closed=True)

    content = np.linalg.det(shape.vertices[shape.faces]).sum() / 6
    assert_allclose(abs(content), np.pi * 0.01 * 2 * np.pi, rtol=5e-3)


def test_print_on_a_front_is_not_mirrored():
    """On the cap towards +z u goes with +x and v with +y."""
    shape = slab(rounded_rectangle(2.0, 1.0, 0.1), 0.2, 0.02, 0, (1, 2))
    front = shape.materials == 2

    corners, uv = shape.vertices[shape.faces[front]].reshape(-1, 3), shape.uv[front].reshape(-1, 2)
    assert_allclose(np.corrcoef(corners[:, 0], uv[:, 0])[0, 1], 1)
    assert_allclose(np.corrcoef(corners[:, 1], uv[:, 1])[0, 1], 1)


def test_print_around_a_turned_thing_runs_to_the_right_and_its_middle_is_in_front():
    shape = turned(np.array([(1.0, 0.0), (1.0, 1.0)]), [0], (1, 1))
    side = shape.materials == 0
    corners, uv = shape.vertices[shape.faces[side]].reshape(-1, 3), shape.uv[side].reshape(-1, 2)

    in_front = corners[:, 2] > 0.95
    assert_allclose(uv[in_front, 0], 0.5 + np.arctan2(*corners[in_front][:, [0, 2]].T) / 6.2831853)


def test_a_curve_runs_through_its_ends_without_overshoot():
    profile = curve([(1.0, 0.0), (1.0, 1.0), (0.2, 1.5)], 50)

    assert_allclose(profile[[0, -1]], [[1.0, 0.0], [0.2, 1.5]])
    assert profile[:, 0].max() <= 1.0


def test_textures_are_png_files():
    files = make(name_of("02946921", 0, 0)).files

    images = [content for name, content in files.items() if name.endswith(".png")]
    assert images
    for content in images:
        assert Image.open(io.BytesIO(content)).mode == "RGB"


def test_a_part_shares_its_model_s_materials():
    model = Model()
    part = model.part()

    assert [model.finish(Finish()), part.finish(Finish())] == [0, 1]
