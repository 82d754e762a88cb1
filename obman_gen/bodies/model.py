"""The body model: SMPL+H's interface for any SMPL+H-schema body, ours or the real one."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Integer

from obman_gen.hands.asset import BETAS_COUNT, ModelAsset
from obman_gen.hands.model import batch_of
from obman_gen.hands.skinning import SkinnedModel
from obman_gen.sample import BodyParameters

RIGHT_WRIST = 21
RIGHT_HAND_JOINTS = slice(37, 52)
"""The right hand's 15 finger joints among SMPL+H's 52, in MANO's order."""


class BodyOutput(NamedTuple):
    """A posed batch of bodies, metres."""

    vertices: Float[torch.Tensor, "batch vertex 3"]
    joints: Float[torch.Tensor, "batch 52 3"]


class BodyModel(SkinnedModel):
    """A body from SMPL+H parameters.

    Body betas leave the hands' shape alone; the betas of a hand model act on both hands
    through ``hand_betas``, so that a hand and the body it is attached to agree.
    """

    def __init__(self, asset: ModelAsset):
        super().__init__(
            asset, np.concatenate([asset.shape_directions, _hand_shape(asset)], axis=2)
        )
        self.name, self.sha256 = asset.name, asset.sha256
        self.faces: Integer[np.ndarray, "face 3"] = asset.faces.astype(np.int32)
        self.template: Float[np.ndarray, "vertex 3"] = asset.template
        self.weights: Float[np.ndarray, "vertex 52"] = asset.weights
        self.hand_vertex_ids = asset.hand_vertex_ids
        self.regions: Mapping[str, np.ndarray] = asset.regions

    def forward(
        self,
        global_orient: torch.Tensor | None = None,
        pose: torch.Tensor | None = None,
        betas: torch.Tensor | None = None,
        translation: torch.Tensor | None = None,
        hand_betas: torch.Tensor | None = None,
    ) -> BodyOutput:
        """Pose a batch of bodies; what is not given is zero.

        Args:
            global_orient: (B, 3) rotation vectors of the pelvis, radians.
            pose: (B, 153) rotation vectors of the other 51 joints, SMPL+H's order.
            betas: (B, 10) body shape.
            translation: (B, 3) metres.
            hand_betas: (B, 10) shape of the hands, in the hand model's coefficients.
        """
        given = (global_orient, pose, betas, translation, hand_betas)
        batch, like = batch_of(given, self._template)
        zeros = (like.new_zeros(batch, width) for width in (3, 153, BETAS_COUNT, 3, BETAS_COUNT))
        orient, local, shape, shift, hands = (
            default if part is None else part for part, default in zip(given, zeros, strict=True)
        )
        rotvecs = torch.cat([orient, local], dim=1).unflatten(1, (52, 3))
        return BodyOutput(*self.skin(rotvecs, torch.cat([shape, hands], dim=1), shift))

    def vertices_of(
        self, body: BodyParameters, hand_betas: Float[np.ndarray, "10"] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return (V, 3) vertices and (52, 3) joints of one body, computed in float64."""
        rows = {
            "global_orient": body.pose[:3],
            "pose": body.pose[3:],
            "betas": body.betas,
            "translation": body.translation,
            "hand_betas": np.zeros(BETAS_COUNT) if hand_betas is None else hand_betas,
        }
        tensors = {name: torch.as_tensor(row[None]).double() for name, row in rows.items()}
        with torch.no_grad():
            output = self.in_double()(**tensors)
        return output.vertices[0].numpy(), output.joints[0].numpy()


def _hand_shape(asset: ModelAsset) -> Float[np.ndarray, "vertex 3 10"]:
    """Return the shape directions of the body's hands; SMPL+H itself has none."""
    if len(asset.hand_shape_directions):
        return asset.hand_shape_directions
    return np.zeros((len(asset.template), 3, BETAS_COUNT))
