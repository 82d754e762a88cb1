import numpy as np
import pytest
import torch
from hands import twin
from numpy.testing import assert_allclose

from obman_gen.bodies import load_body_model
from obman_gen.bodies.pose_sources import WRIST_R, HoldingPoses


@pytest.fixture(scope="module")
def body():
    return load_body_model()


def test_agrees_with_the_one_joint_at_a_time_twin(body):
    rng = np.random.default_rng(0)
    pose, betas = HoldingPoses().sample(rng), rng.normal(size=10)
    orient, shift = rng.normal(size=3), rng.normal(size=3)

    output = body.in_double()(
        *(torch.as_tensor(part[None]) for part in (orient, pose, betas, shift))
    )

    rotvecs = np.concatenate([orient, pose]).reshape(52, 3)
    vertices, joints = twin.skin(body.asset, rotvecs, betas, shift)
    assert_allclose(output.vertices[0].numpy(), vertices, atol=1e-6)
    assert_allclose(output.joints[0].numpy(), joints, atol=1e-6)


@pytest.mark.parametrize("twist_deg", [-75, 75])
def test_a_twisted_forearm_keeps_its_girth(body, twist_deg):
    """Cross-sections between elbow and wrist lose at most a tenth of their mean radius."""
    pose = np.zeros((52, 3))
    pose[WRIST_R, 0] = np.radians(twist_deg)
    rest, twisted = (
        body.in_double()(pose=torch.as_tensor(given[1:].reshape(1, -1))).vertices[0].numpy()
        for given in (np.zeros((52, 3)), pose)
    )
    joints = body.in_double()().joints[0].numpy()
    elbow, wrist = joints[19], joints[21]
    axis = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    along = (rest - elbow) @ axis / np.linalg.norm(wrist - elbow)
    arm = body.weights[:, 19] + body.weights[:, 21] > 0.99

    for low in np.arange(0.3, 0.99, 0.1):
        ring = arm & (along > low) & (along < low + 0.1)
        before, after = (_mean_radius(vertices[ring], elbow, axis) for vertices in (rest, twisted))
        assert after > 0.9 * before


def _mean_radius(points, origin, axis):
    offsets = points - origin
    across = offsets - (offsets @ axis)[:, None] * axis
    return np.linalg.norm(across - across.mean(axis=0), axis=1).mean()
