"""Preparing objects: what comes out, what is kept, what is refused."""

from shutil import copytree

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose, assert_array_equal
from objects.permissions import as_nobody, closed, everybodys_folder
from objects.shapes import box, joined, obj_text, sheet_bowl

from obman_gen.errors import InputError, SampleRejected
from obman_gen.objects import (
    ObjectEntry,
    ObjectsConfig,
    is_prepared,
    list_objects,
    load_prepared,
    make_entries,
    prepare,
    read_objects_table,
    write_objects_table,
)
from obman_gen.objects.headers import declared_faces
from obman_gen.objects.surface import volume
from obman_gen.scene.wavefront import read_obj

CONFIG = ObjectsConfig(surface_resolution=32, scales_per_object=1, convex_threshold=0.2)


def entry_of(path, **changes):
    values = {"size_range_m": (0.1, 0.2)} | changes
    return ObjectEntry("02876657/thing", "bottle", "train", "shapenet", str(path), **values)


def prepared_from(text, tmp_path, **changes):
    path = tmp_path / "thing.obj"
    path.write_text(text)
    entry = entry_of(path, **changes)
    prepare(entry, tmp_path / "objects", CONFIG, 0)
    return load_prepared(tmp_path / "objects", entry.object_id)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A procedural can, prepared."""
    home = tmp_path_factory.mktemp("objects")
    entry = make_entries(ObjectsConfig(categories=("can",), per_category=1), 0)[0]
    config = ObjectsConfig(scales_per_object=3)
    prepare(entry, home, config, 0)
    return home, entry, config


def test_a_procedural_object_comes_back_complete(made):
    home, entry, _ = made

    can = load_prepared(home, entry.object_id)

    rendered = read_obj(can.path)
    assert_array_equal(can.mesh.vertices, rendered.vertices)
    assert_array_equal(can.mesh.faces, rendered.faces)
    assert len(can.planning_surface.faces) <= 1500
    assert_allclose(volume(can.planning_surface), volume(can.surface), rtol=0.02)
    hull_volume = sum(volume(part) for part in can.convex_parts)
    assert_allclose(hull_volume, volume(can.surface), rtol=0.15)
    # Surface points lie on the surface: to half the trilinear grid's spacing at edges.
    assert np.abs(can.distance.distance(can.mesh.surface_points)).max() < can.distance.spacing
    assert len(can.scales) == 3
    assert list(can.scales) == sorted(can.scales)
    extent_m = np.ptp(can.mesh.vertices, axis=0).max() * np.array(can.scales)
    assert extent_m.min() > 0.02
    assert extent_m.max() < 0.25


def test_preparing_again_changes_no_byte(made, tmp_path):
    home, entry, config = made

    prepare(entry, tmp_path, config, 0)

    first, second = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (home, tmp_path)
    )
    assert first == second


def test_prepared_holds_for_this_entry_mesh_and_configuration(made, tmp_path):
    home, entry, config = made

    assert is_prepared(entry, home, config)
    assert not is_prepared(entry, tmp_path, config)
    assert not is_prepared(entry, home, ObjectsConfig(scales_per_object=2))
    assert not is_prepared(entry, home, ObjectsConfig(scales_per_object=3, convex_threshold=0.2))


def test_a_changed_mesh_is_prepared_again(tmp_path):
    path = tmp_path / "thing.obj"
    path.write_text(obj_text(*box()))
    entry = entry_of(path)
    prepare(entry, tmp_path / "objects", CONFIG, 0)
    assert is_prepared(entry, tmp_path / "objects", CONFIG)

    path.write_text(obj_text(*box(2.0)))

    assert not is_prepared(entry, tmp_path / "objects", CONFIG)


def test_two_objects_with_one_mesh_share_its_solids(tmp_path):
    path = tmp_path / "thing.obj"
    path.write_text(obj_text(*box()))
    twins = [
        ObjectEntry(f"02876657/{n}", "bottle", "train", "shapenet", str(path), 1.0) for n in "ab"
    ]

    for entry in twins:
        prepare(entry, tmp_path / "objects", CONFIG, 0)

    assert len(list((tmp_path / "objects" / "solids").iterdir())) == 1


def test_sizes_are_drawn_from_the_category_s_range(tmp_path):
    cube = prepared_from(obj_text(*box(5.0, 1.0, 1.0)), tmp_path)

    assert 0.1 <= 5.0 * cube.scales[0] <= 0.2


def test_a_known_size_is_kept(tmp_path):
    cube = prepared_from(obj_text(*box(60, 60, 60)), tmp_path, metres_per_unit=0.001)

    assert cube.scales == (0.001,)


def reversed_twins():
    vertices, faces = box()
    return vertices, np.concatenate([faces, faces[:, ::-1]])


def loose_islands():
    rng = np.random.default_rng(0)
    loose = rng.uniform(-0.3, 0.3, (500, 1, 3)) + rng.normal(size=(500, 3, 3)) * 0.01
    return joined(box(), (loose.reshape(-1, 3), np.arange(1500).reshape(-1, 3)))


def not_manifold():
    vertices, faces = joined(box(), box(center=(1.0, 1.0, 0.0)))
    return vertices, faces


HOSTILE = {
    "reversed twins": obj_text(*reversed_twins()),
    "loose islands": obj_text(*loose_islands()),
    "line elements": obj_text(*box(), extra="l 1 2\nl 3 4 5\np 1"),
    "missing library": obj_text(*box(), extra="mtllib none.mtl\nusemtl nothing"),
    "a vertex of 1e38 that no face uses": obj_text(*box(), extra="v 1e38 0 0"),
    "a face with NaN besides": obj_text(*box(), extra="v nan 0 0\nf 1 2 9"),
    "an edge with four faces": obj_text(*not_manifold()),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hand_sized_probe_pushed_into_a_hostile_solid_penetrates(name, tmp_path):
    solid = prepared_from(HOSTILE[name], tmp_path)

    probe = np.array([[0.0, 0.0, 0.5 - depth] for depth in (-0.1, 0.06, 0.2)])
    # Two steps of the 32-node grid that closes broken meshes.
    assert_allclose(solid.distance.distance(probe), [0.1, -0.06, -0.2], atol=0.065)
    assert 0.8 < solid.mass.volume < 2.3


def test_the_inside_of_a_sheet_bowl_is_outside(tmp_path):
    bowl = prepared_from(obj_text(*sheet_bowl()), tmp_path)

    inside = np.array([[0.0, y, 0.0] for y in (-0.8, -0.5, -0.1)])
    assert (bowl.distance.distance(inside) > 0.1).all()
    # No convex part spans the opening.
    assert len(bowl.convex_parts) > 3


REFUSED = {
    "empty": ("", "unreadable_object"),
    "no face": ("v 0 0 0\nv 1 0 0\nv 0 1 0\n", "unreadable_object"),
    "not an object": ("f a b c\nv 0 0 0\n", "unreadable_object"),
    "single triangle": ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "too_few_faces"),
    "infinite": (obj_text(np.full((8, 3), np.inf), box()[1]), "unreadable_object"),
    "words for numbers": ("v a b c\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "unreadable_object"),
    "an index of thirty digits": (obj_text(*box()) + f"f 1 2 {'9' * 30}\n", "unreadable_object"),
    "a sheet of two triangles": (obj_text(box()[0] * [1, 1, 0], box()[1]), "too_few_faces"),
    "all NaN": (obj_text(np.full((8, 3), np.nan), box()[1]), "unreadable_object"),
    "huge": (obj_text(box()[0] * 1e38, box()[1]), "object_extent"),
    "a point": (obj_text(box()[0] * 0, box()[1]), "unreadable_object"),
    "a line": (obj_text(box()[0] * [1.0, 1e-7, 1e-7], box()[1]), "object_extent"),
    "too many faces": ("v 0 0 0\n" + "f 1 1 1\n" * 40, "too_many_faces"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_held_is_rejected_under_its_rule(name, tmp_path):
    text, rule = REFUSED[name]
    path = tmp_path / "thing.obj"
    path.write_text(text)
    config = ObjectsConfig(surface_resolution=32, max_faces=39)

    with pytest.raises(SampleRejected) as rejected:
        prepare(entry_of(path), tmp_path / "objects", config, 0)

    assert rejected.value.rule == rule


@pytest.mark.parametrize(
    ("metres_per_unit", "told"),
    [(1.0, "60 units, at 1 to 1 metres each 60 to 60 m"), (1e-7, "each 0 to 0 m; a hand holds")],
)
def test_a_size_that_no_hand_holds_is_rejected_with_the_unit(metres_per_unit, told, tmp_path):
    with pytest.raises(SampleRejected, match="object_size") as rejected:
        prepared_from(obj_text(*box(60, 40, 40)), tmp_path, metres_per_unit=metres_per_unit)

    assert told in rejected.value.detail


def test_a_missing_mesh_is_rejected(tmp_path):
    with pytest.raises(SampleRejected, match=r"gone.obj: No such file"):
        prepare(entry_of(tmp_path / "gone.obj"), tmp_path / "objects", CONFIG, 0)


def test_the_table_comes_back_as_it_was(made, tmp_path):
    home, entry, _ = made
    write_objects_table(home / "objects.csv", [entry])

    assert read_objects_table(home / "objects.csv") == [entry]

    header = (home / "objects.csv").read_text().splitlines()[0]
    (home / "objects.csv").write_text(f"{header}\nx\n")
    with pytest.raises(InputError, match=r"objects.csv:2 is not a line of an object table"):
        read_objects_table(home / "objects.csv")
    (home / "objects.csv").write_text("garbage\n")
    with pytest.raises(InputError, match=r"objects.csv is no object table, it lacks the column"):
        read_objects_table(home / "objects.csv")
    (home / "objects.csv").unlink()


def test_an_object_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="holds no prepared object; run `obman-gen objects`"):
        load_prepared(tmp_path, "02876657/nothing")


@pytest.fixture
def folder(tmp_path):
    """Three meshes in three formats, one coloured, with their category file."""
    home = tmp_path / "mine"
    (home / "my things").mkdir(parents=True)
    (home / "categories.csv").write_text("category,unit_m\nmy things,0.001\n")
    ball = trimesh.creation.icosphere(2, radius=30.0)
    ball.export(home / "my things" / "ball one.ply")
    ball.export(home / "my things" / "ball_two.stl")
    tinted = ball.copy()
    tinted.visual.face_colors = np.array([[250, 10, 10, 255]] * len(ball.faces))
    tinted.export(home / "my things" / "tinted.glb")
    (home / "my things" / "cube.obj").write_text(obj_text(*box(50, 50, 50)))
    return home


def test_meshes_of_all_formats_are_brought_with_their_colours(folder, tmp_path):
    entries = make_entries(ObjectsConfig(folder=str(folder), per_category=0), 0)

    assert {entry.object_id for entry in entries} == {
        f"my-things/{name}" for name in ("ball-one", "ball-two", "tinted", "cube")
    }
    for entry in entries:
        prepare(entry, tmp_path / "objects", CONFIG, 0)
        thing = load_prepared(tmp_path / "objects", entry.object_id)
        size_mm = np.ptp(thing.mesh.vertices, axis=0)
        assert_allclose(size_mm, 50 if entry.object_id.endswith("cube") else 60, rtol=0.02)
        assert thing.scales == (0.001,)
    textured = read_obj(tmp_path / "objects" / "my-things/tinted/models/model_normalized.obj")
    assert textured.uv is not None
    assert textured.materials[0].texture is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("category,unit_m\nmy things,\n", "categories.csv:2: category my things needs unit_m, or"),
        ("category,unit_m\n../up,1\n", "categories.csv:2: the column category must name a folder"),
        ("category,unit_m\nmy things,big\n", "sizes must be numbers of metres"),
        ("category,unit_m\nnothing,1\n", "no object to begin with: .*nothing holds no mesh"),
    ],
)
def test_a_wrong_category_file_is_explained(folder, text, message):
    (folder / "categories.csv").write_text(text)

    with pytest.raises(InputError, match=message):
        make_entries(ObjectsConfig(folder=str(folder)), 0)


def test_a_folder_without_category_file_says_what_it_must_hold(tmp_path):
    with pytest.raises(InputError, match="it must list a category per line"):
        make_entries(ObjectsConfig(folder=str(tmp_path)), 0)


def test_a_category_that_is_empty_or_closed_is_told_and_the_others_go_on(folder):
    with everybodys_folder() as home:
        copytree(folder, home / "mine")
        mine = home / "mine"
        mine.chmod(0o755)
        (mine / "nothing").mkdir()
        (mine / "shut").mkdir()
        (mine / "my things" / "locked").mkdir()
        with (mine / "categories.csv").open("a") as file:
            file.write("nothing,1\nshut,1\ngone,1\n")
        with closed(mine / "shut"), closed(mine / "my things" / "locked"), as_nobody():
            listing = list_objects(ObjectsConfig(folder=str(mine), per_category=0), 0)

    assert len(listing.entries) == 4
    assert {name: problem.rule for name, problem in listing.problems.items()} == {
        "nothing": "empty_category",
        "shut": "unreadable_folder",
        "gone": "empty_category",
        "my-things/locked": "unreadable_object",
    }


def test_a_mesh_that_may_not_be_read_is_rejected():
    with everybodys_folder() as home:
        path = home / "thing.obj"
        path.write_text(obj_text(*box()))

        with closed(path), as_nobody(), pytest.raises(SampleRejected, match="Permission denied"):
            prepare(entry_of(path), home / "objects", CONFIG, 0)


def ball_file(folder, suffix, faces=None):
    """Write a ball of 320 faces, or less of it."""
    ball = trimesh.creation.icosphere(2, radius=30.0)
    if faces is not None:
        ball.update_faces(np.arange(len(ball.faces)) < faces)
    path = folder / f"ball{suffix}"
    ball.export(path)
    return path, ObjectEntry("mine/ball", "mine", "train", "folder", str(path), 0.001)


CONVERTED = (".ply", ".stl", ".glb", ".off")


@pytest.mark.parametrize("suffix", CONVERTED)
def test_too_many_faces_are_known_from_a_file_s_first_bytes(suffix, tmp_path):
    """So that five millions of them never fill the memory."""
    path, entry = ball_file(tmp_path, suffix)
    assert declared_faces(path) == 320
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 if suffix != ".stl" else None])

    with pytest.raises(SampleRejected, match=r"too_many_faces: .* has 320 faces, allowed are 300"):
        prepare(entry, tmp_path / "objects", ObjectsConfig(max_faces=300), 0)


def test_faces_of_a_written_out_stl_are_counted(tmp_path):
    path = tmp_path / "ball.stl"
    trimesh.creation.icosphere(2).export(path, file_type="stl_ascii")

    assert declared_faces(path) == 320


@pytest.mark.parametrize("suffix", CONVERTED)
@pytest.mark.parametrize("content", ["nothing", "zeros", "noise", "a third"])
def test_a_file_that_is_not_what_its_name_says_is_rejected(suffix, content, tmp_path):
    path, entry = ball_file(tmp_path, suffix)
    whole = path.read_bytes()
    noise = np.random.default_rng(0).bytes(3000)
    path.write_bytes(
        {
            "nothing": b"",
            "zeros": bytes(3000),
            "noise": noise,
            "a third": whole[: len(whole) // 3],
        }[content]
    )

    with pytest.raises(SampleRejected) as rejected:
        prepare(entry, tmp_path / "objects", CONFIG, 0)

    assert rejected.value.rule == "unreadable_object"


@pytest.mark.parametrize("suffix", CONVERTED)
def test_a_single_triangle_is_too_few_in_every_format(suffix, tmp_path):
    _, entry = ball_file(tmp_path, suffix, faces=1)

    with pytest.raises(SampleRejected, match="too_few_faces"):
        prepare(entry, tmp_path / "objects", CONFIG, 0)


def damaged(arrays, name):
    """Return prepared arrays with one of them spoilt."""
    spoilt = {
        "empty": lambda values: values[:0],
        "nan": lambda values: np.full_like(values, np.nan),
        "huge": lambda values: values * 1e38,
        "single triangle": lambda values: values[:1],
    }[name]
    key = "planning_faces" if name in ("empty", "single triangle") else "planning_vertices"
    return {**arrays, key: spoilt(arrays[key])}


@pytest.mark.parametrize("name", ["empty", "nan", "huge", "single triangle", "no file"])
def test_damaged_solids_are_named_with_what_to_do(name, tmp_path):
    prepared_from(obj_text(*box(50, 50, 50)), tmp_path)
    (path,) = (tmp_path / "objects" / "solids").iterdir()
    with np.load(path) as file:
        arrays = dict(file)
    if name == "no file":
        path.write_bytes(path.read_bytes()[:100])
    else:
        np.savez(path, **damaged(arrays, name))

    with pytest.raises(InputError, match="delete it and run `obman-gen objects` again"):
        load_prepared(tmp_path / "objects", "02876657/thing")
