"""A training in progress: what it is made of, how it begins, and how it goes on."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from obman_gen.errors import InputError
from obman_gen.hands import HandModel, load_hand_model
from obman_gen.reconstruction import ReconstructionModel
from obman_gen.reconstruction.objective import Objective
from obman_gen.training import checkpoints
from obman_gen.training.checkpoints import CheckpointInfo
from obman_gen.training.config import TrainConfig
from obman_gen.training.data import Pictures, data_of, steps_per_epoch
from obman_gen.training.sources import fingerprint

LAST, BEST = "last.pt", "best.pt"
FREE_SETTINGS = ("device", "loader_workers", "validate_every", "save_steps")
"""A resumed training may differ in these: no weight depends on them."""


@dataclass
class Session:
    """Everything a training step needs, and where it stands."""

    config: TrainConfig
    accelerator: Accelerator
    model: nn.Module
    """As prepared for the devices; `bare` is the `ReconstructionModel` itself."""
    objective: Objective
    optimizer: Any
    pictures: Pictures
    validation: Pictures
    data_sha256: str
    step: int = 0
    """Steps taken."""
    best_mm: float = float("inf")
    history: list[dict[str, float]] = field(default_factory=list)
    """Scores of the validations so far."""

    @property
    def bare(self) -> ReconstructionModel:
        """The model without what spreads it over devices."""
        return self.accelerator.unwrap_model(self.model)

    @property
    def steps_per_epoch(self) -> int:
        """Steps of one epoch, for all processes together."""
        size = self.config.batch_size * self.accelerator.num_processes
        return steps_per_epoch(len(self.pictures), size)

    @property
    def total_steps(self) -> int:
        """Steps of the whole training."""
        return (self.config.epochs + self.config.contact_epochs) * self.steps_per_epoch

    def save(self, path: Path) -> None:
        """Write a checkpoint, from the main process."""
        if self.accelerator.is_main_process:
            state = {
                "optimizer": self.optimizer.state_dict(),
                "best_mm": self.best_mm,
                "history": self.history,
            }
            checkpoints.save(path, self.bare, self._info(), state)

    def _info(self) -> CheckpointInfo:
        hand = self.bare.hand
        return CheckpointInfo(
            config=self.config,
            hand_name=hand.name,
            hand_sha256=hand.sha256,
            hand_side=hand.side,
            data_sha256=self.data_sha256,
            epoch=self.step // self.steps_per_epoch,
            step=self.step,
            scores=self.history[-1] if self.history else {},
            software={name: metadata.version(name) for name in ("obman-gen", "torch", "numpy")},
        )


def open_session(run: Path, config: TrainConfig, limit: int | None = None) -> Session:
    """Build a training of a run's data.

    Args:
        run: the run folder.
        config: how to train.
        limit: train on, and validate with, the first so many training samples only.

    Raises:
        InputError: naming what is missing or does not fit.
    """
    accelerator = accelerator_for(config)
    hand = load_hand_model()
    pictures = Pictures(run, "train", config, hand, limit)
    validation = Pictures(run, "train" if limit else "val", config, hand, limit)
    model = build_model(config, hand)
    optimizer = _optimizer(model, config)
    objective = Objective(config.model, config.contact, hand).to(accelerator.device)
    prepared, optimizer = accelerator.prepare(model, optimizer)
    data = data_sha256(run, config)
    return Session(config, accelerator, prepared, objective, optimizer, pictures, validation, data)


def data_sha256(run: Path, config: TrainConfig) -> str:
    """Return the sha256 of the run's manifest; of all that is trained on if there is more."""
    prints = [fingerprint(where) for where in data_of(run, config, "train")]
    if len(prints) == 1 and not config.data:
        return prints[0]
    return hashlib.sha256("".join(prints).encode()).hexdigest()


def accelerator_for(config: TrainConfig) -> Accelerator:
    """Choose the device.

    Raises:
        InputError: if a GPU is asked for and there is none.
    """
    if config.device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "training.device is cuda, but torch sees no GPU: use cpu or auto, "
            "or install a torch build with CUDA"
        )
    return Accelerator(cpu=config.device == "cpu", mixed_precision=config.precision)


def build_model(config: TrainConfig, hand: HandModel) -> ReconstructionModel:
    """Return the model at its start: random by the seed, or a checkpoint's weights."""
    if config.freeze_batchnorm and not (config.model.encoder_weights or config.start_from):
        raise InputError(
            "training.freeze_batchnorm keeps statistics that random weights do not have: name a "
            "file in training.model.encoder_weights or training.start_from, or set it to false"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = ReconstructionModel(config.model, hand)
    if config.start_from:
        path = Path(config.start_from)
        content = checkpoints.read(path)
        checkpoints.require_hand(path, content["info"], hand)
        checkpoints.require_same_network(path, content["info"].config.model, config.model)
        model.load_state_dict(content["model"])
    return model


def _optimizer(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[config.optimizer]
    return kind(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)


def resume(session: Session, path: Path) -> None:
    """Put a session where a checkpoint left off; on the CPU it then goes on bit for bit.

    Raises:
        InputError: if the checkpoint is of other settings, data or hand model.
    """
    content = checkpoints.read(path)
    info: CheckpointInfo = content["info"]
    checkpoints.require_hand(path, info, session.bare.hand)
    difference = first_difference(_bound(info.config), _bound(session.config))
    if difference:
        raise InputError(
            f"{path} was trained with {difference}; resume with the same settings, "
            "or begin another training with --name"
        )
    if info.data_sha256 != session.data_sha256:
        raise InputError(
            f"{path} was trained on other shards than the run holds now (manifest sha256 "
            f"{info.data_sha256[:12]}, not {session.data_sha256[:12]}); use --force to begin anew"
        )
    session.bare.load_state_dict(content["model"])
    session.optimizer.load_state_dict(content["state"]["optimizer"])
    session.step = info.step
    session.best_mm = content["state"]["best_mm"]
    session.history = list(content["state"]["history"])


def _bound(config: TrainConfig) -> dict[str, Any]:
    defaults = TrainConfig()
    return asdict(replace(config, **{name: getattr(defaults, name) for name in FREE_SETTINGS}))


def first_difference(
    one: Mapping[str, Any], other: Mapping[str, Any], path: str = "training."
) -> str | None:
    """Say which setting differs first, or None."""
    for key, before in one.items():
        now = other[key]
        if isinstance(before, Mapping):
            found = first_difference(before, now, f"{path}{key}.")
            if found:
                return found
        elif before != now:
            return f"{path}{key} = {before!r}, not {now!r}"
    return None
