"""Checkpoints: everything a training needs to go on, and a model needs to be used."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import torch

from obman_gen.errors import InputError
from obman_gen.hands import HandModel, load_hand_model
from obman_gen.reconstruction import ReconstructionModel
from obman_gen.reconstruction.config import ModelConfig
from obman_gen.reconstruction.resnet import UNREADABLE
from obman_gen.training.config import TrainConfig

VERSION = 1
SHAPING = (
    "encoder",
    "separate_object_encoder",
    "hidden_widths",
    "pca_count",
    "rotation",
    "scale_gauge",
    "normalisation",
    "mean_pose",
    "root_joint",
)
"""Settings of the model that decide what its weights are, take or mean."""


@dataclass(frozen=True)
class CheckpointInfo:
    """Where a checkpoint comes from."""

    config: TrainConfig
    hand_name: str
    hand_sha256: str
    hand_side: str
    data_sha256: str
    """Of the manifest of the run that it was trained on; of all manifests' if several."""
    epoch: int
    """Epochs completed."""
    step: int
    """Optimiser steps taken."""
    scores: Mapping[str, float]
    """Of the last validation."""
    software: Mapping[str, str]


def save(path: Path, model: ReconstructionModel, info: CheckpointInfo, state: Mapping) -> None:
    """Write a checkpoint whole or not at all: temporary name, fsync, rename.

    Args:
        path: file to write.
        model: its parameters and running statistics are stored.
        info: provenance, readable without the model.
        state: what the trainer needs besides, tensors and plain values.

    Raises:
        InputError: if it cannot be written.
    """
    content = {
        "version": VERSION,
        "info": msgspec.to_builtins(asdict(info)),
        "model": model.state_dict(),
        "state": dict(state),
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {_reason(error)}") from error


def read(path: Path) -> dict[str, Any]:
    """Read a checkpoint's ``info`` (`CheckpointInfo`), ``model`` and ``state``.

    Raises:
        InputError: if the file is missing, truncated or no checkpoint of ours.
    """
    if not path.is_file():
        raise InputError(f"checkpoint {path} does not exist")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise InputError(
            f"checkpoint {path} is truncated or no checkpoint ({path.stat().st_size} bytes): "
            "use another, such as best.pt beside it"
        ) from error
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise InputError(f"{path} is no checkpoint of this version of obman-gen")
    try:
        info = msgspec.convert(content["info"], CheckpointInfo)
    except msgspec.ValidationError as error:
        raise InputError(f"checkpoint {path} has settings this version lacks: {error}") from error
    return {**content, "info": info}


def load_model(
    path: str | Path, hand: HandModel | None = None
) -> tuple[ReconstructionModel, CheckpointInfo]:
    """Load a trained model, on the CPU and in evaluation mode.

    Args:
        path: checkpoint.
        hand: the hand model it was trained on; None: the one `load_hand_model` finds.

    Raises:
        InputError: if the file cannot be read, or belongs to another hand model.
    """
    content = read(Path(path))
    info: CheckpointInfo = content["info"]
    hand = hand or load_hand_model(side=info.hand_side)
    require_hand(Path(path), info, hand)
    # The encoder's weights are in the checkpoint: the file they began from may be gone.
    model = ReconstructionModel(replace(info.config.model, encoder_weights=""), hand)
    model.load_state_dict(content["model"])
    return model.eval(), info


def require_hand(path: Path, info: CheckpointInfo, hand: HandModel) -> None:
    """Refuse to pair a checkpoint with a hand model it was not trained on."""
    if (info.hand_sha256, info.hand_side) != (hand.sha256, hand.side):
        raise InputError(
            f"checkpoint {path} was trained on the {info.hand_side} hand model {info.hand_name} "
            f"(sha256 {info.hand_sha256[:12]}), not on the {hand.side} {hand.name} "
            f"({hand.sha256[:12]}); point OBMAN_GEN_MANO to its file"
        )


def require_same_network(path: Path, stored: ModelConfig, wanted: ModelConfig) -> None:
    """Refuse weights of a network of another shape."""
    for name in SHAPING:
        have, want = getattr(stored, name), getattr(wanted, name)
        if have != want:
            raise InputError(
                f"checkpoint {path} has training.model.{name} = {have!r}, not {want!r}; "
                "set it to the same"
            )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).splitlines()[0]
