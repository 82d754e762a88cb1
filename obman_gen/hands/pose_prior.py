"""Draw natural hand postures: mixtures of templates, without fingers inside one another."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float

from obman_gen.hands.skinning import rotation_matrices

if TYPE_CHECKING:
    from obman_gen.hands.model import HandModel

MIXTURE = 0.25
"""Dirichlet concentration: below 1, a draw is mostly one or two templates."""
NOISE_RAD = 0.05
PHALANX_RADII_M = np.array([0.0085, 0.0075, 0.0065])
"""Capsule radii from the palm outwards; thumbs are thicker by `THUMB_EXTRA_M`."""
THUMB_EXTRA_M = 0.001
ALLOWED_OVERLAP_M = 0.002
BATCH = 64


class PosturePrior:
    """Samples the 45 finger coordinates of a hand of given joints."""

    def __init__(
        self,
        templates: Float[np.ndarray, "posture 45"],
        limits_rad: Float[np.ndarray, "45 2"],
        joints: Float[np.ndarray, "16 3"],
        tips: Float[np.ndarray, "5 3"],
    ):
        """Take postures to mix and the rest joints (MANO order) and tips (thumb first), metres."""
        self._templates, self._limits = templates, limits_rad
        self._joints, self._tips = joints, tips[[1, 2, 4, 3, 0]]

    def sample(self, rng: np.random.Generator) -> Float[np.ndarray, "45"]:
        """Draw one posture."""
        return self.sample_many(rng, 1)[0]

    def sample_many(self, rng: np.random.Generator, count: int) -> Float[np.ndarray, "pose 45"]:
        """Draw postures whose finger capsules overlap by less than 2 mm."""
        kept: list[np.ndarray] = []
        while len(kept) < count:
            drawn = self._mix(rng)
            kept.extend(drawn[~self.fingers_cross(drawn)])
        return np.array(kept[:count])

    def _mix(self, rng: np.random.Generator) -> Float[np.ndarray, "pose 45"]:
        shares = rng.dirichlet(np.full(len(self._templates), MIXTURE), BATCH)
        noise = rng.normal(0, NOISE_RAD, (BATCH, 15, 3)) * np.array([0.3, 0.5, 1.0])
        drawn = shares @ self._templates + noise.reshape(BATCH, 45)
        return np.clip(drawn, *self._limits.T)

    def fingers_cross(self, poses: Float[np.ndarray, "pose 45"]) -> Bool[np.ndarray, "pose"]:
        """Return which postures run one finger more than 2 mm into another."""
        starts, ends = self._segments(poses)
        radii = np.tile(PHALANX_RADII_M, 5)
        radii[12:] += THUMB_EXTRA_M
        one, other = np.array(
            [(i, j) for i in range(15) for j in range(i + 1, 15) if i // 3 != j // 3 and j != 12]
        ).T
        gap = _segment_distance(starts[:, one], ends[:, one], starts[:, other], ends[:, other])
        # Neighbouring base phalanges share skin; their capsules overlap in every hand.
        adjacent_bases = (one % 3 == 0) & (other % 3 == 0)
        overlap = radii[one] + radii[other] - gap
        return ((overlap > ALLOWED_OVERLAP_M) & ~adjacent_bases).any(axis=1)

    def _segments(self, poses):
        """Return (pose, 15, 3) starts and ends of the phalanges."""
        import torch

        turns = rotation_matrices(torch.as_tensor(poses.reshape(-1, 15, 3))).numpy()
        starts, ends = np.zeros((len(poses), 15, 3)), np.zeros((len(poses), 15, 3))
        for chain in range(5):
            places = [*self._joints[1 + 3 * chain : 4 + 3 * chain], self._tips[chain]]
            turn, here = np.eye(3), np.broadcast_to(places[0], (len(poses), 3))
            for k in range(3):
                turn = turn @ turns[:, 3 * chain + k]
                onward = here + turn @ (places[k + 1] - places[k])
                starts[:, 3 * chain + k], ends[:, 3 * chain + k] = here, onward
                here = onward
        return starts, ends


def _segment_distance(p1, q1, p2, q2):
    """Distance between segments (Ericson, Real-Time Collision Detection, 5.1.9), broadcast."""
    d1, d2, r = q1 - p1, q2 - p2, p1 - p2
    a, e = (d1 * d1).sum(-1), (d2 * d2).sum(-1)
    b, c, f = (d1 * d2).sum(-1), (d1 * r).sum(-1), (d2 * r).sum(-1)
    denominator = np.maximum(a * e - b * b, 1e-12)
    s = np.clip((b * f - c * e) / denominator, 0, 1)
    t = (b * s + f) / np.maximum(e, 1e-12)
    clamped = np.clip(t, 0, 1)
    s = np.where(t != clamped, np.clip((b * clamped - c) / np.maximum(a, 1e-12), 0, 1), s)
    nearest = r + d1 * s[..., None] - d2 * clamped[..., None]
    return np.linalg.norm(nearest, axis=-1)


class HandPosePrior(PosturePrior):
    """The pose prior of a hand model.

    A model without templates, such as the real MANO, has its own principal components: they
    are drawn with the standard deviations of `COMPONENT_STD` instead.
    """

    def __init__(self, model: "HandModel"):
        """Take templates, limits and joints from the model."""
        joints = model.asset.joint_regressor @ model.template
        templates = model.asset.pose_templates
        if not len(templates):
            templates = _component_templates(model)
        super().__init__(templates, model.joint_limits_rad, joints, model.template[model.tip_ids])


COMPONENT_STD = 1.0
"""MANO's components come scaled such that natural postures have coefficients of about 1."""


def _component_templates(model: "HandModel") -> Float[np.ndarray, "posture 45"]:
    """Return the mean posture and both ways along the first ten components."""
    steps = COMPONENT_STD * model.hands_components[:10]
    return np.concatenate([[model.hands_mean], model.hands_mean + steps, model.hands_mean - steps])
