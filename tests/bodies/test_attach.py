import numpy as np
import pytest
from numpy.testing import assert_allclose

from obman_gen.bodies import attach, load_body_model
from obman_gen.bodies.pose_sources import HoldingPoses
from obman_gen.errors import InputError
from obman_gen.hands import load_hand_model
from obman_gen.hands.pose_prior import HandPosePrior
from obman_gen.sample import HandParameters


@pytest.fixture(scope="module")
def models():
    return load_hand_model(), load_body_model()


def random_hand(hand_model, seed):
    rng = np.random.default_rng(seed)
    return HandParameters(
        global_orient=rng.normal(size=3),
        pose=HandPosePrior(hand_model).sample(rng),
        betas=rng.normal(size=10),
        translation=rng.normal(size=3),
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_bodys_hand_is_the_given_hand(models, seed):
    hand_model, body_model = models
    hand = random_hand(hand_model, seed)
    rng = np.random.default_rng(100 + seed)

    body = attach(hand_model, body_model, hand, HoldingPoses().sample(rng), rng.normal(size=10))

    vertices, _ = body_model.vertices_of(body, hand.betas)
    expected, _ = hand_model.vertices_of(hand)
    beyond_cuff = hand_model.weights[:, 0] < 0.999  # the cuff also follows the forearm
    found = vertices[body_model.hand_vertex_ids]
    assert_allclose(found[beyond_cuff], expected[beyond_cuff], atol=1e-4)


def test_body_shape_leaves_the_hands_alone(models):
    hand_model, body_model = models
    hand = random_hand(hand_model, 0)
    pose = HoldingPoses().sample(np.random.default_rng(0))

    hands = []
    for betas in (np.zeros(10), np.full(10, 1.5)):
        body = attach(hand_model, body_model, hand, pose, betas)
        hands.append(body_model.vertices_of(body, hand.betas)[0][body_model.hand_vertex_ids])

    assert_allclose(hands[0], hands[1], atol=1e-6)


def test_left_hands_are_refused_with_the_way_out(models):
    hand_model, body_model = models
    left = HandParameters(np.zeros(3), np.zeros(45), np.zeros(10), np.zeros(3), side="left")

    with pytest.raises(InputError, match="only right hands"):
        attach(hand_model, body_model, left, np.zeros(153), np.zeros(10))
