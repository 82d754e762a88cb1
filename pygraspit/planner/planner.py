"""Find grasps in a hand's eigengrasp space: one exact chain, or many fast ones."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pygraspit.model import RobotModel
from pygraspit.planner.annealing import SCHEDULES, Schedule
from pygraspit.planner.exact import EXACT_ENERGIES, PlanningScene, anneal_exact
from pygraspit.planner.fast import FAST_ENERGIES, anneal_fast
from pygraspit.planner.scene import WorldScene
from pygraspit.planner.shortlist import Shortlist, consider, new_shortlist
from pygraspit.planner.spaces import Postures, StateSpace, axis_angle_space, object_from_palm_of
from pygraspit.planner.tables import (
    HandTable,
    SearchTable,
    field_table,
    hand_table,
    search_table,
)
from pygraspit.sdf import SignedDistanceGrid

DEFAULT_ENERGY = "GUIDED_POTENTIAL_QUALITY_ENERGY"
DEFAULT_MAX_STEPS = 70_000
LIST_SIZE = 20
DEFAULT_SLACK_MM = 1.0


@dataclass(frozen=True)
class PlannedGrasp:
    """A state worth closing the fingers from."""

    energy: float
    object_from_palm: Float[np.ndarray, "4 4"]
    """mm."""
    dofs: Float[np.ndarray, "dof"]
    """Radians, within the hand's ranges."""
    state: Float[np.ndarray, "variable"]
    step: int
    """When it was found, in its own chain."""


class EigenGraspPlanner:
    """Plans grasps of one hand.

    Both ways search the same space for the same energies with the same annealing: `plan` on
    exact geometry, one chain, as GraspIt! does; `plan_on_field` on a distance field, many
    chains, a hundred times faster. Same generator, same result.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        robot: RobotModel,
        energy: str = DEFAULT_ENERGY,
        schedule: Schedule = SCHEDULES["ANNEAL_DEFAULT"],
        space: StateSpace | None = None,
        list_size: int = LIST_SIZE,
        device: str = "",
        threads: int = 1,
    ):
        """Take a hand with eigengrasps and virtual contacts.

        Args:
            robot: the hand.
            energy: what is minimised.
            schedule: of the annealing.
            space: what is varied; None: eigengrasps and a place by axis and angle.
            list_size: grasps kept of each chain.
            device: a torch device such as ``cuda``, on which the chains of `plan_on_field` go in
                step; empty: one after the other, compiled, which is faster on a CPU. A device's
                random numbers are its own, so its grasps differ; with the same device and
                generator they are the same.
            threads: that share the compiled chains; what is found does not depend on it.

        Raises:
            ValueError: for an unknown energy, no threads, or a hand that lacks one or the other.
        """
        if energy not in EXACT_ENERGIES:
            raise ValueError(
                f"unknown planner energy {energy!r}; there are {', '.join(EXACT_ENERGIES)}"
            )
        if threads < 1:
            raise ValueError(f"a planner needs at least 1 thread, got {threads}")
        self.robot, self.energy, self.schedule = robot, energy, schedule
        self.space = space or axis_angle_space(robot)
        self.postures = Postures.of(robot)
        self.list_size, self.device, self.threads = list_size, device, threads
        self._table: HandTable | None = None

    @property
    def table(self) -> HandTable:
        """The hand as the fast path sees it."""
        if self._table is None:
            self._table = hand_table(self.robot)
        return self._table

    def plan(
        self,
        scene: PlanningScene,
        rng: np.random.Generator,
        max_steps: int = DEFAULT_MAX_STEPS,
        start: Float[np.ndarray, "variable"] | None = None,
    ) -> list[PlannedGrasp]:
        """Anneal one chain on exact geometry, best grasps first.

        Args:
            scene: the hand and the object.
            rng: where all chance comes from.
            max_steps: the step at which to stop; the schedule says where counting starts.
            start: state to begin at (`pygraspit.planner.state_of` a hand); None: GraspIt!'s.
        """
        begin = self.space.start if start is None else start
        if isinstance(scene, WorldScene) and self.energy in FAST_ENERGIES:
            search = self.search(scene.max_radius_mm)
            shortlist, _ = scene.anneal(search, rng, begin, max_steps, self.list_size)
        else:
            shortlist = anneal_exact(self, scene, rng, begin, max_steps)
        return self._grasps(shortlist)

    def plan_on_field(
        self,
        distance_mm: SignedDistanceGrid,
        max_radius_mm: float,
        rng: np.random.Generator,
        chain_count: int,
        step_count: int,
        slack_mm: float = DEFAULT_SLACK_MM,
    ) -> list[PlannedGrasp]:
        """Anneal many chains on a distance field; return the best of each, best first.

        Args:
            distance_mm: of the object, in its frame.
            max_radius_mm: of the object: the unit in which shifts of the hand are compared.
            rng: each chain gets its own child of it.
            chain_count: the first chain starts where GraspIt! does, the others anywhere.
            step_count: of each chain.
            slack_mm: overlap of hand and object that does not count as collision.

        Raises:
            ValueError: if the energy needs exact geometry.
        """
        if self.energy not in FAST_ENERGIES:
            raise ValueError(
                f"{self.energy} needs exact geometry; a distance field can give "
                f"{', '.join(FAST_ENERGIES)}"
            )
        search = self.search(max_radius_mm, slack_mm)
        field = field_table(distance_mm)
        children = rng.spawn(chain_count)
        starts = [self.space.uniform(child) if chain else self.space.start
                  for chain, child in enumerate(children)]  # fmt: skip
        if self.device:
            lists = self._anneal_in_step(field, search, np.stack(starts), step_count, rng)
        else:
            lists = self._anneal_side_by_side(field, search, children, starts, step_count)
        return self._grasps(merged(lists, max_radius_mm))

    def _anneal_side_by_side(self, field, search, children, starts, steps) -> list[Shortlist]:
        table = self.table

        def chain(child: np.random.Generator, start: np.ndarray) -> Shortlist:
            return anneal_fast(table, field, search, child, start, steps, self.list_size)[0]

        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(chain, children, starts))

    def _anneal_in_step(self, field, search, starts, step_count, rng) -> list[Shortlist]:
        import torch

        from pygraspit.planner.batched import anneal_batched
        from pygraspit.planner.batched_energy import BatchedEnergy

        energy = BatchedEnergy(self.table, field, search, torch.device(self.device))
        seed = int(rng.integers(2**62))
        return anneal_batched(energy, search, starts, step_count, self.list_size, seed)

    def search(self, max_radius_mm: float, slack_mm: float = 0.0) -> SearchTable:
        """Return what a compiled search varies about an object of the given size."""
        energy = FAST_ENERGIES.index(self.energy)
        return search_table(self.space, self.schedule, energy, slack_mm, max_radius_mm)

    def _grasps(self, shortlist: Shortlist) -> list[PlannedGrasp]:
        return [
            PlannedGrasp(
                energy=float(shortlist.energy[row]),
                object_from_palm=object_from_palm_of(self.robot, shortlist.state[row], self.space),
                dofs=self.postures.dofs(shortlist.state[row]),
                state=shortlist.state[row].copy(),
                step=int(shortlist.step[row]),
            )
            for row in range(int(shortlist.count[0]))
        ]


def merged(lists: Sequence[Shortlist], max_radius_mm: float) -> Shortlist:
    """Return one list, long enough for all, of states that differ across lists, too."""
    size = sum(int(found.count[0]) for found in lists)
    total = new_shortlist(max(size, 1), lists[0].state.shape[1])
    for found in lists:
        for row in range(int(found.count[0])):
            consider(
                total, found.energy[row], found.state[row], found.frame[row],
                found.step[row], max_radius_mm,
            )  # fmt: skip
    return total
