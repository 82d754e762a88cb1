"""What the network is trained for: every named loss term of a batch.

Terms are computed in millimetres, the unit of the published weights and logs.
"""

from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from obman_gen.hands import HandModel
from obman_gen.reconstruction import camera, losses
from obman_gen.reconstruction.branches import normalised, rms_radius
from obman_gen.reconstruction.config import ContactConfig, LossWeights, ModelConfig
from obman_gen.reconstruction.contact import contact_regions, contact_terms
from obman_gen.reconstruction.model import Prediction
from obman_gen.reconstruction.sphere import cotangent_laplacian, edges_of, icosphere

MM_PER_M = 1000.0
CENTRED_RADIUS_MM = 50.0
"""RMS radius at which shapes without size are compared."""
CONTACT_TERMS = ("attraction", "repulsion")
MESH_TERMS = ("edges", "laplacian")


class Targets(NamedTuple):
    """The truth of a batch: metres, axes of the crop's camera, relative to the root joint."""

    hand_vertices: Float[torch.Tensor, "batch vertex 3"]
    hand_joints: Float[torch.Tensor, "batch 21 3"]
    joints_2d: Float[torch.Tensor, "batch 21 2"]
    """Pixels of the crop."""
    root: Float[torch.Tensor, "batch 3"]
    """The root joint in the camera frame."""
    object_points: Float[torch.Tensor, "batch surface 3"]
    intrinsics: Float[torch.Tensor, "batch 3 3"]
    """Of the crop, pixels."""
    has_hand: Float[torch.Tensor, "batch"]
    """1 where the picture shows the hand, else 0."""
    has_object: Float[torch.Tensor, "batch"]
    has_mesh: Float[torch.Tensor, "batch"]
    """1 where ``hand_vertices`` are known; datasets without hand meshes have joints alone."""


class Objective(nn.Module):
    """Computes the loss terms of a batch; has no parameters."""

    edges: torch.Tensor
    faces: torch.Tensor

    def __init__(self, model: ModelConfig, contact: ContactConfig, hand: HandModel):
        super().__init__()
        self.config, self.contact = model, contact
        self.regions = contact_regions(hand, contact)
        sphere = icosphere(model.sphere_subdivisions)
        self.register_buffer("faces", torch.from_numpy(sphere.faces), persistent=False)
        edges = np.ascontiguousarray(edges_of(sphere.faces))
        self.register_buffer("edges", torch.from_numpy(edges), persistent=False)
        self.laplacian = losses.Laplacian(cotangent_laplacian(sphere.vertices, sphere.faces))

    def forward(
        self, prediction: Prediction, targets: Targets, image_px: int, *, with_contact: bool
    ) -> dict[str, torch.Tensor]:
        """Return every term's mean over the samples that it applies to."""
        values = {**self._hand(prediction, targets), **self._camera(prediction, targets, image_px)}
        values |= self._object(prediction, targets)
        if with_contact:
            values |= self._contact(prediction)
        return {
            name: losses.mean_where(value, self._mask(name, targets))
            for name, value in values.items()
        }

    def weights(self, weights: LossWeights, *, with_contact: bool) -> dict[str, float]:
        """Return the weights of the terms that `forward` gives."""
        left_out = () if with_contact else CONTACT_TERMS
        if self.config.random_sphere_count:
            left_out = (*left_out, *MESH_TERMS)
        return {name: value for name, value in asdict(weights).items() if name not in left_out}

    def _mask(self, name: str, targets: Targets) -> torch.Tensor:
        """Return which samples show what a term compares."""
        if name in ("chamfer_centred", *MESH_TERMS):
            return targets.has_object
        if name in ("chamfer", "translation", "scale", *CONTACT_TERMS):
            return targets.has_object * targets.has_hand
        return targets.has_hand * targets.has_mesh if name == "vertices" else targets.has_hand

    def _hand(self, prediction: Prediction, targets: Targets) -> dict[str, torch.Tensor]:
        def compare(predicted, target):
            return losses.mean_squared(MM_PER_M * predicted, MM_PER_M * target)

        zeros = torch.zeros_like
        return {
            "vertices": compare(prediction.hand_vertices, targets.hand_vertices),
            "joints": compare(prediction.hand_joints, targets.hand_joints),
            "shape": losses.mean_squared(prediction.betas, zeros(prediction.betas)),
            "pose": losses.mean_squared(
                prediction.pose_coefficients, zeros(prediction.pose_coefficients)
            ),
        }

    def _camera(
        self, prediction: Prediction, targets: Targets, image_px: int
    ) -> dict[str, torch.Tensor]:
        root = camera.root_in_camera(prediction.root_numbers, targets.intrinsics, image_px)
        pixels = camera.project(prediction.hand_joints + root[:, None], targets.intrinsics)
        ratio = root[:, 2] / targets.root[:, 2].clamp_min(camera.NEAREST_M)
        return {
            "joints_2d": losses.mean_squared(pixels, targets.joints_2d),
            "root_depth": ratio.clamp_min(1e-6).log().square(),
        }

    def _object(self, prediction: Prediction, targets: Targets) -> dict[str, torch.Tensor]:
        truth = MM_PER_M * targets.object_points
        centre = truth.mean(dim=1)
        shape = CENTRED_RADIUS_MM * normalised(prediction.shape_points)
        values = {
            "chamfer_centred": losses.chamfer(shape, CENTRED_RADIUS_MM * normalised(truth)),
            "chamfer": losses.chamfer(MM_PER_M * prediction.object_points, truth),
            "translation": losses.mean_squared(MM_PER_M * prediction.translation, centre),
            "scale": (MM_PER_M * prediction.scale_m - self._size(truth - centre[:, None])).square(),
        }
        if not self.config.random_sphere_count:
            values["edges"] = losses.edge_regularity(shape, self.edges)
            values["laplacian"] = self.laplacian(shape)
        return values

    def _size(self, centred: torch.Tensor) -> torch.Tensor:
        """Return the size that the scale head stands for: RMS radius, or as published maximum."""
        if self.config.scale_gauge == "free":
            return centred.norm(dim=2).amax(dim=1)
        return rms_radius(centred)

    def _contact(self, prediction: Prediction) -> dict[str, torch.Tensor]:
        terms = contact_terms(
            prediction.hand_vertices,
            prediction.object_points,
            self.faces,
            self.regions,
            self.contact,
        )
        return {
            "attraction": MM_PER_M * terms.attraction,
            "repulsion": MM_PER_M * terms.repulsion,
        }
