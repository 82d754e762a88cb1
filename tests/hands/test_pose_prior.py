import numpy as np
import pytest

from obman_gen.hands import load_hand_model
from obman_gen.hands.pose_prior import HandPosePrior


@pytest.fixture(scope="module")
def hand():
    return load_hand_model()


def test_draws_stay_within_the_joint_limits(hand):
    poses = HandPosePrior(hand).sample_many(np.random.default_rng(0), 200)

    low, high = hand.joint_limits_rad.T
    assert (poses >= low).all()
    assert (poses <= high).all()


def test_same_generator_same_postures(hand):
    one, two = (HandPosePrior(hand).sample_many(np.random.default_rng(5), 9) for _ in range(2))

    np.testing.assert_array_equal(one, two)


def test_fewer_than_one_draw_in_a_hundred_has_fingers_inside_each_other(hand):
    """Judged on the skin, not by the capsules that the prior itself tests: the deepest vertex
    of a finger inside the closed surface of another finger's outer two phalanges.
    """
    import igl

    count = 150
    poses = HandPosePrior(hand).sample_many(np.random.default_rng(1), count)
    bones = hand.weights.argmax(axis=1)
    pieces = [_finger_piece(hand.faces, bones, finger) for finger in range(5)]
    deep = 0
    for pose in poses:
        vertices = _posed(hand, pose)
        deepest = 0.0
        for one in range(5):
            points = vertices[np.isin(bones, [3 * one + 2, 3 * one + 3])]
            for other in set(range(5)) - {one}:
                kept, faces = pieces[other]
                surface = vertices[kept]
                inside = np.asarray(igl.fast_winding_number(surface, faces, points)) > 0.5
                if inside.any():
                    distance = igl.point_mesh_squared_distance(points[inside], surface, faces)[0]
                    deepest = max(deepest, float(np.sqrt(distance.max())))
        deep += deepest > 0.002

    assert deep <= 0.01 * count + 1


def _finger_piece(faces, bones, finger):
    mine = np.isin(bones, [3 * finger + 1, 3 * finger + 2, 3 * finger + 3])[faces].all(axis=1)
    kept, index = np.unique(faces[mine], return_inverse=True)
    return kept, index.reshape(-1, 3).astype(np.int64)


def _posed(hand, pose):
    from obman_gen.sample import HandParameters

    zero = np.zeros(3)
    return hand.vertices_of(HandParameters(zero, pose, np.zeros(10), zero))[0]
