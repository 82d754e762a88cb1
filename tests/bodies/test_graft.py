"""A hand file and a body file that are two models, as MANO and SMPL+H are: made from the open pair
by shuffling the body's vertices, deforming its hand, and dropping all that says which is which.
"""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from obman_gen.bodies import BodyModel, attach, load_body_model
from obman_gen.bodies.graft import body_for, match_hand
from obman_gen.bodies.pose_sources import HoldingPoses
from obman_gen.errors import InputError
from obman_gen.hands import HandModel, HandPosePrior, load_hand_model
from obman_gen.sample import HandParameters


@pytest.fixture(scope="module")
def hand():
    return load_hand_model()


@pytest.fixture(scope="module")
def stranger():
    """Return the open body as a file of another family would be, and the hand's true vertices."""
    open_body = load_body_model().asset
    rng = np.random.default_rng(0)
    order = rng.permutation(len(open_body.template))
    place = np.argsort(order)
    template = open_body.template.copy()
    ids = open_body.hand_vertex_ids
    template[ids] += 0.001 * np.sin(60 * template[ids])
    body = replace(
        open_body,
        template=template[order],
        faces=place[open_body.faces],
        shape_directions=open_body.shape_directions[order],
        pose_directions=open_body.pose_directions[order],
        joint_regressor=open_body.joint_regressor[:, order],
        weights=open_body.weights[order],
        hand_vertex_ids=np.zeros(0, int),
        hand_shape_directions=np.zeros((0, 3, 0)),
        regions={},
        atlas=None,
    )
    return BodyModel(body), place[ids]


def test_matching_finds_the_hand_in_the_body(hand, stranger):
    body, ids = stranger

    assert_array_equal(match_hand(hand.asset, body.asset), ids)


@pytest.mark.parametrize("seed", range(3))
def test_a_grafted_body_has_the_hand_models_hand(hand, stranger, seed):
    rng = np.random.default_rng(seed)
    pose = HandPosePrior(hand).sample(rng)
    held = HandParameters(rng.normal(size=3), pose, rng.normal(size=10), rng.normal(size=3))
    body = body_for(hand, stranger[0])

    parameters = attach(hand, body, held, HoldingPoses().sample(rng), rng.normal(size=10))

    vertices, _ = body.vertices_of(parameters, held.betas)
    expected, _ = hand.vertices_of(held)
    beyond_cuff = hand.weights[:, 0] < 0.999
    found = vertices[body.hand_vertex_ids]
    assert_allclose(found[beyond_cuff], expected[beyond_cuff], atol=1e-4)


def test_the_seam_stays_closed(hand, stranger):
    """No edge near the cuff may grow by more than the graft moved the hand."""
    body, ids = stranger
    grafted = body_for(hand, body)

    edges = np.sort(body.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    crossing = edges[np.isin(edges, ids).sum(axis=1) == 1]
    before = np.linalg.norm(np.diff(body.template[crossing], axis=1)[:, 0], axis=1)
    after = np.linalg.norm(np.diff(grafted.template[crossing], axis=1)[:, 0], axis=1)

    assert_allclose(after, before, atol=0.002)


def test_a_correspondence_file_is_taken_at_its_word(hand, stranger, tmp_path):
    body, ids = stranger
    path = tmp_path / "ids.json"
    path.write_text(json.dumps(ids.tolist()))

    assert_array_equal(body_for(hand, body, path).hand_vertex_ids, ids)


def test_the_open_pair_is_left_as_it_is(hand):
    body = load_body_model()

    assert body_for(hand, body) is body


def test_a_hand_of_another_family_is_refused_with_the_way_out(hand, stranger):
    body, _ = stranger
    bigger = HandModel(replace(hand.asset, template=1.4 * hand.asset.template))

    with pytest.raises(InputError, match="is no part of body model"):
        body_for(bigger, body)


def test_a_short_correspondence_is_refused(hand, stranger, tmp_path):
    path = tmp_path / "ids.json"
    path.write_text("[1, 2, 3]")

    with pytest.raises(InputError, match=r"3 vertex numbers up to 3, need 1669 below 13718"):
        body_for(hand, stranger[0], path)
