"""Energies of many states at once, on any device: the torch twin of `pygraspit.planner.fast`.

Hardly anything is culled: a GPU tests all of a hand's balls in less time than it takes to decide
which of them matter. Verdicts and energies are those of the compiled way, to rounding.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float

from pygraspit.kinematics import JointTable
from pygraspit.planner.batched_field import Field
from pygraspit.planner.batched_hull import force_epsilons
from pygraspit.planner.energies import (
    COUNTING_SCALE,
    LEAST_COSINE,
    LEAST_COUNT,
    LEAST_RADIUS,
    NO_QUALITY,
    NORMAL_WEIGHT_MM,
    PI,
    REACH_MM,
)
from pygraspit.planner.fast import CLOSURE, CONTACT, ILLEGAL, POTENTIAL
from pygraspit.planner.forces import UP
from pygraspit.planner.places import AXIS_ANGLE, COMPLETE
from pygraspit.planner.tables import FieldTable, HandTable, SearchTable
from pygraspit.transforms import NO_TURN_RAD

Turns = Float[torch.Tensor, "state place 3 3"]
Shifts = Float[torch.Tensor, "state place 3"]


class Placed(NamedTuple):
    """Where things are: rotation and translation into the object's frame, mm."""

    turn: Turns
    shift: Shifts

    def at(self, places: torch.Tensor) -> "Placed":
        """Return some of them, in this order."""
        return Placed(self.turn[:, places], self.shift[:, places])

    def then(self, step: "Placed") -> "Placed":
        """Return where something is that is placed relative to these."""
        return Placed(self.turn @ step.turn, self.points(step.shift))

    def points(self, points: Float[torch.Tensor, "#state place 3"]) -> Shifts:
        """Express a point of each frame in the object's."""
        return self.vectors(points) + self.shift

    def vectors(self, vectors: Float[torch.Tensor, "#state place 3"]) -> Shifts:
        """Express a direction of each frame in the object's."""
        return (self.turn @ vectors[..., None])[..., 0]


class BatchedEnergy:
    """Judges states of one hand about one object."""

    def __init__(
        self,
        hand: HandTable,
        field: FieldTable,
        search: SearchTable,
        device: torch.device,
        dtype: torch.dtype = torch.float64,
    ):
        """Copy hand and object to a device."""
        self.kind, self.slack_mm, self.dtype, self.device = (
            search.energy, search.slack_mm, dtype, device,
        )  # fmt: skip
        self.field = Field.of(field, device, dtype)

        def put(array: np.ndarray) -> torch.Tensor:
            tensor = torch.from_numpy(np.ascontiguousarray(array)).to(device)
            return tensor.to(dtype) if tensor.is_floating_point() else tensor

        self._frames = {AXIS_ANGLE: axis_angle_frames, COMPLETE: complete_frames}[search.place]
        self._levels = [
            (put(joints), put(chains)) for joints, chains in joint_levels(hand.joints.chain_start)
        ]
        self._up = put(UP)
        self._origin, self._directions = put(hand.origin), put(hand.directions)
        self._dof_range, self._ratio = put(hand.dof_range), put(hand.ratio)
        self._palm = _placed(put(hand.approach_from_palm[None]))
        self._bases = _placed(put(hand.joints.palm_from_base))
        self._contacts = _Contacts(
            put(hand.contact_link),
            put(hand.contact_place),
            put(hand.contact_normal),
            put(hand.contact_edges),
            put(np.arange(hand.contact_edges.shape[1]) < hand.contact_edge_count[:, None]),
        )
        # Balls stand before points, which have no radius and meet no other link.
        count = int((hand.ball_radius > 0).sum())
        balls, points = slice(count), slice(count, None)
        solids = put(hand.ball_link), put(hand.ball_centre), put(hand.ball_radius)
        self._balls = tuple(part[balls] for part in solids)
        self._points = tuple(part[points] for part in solids[:2])
        self._least_gap = put(least_gaps(hand, count, search.slack_mm))
        self._joint_arrays = {
            name: put(getattr(hand.joints, name))
            for name in ("dof", "offset", "d", "a", "alpha", "slides")
        }
        self._link_source = put(link_sources(hand.joints))

    def __call__(
        self, states: Float[torch.Tensor, "state variable"]
    ) -> tuple[Float[torch.Tensor, "state"], Float[torch.Tensor, "state 4 4"]]:
        """Return energies, `ILLEGAL` in collision, and approach frames (object frame, mm)."""
        frames = self._frames(states[:, len(self._directions) :])
        links = self._links(states, frames)
        collides = self._collides(links)
        energies = torch.full_like(states[:, 0], ILLEGAL)
        free = (~collides).nonzero()[:, 0]
        if len(free):
            energies[free] = self._energies(Placed(*(part[free] for part in links)))
        return energies, frames

    def _links(self, states: torch.Tensor, frames: torch.Tensor) -> Placed:
        """Return palm and links, as `pygraspit.kinematics.fill_link_poses` places them."""
        count = len(states)
        dofs = self._origin + states[:, : len(self._directions)] @ self._directions
        dofs = torch.minimum(torch.maximum(dofs, self._dof_range[0]), self._dof_range[1])
        steps = self._steps(self._ratio * dofs[:, self._joint_arrays["dof"]])
        palm = _placed(frames[:, None]).then(self._palm)
        bases = palm.then(self._bases)
        turn = torch.zeros_like(steps.turn)
        shift = torch.zeros_like(steps.shift)
        for level, (joints, chains) in enumerate(self._levels):
            before = bases.at(chains) if level == 0 else Placed(turn, shift).at(joints - 1)
            turn[:, joints], shift[:, joints] = before.then(steps.at(joints))
        everything = Placed(
            torch.cat([bases.turn.expand(count, -1, -1, -1), turn], 1),
            torch.cat([bases.shift.expand(count, -1, -1), shift], 1),
        )
        links = everything.at(self._link_source)
        return Placed(
            torch.cat([palm.turn, links.turn], 1), torch.cat([palm.shift, links.shift], 1)
        )

    def _steps(self, values: Float[torch.Tensor, "state joint"]) -> Placed:
        """Return Rz(theta) Tz(d) Tx(a) Rx(alpha) of every joint."""
        joints = self._joint_arrays
        theta = joints["offset"] + torch.where(joints["slides"], 0.0, values)
        d = joints["d"] + torch.where(joints["slides"], values, 0.0)
        theta = torch.where(theta.abs() < NO_TURN_RAD, 0.0, theta)
        alpha = torch.where(joints["alpha"].abs() < NO_TURN_RAD, 0.0, joints["alpha"])
        ct, st = theta.cos(), theta.sin()
        ca, sa = (part.expand_as(ct) for part in (alpha.cos(), alpha.sin()))
        rows = (ct, -st * ca, st * sa, st, ct * ca, -ct * sa, torch.zeros_like(ct), sa, ca)
        turn = torch.stack(rows, -1).unflatten(-1, (3, 3))
        return Placed(turn, torch.stack((joints["a"] * ct, joints["a"] * st, d), -1))

    def _collides(self, links: Placed) -> Bool[torch.Tensor, "state"]:
        """Say whether a hand runs into the object, or its fingers into one another.

        Each test is asked only of the hands that the one before found clear.
        """
        link, centre, radius = self._balls
        centres = links.at(link).points(centre[None])
        hits = (self.field.distance(centres) < radius - self.slack_mm).any(1)
        clear = (~hits).nonzero()[:, 0]
        hits[clear] = self._meets_itself(centres[clear])
        clear = (~hits).nonzero()[:, 0]
        link, place = self._points
        points = Placed(*(part[clear] for part in links)).at(link).points(place[None])
        hits[clear] = (self.field.distance(points) < -self.slack_mm).any(1)
        return hits

    def _meets_itself(self, centres: Shifts) -> Bool[torch.Tensor, "state"]:
        """Say whether balls that may not overlap do, by more than the slack."""
        squares = centres.square().sum(-1)
        # Places are a few hundred mm: what cancels leaves 1e-9 mm^2.
        gaps = squares[:, :, None] + squares[:, None] - 2 * centres @ centres.mT
        return (gaps < self._least_gap).flatten(1).any(1)

    def _energies(self, links: Placed) -> Float[torch.Tensor, "state"]:
        """Return energies by the formulas of `pygraspit.planner.energies`."""
        contacts = self._contacts
        carriers = links.at(contacts.link)
        normals = carriers.vectors(contacts.normal[None])
        signed, slope = self.field.distance_and_gradient(carriers.points(contacts.place[None]))
        cosine = -(slope * normals).sum(-1) / (slope.norm(dim=-1) + 1e-12)
        cosine = torch.where(signed < 0, -cosine, cosine)
        distance = signed.abs()
        mean = (distance + NORMAL_WEIGHT_MM * (1 - cosine)).mean(1)
        if self.kind == CONTACT:
            return mean
        near = (cosine >= LEAST_COSINE) & (distance <= REACH_MM)
        scale = torch.where(near, (PI * distance / REACH_MM).cos() + 1, 0.0)
        enough = (scale > COUNTING_SCALE).sum(1) >= LEAST_COUNT
        radius = torch.full_like(mean, -1.0)
        rows = enough.nonzero()[:, 0]
        if len(rows):
            radius[rows] = self._radii(normals[rows], scale[rows])
        otherwise = torch.full_like(mean, NO_QUALITY) if self.kind == POTENTIAL else mean
        least = LEAST_RADIUS if self.kind == CLOSURE else 0.0
        return torch.where(radius >= least, -radius, otherwise)

    def _radii(self, normals: Shifts, scale: torch.Tensor) -> torch.Tensor:
        """Return the radius of the forces that contacts of these weights could give."""
        edges, exist = self._contacts.edges, self._contacts.edge_exists
        up = self._up.expand_as(normals)
        first = torch.linalg.cross(up, normals)
        first = first / (first.norm(dim=-1, keepdim=True) + 1e-300)
        second = torch.linalg.cross(normals, first)
        tangential = edges[..., :1] * first[:, :, None] + edges[..., 1:] * second[:, :, None]
        forces = scale[:, :, None, None] * (normals[:, :, None] + tangential)
        counted = (scale > 0)[:, :, None] & exist
        radii = force_epsilons(
            forces.flatten(1, 2).double().cpu().numpy(),
            counted.flatten(1, 2).cpu().numpy(),
            (scale <= 0).any(1).cpu().numpy(),
        )
        return torch.from_numpy(radii).to(normals)


class _Contacts(NamedTuple):
    """Virtual contacts on a device."""

    link: torch.Tensor
    place: torch.Tensor
    normal: torch.Tensor
    edges: torch.Tensor
    edge_exists: torch.Tensor


def _placed(transforms: Float[torch.Tensor, "*batch 4 4"]) -> Placed:
    if transforms.ndim == 3:
        transforms = transforms[None]
    return Placed(transforms[..., :3, :3], transforms[..., :3, 3])


def least_gaps(hand: HandTable, ball_count: int, slack_mm: float) -> Float[np.ndarray, "ball ball"]:
    """Return the squared distance that two balls must keep, mm^2; -inf if they may overlap."""
    least = np.full((ball_count, ball_count), -np.inf)
    one, other = hand.ball_pairs.T
    reach = hand.ball_radius[one] + hand.ball_radius[other] - slack_mm
    least[one, other] = np.where(reach > 0, reach * reach, -np.inf)
    return least


def link_sources(joints: JointTable) -> np.ndarray:
    """Return where each link's pose is among the chains' bases, then the joints."""
    base_count = len(joints.palm_from_base)
    return np.where(joints.link_joint < 0, joints.link_chain, base_count + joints.link_joint)


def joint_levels(chain_start: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return joints, and their chains, by how many joints stand before them in their chain."""
    lengths = np.diff(chain_start)
    levels = []
    for level in range(int(lengths.max(initial=0))):
        chains = np.flatnonzero(lengths > level)
        levels.append((chain_start[chains] + level, chains))
    return levels


def complete_frames(places: Float[torch.Tensor, "state 7"]) -> Float[torch.Tensor, "state 4 4"]:
    """Return transforms of x, y, z and a quaternion; see `places.fill_complete`."""
    size = places[:, 3:].square().sum(1)
    share = torch.where(size > 0, 2 / size, 0.0)[:, None, None]
    w, axis = places[:, 3, None, None], places[:, 4:]
    square = axis.square().sum(1)[:, None, None]
    cross = crosses(axis)
    outer = axis[:, :, None] * axis[:, None]
    one = torch.eye(3, dtype=places.dtype, device=places.device)
    return transforms(one + share * (outer - square * one + w * cross), places[:, :3])


def axis_angle_frames(places: Float[torch.Tensor, "state 6"]) -> Float[torch.Tensor, "state 4 4"]:
    """Return transforms of x, y, z, theta, phi, alpha; see `places.fill_axis_angle`."""
    theta, phi, alpha = places[:, 3:].unbind(1)
    alpha = torch.where(alpha.abs() < NO_TURN_RAD, 0.0, alpha)
    axis = torch.stack((theta.sin() * phi.cos(), theta.sin() * phi.sin(), theta.cos()), 1)
    cosine, sine = alpha.cos()[:, None, None], alpha.sin()[:, None, None]
    turn = (1 - cosine) * axis[:, :, None] * axis[:, None] + sine * crosses(axis)
    turn = turn + cosine * torch.eye(3, dtype=places.dtype, device=places.device)
    return transforms(turn, places[:, :3])


def crosses(axis: Float[torch.Tensor, "state 3"]) -> Float[torch.Tensor, "state 3 3"]:
    """Return the matrices of the cross products with vectors."""
    x, y, z = axis.unbind(1)
    zero = torch.zeros_like(x)
    return torch.stack((zero, -z, y, z, zero, -x, -y, x, zero), 1).unflatten(1, (3, 3))


def transforms(
    turn: Float[torch.Tensor, "state 3 3"], shift: Float[torch.Tensor, "state 3"]
) -> Float[torch.Tensor, "state 4 4"]:
    """Return 4 x 4 transforms."""
    frames = turn.new_zeros(len(turn), 4, 4)
    frames[:, :3, :3], frames[:, :3, 3], frames[:, 3, 3] = turn, shift, 1.0
    return frames
