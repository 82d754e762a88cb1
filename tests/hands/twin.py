"""The model written the slow, obvious way: one vertex sum, one joint after the other."""

import numpy as np
from scipy.spatial.transform import Rotation


def skin(asset, rotvecs, betas, translation):
    """Return (vertex, 3) and (joint, 3) of one posed model; ``rotvecs`` is (joint, 3)."""
    turns = Rotation.from_rotvec(rotvecs).as_matrix()
    shaped = asset.template + asset.shape_directions @ betas
    joints = asset.joint_regressor @ shaped
    features = (turns[1:] - np.eye(3)).ravel()
    corrected = shaped + asset.pose_directions @ features
    motions = []
    for joint, parent in enumerate(asset.parents):
        local = np.eye(4)
        local[:3, :3] = turns[joint]
        local[:3, 3] = joints[joint] - (joints[parent] if parent >= 0 else 0)
        motions.append(local if parent < 0 else motions[parent] @ local)
    posed_joints = np.array([motion[:3, 3] for motion in motions])
    vertices = np.zeros_like(corrected)
    for joint, motion in enumerate(motions):
        moved = (corrected - joints[joint]) @ motion[:3, :3].T + motion[:3, 3]
        vertices += asset.weights[:, [joint]] * moved
    return vertices + translation, posed_joints + translation
