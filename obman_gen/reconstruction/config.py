"""Settings of the reconstruction model and its losses. Light: torch is not imported."""

from dataclasses import dataclass, fields
from typing import Literal

from obman_gen.errors import InputError

PCA_RANGE = (6, 45)


@dataclass(frozen=True)
class ModelConfig:
    """The network. `obman_gen.training.config.PRESETS` has the published choices as ``paper``."""

    encoder: Literal["resnet18", "resnet50"] = "resnet18"
    encoder_weights: str = ""
    """File with a torchvision state dict of the encoder; empty: random weights."""
    normalisation: Literal["imagenet", "half"] = "imagenet"
    """Of the picture: ImageNet's mean and deviation, or ObMan's ``x - 0.5``."""
    separate_object_encoder: bool = False
    """Give the object's shape an encoder of its own."""
    hidden_widths: tuple[int, ...] = (1024, 256)
    """Of the hand branch."""
    pca_count: int = 30
    """Components of the hand pose that are predicted."""
    rotation: Literal["sixd", "rotvec"] = "sixd"
    """How the global rotation leaves the network; six numbers have no jump anywhere on SO(3)."""
    mean_pose: bool = True
    """Coefficients start from the hand model's mean pose; else from the flat hand."""
    root_joint: int = 0
    """Everything is relative to this one of the 21 joints: 0 the wrist, 9 the middle knuckle."""
    sphere_subdivisions: int = 3
    """Of the icosphere that becomes the object; 3 makes 642 points and 1,280 faces."""
    random_sphere_count: int = 0
    """Train on this many random points of the sphere instead of the icosphere; 0: do not."""
    scale_gauge: Literal["normalised", "free"] = "normalised"
    """``normalised``: the decoded shape is centred and has RMS radius 1, so that scale and
    translation alone say how big and where; ``free``: as published, the three can trade."""

    def __post_init__(self):
        low, high = PCA_RANGE
        if not low <= self.pca_count <= high:
            raise InputError(
                f"training.model.pca_count must lie in [{low}, {high}], got {self.pca_count}"
            )
        if not 0 <= self.root_joint < 21:
            raise InputError(
                f"training.model.root_joint must lie in [0, 20], got {self.root_joint}"
            )
        if not 1 <= self.sphere_subdivisions <= 5:
            raise InputError(
                "training.model.sphere_subdivisions must lie in [1, 5], "
                f"got {self.sphere_subdivisions}"
            )
        if self.random_sphere_count < 0:
            raise InputError(
                "training.model.random_sphere_count must be 0 or more, "
                f"got {self.random_sphere_count}"
            )


@dataclass(frozen=True)
class LossWeights:
    """What each loss term is multiplied by. Terms are in mm^2 where they are squared lengths."""

    vertices: float = 0.167
    joints: float = 0.167
    shape: float = 0.167
    pose: float = 0.167
    chamfer_centred: float = 0.167
    """Of the shape without place and size, both sides at RMS radius 50 mm."""
    chamfer: float = 0.167
    """Of the final points, relative to the hand."""
    translation: float = 0.167
    scale: float = 0.167
    edges: float = 2.0
    laplacian: float = 0.1
    joints_2d: float = 0.05
    """Pixels^2; also teaches where the hand stands before the camera."""
    root_depth: float = 10.0
    """Squared logarithm of predicted to true depth of the root."""
    attraction: float = 0.3125
    repulsion: float = 0.3125

    def __post_init__(self):
        for spec in fields(self):
            if not getattr(self, spec.name) >= 0:
                raise InputError(
                    f"training.weights.{spec.name} must be 0 or more, "
                    f"got {getattr(self, spec.name)}"
                )


@dataclass(frozen=True)
class ContactConfig:
    """How hand and object attract and repel each other."""

    attraction_reach_m: float = 0.010
    """Distance at which attraction saturates."""
    repulsion_reach_m: float = 0.020
    regions: Literal["zones", "tips", "all"] = "zones"
    """``zones``: of each region its vertex nearest to the object; ``tips``: of each fingertip;
    ``all``: every vertex."""
    regions_file: str = ""
    """``RUN/stats/contact_regions.json``, or any JSON with vertex numbers by region name; empty:
    the hand model's own regions."""
    distance: Literal["surface", "vertices"] = "surface"
    """To the object's faces, or only to its vertices as published."""
    gradient: Literal["both", "hand", "object"] = "both"
    """Which side is moved by the contact terms."""

    def __post_init__(self):
        for name in ("attraction_reach_m", "repulsion_reach_m"):
            if not getattr(self, name) > 0:
                raise InputError(
                    f"training.contact.{name} must be positive, got {getattr(self, name)}"
                )
