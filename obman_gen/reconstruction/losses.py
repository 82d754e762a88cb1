"""Loss terms: pure, unweighted, one value per sample, in the square of their arguments' unit.

Names and weights are in `obman_gen.reconstruction.config.LossWeights`; `weighted_total` is the
one place where they meet.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float, Int64

from obman_gen.reconstruction.proximity import Nearest, nearest_vertices
from obman_gen.reconstruction.sphere import SparseSquare

PerSample = Float[torch.Tensor, "batch"]
Points = Float[torch.Tensor, "batch point 3"]


def mean_squared(
    predicted: Float[torch.Tensor, "batch *value"], target: Float[torch.Tensor, "batch *value"]
) -> PerSample:
    """Return the mean over all components, x, y and z alike, of the squared difference."""
    return (predicted - target).square().flatten(1).mean(dim=1)


def chamfer(predicted: Points, target: Float[torch.Tensor, "batch other 3"]) -> PerSample:
    """Return the Chamfer distance: the mean squared distance to the nearest, there plus back."""
    there = _gathered(target, nearest_vertices(predicted, target))
    back = _gathered(predicted, nearest_vertices(target, predicted))
    to_target = (predicted - there).square().sum(-1).mean(-1)
    return to_target + (target - back).square().sum(-1).mean(-1)


def _gathered(points: torch.Tensor, nearest: Nearest) -> torch.Tensor:
    return points.gather(1, nearest.corners[..., :1].expand(-1, -1, 3))


def edge_regularity(points: Points, edges: Int64[torch.Tensor, "edge 2"]) -> PerSample:
    """Return the mean absolute departure of squared edge lengths from their mean."""
    squared = (points[:, edges[:, 0]] - points[:, edges[:, 1]]).square().sum(-1)
    return (squared - squared.mean(dim=1, keepdim=True)).abs().mean(dim=1)


class Laplacian(torch.nn.Module):
    """The mean length of ``L V`` over the vertices, for a fixed Laplacian L: unevenness."""

    rows: torch.Tensor
    columns: torch.Tensor
    values: torch.Tensor

    def __init__(self, laplacian: SparseSquare):
        super().__init__()
        for name in SparseSquare._fields:
            tensor = torch.as_tensor(getattr(laplacian, name))
            self.register_buffer(name, tensor, persistent=False)

    def forward(self, points: Points) -> PerSample:
        """Return the term in the unit of the points; not squared, as published."""
        entries = self.values.to(points.dtype)[:, None] * points[:, self.columns]
        uneven = torch.zeros_like(points).index_add(1, self.rows, entries)
        # The root has no slope at 0; a floor far below any real length gives it one.
        floor = torch.finfo(points.dtype).tiny ** 0.5
        return uneven.square().sum(-1).clamp_min(floor).sqrt().mean(dim=1)


def mean_where(values: PerSample, mask: Float[torch.Tensor, "batch"]) -> Float[torch.Tensor, ""]:
    """Return the mean over the samples whose mask is 1, and 0 if there are none."""
    kept = torch.where(mask > 0, values, 0)
    return kept.sum() / mask.sum().clamp_min(1)


def weighted_total(terms: Mapping[str, torch.Tensor], weights: Mapping[str, float]) -> torch.Tensor:
    """Sum unweighted ``terms`` with ``weights``; the two must name the same terms.

    Raises:
        KeyError: naming the odd ones.
    """
    if terms.keys() != weights.keys():
        raise KeyError(
            f"loss terms {sorted(terms)} and weights {sorted(weights)} must match; "
            f"odd ones out: {sorted(terms.keys() ^ weights.keys())}"
        )
    return torch.stack([weights[name] * terms[name] for name in sorted(terms)]).sum()
