import numpy as np
import pytest
from numpy.testing import assert_allclose

from obman_gen.bodies import load_body_model
from obman_gen.hands import load_hand_model
from obman_gen.hands.export import export_models
from obman_gen.hands.unpickle import read_pickle


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    out = tmp_path_factory.mktemp("models")
    right, left = (load_hand_model(side=side).asset for side in ("right", "left"))
    paths = list(export_models(right, left, load_body_model().asset, out))
    return paths[0].parent


@pytest.mark.parametrize("side", ["right", "left"])
def test_an_exported_hand_reads_back_as_the_same_model(exported, side):
    original = load_hand_model(side=side)
    pose = np.random.default_rng(0).normal(0, 0.4, (2, 45))

    back = load_hand_model(exported / f"MANO_{side.upper()}.pkl", side=side)

    import torch

    given = {"pose": torch.as_tensor(pose), "betas": torch.ones(2, 10).double()}
    expected = original.in_double()(**given).vertices.numpy()
    assert_allclose(back.in_double()(**given).vertices.numpy(), expected, atol=1e-9)


def test_an_exported_body_reads_back_as_the_same_model(exported):
    original, back = load_body_model(), load_body_model(exported)

    assert_allclose(back.template, original.template, atol=0)
    assert_allclose(back.asset.weights, original.asset.weights, atol=0)


def test_the_roots_parent_is_written_as_the_original_files_have_it(exported):
    content = read_pickle(exported / "MANO_RIGHT.pkl")

    assert content["kintree_table"][0, 0] == 4294967295
    assert content["J_regressor"].shape == (16, len(content["v_template"]))
