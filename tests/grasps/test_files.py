"""Grasp files, ours and ObMan's released ones: what is read, and what is said when it cannot."""

import json
import math

import numpy as np
import pytest
from grasps.holding import hand
from numpy.testing import assert_allclose

from obman_gen.errors import InputError
from obman_gen.grasps.files import StoredGrasp, grasp_path, load_grasps, save_grasps
from obman_gen.grasps.released import read_released
from obman_gen.sample import Grasp, GraspMeasures

OBJECT = "02876657/1071fa4c"


def test_a_measure_not_taken_comes_back_as_such(tmp_path):
    measures = GraspMeasures(0.1, 0.2, 0.3)
    stored = StoredGrasp(Grasp(OBJECT, 0.2, hand(), measures), {}, measures)
    path = grasp_path(tmp_path, OBJECT, 0.2)

    save_grasps(path, OBJECT, 0.2, "open", [stored])

    assert path.name == "02876657_1071fa4c_0.200000.json"
    assert "NaN" not in path.read_text()
    (back,) = load_grasps(path)
    assert math.isnan(back.measures.max_penetration_m)
    assert math.isnan(back.measures.directions_held)


def test_a_file_of_before_there_were_six_directions_is_read(tmp_path):
    path = tmp_path / "old.json"
    measures = GraspMeasures(0.1, 0.2, 0.3, 0.001, 1e-7, 0.002, 5)
    stored = StoredGrasp(Grasp(OBJECT, 0.2, hand(), measures), {}, measures)
    save_grasps(path, OBJECT, 0.2, "open", [stored])
    content = json.loads(path.read_text())
    for name in ("fingers_in_contact", "palm_in_contact", "directions_held"):
        del content["grasps"][0]["measures"][name]
    path.write_text(json.dumps(content))

    (back,) = load_grasps(path)

    assert back.measures.links_in_contact == 5
    assert math.isnan(back.measures.directions_held)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("{", "delete it and run grasp again"),
        ("{}", "is not a grasp file"),
        ('{"format": "other 7"}', "has format 'other 7', need 'obman-gen grasps 1'"),
        ("[1]", "is not a grasp file"),
    ],
)
def test_what_is_no_grasp_file_is_named(text, message, tmp_path):
    path = tmp_path / "broken.json"
    path.write_text(text)

    with pytest.raises(InputError, match=message):
        load_grasps(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone.json cannot be read: No such file"):
        load_grasps(tmp_path / "gone.json")


def released(tmp_path, **changes):
    """A made-up file in the layout of ObMan's."""
    rng = np.random.default_rng(0)
    entry = {
        "pose": rng.normal(size=7).tolist(),
        "dofs": [0.1] * 16,
        "mano_pose": rng.normal(0, 0.3, 48).tolist(),
        "mano_trans": [rng.normal(0, 0.1, 3).tolist()],
        "quality": 0.5,
        "epsilon": 0.05,
        "volume": 0.4,
    } | changes
    content = {
        "object_cat": "02876657",
        "object_id": "1071fa4c",
        "object_scale": 125.0,
        "grasps": [entry],
    }
    path = tmp_path / "meshnet_02876657_1071fa4c_scale_125.0.json"
    path.write_text(json.dumps(content))
    return path, entry


def test_a_released_grasp_is_read_in_our_units(tmp_path):
    path, entry = released(tmp_path)

    file = read_released(path)

    assert file.object_id == OBJECT
    assert_allclose(file.metres_per_unit, 0.125)
    (one,) = file.grasps
    assert_allclose(one.grasp.hand.global_orient, entry["mano_pose"][:3])
    assert_allclose(one.grasp.hand.pose, entry["mano_pose"][3:])
    assert_allclose(one.grasp.hand.translation, entry["mano_trans"][0])
    assert one.grasp.measures.epsilon == 0.05
    assert not one.is_over_flexed


@pytest.mark.parametrize(("degrees", "is_over_flexed"), [(83.4, False), (83.6, True)])
def test_obmans_rule_for_bent_joints_counts_from_the_bent_rest(degrees, is_over_flexed, tmp_path):
    """The index's middle joint is bent by 10.5 degrees at rest; 94 are allowed."""
    dofs = [0.0] * 16
    dofs[2] = np.deg2rad(degrees)

    (one,) = read_released(released(tmp_path, dofs=dofs)[0]).grasps

    assert one.is_over_flexed == is_over_flexed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mano_pose": [0.0] * 47}, "mano_pose has 47 numbers, need 48"),
        ({"mano_trans": []}, "mano_trans has 0 numbers, need 3"),
        ({"dofs": "no"}, "is not a file of ObMan's shapenet_grasps"),
        ({"quality": None}, "is not a file of ObMan's shapenet_grasps"),
    ],
)
def test_a_wrong_released_file_is_explained(changes, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_released(released(tmp_path, **changes)[0])
