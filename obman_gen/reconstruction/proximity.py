"""Who is inside a closed mesh, and what of it is nearest: batched, on any device, no gradients.

On the CPU the compiled kernels do it, with float64 inside; elsewhere plain tensor operations
over all pairs, in pieces that bound the memory, by the same rules.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64

PAIRS_AT_ONCE = 32_000_000
"""Point-face pairs that are in memory at a time."""

Batch = Float[torch.Tensor, "batch point 3"]


class Nearest(NamedTuple):
    """For each point the nearest point of a mesh; where it was not wanted, vertex 0."""

    corners: Int64[torch.Tensor, "batch point 3"]
    """Vertices whose weighted mean is the nearest point."""
    weights: Float[torch.Tensor, "batch point 3"]
    distances: Float[torch.Tensor, "batch point"]


@torch.no_grad()
def winding_numbers(
    points: Batch,
    vertices: Float[torch.Tensor, "batch vertex 3"],
    faces: Int64[torch.Tensor, "face 3"],
) -> Int64[torch.Tensor, "batch point"]:
    """Return how often each sample's closed mesh winds around each of its points.

    Not zero means inside: also where a mesh overlaps itself, and if it is inside out.
    """
    if points.device.type != "cpu":
        return _in_pieces(_winding_of_all_pairs, points, vertices, faces)
    from obman_gen.reconstruction import kernels

    result = np.zeros(points.shape[:2], np.int64)
    for one, mesh, row in zip(_wide(points), _wide(vertices), result, strict=True):
        kernels.winding_numbers(one, mesh, faces.numpy(), row)
    return torch.from_numpy(result)


@torch.no_grad()
def nearest_vertices(
    points: Batch,
    vertices: Float[torch.Tensor, "batch vertex 3"],
    wanted: Bool[torch.Tensor, "batch point"] | None = None,
) -> Nearest:
    """Return each point's nearest vertex."""
    if points.device.type == "cpu":
        return _nearest_on_cpu(points, vertices, None, wanted)
    # Not by |a|^2 - 2ab + |b|^2, which cancels.
    distances, index = torch.cdist(
        points, vertices, compute_mode="donot_use_mm_for_euclid_dist"
    ).min(dim=2)
    weights = torch.zeros_like(points)
    weights[..., 0] = 1
    return Nearest(index[..., None].expand(-1, -1, 3), weights, distances)


@torch.no_grad()
def nearest_on_faces(
    points: Batch,
    vertices: Float[torch.Tensor, "batch vertex 3"],
    faces: Int64[torch.Tensor, "face 3"],
    wanted: Bool[torch.Tensor, "batch point"] | None = None,
) -> Nearest:
    """Return each point's nearest point of the surface; only of the wanted ones where it pays."""
    if points.device.type == "cpu":
        return _nearest_on_cpu(points, vertices, faces, wanted)
    pieces = _in_pieces(_nearest_of_all_pairs, points, vertices, faces)
    index, weights = pieces[..., 0].long(), pieces[..., 1:4]
    return Nearest(faces[index], weights, pieces[..., 4])


def _nearest_on_cpu(points, vertices, faces, wanted) -> Nearest:
    from obman_gen.reconstruction import kernels

    shape = points.shape[:2]
    chosen = np.ones(shape, bool) if wanted is None else wanted.numpy()
    index, squared = np.zeros(shape, np.int64), np.zeros(shape)
    weights = np.zeros((*shape, 3))
    weights[..., 0] = 1
    rows = zip(_wide(points), _wide(vertices), chosen, index, squared, weights, strict=True)
    for one, mesh, mask, places, distances, shares in rows:
        kernels.nearest_vertices(one, mesh, mask, places, distances)
        if faces is not None:
            kernels.nearest_on_faces(one, mesh, faces.numpy(), mask, (places, distances, shares))
    places = torch.from_numpy(index)
    corners = places[..., None].expand(*shape, 3) if faces is None else faces[places]
    return Nearest(
        corners,
        torch.from_numpy(weights).to(points.dtype),
        torch.from_numpy(np.sqrt(squared)).to(points.dtype),
    )


def _wide(values: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(values.detach().numpy(), np.float64)


def _in_pieces(function, points, vertices, faces) -> torch.Tensor:
    """Apply a function of all pairs to as many samples at a time as memory allows."""
    size = max(1, PAIRS_AT_ONCE // (points.shape[1] * len(faces)))
    parts = zip(points.split(size), vertices.split(size), strict=True)
    return torch.cat([function(some, mesh[:, faces]) for some, mesh in parts])


def _winding_of_all_pairs(points, corners) -> torch.Tensor:
    """Sum the signed crossings of every face, by the rules of `kernels.crossing`."""
    x, y, z = points[:, :, None].unbind(-1)
    a, b, c = corners[:, None].unbind(-2)
    turns = _edge_crossings(a, b, x, y) + _edge_crossings(b, c, x, y) + _edge_crossings(c, a, x, y)
    normals = torch.linalg.cross(b - a, c - a)
    height = (normals[..., 0] * (a[..., 0] - x)).add_(normals[..., 1] * (a[..., 1] - y))
    height.add_(normals[..., 2] * (a[..., 2] - z))
    lowest, highest = corners[..., 2].amin(-1)[:, None], corners[..., 2].amax(-1)[:, None]
    above = (lowest > z) | ((highest >= z) & (height * turns > 0))
    return (turns * above).sum(-1)


def _edge_crossings(a, b, x, y) -> torch.Tensor:
    """Return each edge's crossing of each point's ray in +x; see `kernels.edge_crossing`."""
    upward = (a[..., 1] < b[..., 1])[..., None]
    low, high = torch.where(upward, a, b), torch.where(upward, b, a)
    straddles = (low[..., 1] <= y) & (y < high[..., 1])
    side = (high[..., 0] - low[..., 0]) * (y - low[..., 1])
    side = side - (high[..., 1] - low[..., 1]) * (x - low[..., 0])
    sign = torch.where(upward[..., 0], 1, -1)
    return torch.where(straddles & (side > 0), sign, 0)


def _nearest_of_all_pairs(points, corners) -> torch.Tensor:
    """Return (batch, point, 5): nearest face, weights of its corners, distance."""
    p = points[:, :, None]
    a, b, c = corners[:, None].unbind(-2)
    squared, weights = _foot_in_triangle(p, a, b, c)
    for place, (one, other) in enumerate(((a, b), (b, c), (c, a))):
        squared, weights = _nearer_edge(p, one, other, place, (squared, weights))
    best, index = squared.min(dim=2)
    shares = weights.gather(2, index[..., None, None].expand(-1, -1, 1, 3))[:, :, 0]
    return torch.cat([index[..., None].to(shares.dtype), shares, best.sqrt()[..., None]], dim=-1)


def _foot_in_triangle(p, a, b, c):
    """Return the squared distance to the plane where the foot is inside, else infinity."""
    ab, ac, ap = b - a, c - a, p - a
    d00, d01, d11 = ((u * v).sum(-1) for u, v in ((ab, ab), (ab, ac), (ac, ac)))
    d20, d21 = (ap * ab).sum(-1), (ap * ac).sum(-1)
    area = d00 * d11 - d01 * d01
    one, two = d11 * d20 - d01 * d21, d00 * d21 - d01 * d20
    inside = (area > 0) & (one >= 0) & (two >= 0) & (one + two <= area)
    safe = area.clamp_min(torch.finfo(area.dtype).tiny)
    weights = torch.stack([1 - (one + two) / safe, one / safe, two / safe], dim=-1)
    away = ap - weights[..., 1:2] * ab - weights[..., 2:] * ac
    return torch.where(inside, away.square().sum(-1), torch.inf), weights


def _nearer_edge(p, a, b, place, best):
    """Return the smaller of what is known and the distance to an edge, with its weights."""
    squared, weights = best
    along = b - a
    length = along.square().sum(-1).clamp_min(torch.finfo(along.dtype).tiny)
    share = (((p - a) * along).sum(-1) / length).clamp(0, 1)
    distance = (p - a - share[..., None] * along).square().sum(-1)
    shares = torch.zeros_like(weights)
    shares[..., place], shares[..., (place + 1) % 3] = 1 - share, share
    nearer = distance < squared
    return torch.where(nearer, distance, squared), torch.where(nearer[..., None], shares, weights)
