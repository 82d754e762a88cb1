"""Simulated annealing as in GraspIt!: temperatures, neighbours and acceptance.

After Ingber's very fast annealing: temperatures fall as ``T0 exp(-c k^(1/d))``, and steps are
drawn from a heavy-tailed distribution that narrows with the temperature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import no_type_check

import numpy as np

from pygraspit.kernels import light_kernel

MAX_REDRAWS = 100
"""Draws of one variable before it stays where it is."""


@dataclass(frozen=True)
class Schedule:
    """Constants of one annealing; the names in brackets are GraspIt!'s."""

    state_rate: float
    """c of the temperature that neighbours are drawn at (YC)."""
    energy_rate: float
    """c of the temperature that energies are compared at (HC)."""
    state_dimensions: float
    """d for neighbours (YDIMS)."""
    energy_dimensions: float
    """d for energies (HDIMS)."""
    state_factor: float
    """Multiplies the neighbours' temperature (NBR_ADJ)."""
    energy_factor: float
    """Multiplies energy differences (ERR_ADJ)."""
    first_temperature: float
    """T0."""
    first_step: int
    """The step counter starts here (K0), so a limit of 70,000 steps is 40,000 by default."""

    def state_temperature(self, step: float) -> float:
        """Return the temperature at which neighbours of a step are drawn."""
        return self.state_factor * float(
            temperature(self.first_temperature, self.state_rate, self.state_dimensions, step)
        )

    def energy_temperature(self, step: float) -> float:
        """Return the temperature in units of energy: a rise by it passes with 1/e."""
        return (
            float(
                temperature(self.first_temperature, self.energy_rate, self.energy_dimensions, step)
            )
            / self.energy_factor
        )

    def as_array(self) -> np.ndarray:
        """Return the (8,) constants in the order of the fields, for compiled code."""
        return np.array(
            [
                self.state_rate,
                self.energy_rate,
                self.state_dimensions,
                self.energy_dimensions,
                self.state_factor,
                self.energy_factor,
                self.first_temperature,
                self.first_step,
            ],
            np.float64,
        )


SCHEDULES: Mapping[str, Schedule] = MappingProxyType(
    {
        "ANNEAL_DEFAULT": Schedule(7.0, 7.0, 8.0, 8.0, 1.0, 1e-6, 1e6, 30_000),
        "ANNEAL_LOOP": Schedule(7.0, 7.0, 8.0, 8.0, 1.0, 1e-6, 1e6, 35_000),
        "ANNEAL_MODIFIED": Schedule(2.38, 2.38, 8.0, 8.0, 1e-3, 1e-1, 1e3, 0),
        "ANNEAL_STRICT": Schedule(0.72, 0.22, 2.0, 2.0, 1.0, 1.0, 10.0, 0),
        "ANNEAL_ONLINE": Schedule(0.24, 0.54, 2.0, 3.0, 1.0, 1e-2, 10.0, 100),
    }
)


def acceptance(energy: float, new_energy: float, energy_temperature: float) -> float:
    """Return the probability of going to a neighbour."""
    return float(acceptance_probability(energy, new_energy, energy_temperature))


@light_kernel
@no_type_check
def temperature(first, rate, dimensions, step):  # pragma: no cover
    """Return ``T0 exp(-c k^(1/d))``."""
    return first * np.exp(-rate * step ** (1.0 / dimensions))


@light_kernel
@no_type_check
def acceptance_probability(energy, new_energy, energy_temperature):  # pragma: no cover
    """Return 1 downhill, ``exp(-rise / T)`` uphill."""
    if new_energy < energy:
        return 1.0
    return np.exp((energy - new_energy) / energy_temperature)


@light_kernel
@no_type_check
def step_size(uniform, heat):  # pragma: no cover
    """Return a signed step as a share of the jump from one uniform number in [0, 1)."""
    size = heat * ((1.0 + 1.0 / heat) ** abs(2.0 * uniform - 1.0) - 1.0)
    return -size if uniform < 0.5 else size


@light_kernel
@no_type_check
def draw_neighbour(rng, state, heat, box, neighbour):  # pragma: no cover
    """Fill ``neighbour``. ``box`` rows: minimum, maximum, jump and circular (0 or 1)."""
    for i in range(state.shape[0]):
        low, high, jump = box[0, i], box[1, i], box[2, i]
        neighbour[i] = state[i]
        for _ in range(MAX_REDRAWS):
            value = state[i] + step_size(rng.random(), heat) * jump
            if box[3, i] != 0.0:
                if value > high:
                    value -= high - low
                elif value < low:
                    value += high - low
            if low <= value <= high:
                neighbour[i] = value
                break
