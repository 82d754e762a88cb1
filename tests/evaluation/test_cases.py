from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from obman_gen.metrics.surfaces import distance_to_surface
from obman_gen.streams import RandomStreams
from obman_gen.training.checkpoints import load_model
from obman_gen.training.evaluation_cases import CaseSource
from obman_gen.training.evaluation_measures import contact_values, measure


@pytest.fixture(params=["checkpoint", "left_checkpoint"])
def source(request, run):
    """Right hands as a model of right hands sees them, and one of left hands: mirrored."""
    model, info = load_model(request.getfixturevalue(request.param))
    return CaseSource.open(model, info.config, (run, "test", "ho"))


def test_every_sample_is_a_case_in_order(source):
    assert [case.sample_id for case in source.cases()] == [f"test-{i:08d}" for i in range(5)]


def test_true_object_hand_and_points_share_a_frame(source):
    hand = source.model.hand
    for case in source.cases():
        true = case.true
        off = distance_to_surface(case.surface_points, true.object_vertices, true.object_faces)
        tips = true.hand_vertices[hand.tip_ids]
        assert_allclose(off, 0, atol=1e-6)
        assert_allclose(tips, true.hand_joints[[4, 8, 12, 16, 20]], atol=1e-6)
        assert_allclose(true.hand_joints[0], 0, atol=1e-7)


def test_another_root_moves_each_side_to_its_own(run, checkpoint):
    model, info = load_model(checkpoint)
    source = CaseSource.open(model, info.config, (run, "test", "ho"), root_joint=9)

    case = next(source.cases())

    assert_allclose(case.true.hand_joints[9], 0, atol=1e-9)
    assert_allclose(case.predicted.hand_joints[9], 0, atol=1e-9)
    off = distance_to_surface(
        case.surface_points, case.true.object_vertices, case.true.object_faces
    )
    assert_allclose(off, 0, atol=1e-6)


def test_every_sample_of_a_split_is_a_case_of_a_model_trained_on_a_share_of_it(run, checkpoint):
    model, info = load_model(checkpoint)
    config = replace(info.config, fraction=0.5)

    cases = list(CaseSource.open(model, config, (run, "train", "ho")).cases())

    assert [case.sample_id for case in cases] == ["train-00000000", "train-00000001"]


def test_a_sample_is_read_once(source, monkeypatch):
    read = []
    one = type(source.source).__getitem__
    monkeypatch.setattr(
        type(source.source), "__getitem__", lambda self, at: (read.append(at), one(self, at))[1]
    )

    list(source.cases())

    assert read == list(range(5))


def test_the_shape_alone_is_measured_as_decoded_whatever_the_size_and_place(source):
    """Objects alone teach neither: a size of a billionth or a mirroring one may come out."""
    case = next(source.cases())
    spoilt = replace(case.predicted, object_vertices=-1e-9 * case.predicted.object_vertices)

    values = [
        measure(
            replace(case, predicted=predicted),
            source.model.hand,
            RandomStreams(0, "test")("shape"),
            "o",
            simulate=False,
        ).values
        for predicted in (case.predicted, spoilt)
    ]

    assert values[0] == values[1]


def test_truth_against_itself_is_perfect(source):
    case = next(source.cases())
    rng = RandomStreams(0, "test")("truth")

    values, errors_m = measure(
        replace(case, predicted=case.true), source.model.hand, rng, "ho", simulate=False
    )

    assert errors_m is not None
    assert_allclose(errors_m, 0, atol=0)
    zero = [name for name in values if name.startswith(("hand_error", "mesh_error"))]
    assert len(zero) == 8
    assert_allclose([values[name] for name in zero], 0, atol=1e-9)
    assert all(values[f"hand_f{kind}_{mm}mm"] == 1 for kind in ("", "_pa") for mm in (5, 15))
    assert values["object_f_5mm"] == 1
    # Two draws of 30,000 points on one surface of at most 400 cm^2 are 400 / (30,000 pi) apart.
    assert values["object_surface_chamfer_cm2"] < 2 * 400 / (30_000 * np.pi)


def test_what_a_picture_does_not_show_is_not_measured(source):
    case = next(source.cases())
    rng = RandomStreams(0, "test")("kinds")

    shape, no_joints = measure(case, source.model.hand, rng, "o", simulate=False)
    hand, _ = measure(case, source.model.hand, rng, "h", simulate=False)

    assert set(shape) == {"object_chamfer_unit_sphere"}
    assert no_joints is None
    assert all(name.startswith(("hand_", "mesh_")) for name in hand)


def test_contact_of_a_prediction_is_reported_in_millimetres_and_cm3(source):
    case = next(source.cases())
    centre = case.predicted.hand_vertices.mean(axis=0)
    small = 0.01 * case.predicted.object_vertices / np.abs(case.predicted.object_vertices).max()
    inside = replace(case.predicted, object_vertices=small - small.mean(axis=0) + centre)
    away = replace(case.predicted, object_vertices=small + 1.0)

    touching = contact_values(inside, source.model.hand, simulate=False)
    apart = contact_values(away, source.model.hand, simulate=True)

    assert 0 <= touching["intersection_volume_cm3"] <= 8.1
    assert apart["contact_ratio"] == apart["max_penetration_mm"] == 0
    assert apart["intersection_volume_cm3"] == apart["obman_intersection_volume_cm3"] == 0
    assert_allclose(apart["simulation_displacement_mm"], 106.8, atol=0.2)
