"""Signed distances looked up for many points at once, on any device: the torch twin of
`pygraspit.sdf`.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float

from pygraspit.planner.tables import FieldTable


class Field(NamedTuple):
    """Signed distances on a grid, mm, in the object's frame."""

    values: Float[torch.Tensor, "node"]
    """Of all nodes, z fastest."""
    shape: torch.Tensor
    """(3,) i64: nodes along each axis."""
    strides: torch.Tensor
    """(3,) i64: from a node to the next along each axis."""
    origin: Float[torch.Tensor, "3"]
    spacing: float

    @classmethod
    def of(cls, table: FieldTable, device: torch.device, dtype: torch.dtype) -> "Field":
        """Copy a field to a device."""
        shape = table.values.shape
        return cls(
            torch.from_numpy(table.values).to(device, dtype).reshape(-1),
            torch.tensor(shape, device=device),
            torch.tensor((shape[1] * shape[2], shape[2], 1), device=device),
            torch.from_numpy(table.origin).to(device, dtype),
            table.spacing,
        )

    def distance(self, points: Float[torch.Tensor, "*batch 3"]) -> Float[torch.Tensor, "*batch"]:
        """Return the signed distance of each point."""
        return self.distance_and_gradient(points)[0]

    def distance_and_gradient(
        self, points: Float[torch.Tensor, "*batch 3"]
    ) -> tuple[Float[torch.Tensor, "*batch"], Float[torch.Tensor, "*batch 3"]]:
        """Return signed distances and their gradients, trilinear as in `pygraspit.sdf`."""
        place = (points - self.origin) / self.spacing
        clamped = torch.minimum(place.clamp_min(0), self.shape - 1.0)
        index = torch.minimum(clamped.long(), self.shape - 2)
        distance, slope = self._interpolated(clamped - index, (index * self.strides).sum(-1))
        gradient = slope / self.spacing
        beyond = (place - clamped) * self.spacing
        # Outside: from the surface point under where the point left the box.
        length = gradient.norm(dim=-1, keepdim=True).clamp_min(1e-12)
        way = beyond + distance.clamp_min(0)[..., None] / length * gradient
        far = way.norm(dim=-1).clamp_min(1e-12)
        outside = (beyond != 0).any(-1)
        return (
            torch.where(outside, far, distance),
            torch.where(outside[..., None], way / far[..., None], gradient),
        )

    def _interpolated(self, share: torch.Tensor, corner: torch.Tensor):
        """Return value and slope per cell at a share of the way through cells."""
        u, v, w = share.unbind(-1)
        x, y, z = self.strides.tolist()

        def at(step: int) -> torch.Tensor:
            return self.values[corner + step]

        c000, c001, c010, c011 = at(0), at(z), at(y), at(y + z)
        c100, c101, c110, c111 = at(x), at(x + z), at(x + y), at(x + y + z)
        c00, c01 = c000 + u * (c100 - c000), c001 + u * (c101 - c001)
        c10, c11 = c010 + u * (c110 - c010), c011 + u * (c111 - c011)
        c0, c1 = c00 + v * (c10 - c00), c01 + v * (c11 - c01)
        low = c100 - c000 + v * (c110 - c010 - c100 + c000)
        high = c101 - c001 + v * (c111 - c011 - c101 + c001)
        slope = (low + w * (high - low), c10 - c00 + w * (c11 - c01 - c10 + c00), c1 - c0)
        return c0 + w * (c1 - c0), torch.stack(slope, -1)
