"""How good a model is on a split: every sample counted, nothing drawn at random."""

import math
from typing import NamedTuple

import torch

from obman_gen.reconstruction import ReconstructionModel
from obman_gen.reconstruction.losses import chamfer
from obman_gen.training.data import Pictures, evaluation_batches

MM_PER_M = 1000.0


class Scores(NamedTuple):
    """Errors over a split; NaN where no picture shows what is measured."""

    hand_error_mm: float
    """Mean distance of the 21 joints, relative to the root joint, which counts with its 0."""
    object_chamfer_mm2: float
    """Chamfer distance of the points relative to the hand, there plus back."""

    @property
    def overall_mm(self) -> float:
        """One number to choose the best checkpoint by: joint error plus object RMS distance."""
        parts = (self.hand_error_mm, (self.object_chamfer_mm2 / 2) ** 0.5)
        return sum(part for part in parts if not math.isnan(part))


@torch.no_grad()
def validate(model: ReconstructionModel, pictures: Pictures) -> Scores:
    """Measure a model on all pictures."""
    device = model.sphere.device
    totals = torch.zeros(4, dtype=torch.float64, device=device)
    for batch in evaluation_batches(pictures):
        targets = batch.to(device).targets
        prediction = model.predict(batch.images)
        joints = (prediction.hand_joints - targets.hand_joints).norm(dim=2).mean(dim=1)
        points = chamfer(MM_PER_M * prediction.object_points, MM_PER_M * targets.object_points)
        hand, both = targets.has_hand, targets.has_hand * targets.has_object
        sums = (MM_PER_M * joints * hand, hand, points * both, both)
        totals += torch.stack([values.sum().double() for values in sums])
    hand_sum, hand_count, object_sum, object_count = totals.tolist()
    return Scores(_ratio(hand_sum, hand_count), _ratio(object_sum, object_count))


def _ratio(total: float, count: float) -> float:
    return total / count if count else float("nan")
