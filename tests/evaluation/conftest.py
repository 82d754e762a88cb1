from dataclasses import replace

import pytest
import torch
from shards import synthetic

from obman_gen.hands import load_hand_model
from obman_gen.reconstruction import ReconstructionModel
from obman_gen.training import checkpoints
from obman_gen.training.config import TrainConfig

SIZE_PX = 64


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A small synthetic run."""
    root = tmp_path_factory.mktemp("evaluation") / "run"
    return synthetic.make_run(root, {"train": 2, "val": 2, "test": 5}, size_px=SIZE_PX)


def save_checkpoint(path, side="right"):
    """Write an untrained model's checkpoint."""
    torch.manual_seed(0)
    config = replace(TrainConfig(), image_px=SIZE_PX)
    hand = load_hand_model(side=side)
    model = ReconstructionModel(config.model, hand)
    info = checkpoints.CheckpointInfo(
        config, hand.name, hand.sha256, hand.side, "0" * 64, 3, 40, {}, {}
    )
    checkpoints.save(path, model, info, {})
    return path


@pytest.fixture(scope="session")
def checkpoint(run):
    return save_checkpoint(run / "training" / "best.pt")


@pytest.fixture(scope="session")
def left_checkpoint(run):
    return save_checkpoint(run / "training" / "left.pt", side="left")
