import numpy as np
import pytest
import torch
from hands import twin
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from obman_gen.hands import load_hand_model
from obman_gen.hands.model import JOINTS_21, HandModel, mirrored
from obman_gen.hands.pose_prior import HandPosePrior
from obman_gen.hands.skinning import rotation_matrices

FLOAT32_M = 2e-7  # a hand's 0.3 m in float32, a few roundings


@pytest.fixture(scope="module")
def hand():
    return load_hand_model()


@pytest.fixture(scope="module")
def poses(hand):
    return HandPosePrior(hand).sample_many(np.random.default_rng(3), 8)


def tensors(**arrays):
    return {name: torch.as_tensor(array, dtype=torch.float64) for name, array in arrays.items()}


def random_parameters(poses, seed=0):
    rng = np.random.default_rng(seed)
    count = len(poses)
    return {
        "global_orient": rng.normal(size=(count, 3)),
        "pose": poses,
        "betas": rng.normal(size=(count, 10)),
        "translation": rng.normal(size=(count, 3)),
    }


def test_rest_pose_is_the_template_exactly(hand):
    assert_allclose(hand.in_double()().vertices[0].numpy(), hand.template, atol=1e-8)


def test_agrees_with_the_one_joint_at_a_time_twin(hand, poses):
    given = random_parameters(poses)

    output = hand.in_double()(**tensors(**given))

    for index in range(len(poses)):
        rotvecs = np.concatenate([given["global_orient"][index], poses[index]]).reshape(16, 3)
        vertices, joints = twin.skin(
            hand.asset, rotvecs, given["betas"][index], given["translation"][index]
        )
        # Constants are kept in float32; sums are float64.
        assert_allclose(output.vertices[index].numpy(), vertices, atol=1e-6)
        assert_allclose(output.joints[index].numpy()[JOINTS_21 < 16][0], joints[0], atol=1e-6)


def test_float32_is_float64_to_rounding(hand, poses):
    given = tensors(**random_parameters(poses))

    single = hand(**{name: value.float() for name, value in given.items()}).vertices

    assert_allclose(single.numpy(), hand.in_double()(**given).vertices.numpy(), atol=20 * FLOAT32_M)


def test_turning_the_wrist_turns_the_hand_about_its_wrist_joint(hand, poses):
    given = random_parameters(poses)
    extra = Rotation.from_rotvec([0.4, -1.1, 0.7])
    turned = dict(given)
    turned["global_orient"] = (extra * Rotation.from_rotvec(given["global_orient"])).as_rotvec()

    before = hand.in_double()(**tensors(**given))
    after = hand.in_double()(**tensors(**turned))

    wrist = before.joints[:, :1].numpy()
    offsets = before.vertices.numpy() - wrist
    assert_allclose(after.vertices.numpy(), offsets @ extra.as_matrix().T + wrist, atol=1e-9)


def test_bones_keep_their_lengths_in_every_pose(hand, poses):
    betas = np.random.default_rng(1).normal(size=(1, 10))

    rest = hand.in_double()(**tensors(betas=betas)).joints.numpy()
    posed = hand.in_double()(**tensors(pose=poses, betas=np.repeat(betas, len(poses), 0))).joints

    for finger in range(5):
        chain = [0, *range(1 + 4 * finger, 4 + 4 * finger)]  # without the tip, which is skin
        lengths = np.linalg.norm(np.diff(posed[:, chain].numpy(), axis=1), axis=2)
        expected = np.linalg.norm(np.diff(rest[:, chain], axis=1), axis=2)
        assert_allclose(lengths, np.repeat(expected, len(poses), 0), atol=1e-9)


@pytest.mark.parametrize("joint", range(15))
def test_a_single_joint_turns_what_follows_and_nothing_before(hand, joint):
    pose = np.zeros((1, 45))
    pose[0, 3 * joint : 3 * joint + 3] = (0.2, -0.1, 0.5)

    rest = hand.in_double()().joints[0].numpy()
    posed = hand.in_double()(**tensors(pose=pose)).joints[0].numpy()

    row = int(np.flatnonzero(joint + 1 == JOINTS_21)[0])
    finger_end = row + (3 - joint % 3)  # the tip's row
    before = [k for k in range(21) if not row < k <= finger_end]
    turn = Rotation.from_rotvec(pose[0, 3 * joint : 3 * joint + 3]).as_matrix()
    after = range(row + 1, finger_end)  # joints; the tip also follows the skin's correctives
    assert_allclose(posed[before], rest[before], atol=1e-9)
    for k in after:
        assert_allclose(posed[k] - posed[row], turn @ (rest[k] - rest[row]), atol=1e-9)


def test_gradients_are_right_in_float64(hand, poses):
    model = hand.in_double()
    given = tensors(**random_parameters(poses[:1]))
    given["pose"][0, :6] = 0  # where a naive Rodrigues formula divides by zero

    def some_vertices(orient, pose, betas, translation):
        return model(orient, pose, betas, translation).vertices[:, ::500]

    inputs = [given[name].requires_grad_() for name in given]

    assert torch.autograd.gradcheck(some_vertices, inputs, atol=1e-6)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 1.0, np.pi - 1e-7, np.pi, 2 * np.pi])
def test_rotation_matrices_are_exact_at_every_angle(angle):
    axis = np.array([2.0, -1.0, 2.0]) / 3

    made = rotation_matrices(torch.as_tensor(angle * axis)).numpy()

    assert_allclose(made, Rotation.from_rotvec(angle * axis).as_matrix(), atol=1e-14)


def test_mirroring_twice_is_the_identity(hand):
    twice = mirrored(mirrored(hand.asset))

    for name in ("template", "faces", "pose_directions", "hands_mean", "joint_limits_rad"):
        assert_allclose(getattr(twice, name), getattr(hand.asset, name), atol=0)


def test_a_mirrored_hand_is_the_mirror_image_in_every_pose(hand, poses):
    flip, turn = np.array([-1.0, 1.0, 1.0]), np.array([1.0, -1.0, -1.0])
    given = random_parameters(poses)
    other = dict(given)
    other["global_orient"] = given["global_orient"] * turn
    other["pose"] = poses * np.tile(turn, 15)
    other["translation"] = given["translation"] * flip

    right = hand.in_double()(**tensors(**given)).vertices.numpy()
    left = HandModel(mirrored(hand.asset)).in_double()(**tensors(**other)).vertices.numpy()

    assert_allclose(left, right * flip, atol=1e-9)


def test_principal_components_round_trip(hand, poses):
    coefficients = hand.pca_from_pose(poses)

    assert_allclose(hand.pose_from_pca(coefficients), poses, atol=1e-12)
    assert_allclose(hand.pca_from_pose(hand.hands_mean), np.zeros(45), atol=1e-12)


def test_flat_hand_mean_says_where_the_coefficients_count_from(hand):
    coefficients = np.random.default_rng(9).normal(size=(3, 6))
    whole = coefficients @ hand.hands_components[:6]

    assert_allclose(hand.pose_from_pca(coefficients, flat_hand_mean=True), whole)
    assert_allclose(hand.pose_from_pca(coefficients), hand.hands_mean + whole)


@pytest.mark.parametrize("joint", [0, 9, 20])
def test_centring_moves_the_joint_to_the_origin_and_nothing_else(hand, poses, joint):
    output = hand.in_double()(**tensors(pose=poses))

    centred = output.centred(joint)

    assert not centred.joints[:, joint].any()
    edges = [posed.vertices[:, 1:] - posed.vertices[:, :1] for posed in (output, centred)]
    assert_allclose(edges[1].numpy(), edges[0].numpy(), atol=1e-15)


def test_a_few_components_carry_most_of_the_postures(hand):
    """Six of 45 must explain over 80 % (the prototype: 89 %), or 6-component models fail."""
    poses = HandPosePrior(hand).sample_many(np.random.default_rng(8), 400)

    kept = hand.pose_from_pca(hand.pca_from_pose(poses)[:, :6])

    assert np.square(poses - kept).sum() < 0.2 * np.square(poses - hand.hands_mean).sum()


def test_closed_hand_is_watertight_and_keeps_its_vertices(hand):
    import trimesh

    vertices, faces = hand.close_boundary(hand.template)

    closed = trimesh.Trimesh(vertices, faces, process=False)
    assert closed.is_watertight
    assert closed.is_winding_consistent
    assert closed.volume > 1e-4
    assert_allclose(vertices[: len(hand.template)], hand.template, atol=0)


def test_fingertips_are_where_joints_end(hand):
    joints = hand.in_double()().joints[0].numpy()

    for finger in range(5):
        tip, last = joints[4 + 4 * finger], joints[3 + 4 * finger]
        assert 0.012 < np.linalg.norm(tip - last) < 0.035


def test_the_open_hand_has_the_size_of_a_hand(hand):
    """Wrist to middle tip 188 +- 20 mm covers both sexes' means (193 and 175 mm)."""
    joints = hand.in_double()().joints[0].numpy()

    assert 0.168 < np.linalg.norm(joints[12] - joints[0]) < 0.208
