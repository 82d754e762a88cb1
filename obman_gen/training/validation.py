"""How good a model is on a split: every sample counted, nothing drawn at random."""

import math
from typing import NamedTuple

import torch

from obman_gen.reconstruction import ReconstructionModel
from obman_gen.reconstruction.branches import normalised
from obman_gen.reconstruction.losses import chamfer
from obman_gen.reconstruction.objective import CENTRED_RADIUS_MM
from obman_gen.training.data import Pictures, evaluation_batches

MM_PER_M = 1000.0


class Scores(NamedTuple):
    """Errors over a split; NaN where no picture shows what is measured."""

    hand_error_mm: float
    """Mean distance of the 21 joints, relative to the root joint, which counts with its 0."""
    object_chamfer_mm2: float
    """Chamfer distance of the points relative to the hand, there plus back."""
    shape_chamfer_mm2: float
    """The same of shapes without place and size, as trained: at RMS radius 50 mm."""

    @property
    def overall_mm(self) -> float:
        """One number to choose the best checkpoint by: joint error plus object RMS distance.

        Where no picture shows both, the object's is that of its shape.
        """
        placed = not math.isnan(self.object_chamfer_mm2)
        square = self.object_chamfer_mm2 if placed else self.shape_chamfer_mm2
        parts = (self.hand_error_mm, (square / 2) ** 0.5)
        return sum(part for part in parts if not math.isnan(part))


@torch.no_grad()
def validate(model: ReconstructionModel, pictures: Pictures) -> Scores:
    """Measure a model on all pictures."""
    device = model.sphere.device
    totals = torch.zeros(6, dtype=torch.float64, device=device)
    for batch in evaluation_batches(pictures):
        targets = batch.to(device).targets
        prediction = model.predict(batch.images)
        joints = (prediction.hand_joints - targets.hand_joints).norm(dim=2).mean(dim=1)
        points = chamfer(MM_PER_M * prediction.object_points, MM_PER_M * targets.object_points)
        shapes = (
            CENTRED_RADIUS_MM * normalised(cloud)
            for cloud in (prediction.shape_points, targets.object_points)
        )
        shape, shown = chamfer(*shapes), targets.has_object
        hand, both = targets.has_hand, targets.has_hand * targets.has_object
        sums = (MM_PER_M * joints * hand, hand, points * both, both, shape * shown, shown)
        totals += torch.stack([values.sum().double() for values in sums])
    sums = totals.tolist()
    return Scores(*(_ratio(sums[at], sums[at + 1]) for at in (0, 2, 4)))


def _ratio(total: float, count: float) -> float:
    return total / count if count else float("nan")
