"""Objects as they come: what is broken is rejected or left plain, and the run goes on."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scene.stand_in import camera
from shards.synthetic import sample

from obman_gen.errors import InputError, SampleRejected
from obman_gen.sample import OBJECT
from obman_gen.scene.drawing import Material, Part
from obman_gen.scene.object_looks import ObjectLook, object_part
from obman_gen.scene.raster import ground_truth
from obman_gen.stages.studio import Studio, draw_sample

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
OWN = ObjectLook("own", 0)
ADDRESS = {"sample_id": "train-00000000", "split": "train", "seed": 0}


def part_of(folder, text):
    path = folder / "object.obj"
    path.write_text(text)
    return object_part(str(path), np.eye(4), OWN)


def test_a_mesh_of_zero_area_is_rejected(tmp_path):
    with pytest.raises(SampleRejected, match="every face has zero area"):
        part_of(tmp_path, "v 0 0 0\nv 0 0 0\nv 1 0 0\nf 1 2 3\nf 1 3 3\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        TRIANGLE,
        "f 1 2 3\n",
        "\x00\x01 not a mesh",
        TRIANGLE + "f a b c\n",
        "v 0 x 0\nf 1 1 1\n",
    ],
)
def test_a_file_without_faces_is_rejected(tmp_path, text):
    with pytest.raises(SampleRejected, match="unreadable_object"):
        part_of(tmp_path, text)


def test_a_missing_file_is_rejected(tmp_path):
    with pytest.raises(SampleRejected, match="unreadable_object"):
        object_part(str(tmp_path / "none.obj"), np.eye(4), OWN)


def test_missing_materials_and_textures_leave_the_object_plain(tmp_path):
    (tmp_path / "m.mtl").write_text("newmtl painted\nKd 1 0 0\nmap_Kd gone.png\n")
    text = "mtllib m.mtl\nmtllib gone.mtl\n" + TRIANGLE
    text += "usemtl painted\nf 1 2 3\nusemtl unheard\nf 3 2 1\nv 0 0 1\nf 1 2 4\n"

    part = part_of(tmp_path, text)

    assert [material.texture for material in part.materials] == [None, None]
    assert part.materials[0].base_color == (1.0, 0.0, 0.0)
    assert len(part.faces) == 2  # the reversed twin is dropped


def test_faces_of_vertices_that_are_not_there_are_left_out(tmp_path):
    part = part_of(tmp_path, TRIANGLE + "v nan 0 0\nf 1 2 3\nf 1 2 9\nf 1 2 4\nf 1 2 -9\n")

    assert len(part.faces) == 1


@pytest.mark.parametrize("form", ["{0}", "{0}/{0}", "{0}/{0}/{0}"])
def test_faces_written_alike_are_read_as_any_others(tmp_path, form):
    rng = np.random.default_rng(3)
    points = "".join(f"v {x} {y} {z}\nvt {x} {y}\n" for x, y, z in rng.random((40, 3)))
    corners = [rng.permutation(40)[:3] + 1 for _ in range(60)]
    rows = [" ".join(form.format(corner) for corner in face) for face in corners]
    text = points + "usemtl a\n" + "".join(f"f {row}\n" for row in rows[:30])
    text += "usemtl b\n" + "".join(f"f {row}\n" for row in rows[30:])

    quick = part_of(tmp_path, text)
    other = tmp_path / "other"
    other.mkdir()
    slow = part_of(other, text.replace(f"f {rows[0]}\n", f"f  {rows[0]}\n"))

    for name in ("vertices", "faces", "uv", "material_indices"):
        assert_array_equal(getattr(quick, name), getattr(slow, name))
    assert (quick.uv is None) == (form == "{0}")
    assert_array_equal(quick.vertices[quick.faces[0]], slow.vertices[slow.faces[0]])


def test_half_a_million_faces_are_cast_like_two():
    """A plane of many tiny faces has the depth of one of two."""
    steps = 501
    x, y = np.meshgrid(np.linspace(-1, 1, steps), np.linspace(-1, 1, steps))
    vertices = np.column_stack([x.ravel(), y.ravel(), np.full(x.size, 2.0)])
    corner = np.add.outer(np.arange(steps - 1) * steps, np.arange(steps - 1)).ravel()
    faces = np.concatenate(
        [
            np.column_stack([corner, corner + 1, corner + steps]),
            np.column_stack([corner + 1, corner + steps + 1, corner + steps]),
        ]
    )
    huge = Part("plane", vertices, faces, (Material(),), np.full(len(faces), OBJECT))

    truth = ground_truth([huge], camera())

    np.testing.assert_allclose(truth.depth_m, 2.0, rtol=1e-9)
    assert (truth.segmentation == OBJECT).all()


class Unlucky(Studio):
    """A studio whose first draws meet broken files."""

    def __init__(self, failures):
        self.failures = failures

    def sample(self, draw):
        if draw.attempt < self.failures:
            raise SampleRejected("unreadable_background", f"file {draw.attempt}")
        return sample("train", 0, size_px=16)


def test_a_rejected_draw_is_counted_and_drawn_again():
    drawn, rejected = draw_sample(Unlucky(2), ADDRESS, 60)

    assert drawn.sample_id == sample("train", 0, size_px=16).sample_id
    assert [(record["rule"], record["attempt"]) for record in rejected] == [
        ("unreadable_background", 0),
        ("unreadable_background", 1),
    ]


def test_a_sample_that_is_always_rejected_names_the_rule():
    with pytest.raises(InputError, match="all 5 draws were rejected, 5 by rule unreadable_back"):
        draw_sample(Unlucky(99), ADDRESS, 5)
