"""Correctives of the forearm: a turned hand turns the forearm's skin with it, bit by bit.

The radius turns about the ulna, so skin near the elbow stays and skin at the wrist follows the
hand. Linear blending does all of it within the wrist, which then collapses like a candy
wrapper. The target turns each cross-section by its share of the twist and blends the rest of
the wrist's rotation over it; what linear blending lacks is regressed on the wrist's ``R - I``.
"""

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

TWIST_BEGINS, TWIST_ENDS = 0.12, 0.94
"""Share of the way from elbow to wrist where skin starts to turn, and where it turns fully."""
RANGE_DEG = np.array([(-85.0, 85.0), (-25.0, 25.0), (-60.0, 60.0)])
"""Of the wrist's turns about the forearm, sideways, and in flexion; drawn evenly."""
POSE_SEED, POSE_COUNT = 11, 400
RIDGE = 1e-3
NO_FOREARM = 0.005
"""Skin that follows the elbow joint less than this belongs to the hand or the upper arm."""


def forearm_correctives(
    template: Float[np.ndarray, "vertex 3"],
    wrist_weights: Float[np.ndarray, "vertex"],
    arm_weights: Float[np.ndarray, "vertex"],
    elbow: Float[np.ndarray, "3"],
    wrist: Float[np.ndarray, "3"],
) -> Float[np.ndarray, "vertex 3 9"]:
    """Return metres per unit of the wrist's ``R - I``.

    Args:
        template: the rest body.
        wrist_weights: how much each vertex follows the wrist joint.
        arm_weights: how much it follows the elbow joint, which turns the forearm.
        elbow: the joint at rest.
        wrist: the joint at rest.
    """
    concerned = np.flatnonzero(arm_weights > NO_FOREARM)
    points, weights = template[concerned] - wrist, wrist_weights[concerned]
    axis = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    along = 1 + points @ axis / np.linalg.norm(wrist - elbow)
    share = np.clip((along - TWIST_BEGINS) / (TWIST_ENDS - TWIST_BEGINS), 0, 1)
    share *= np.clip(wrist_weights[concerned] + arm_weights[concerned], 0, 1)
    rng = np.random.default_rng(POSE_SEED)
    low, high = RANGE_DEG.T
    angles = np.radians(rng.uniform(low, high, (POSE_COUNT, 3)))
    features = np.zeros((POSE_COUNT, 9))
    residuals = np.zeros((POSE_COUNT, len(concerned), 3))
    for row, (twist, sideways, flexion) in enumerate(angles):
        swing = Rotation.from_euler("yz", (sideways, flexion))
        turn = swing * Rotation.from_rotvec(twist * axis)
        section = Rotation.from_rotvec(twist * share[:, None] * axis)
        rest = (section.inv() * turn).as_rotvec() * weights[:, None]
        target = (section * Rotation.from_rotvec(rest)).apply(points)
        features[row] = (turn.as_matrix() - np.eye(3)).ravel()
        blended = np.eye(3) + weights[:, None, None] * (turn.as_matrix() - np.eye(3))
        residuals[row] = np.linalg.solve(blended, target[..., None])[..., 0] - points
    system = features.T @ features / POSE_COUNT + RIDGE * np.eye(9)
    solved = np.linalg.solve(system, features.T @ residuals.reshape(POSE_COUNT, -1) / POSE_COUNT)
    directions = np.zeros((len(template), 3, 9))
    directions[concerned] = solved.T.reshape(len(concerned), 3, 9)
    return directions
