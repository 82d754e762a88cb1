"""The reconstruction model of Hasson et al., CVPR 2019, on any MANO-schema hand."""

from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import nn

from obman_gen.errors import InputError
from obman_gen.hands import HandModel
from obman_gen.reconstruction import camera
from obman_gen.reconstruction.branches import HandBranch, Head, ObjectBranch
from obman_gen.reconstruction.config import ModelConfig
from obman_gen.reconstruction.resnet import ResNet, load_torchvision_weights
from obman_gen.reconstruction.sphere import icosphere


class Prediction(NamedTuple):
    """What the model says about a batch of pictures.

    Lengths are metres, along the axes of the crop's camera, relative to the hand's root joint.
    """

    hand_vertices: Float[torch.Tensor, "batch vertex 3"]
    hand_joints: Float[torch.Tensor, "batch 21 3"]
    global_rotation: Float[torch.Tensor, "batch 3 3"]
    """Orientation of the hand model."""
    pose_coefficients: Float[torch.Tensor, "batch component"]
    betas: Float[torch.Tensor, "batch 10"]
    object_points: Float[torch.Tensor, "batch point 3"]
    """Vertices of the deformed sphere; `ReconstructionModel.object_faces` are its faces."""
    shape_points: Float[torch.Tensor, "batch point 3"]
    """The object without place and size: object_points = scale_m * shape_points + translation."""
    scale_m: Float[torch.Tensor, "batch"]
    translation: Float[torch.Tensor, "batch 3"]
    root_numbers: Float[torch.Tensor, "batch 3"]
    """Where the root is in the crop: see `camera.root_in_camera`."""


class ReconstructionModel(nn.Module):
    """One picture of a hand and an object to a hand mesh and an object mesh."""

    sphere: torch.Tensor

    def __init__(self, config: ModelConfig, hand: HandModel):
        super().__init__()
        self.config = config
        self.encoder = ResNet(config.encoder, config.normalisation)
        width = self.encoder.width
        self.object_encoder = (
            ResNet(config.encoder, config.normalisation) if config.separate_object_encoder else None
        )
        self.hand_branch = HandBranch(width, config, hand)
        self.object_branch = ObjectBranch(width, width, config)
        self.root_head = Head(width, 3)
        sphere = icosphere(config.sphere_subdivisions)
        self.object_faces = sphere.faces
        self.register_buffer("sphere", torch.from_numpy(sphere.vertices), persistent=False)
        if config.encoder_weights:
            self._load_encoders(Path(config.encoder_weights))

    def _load_encoders(self, path: Path) -> None:
        for encoder in (self.encoder, self.object_encoder):
            if encoder is not None:
                load_torchvision_weights(encoder, path)

    @property
    def hand(self) -> HandModel:
        """The hand model whose parameters are predicted."""
        return self.hand_branch.hand

    def forward(
        self,
        images: Float[torch.Tensor, "batch 3 height width"],
        sphere: Float[torch.Tensor, "point 3"] | None = None,
    ) -> Prediction:
        """Predict; differentiable.

        Args:
            images: sRGB crops in [0, 1]; the model normalises them itself.
            sphere: points of the unit sphere to map; None: the icosphere's.
        """
        features = self.encoder(images)
        shape_features = features
        if self.object_encoder is not None:
            shape_features = self.object_encoder(images)
        hand = self.hand_branch(features)
        thing = self.object_branch(
            self.sphere if sphere is None else sphere, shape_features, features
        )
        root = self.root_head(features)
        return Prediction._make((*hand, *thing, root))

    @torch.no_grad()
    def predict(
        self,
        images: Float[torch.Tensor, "batch 3 height width"]
        | UInt8[torch.Tensor, "batch 3 height width"],
    ) -> Prediction:
        """Predict with the running statistics and without gradients; the mode is left as it was.

        Args:
            images: square sRGB crops, in [0, 1] or as bytes.

        Raises:
            InputError: if the pictures are not square, or too small for the encoder.
        """
        height, width = images.shape[-2:]
        if height != width or height < 32:
            raise InputError(f"pictures are {width} x {height} pixels, need squares of 32 or more")
        if images.dtype == torch.uint8:
            images = images.float() / 255
        training = self.training
        self.eval()
        try:
            return self(images.to(self.sphere.device))
        finally:
            self.train(training)

    @torch.no_grad()
    def hand_parameters(self, prediction: Prediction) -> dict[str, torch.Tensor]:
        """Return what the hand model takes to give the predicted hands.

        ``global_orient`` (B, 3), ``pose`` (B, 45), ``betas`` (B, 10) and ``translation`` (B, 3):
        `HandModel` of these returns ``hand_vertices``, root-relative, metres.
        """
        from scipy.spatial.transform import Rotation

        turn = Rotation.from_matrix(prediction.global_rotation.double().cpu().numpy())
        orient = torch.as_tensor(turn.as_rotvec(), dtype=torch.float32).to(self.sphere.device)
        branch = self.hand_branch
        pose = branch.full_pose(prediction.pose_coefficients)
        placed = self.hand(orient, pose, prediction.betas)
        shift = -placed.joints[:, self.config.root_joint]
        return {
            "global_orient": orient,
            "pose": pose,
            "betas": prediction.betas,
            "translation": shift,
        }

    def root_in_camera(
        self, prediction: Prediction, intrinsics: Float[torch.Tensor, "batch 3 3"], image_px: int
    ) -> Float[torch.Tensor, "batch 3"]:
        """Return where the root is in the camera frame; add it to have everything there.

        ``camera.project`` of the sum and the same intrinsics gives pixels of the crop.
        """
        return camera.root_in_camera(prediction.root_numbers, intrinsics, image_px)
