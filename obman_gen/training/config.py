"""Settings of a training. Light: torch is not imported, the command line reads the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from obman_gen.errors import InputError, require_between
from obman_gen.reconstruction.config import ContactConfig, LossWeights, ModelConfig
from obman_gen.sample import VIEWS


@dataclass(frozen=True)
class AugmentConfig:
    """Random changes of a training picture; all zero: the plain crop."""

    crop_factor: float = 2.2
    """Side of the crop over the longer side of the box around the 2-D joints."""
    centre_jitter: float = 0.2
    """Largest shift of the crop, as a share of its side."""
    scale_jitter: float = 0.3
    """Deviation, and largest change, of the crop's side."""
    rotation_rad: float = 3.141592653589793
    """Largest turn about the optical axis, either way."""
    blur_px: float = 0.5
    """Largest radius of the Gaussian blur."""
    brightness: float = 0.5
    contrast: float = 0.5
    saturation: float = 0.5
    hue: float = 0.15
    """Largest shift, as a share of the colour circle."""

    def __post_init__(self):
        if not self.crop_factor >= 1:
            raise InputError(
                f"training.augment.crop_factor must be at least 1, got {self.crop_factor}"
            )
        for name in ("centre_jitter", "scale_jitter", "brightness", "contrast", "saturation"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(
                    f"training.augment.{name} must lie in [0, 1), got {getattr(self, name)}"
                )
        require_between("training.augment", self, ("rotation_rad", "blur_px", "hue"), 0)


@dataclass(frozen=True)
class TrainConfig:
    """How the reconstruction model is trained."""

    images: tuple[str, ...] = ("ho",)
    """Kinds of pictures, mixed in every batch: ``ho`` hand and object, ``h`` hand alone,
    ``o`` object alone. A picture supervises what it shows."""
    data: tuple[str, ...] = ()
    """What is trained on and validated with instead of the run's shards: run folders, or other
    datasets as ``DATASET:FOLDER``, such as ``fhb:/data/fhb?contact_only=true``."""
    also: tuple[str, ...] = ()
    """More of these, whose training samples are mixed in."""
    fraction: float = 1.0
    """Share of the training samples that is used, chosen by the seed; a smaller share is part of a
    larger one."""
    crop_around: Literal["shown", "object"] = "shown"
    """What the crop is centred on: the hand where one is shown, else the object; or the object
    always, which makes pictures of the kinds ``ho`` and ``o`` comparable."""
    image_px: int = 256
    """Side of the crop that the network sees."""
    points: int = 600
    """Surface points of an object that a training sample is compared with."""
    epochs: int = 30
    """Without contact terms."""
    contact_epochs: int = 0
    """After those, with contact terms."""
    batch_size: int = 32
    optimizer: Literal["adamw", "adam"] = "adamw"
    learning_rate: float = 3e-4
    contact_learning_rate: float = 1e-4
    """At the start of the contact epochs."""
    weight_decay: float = 1e-4
    schedule: Literal["cosine", "constant"] = "cosine"
    """How the rate falls within each of the two stages."""
    warmup_steps: int = 50
    clip_norm: float = 0.0
    """Largest norm of the gradient; 0: as it comes."""
    freeze_batchnorm: bool = False
    """Keep the running statistics of batch normalisation; only with pretrained weights."""
    validate_every: int = 1
    """Epochs between validations."""
    save_steps: int = 500
    """Steps between checkpoints; there is one after every validation, too."""
    seed: int = 0
    """Of weights, order and augmentation."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["no", "bf16"] = "no"
    loader_workers: int = 0
    """Processes that decode pictures; 0: in the training process."""
    start_from: str = ""
    """Checkpoint whose weights are the start: fine-tuning."""
    model: ModelConfig = field(default_factory=ModelConfig)
    weights: LossWeights = field(default_factory=LossWeights)
    contact: ContactConfig = field(default_factory=ContactConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def __post_init__(self):
        odd = [kind for kind in self.images if kind not in VIEWS]
        if odd or not self.images:
            raise InputError(f"training.images takes {', '.join(VIEWS)}; got {list(self.images)}")
        for name, least in _LEAST.items():
            if not getattr(self, name) >= least:
                raise InputError(
                    f"training.{name} must be at least {least}, got {getattr(self, name)}"
                )
        if not 0 < self.fraction <= 1:
            raise InputError(f"training.fraction must lie in (0, 1], got {self.fraction}")
        for name in ("learning_rate", "contact_learning_rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"training.{name} must be positive, got {getattr(self, name)}")
        self._require_sense()

    def _require_sense(self):
        if self.epochs + self.contact_epochs < 1:
            raise InputError("nothing to train: training.epochs and contact_epochs are both 0")
        count = self.model.random_sphere_count
        if count and self.contact_epochs:
            raise InputError(
                f"training.model.random_sphere_count is {count}, but contact needs the mesh: "
                "set it or training.contact_epochs to 0"
            )


_LEAST = {
    "image_px": 32,
    "points": 1,
    "epochs": 0,
    "contact_epochs": 0,
    "batch_size": 1,
    "weight_decay": 0,
    "warmup_steps": 0,
    "clip_norm": 0,
    "validate_every": 1,
    "save_steps": 1,
    "seed": 0,
    "loader_workers": 0,
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "paper": {
        "optimizer": "adam",
        "learning_rate": 1e-4,
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup_steps": 0,
        "freeze_batchnorm": True,
        "model": {
            "normalisation": "half",
            "separate_object_encoder": True,
            "rotation": "rotvec",
            "mean_pose": False,
            "scale_gauge": "free",
        },
        "weights": {
            "chamfer_centred": 0.0,
            "edges": 0.0,
            "laplacian": 0.0,
            "joints_2d": 0.0,
            "root_depth": 0.0,
        },
        "contact": {"distance": "vertices"},
    },
}
"""Settings by name. ``paper`` is what the published command line and its defaults choose."""
