"""The two halves of the network: features to a hand, and features to an object."""

import itertools
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import nn

from obman_gen.hands import HandModel
from obman_gen.hands.asset import BETAS_COUNT
from obman_gen.hands.skinning import rotation_matrices
from obman_gen.reconstruction.config import ModelConfig

SPHERE_FACTOR = 200.0
"""What the published decoder's output is multiplied by (``scale_gauge = "free"``)."""
TYPICAL_RADIUS_M = 0.05
"""RMS radius of an object one holds: where the scale head starts."""


class HandShape(NamedTuple):
    """A predicted hand."""

    vertices: Float[torch.Tensor, "batch vertex 3"]
    """Relative to the root joint, camera axes, metres."""
    joints: Float[torch.Tensor, "batch 21 3"]
    rotation: Float[torch.Tensor, "batch 3 3"]
    """Global orientation of the hand model."""
    coefficients: Float[torch.Tensor, "batch component"]
    """Of the hand model's pose components."""
    betas: Float[torch.Tensor, "batch 10"]


class Head(nn.Module):
    """A small regressor of features."""

    def __init__(self, inputs: int, outputs: int, hidden: int = 256):
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.out = nn.Linear(hidden, outputs)

    def forward(self, features: Float[torch.Tensor, "batch feature"]) -> torch.Tensor:
        """Return (B, outputs) float32 numbers."""
        return self.out(self.hidden(features).relu()).float()


def sixd_matrices(numbers: Float[torch.Tensor, "batch 6"]) -> Float[torch.Tensor, "batch 3 3"]:
    """Make rotations of two vectors each by Gram-Schmidt (Zhou et al., CVPR 2019)."""
    first = nn.functional.normalize(numbers[:, :3], dim=1)
    along = (first * numbers[:, 3:]).sum(1, keepdim=True)
    second = nn.functional.normalize(numbers[:, 3:] - along * first, dim=1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=2)


class HandBranch(nn.Module):
    """Features to MANO parameters to a hand, for any hand model."""

    _components: torch.Tensor
    _mean_pose: torch.Tensor

    def __init__(self, features: int, config: ModelConfig, hand: HandModel):
        super().__init__()
        self.config, self.hand = config, hand
        widths = (features, *config.hidden_widths)
        layers: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(widths):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.hidden = nn.Sequential(*layers)
        self.rotation = nn.Linear(widths[-1], 6 if config.rotation == "sixd" else 3)
        self.pose = nn.Linear(widths[-1], config.pca_count)
        self.shape = nn.Linear(widths[-1], BETAS_COUNT)
        if config.rotation == "sixd":
            with torch.no_grad():  # begin near the identity, not near a degenerate pair
                self.rotation.bias.copy_(torch.tensor([1.0, 0, 0, 0, 1.0, 0]))
        components = torch.as_tensor(hand.hands_components, dtype=torch.float32)
        self.register_buffer("_components", components[: config.pca_count], persistent=False)
        mean = torch.as_tensor(hand.hands_mean, dtype=torch.float32) * config.mean_pose
        self.register_buffer("_mean_pose", mean, persistent=False)

    def forward(self, features: Float[torch.Tensor, "batch feature"]) -> HandShape:
        """Predict the hands of a batch."""
        hidden = self.hidden(features)
        numbers = self.rotation(hidden).float()
        coefficients, betas = self.pose(hidden).float(), self.shape(hidden).float()
        # Geometry in float32 whatever the networks run in: bf16 has steps of 1 mm at 25 cm.
        with torch.autocast(features.device.type, enabled=False):
            matrices = sixd_matrices if self.config.rotation == "sixd" else rotation_matrices
            return self.pose_hand(matrices(numbers), coefficients, betas)

    def pose_hand(
        self, rotation: torch.Tensor, coefficients: torch.Tensor, betas: torch.Tensor
    ) -> HandShape:
        """Return the hand of given (B, 3, 3) rotations, coefficients and (B, 10) betas."""
        vertices, joints = self.hand(pose=self.full_pose(coefficients), betas=betas)
        root = joints[:, self.config.root_joint, None]
        # Turning about the root instead of the wrist differs by a translation only.
        turned = [(points - root) @ rotation.mT for points in (vertices, joints)]
        return HandShape(turned[0], turned[1], rotation, coefficients, betas)

    def full_pose(self, coefficients: Float[torch.Tensor, "batch component"]) -> torch.Tensor:
        """Return the (B, 45) finger rotation vectors of coefficients."""
        return self._mean_pose + coefficients @ self._components


class SphereDecoder(nn.Module):
    """AtlasNet's decoder (Groueix et al., CVPR 2018): a point and the features to a point."""

    def __init__(self, features: int):
        super().__init__()
        width = features + 3
        # A layer on [point | features] is the sum of two, of which one is per picture. The weights
        # of the point begin a dozen times larger than the published layer's. After 150 steps on
        # eight samples objects are twice as near; the price are folds of the sphere.
        self.of_point = nn.Linear(3, width)
        self.of_features = nn.Linear(features, width, bias=False)
        self.norm1 = nn.BatchNorm1d(width)
        self.layer2 = nn.Linear(width, width // 2)
        self.norm2 = nn.BatchNorm1d(width // 2)
        self.layer3 = nn.Linear(width // 2, width // 4)
        self.norm3 = nn.BatchNorm1d(width // 4)
        self.out = nn.Linear(width // 4, 3)

    def forward(
        self, sphere: Float[torch.Tensor, "point 3"], features: Float[torch.Tensor, "batch feature"]
    ) -> Float[torch.Tensor, "batch point 3"]:
        """Map every point of the sphere for every picture."""
        batch, count = len(features), len(sphere)
        hidden = (self.of_point(sphere) + self.of_features(features)[:, None]).flatten(0, 1)
        hidden = self.norm1(hidden).relu()
        hidden = self.norm2(self.layer2(hidden)).relu()
        hidden = self.norm3(self.layer3(hidden)).relu()
        return self.out(hidden).unflatten(0, (batch, count))


class ObjectShape(NamedTuple):
    """A predicted object."""

    points: Float[torch.Tensor, "batch point 3"]
    """Relative to the hand's root joint, camera axes, metres."""
    shape_points: Float[torch.Tensor, "batch point 3"]
    """Without place and size; points = scale_m * shape_points + translation."""
    scale_m: Float[torch.Tensor, "batch"]
    translation: Float[torch.Tensor, "batch 3"]
    """From the hand's root joint, metres."""


class ObjectBranch(nn.Module):
    """Features to a deformed sphere, its size and its place relative to the hand."""

    def __init__(self, shape_features: int, place_features: int, config: ModelConfig):
        super().__init__()
        self.free_gauge = config.scale_gauge == "free"
        self.decoder = SphereDecoder(shape_features)
        self.scale = Head(place_features, 1)
        self.translation = Head(place_features, 3)
        if self.free_gauge:
            nn.init.ones_(self.scale.out.bias)

    def forward(
        self, sphere: torch.Tensor, shape_features: torch.Tensor, place_features: torch.Tensor
    ) -> ObjectShape:
        """Predict the objects of a batch from the features of its two encoders."""
        decoded = self.decoder(sphere, shape_features).float()
        scale = self.scale(place_features)[:, 0]
        translation = self.translation(place_features)
        if self.free_gauge:
            # As published, in millimetres there: nothing ties the decoder's size to the scale.
            shape, scale_m, translation = SPHERE_FACTOR * decoded, scale / 1000, translation / 1000
        else:
            shape, scale_m = normalised(sphere + decoded), TYPICAL_RADIUS_M * scale.exp()
            translation = 0.1 * translation
        points = scale_m[:, None, None] * shape + translation[:, None]
        return ObjectShape(points, shape, scale_m, translation)


def normalised(points: Float[torch.Tensor, "batch point 3"]) -> torch.Tensor:
    """Move points to mean zero and scale them to a root mean square radius of 1."""
    centred = points - points.mean(dim=1, keepdim=True)
    return centred / rms_radius(centred)[:, None, None]


def rms_radius(centred: Float[torch.Tensor, "batch point 3"]) -> Float[torch.Tensor, "batch"]:
    """Return the root mean square distance from the origin."""
    return centred.square().sum(-1).mean(-1).clamp_min(1e-12).sqrt()
