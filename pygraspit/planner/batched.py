"""Many annealing chains in step, on any device: the torch twin of `pygraspit.planner.fast`.

Every chain has its own state, energy, step counter and list; a round draws one neighbour for
each. The schedules, acceptance and lists are the compiled planner's. The random numbers are the
device's own, so its chains visit other states than the compiled ones.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float

from pygraspit.planner.batched_energy import BatchedEnergy
from pygraspit.planner.fast import FIRST_ENERGY, MAX_TRIES
from pygraspit.planner.shortlist import LEAST_DISTANCE, OPEN_THRESHOLD, Shortlist
from pygraspit.planner.tables import SearchTable

REDRAWS = 16
"""Draws of one variable before it stays where it is: all are made at once."""
ROUNDS_BETWEEN_LOOKS = 32
"""Rounds after which the host asks whether all chains are done."""

States = Float[torch.Tensor, "chain variable"]
PerChain = Float[torch.Tensor, "chain"]


def anneal_batched(
    energy: BatchedEnergy,
    search: SearchTable,
    starts: Float[np.ndarray, "chain variable"],
    step_count: int,
    list_size: int,
    seed: int,
) -> list[Shortlist]:
    """Run a chain from every start; return each one's best states.

    Args:
        energy: judges states, on its device.
        search: bounds and schedule.
        starts: where the chains begin.
        step_count: of each chain, those that find no legal neighbour included.
        list_size: states kept of each chain.
        seed: of the device's random numbers.
    """
    chains = Chains(energy, search, starts, list_size, seed)
    rounds = 0
    while True:
        chains.advance(step_count)
        rounds += 1
        if rounds % ROUNDS_BETWEEN_LOOKS == 0 and bool((chains.done >= step_count).all()):
            return chains.lists.on_host()


class Chains:
    """Chains under way."""

    def __init__(
        self,
        energy: BatchedEnergy,
        search: SearchTable,
        starts: Float[np.ndarray, "chain variable"],
        list_size: int,
        seed: int,
    ):
        self._energy, self._schedule = energy, search.schedule.tolist()
        self.states = torch.from_numpy(starts).to(energy.device, energy.dtype)
        self.energies = torch.full_like(self.states[:, 0], FIRST_ENERGY)
        self.steps = torch.full_like(self.energies, self._schedule[7])
        self.done = torch.zeros(len(starts), dtype=torch.int64, device=energy.device)
        """Steps taken or given up."""
        self._tries = torch.zeros_like(self.done)
        self._box = torch.from_numpy(search.box).to(energy.device, energy.dtype)
        self._generator = torch.Generator(energy.device).manual_seed(seed)
        self.lists = Lists.empty(self.states, list_size, search.max_radius_mm)

    def advance(self, step_count: int) -> None:
        """Try one neighbour of every chain that has steps left."""
        state_rate, energy_rate, state_dimensions, energy_dimensions = self._schedule[:4]
        factor, energy_factor, first, _ = self._schedule[4:]
        heat = factor * temperature(first, state_rate, state_dimensions, self.steps)
        neighbours = self._neighbours(heat)
        energies, frames = self._energy(neighbours)
        legal = energies.isfinite() & (self.done < step_count)
        cold = temperature(first, energy_rate, energy_dimensions, self.steps) / energy_factor
        chance = torch.where(
            energies < self.energies, 1.0, ((self.energies - energies) / cold).exp()
        )
        accepted = legal & (chance > self._uniform(len(chance)))
        self.states = torch.where(accepted[:, None], neighbours, self.states)
        self.energies = torch.where(accepted, energies, self.energies)
        self.lists.consider(accepted, energies, neighbours, frames, self.steps)
        self._tries = torch.where(legal, 0, self._tries + 1)
        given_up = self._tries >= MAX_TRIES
        self._tries = torch.where(given_up, 0, self._tries)
        self.steps = self.steps + legal
        self.done = self.done + (legal | given_up)

    def _neighbours(self, heat: PerChain) -> States:
        """Draw as `annealing.draw_neighbour` does: again where a variable leaves its range."""
        low, high, jump, circular = self._box
        uniform = self._uniform(REDRAWS, *self.states.shape)
        heat = heat[:, None]
        size = heat * ((1 + 1 / heat) ** (2 * uniform - 1).abs() - 1)
        values = self.states + torch.where(uniform < 0.5, -size, size) * jump
        around = torch.where(values > high, low - high, torch.where(values < low, high - low, 0.0))
        values = torch.where(circular != 0, values + around, values)
        fits = (values >= low) & (values <= high)
        chosen = values.gather(0, fits.to(torch.uint8).argmax(0)[None])[0]
        return torch.where(fits.any(0), chosen, self.states)

    def _uniform(self, *shape: int) -> torch.Tensor:
        return torch.rand(
            shape,
            generator=self._generator,
            device=self._energy.device,
            dtype=self._energy.dtype,
        )


def temperature(first: float, rate: float, dimensions: float, steps: PerChain) -> PerChain:
    """Return ``T0 exp(-c k^(1/d))`` of every chain."""
    return first * (-rate * steps ** (1 / dimensions)).exp()


@dataclass
class Lists:
    """Every chain's best states, as `pygraspit.planner.shortlist` keeps them: best first."""

    energy: Float[torch.Tensor, "chain row"]
    """Infinite where there is none."""
    state: Float[torch.Tensor, "chain row variable"]
    frame: Float[torch.Tensor, "chain row 4 4"]
    step: Float[torch.Tensor, "chain row"]
    max_radius_mm: float

    @classmethod
    def empty(cls, states: States, size: int, max_radius_mm: float) -> "Lists":
        """Return room for so many states of each chain."""
        chains, variables = states.shape
        return cls(
            states.new_full((chains, size), float("inf")),
            states.new_zeros(chains, size, variables),
            states.new_zeros(chains, size, 4, 4),
            states.new_zeros(chains, size),
            max_radius_mm,
        )

    def consider(
        self,
        candidates: Bool[torch.Tensor, "chain"],
        energies: PerChain,
        states: States,
        frames: Float[torch.Tensor, "chain 4 4"],
        steps: PerChain,
    ) -> None:
        """Enter states that are good and new; worse ones near them leave."""
        worst = self.energy[:, -1].clamp_max(OPEN_THRESHOLD)
        rows = (candidates & (energies < worst)).nonzero()[:, 0]
        if not len(rows):
            return
        near = self._distances(frames[rows], rows) < LEAST_DISTANCE
        known = near & (self.energy[rows] <= energies[rows, None])
        new = ~known.any(1)
        rows, near = rows[new], near[new]
        if not len(rows):
            return
        kept = self.energy[rows].masked_fill(near, float("inf"))
        all_energies = torch.cat([kept, energies[rows, None]], 1)
        order = all_energies.argsort(dim=1, stable=True)[:, :-1]
        self.energy[rows] = all_energies.gather(1, order)
        for ours, theirs in ((self.state, states), (self.frame, frames), (self.step, steps)):
            together = torch.cat([ours[rows], theirs[rows, None]], 1)
            index = order.reshape(*order.shape, *[1] * (together.ndim - 2))
            ours[rows] = together.gather(1, index.expand(-1, -1, *together.shape[2:]))

    def _distances(self, frames: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return `shortlist.state_distance` of frames to the rows of their lists."""
        there = self.frame[rows]
        shift = (there[..., :3, 3] - frames[:, None, :3, 3]).norm(dim=-1)
        trace = (there[..., :3, :3] * frames[:, None, :3, :3]).sum((-1, -2))
        angle = (0.5 * (trace - 1)).clamp(-1, 1).acos()
        return torch.maximum(shift / self.max_radius_mm, 0.5 * angle / torch.pi)

    def on_host(self) -> list[Shortlist]:
        """Return the lists as the compiled planner has them."""
        energy, state, frame, step = (
            part.double().cpu().numpy() for part in (self.energy, self.state, self.frame, self.step)
        )
        counts = np.isfinite(energy).sum(axis=1)
        return [
            Shortlist(energy[i], state[i], frame[i], step[i].astype(np.int64), counts[i : i + 1])
            for i in range(len(energy))
        ]
