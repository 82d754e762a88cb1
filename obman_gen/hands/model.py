"""The hand model: MANO's interface for any MANO-schema hand, ours or the real one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Integer

from obman_gen.hands.asset import BETAS_COUNT, ModelAsset
from obman_gen.hands.boundary import boundary_loops, close_loops
from obman_gen.hands.skinning import SkinnedModel
from obman_gen.sample import HandParameters, Side

JOINTS_21 = np.array([0, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20])
"""Wrist, then thumb to little finger, each base to tip, as rows of MANO's 16 joints followed
by the five fingertips."""

CONTACT_REGIONS = ("palm", "thumb_tip", "index_tip", "middle_tip", "ring_tip", "little_tip")
"""Where hands touch what they hold: the contact regions of the attraction loss."""


class HandOutput(NamedTuple):
    """A posed batch of hands, metres."""

    vertices: Float[torch.Tensor, "batch vertex 3"]
    joints: Float[torch.Tensor, "batch 21 3"]
    """Wrist, then thumb, index, middle, ring, little, each base to tip."""

    def centred(self, joint: int) -> "HandOutput":
        """Return the hands with joint ``joint`` of the 21 at the origin (manopth's center_idx)."""
        origin = self.joints[:, joint, None]
        return HandOutput(self.vertices - origin, self.joints - origin)


class HandModel(SkinnedModel):
    """A hand from MANO parameters.

    ``pose`` is relative to the flat template hand: there is no hidden mean pose. Rotation is
    about the model's own wrist joint, and ``translation`` is added last, as in MANO.
    """

    contact_region_names = CONTACT_REGIONS
    _tips: torch.Tensor

    def __init__(self, asset: ModelAsset):
        super().__init__(asset)
        self.name, self.sha256 = asset.name, asset.sha256
        self.side: Side = asset.side
        self.faces: Integer[np.ndarray, "face 3"] = asset.faces.astype(np.int32)
        self.template: Float[np.ndarray, "vertex 3"] = asset.template
        self.weights: Float[np.ndarray, "vertex 16"] = asset.weights
        self.hands_mean, self.hands_components = asset.hands_mean, asset.hands_components
        self.tip_ids, self.pad_ids = asset.tip_ids, asset.pad_ids
        self.joint_limits_rad = asset.joint_limits_rad
        self.regions: Mapping[str, np.ndarray] = asset.regions
        self._loops = boundary_loops(asset.faces)
        self.boundary_loop = self._loops[0]
        self.register_buffer("_tips", torch.as_tensor(asset.tip_ids), persistent=False)

    def forward(
        self,
        global_orient: torch.Tensor | None = None,
        pose: torch.Tensor | None = None,
        betas: torch.Tensor | None = None,
        translation: torch.Tensor | None = None,
    ) -> HandOutput:
        """Pose a batch of hands; what is not given is zero.

        Args:
            global_orient: (B, 3) rotation vectors of the wrist, radians.
            pose: (B, 45) finger rotation vectors, MANO's joint order.
            betas: (B, 10) shape coefficients, standard deviations.
            translation: (B, 3) metres.
        """
        given = (global_orient, pose, betas, translation)
        batch, like = batch_of(given, self._template)
        zeros = (like.new_zeros(batch, width) for width in (3, 45, BETAS_COUNT, 3))
        orient, fingers, shape, shift = (
            default if part is None else part for part, default in zip(given, zeros, strict=True)
        )
        rotvecs = torch.cat([orient, fingers], dim=1).unflatten(1, (16, 3))
        vertices, joints = self.skin(rotvecs, shape, shift)
        with_tips = torch.cat([joints, vertices[:, self._tips]], dim=1)
        return HandOutput(vertices, with_tips[:, JOINTS_21])

    def vertices_of(self, hand: HandParameters) -> tuple[np.ndarray, np.ndarray]:
        """Return (V, 3) vertices and (21, 3) joints of one hand, computed in float64."""
        model = self.in_double()
        with torch.no_grad():
            output = model(
                **{
                    name: torch.as_tensor(getattr(hand, name)[None], dtype=torch.float64)
                    for name in ("global_orient", "pose", "betas", "translation")
                }
            )
        return output.vertices[0].numpy(), output.joints[0].numpy()

    def rest_wrist(self, betas: Float[np.ndarray, "10"]) -> Float[np.ndarray, "3"]:
        """Return the wrist joint of the unposed hand, about which ``global_orient`` turns."""
        shape = torch.as_tensor(betas[None], dtype=torch.float64)
        return self.in_double().rest_joints(shape)[0, 0].numpy()

    def close_boundary(
        self, vertices: Float[np.ndarray, "*batch vertex 3"]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return vertices and faces of the watertight hand: the open wrist gets a lid."""
        return close_loops(vertices, self.faces, self._loops)

    def pca_from_pose(self, pose: Float[np.ndarray, "*batch 45"]) -> np.ndarray:
        """Return the (*batch, 45) coefficients: ``components^-1 (pose - mean)``."""
        return np.linalg.solve(self.hands_components.T, (pose - self.hands_mean)[..., None])[..., 0]

    def pose_from_pca(
        self, coefficients: Float[np.ndarray, "*batch count"], flat_hand_mean: bool = False
    ) -> np.ndarray:
        """Return the (*batch, 45) pose of the first ``count`` coefficients, 1 to 45 of them.

        ``flat_hand_mean`` is smplx's and manopth's: with it the coefficients count from the
        flat hand, without it, as here by default and in those two, from the mean pose.
        """
        count = coefficients.shape[-1]
        offset = 0.0 if flat_hand_mean else self.hands_mean
        return offset + coefficients @ self.hands_components[:count]


def batch_of(given, template: torch.Tensor) -> tuple[int, torch.Tensor]:
    """Return the common batch size, 1 if nothing is given, and a tensor to copy type from."""
    tensors = [part for part in given if part is not None]
    return (len(tensors[0]), tensors[0]) if tensors else (1, template)


def mirrored(asset: ModelAsset) -> ModelAsset:
    """Return the other hand: the exact mirror image in x.

    Rotation vectors (x, y, z) of one hand are (x, -y, -z) of the other.
    """
    flip = np.array([-1.0, 1.0, 1.0])
    turn = np.tile(np.array([1.0, -1.0, -1.0]), 15)
    features = np.tile(np.outer(flip, flip).ravel(), len(asset.parents) - 1)
    low, high = (asset.joint_limits_rad * turn[:, None]).T
    return replace(
        asset,
        side="left" if asset.side == "right" else "right",
        template=asset.template * flip,
        faces=asset.faces[:, [0, 2, 1]],
        shape_directions=asset.shape_directions * flip[:, None],
        pose_directions=asset.pose_directions * flip[:, None] * features,
        hands_mean=asset.hands_mean * turn,
        hands_components=asset.hands_components * turn,
        pose_templates=asset.pose_templates * turn,
        joint_limits_rad=np.stack([np.minimum(low, high), np.maximum(low, high)], axis=1),
    )
