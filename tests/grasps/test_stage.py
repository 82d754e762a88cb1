"""The stages on a folder of good, hostile and useless meshes: the run goes on and tells."""

import json

import numpy as np
import pytest
import trimesh
from click.testing import CliRunner
from numpy.testing import assert_allclose
from objects.permissions import as_nobody, closed, everybodys_folder
from objects.shapes import box, joined, obj_text

from obman_gen.cli import main
from obman_gen.errors import InputError
from obman_gen.grasps.files import load_grasps, load_planned
from obman_gen.stages.released import released_files

SETTINGS = {
    "objects": "per_category=0 surface_resolution=32 scales_per_object=1 convex_threshold=0.2 "
    "max_faces=5000",
    "grasps": "per_scale=1 chains=3 chain_steps=400 candidates=2 rounds=1",
    "samples": "train=0 val=0 test=0",
}
QUICK = [
    word
    for section, settings in SETTINGS.items()
    for setting in settings.split()
    for word in ("--set", f"{section}.{setting}")
]
USELESS = {
    "empty": ("", "unreadable_object"),
    "nan": (obj_text(np.full((8, 3), np.nan), box()[1]), "unreadable_object"),
    "huge": (obj_text(box()[0] * 1e38, box()[1]), "object_extent"),
    "triangle": ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "too_few_faces"),
    "many": ("v 0 0 0\nv 1 0 0\nv 0 1 0\n" + "f 1 2 3\n" * 5001, "too_many_faces"),
}
HOSTILE = {
    "untextured": obj_text(*box(45, 130, 45), extra="mtllib none.mtl\nusemtl nothing"),
    "not_manifold": obj_text(*joined(box(40, 120, 40), box(40, 120, 40, (40, 120, 0)))),
}


def obman_gen(run, *words):
    result = CliRunner().invoke(main, ["--run", str(run), *words, "--scheduler", "serial"])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose objects are prepared and grasped."""
    home = tmp_path_factory.mktemp("run")
    source = home / "mine"
    (source / "categories.csv").parent.mkdir()
    (source / "categories.csv").write_text(
        "category,unit_m\nrods,0.001\njunk,0.001\nnothing,0.001\n"
    )
    rod = trimesh.creation.cylinder(28.0, 150.0, sections=16)
    rods = {"rod": obj_text(np.array(rod.vertices), np.array(rod.faces)), **HOSTILE}
    for category, texts in (
        ("rods", rods),
        ("junk", {k: text for k, (text, _) in USELESS.items()}),
    ):
        (source / category).mkdir()
        for name, text in texts.items():
            (source / category / f"{name}.obj").write_text(text)
    obman_gen(home / "run", "objects", *QUICK, "--set", f"objects.folder={source}")
    obman_gen(home / "run", "grasp")
    return home / "run"


def rejections(run):
    return [json.loads(line) for line in (run / "rejected.jsonl").read_text().splitlines()]


def of_grasping(run):
    return [line for line in rejections(run) if line["stage"] == "grasp"]


def test_useless_meshes_are_rejected_by_rule_and_the_others_go_on(run):
    told = {line["task"]: line["rule"] for line in rejections(run) if line["stage"] == "objects"}

    useless = {f"junk/{name}": rule for name, (_, rule) in USELESS.items()}
    assert told == {**useless, "nothing": "empty_category"}
    assert all(line["detail"] for line in rejections(run))
    files = {path.name.split("_0.")[0] for path in (run / "grasps").iterdir()}
    assert files == {"rods_rod", "rods_untextured", "rods_not-manifold"}
    assert any(load_grasps(path) for path in (run / "grasps").iterdir())


def test_every_candidate_thrown_out_is_counted_under_a_rule(run):
    told = of_grasping(run)

    assert told
    assert all(line["count"] >= 1 and line["rule"] for line in told)


def test_a_truncated_file_is_made_again_the_same_and_the_others_stay(run):
    paths = sorted((run / "grasps").iterdir())
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    broken = next(path for path in paths if load_grasps(path))
    whole, _ = before.pop(broken)
    broken.write_bytes(whole[: len(whole) // 2])

    obman_gen(run, "grasp")

    assert broken.read_bytes() == whole
    assert all(path.stat().st_mtime_ns == when for path, (_, when) in before.items())


def test_solids_damaged_since_are_told_and_the_others_are_grasped(run):
    """What is rejected once is tried again and forgotten when it has become whole."""
    records = {path.parent.name: path for path in (run / "objects").glob("*/*/object.json")}
    solids = run / "objects" / "solids" / f"{json.loads(records['rod'].read_text())['solids']}.npz"
    gone, whole = records["untextured"], records["untextured"].read_bytes()
    sound = solids.read_bytes()
    paths = sorted((run / "grasps").iterdir())
    before = {path: path.read_bytes() for path in paths}
    with np.load(solids) as file:
        arrays = dict(file)
    np.savez(solids, **arrays | {"surface_vertices": arrays["surface_vertices"] * np.nan})
    gone.unlink()
    for path in paths:
        path.unlink()

    obman_gen(run, "grasp")

    told = {line["object"]: line for line in of_grasping(run) if "object" in line}
    assert {name: line["rule"] for name, line in told.items()} == {
        f"rods/{name}": "unreadable_object" for name in ("rod", "untextured")
    }
    assert "holds no solid" in told["rods/rod"]["detail"]
    assert "holds no prepared object" in told["rods/untextured"]["detail"]
    assert [path.name.split("_0.")[0] for path in (run / "grasps").iterdir()] == [
        "rods_not-manifold"
    ]
    solids.write_bytes(sound)
    gone.write_bytes(whole)
    obman_gen(run, "grasp")
    assert {path: path.read_bytes() for path in paths} == before
    assert "unreadable_object" not in {line["rule"] for line in of_grasping(run)}


def test_released_grasps_take_the_place_of_planned_ones(run, tmp_path):
    """Our own planned grasp, written as ObMan's release is, comes back as it was."""
    path = next(path for path in sorted((run / "grasps").iterdir()) if load_grasps(path))
    content = json.loads(path.read_text())
    entry = content["grasps"][0]
    category, name = content["object_id"].split("/")
    bent = {**entry, "dofs": [2.0] * 16}
    released = {
        "object_cat": category,
        "object_id": name,
        "object_scale": 1000 * content["metres_per_unit"],
        "grasps": [{**one, "mano_trans": [entry["mano_trans"]]} for one in (bent, entry)],
    }
    (tmp_path / "meshnet_rods_scale_1.0.json").write_text(json.dumps(released))
    planned, whole = load_planned(path)[0], path.read_bytes()

    said = obman_gen(run, "grasp", "--import", str(tmp_path))

    assert "1 files imported" in said
    (back,) = load_grasps(path)
    (again,) = load_planned(path)
    for hand in (back.hand, again.hand):
        assert_allclose(hand.pose, planned.hand.pose)
        assert_allclose(hand.translation, planned.hand.translation)
    assert_allclose(back.measures.epsilon, entry["epsilon"])
    assert 0.0 <= back.measures.max_penetration_m < 0.01
    assert back.measures.directions_held >= 0
    assert {line["rule"] for line in rejections(run) if "meshnet" in line["task"]} == {
        "over_flexed"
    }
    path.write_bytes(whole)


def test_a_folder_of_other_objects_grasps_is_explained(run, tmp_path):
    (tmp_path / "x.json").write_text(
        '{"object_cat": "1", "object_id": "2", "object_scale": 3, "grasps": []}'
    )

    result = CliRunner().invoke(main, ["--run", str(run), "grasp", "--import", str(tmp_path)])

    assert result.exit_code == 1
    assert "none of the 1 JSON files" in result.output


def test_a_released_file_that_is_none_is_told(run, tmp_path):
    (tmp_path / "broken.json").write_text("{")

    result = CliRunner().invoke(main, ["--run", str(run), "grasp", "--import", str(tmp_path)])

    assert result.exit_code == 1
    assert "none of the 1 JSON files" in result.output
    (line,) = [line for line in rejections(run) if line["task"] == "broken"]
    assert line["rule"] == "unreadable_grasps"
    assert "broken.json is not JSON" in line["detail"]


def test_a_folder_without_permission_is_named():
    with everybodys_folder() as home:
        (home / "shut").mkdir()
        with closed(home / "shut"), as_nobody(), pytest.raises(InputError, match="Permission den"):
            released_files(home / "shut")
