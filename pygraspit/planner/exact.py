"""One annealing chain on exact geometry, step by step as in GraspIt!: the reference."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from pygraspit.planner import energies
from pygraspit.planner.annealing import acceptance_probability, draw_neighbour
from pygraspit.planner.energies import Closing, ContactView
from pygraspit.planner.fast import FIRST_ENERGY, MAX_TRIES
from pygraspit.planner.shortlist import Shortlist, consider, new_shortlist
from pygraspit.planner.spaces import object_from_palm_of

if TYPE_CHECKING:
    from pygraspit.planner.planner import EigenGraspPlanner


@runtime_checkable
class PlanningScene(Protocol):
    """A hand and an object, as the planner needs them; poses are in the object's frame, mm."""

    max_radius_mm: float
    """Largest distance of the object's surface from its centre of gravity."""

    def put(
        self, object_from_palm: Float[np.ndarray, "4 4"], dofs: Float[np.ndarray, "dof"]
    ) -> bool:
        """Pose the hand; say whether it is free of collisions."""
        ...

    def contacts(self) -> ContactView:
        """Look from the virtual contacts of the posed hand to the object."""
        ...

    def close(self, approach_first: bool) -> Closing:
        """Close the fingers from where `put` left the hand, perhaps approaching first."""
        ...


def _on_contacts(energy: Callable[[ContactView], float]) -> Callable[[PlanningScene], float]:
    return lambda scene: energy(scene.contacts())


def _auto_grasp(scene: PlanningScene) -> float:
    return energies.auto_grasp_quality_energy(scene.close(approach_first=False))


def _strict_auto_grasp(scene: PlanningScene) -> float:
    return energies.strict_auto_grasp_energy(scene.close(approach_first=True))


def _guided_auto_grasp(scene: PlanningScene) -> float:
    view = scene.contacts()
    closing = scene.close(approach_first=False) if energies.may_close(view) else None
    return energies.guided_auto_grasp_energy(view, closing)


EXACT_ENERGIES: Mapping[str, Callable[[PlanningScene], float]] = MappingProxyType(
    {
        "CONTACT_ENERGY": _on_contacts(energies.contact_energy),
        "POTENTIAL_QUALITY_ENERGY": _on_contacts(energies.potential_quality_energy),
        "GUIDED_POTENTIAL_QUALITY_ENERGY": _on_contacts(energies.guided_potential_quality_energy),
        "GUIDED_FORCE_CLOSURE_ENERGY": _on_contacts(energies.guided_force_closure_energy),
        "AUTO_GRASP_QUALITY_ENERGY": _auto_grasp,
        "GUIDED_AUTO_GRASP_QUALITY_ENERGY": _guided_auto_grasp,
        "STRICT_AUTO_GRASP_ENERGY": _strict_auto_grasp,
    }
)
"""By GraspIt!'s names, and one of our own: the guided force closure energy."""


def anneal_exact(
    planner: "EigenGraspPlanner",
    scene: PlanningScene,
    rng: np.random.Generator,
    start: Float[np.ndarray, "variable"],
    max_steps: int,
) -> Shortlist:
    """Run one chain until its step counter reaches the limit; return its best states.

    A step without a legal neighbour does not count; a chain that cannot move at all ends
    after as many rounds as it has steps.
    """
    space, schedule = planner.space, planner.schedule
    box = np.stack([space.minimum, space.maximum, space.jump, space.circular.astype(float)])
    shortlist = new_shortlist(planner.list_size, len(space.variables))
    state, energy, step = start, FIRST_ENERGY, schedule.first_step
    for _ in range(2 * max(max_steps - schedule.first_step, 0)):
        if step >= max_steps:
            break
        heat = schedule.state_temperature(step)
        neighbour = _legal_neighbour(planner, scene, rng, state, box, heat)
        if neighbour is None:
            continue
        found, frame, new_energy = neighbour
        cold = schedule.energy_temperature(step)
        if acceptance_probability(energy, new_energy, cold) > rng.random():
            state, energy = found, new_energy
            consider(shortlist, energy, state, frame, step, scene.max_radius_mm)
        step += 1
    return shortlist


def _legal_neighbour(planner, scene, rng, state, box, heat):
    """Return a neighbour free of collisions, its approach frame and energy; None if none is."""
    neighbour = np.zeros_like(state)
    for _ in range(MAX_TRIES):
        draw_neighbour(rng, state, heat, box, neighbour)
        object_from_palm = object_from_palm_of(planner.robot, neighbour, planner.space)
        if scene.put(object_from_palm, planner.postures.dofs(neighbour)):
            frame = object_from_palm @ planner.robot.palm_from_approach
            return neighbour, frame, EXACT_ENERGIES[planner.energy](scene)
    return None
