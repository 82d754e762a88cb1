"""Contact losses: skin that could touch is drawn to the object, skin inside it is pushed out.

After Hasson et al., CVPR 2019, section 3.3: both terms are means of f(d) = t tanh(d / t), which
is about d near contact and stops growing at t. Different from the published code on purpose:

* inside is where the winding number is not 0: exact through vertices and edges, and right
  where the predicted object overlaps itself or is inside out;
* means are per sample, so that one bad sample does not outweigh its batch;
* distances are to the surface unless the configuration says to vertices;
* where a hand is so deep that its mean depth exceeds t, f saturates at that depth instead:
  the gradient of a swallowed hand would otherwise vanish.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64

from obman_gen.errors import InputError
from obman_gen.hands import HandModel
from obman_gen.reconstruction import proximity
from obman_gen.reconstruction.config import ContactConfig


class ContactTerms(NamedTuple):
    """The contact losses of a batch, in the unit of its points, and who is inside."""

    attraction: Float[torch.Tensor, "batch"]
    repulsion: Float[torch.Tensor, "batch"]
    inside: Bool[torch.Tensor, "batch vertex"]
    """Hand vertices inside the object."""


class Regions(NamedTuple):
    """The hand's contact regions, padded to one length by repeating members."""

    members: Int64[torch.Tensor, "region member"]
    is_member: Bool[torch.Tensor, "vertex"]
    """Whether a vertex is in any region."""


def saturate(
    distances: Float[torch.Tensor, "*shape"], reach: float | torch.Tensor
) -> Float[torch.Tensor, "*shape"]:
    """Return ``reach * tanh(distances / reach)``."""
    return reach * torch.tanh(distances / reach)


def contact_regions(hand: HandModel, config: ContactConfig) -> Regions:
    """Return the vertices that may be attracted, grouped: one of each group is.

    Raises:
        InputError: if the file of regions does not fit the hand model.
    """
    count = len(hand.template)
    if config.regions == "all":
        groups: Sequence[np.ndarray] = [np.array([vertex]) for vertex in range(count)]
    elif config.regions == "tips":
        groups = [np.array([vertex]) for vertex in hand.tip_ids]
    elif config.regions_file:
        groups = list(read_regions(Path(config.regions_file), hand).values())
    else:
        groups = [hand.regions[name] for name in hand.contact_region_names]
    longest = max(len(group) for group in groups)
    members = np.stack([np.resize(group, longest) for group in groups])
    is_member = np.zeros(count, bool)
    is_member[members] = True
    return Regions(torch.as_tensor(members, dtype=torch.int64), torch.from_numpy(is_member))


def read_regions(path: Path, hand: HandModel) -> Mapping[str, np.ndarray]:
    """Read regions: what `obman-gen stats` writes, or a JSON object of vertex numbers by name.

    Raises:
        InputError: if it is neither, or is of another hand model.
    """
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"contact regions {path} cannot be read: {error}") from error
    if isinstance(content, Mapping) and "contact_regions" in content:
        made_for = content.get("hand_model", {})
        if made_for.get("sha256", hand.sha256) != hand.sha256:
            raise InputError(f"{path} is of the hand model {made_for.get('name')}, not {hand.name}")
        content = content["contact_regions"]
    if not isinstance(content, Mapping) or not content:
        raise InputError(f"{path} has no contact regions: need vertex numbers by region name")
    return {name: _members(path, name, content[name], len(hand.template)) for name in content}


def _members(path: Path, name: str, numbers: Any, vertex_count: int) -> np.ndarray:
    members = np.asarray(numbers)
    if members.ndim != 1 or not len(members) or members.dtype.kind not in "iu":
        raise InputError(f"{path}: region {name!r} is not a list of vertex numbers")
    if members.min() < 0 or members.max() >= vertex_count:
        raise InputError(
            f"{path}: region {name!r} names vertex {members.max()}, "
            f"but the hand has {vertex_count}; is it of another hand model?"
        )
    return members


def contact_terms(
    hand_vertices: Float[torch.Tensor, "batch vertex 3"],
    object_vertices: Float[torch.Tensor, "batch point 3"],
    object_faces: Int64[torch.Tensor, "face 3"],
    regions: Regions,
    config: ContactConfig,
) -> ContactTerms:
    """Return attraction and repulsion of every sample, unweighted.

    Args:
        hand_vertices: metres.
        object_vertices: of closed meshes, same frame and unit.
        object_faces: of all of them, consistently oriented.
        regions: from `contact_regions`.
        config: reaches in metres, what distances are to, and which side gets the gradient.
    """
    if config.gradient == "hand":
        object_vertices = object_vertices.detach()
    if config.gradient == "object":
        hand_vertices = hand_vertices.detach()
    inside = proximity.winding_numbers(hand_vertices, object_vertices, object_faces) != 0
    wanted = inside | regions.is_member.to(inside.device)
    nearest = _nearest(hand_vertices, object_vertices, object_faces, wanted, config)
    meshes = (hand_vertices, object_vertices)
    return ContactTerms(
        _attraction(meshes, nearest, inside, regions, config.attraction_reach_m),
        _repulsion(meshes, nearest, inside, config.repulsion_reach_m),
        inside,
    )


def _nearest(hand_vertices, object_vertices, object_faces, wanted, config) -> proximity.Nearest:
    if config.distance == "vertices":
        return proximity.nearest_vertices(hand_vertices, object_vertices, wanted)
    return proximity.nearest_on_faces(hand_vertices, object_vertices, object_faces, wanted)


def _attraction(meshes, nearest, inside, regions: Regions, reach: float) -> torch.Tensor:
    """Draw in each region its vertex nearest to the object, unless it is inside already."""
    members = regions.members.to(inside.device)
    rank = nearest.distances[:, members].argmin(dim=2)
    chosen = members[torch.arange(len(members), device=rank.device), rank]
    outside = ~inside.gather(1, chosen)
    sample, region = outside.nonzero(as_tuple=True)
    vertex = chosen[sample, region]
    values = saturate(_distances(meshes, nearest, sample, vertex), reach)
    return _mean_per_sample(values, sample, len(inside))


def _repulsion(meshes, nearest, inside, reach: float) -> torch.Tensor:
    """Push out every vertex that is inside."""
    sample, vertex = inside.nonzero(as_tuple=True)
    depths = _distances(meshes, nearest, sample, vertex)
    mean_depth = _mean_per_sample(depths.detach(), sample, len(inside))
    values = saturate(depths, mean_depth.clamp_min(reach)[sample])
    return _mean_per_sample(values, sample, len(inside))


def _distances(meshes, nearest: proximity.Nearest, sample, vertex) -> torch.Tensor:
    """Return the chosen vertices' distances to the object, differentiable in both meshes.

    With the nearest point's place on the surface held fixed: by the envelope theorem the
    gradient is the same, since that place is where the distance is least.
    """
    hand_vertices, object_vertices = meshes
    corners = object_vertices[sample[:, None], nearest.corners[sample, vertex]]
    there = (nearest.weights[sample, vertex, :, None] * corners).sum(dim=1)
    squared = (hand_vertices[sample, vertex] - there).square().sum(dim=1)
    # At the surface itself the slope of the root is infinite; take none.
    touching = squared <= torch.finfo(squared.dtype).tiny
    return torch.where(touching, 0, torch.where(touching, 1, squared).sqrt())


def _mean_per_sample(values: torch.Tensor, sample: torch.Tensor, batch: int) -> torch.Tensor:
    """Return the mean of each sample's values, 0 where it has none."""
    total = values.new_zeros(batch).index_add(0, sample, values)
    count = torch.bincount(sample, minlength=batch)
    return total / count.clamp_min(1)
