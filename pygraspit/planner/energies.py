"""GraspIt!'s planner energies, plain: the reference for the compiled ones.

All but the closing energies look at preset *virtual contacts*: points on pads and palm with
outward normals, and the vector from each to the closest point of the object.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from pygraspit.planner.hull import force_epsilon
from pygraspit.planner.joggled import NEARLY_FLAT, joggled_epsilon

NORMAL_WEIGHT_MM = 50.0
"""Distance that weighs as much as a contact looking sideways."""
REACH_MM = 50.0
"""Contacts farther from the object than this count nothing."""
LEAST_COSINE = 0.7
COUNTING_SCALE = 0.25
LEAST_COUNT = 3
LEAST_RADIUS = 1e-9
"""A smaller hull radius is rounding of none."""
NO_QUALITY = 1.0
"""Potential quality energy of a state without a force hull about the origin."""
PI = 3.14
"""As GraspIt! writes it."""


@dataclass(frozen=True)
class ContactView:
    """The virtual contacts of a posed hand, in the world frame, millimetres."""

    to_object: Float[np.ndarray, "contact 3"]
    """From each contact to the closest point of the object's surface."""
    normals: Float[np.ndarray, "contact 3"]
    """Unit, outward from the finger."""
    friction: Float[np.ndarray, "contact"]
    edges: Float[np.ndarray, "contact edge 6"]
    """Directions on each contact's friction boundary, in its own axes."""
    edge_counts: Integer[np.ndarray, "contact"]
    """How many of its row are a contact's own; the rest repeats one of them."""

    @property
    def distances(self) -> Float[np.ndarray, "contact"]:
        """Millimetres."""
        return np.linalg.norm(self.to_object, axis=1)

    @property
    def cosines(self) -> Float[np.ndarray, "contact"]:
        """Of the angle between normal and way to the object; 1 where they touch."""
        along = np.einsum("ci,ci->c", self.normals, self.to_object)
        distances = self.distances
        safe = np.where(distances > 0, distances, 1.0)
        return np.where(distances > 0, along / safe, 1.0)


class Closing(NamedTuple):
    """What a hand holds after closing its fingers from a state."""

    epsilon: float
    volume: float
    contact_count: int


def contact_energy(view: ContactView) -> float:
    """Return how far and how turned away the contacts are on average, millimetres."""
    return float(np.mean(view.distances + NORMAL_WEIGHT_MM * (1.0 - view.cosines)))


def contact_scales(view: ContactView) -> Float[np.ndarray, "contact"]:
    """Return each contact's weight in the potential quality: 2 touching, 0 out of reach."""
    reaches = (view.cosines >= LEAST_COSINE) & (view.distances <= REACH_MM)
    return np.where(reaches, np.cos(PI * view.distances / REACH_MM) + 1.0, 0.0)


def potential_quality_energy(view: ContactView) -> float:
    """Return minus the radius of the force hull the contacts could span if they touched.

    A contact scaled by zero stays in the hull, at the origin.
    """
    radius = _potential_radius(view)
    if 0.0 <= radius < NEARLY_FLAT:
        forces = contact_scales(view)[:, None, None] * edge_forces(view)
        own = np.arange(forces.shape[1]) < view.edge_counts[:, None]
        radius = joggled_epsilon(forces[own])
    return 0.0 - radius if radius >= 0.0 else NO_QUALITY


def guided_force_closure_energy(view: ContactView) -> float:
    """Return the potential quality energy where forces resist all others, else the contact energy.

    Not one of GraspIt!'s: its guided energy also rests where the hull only touches the origin.
    """
    radius = _potential_radius(view)
    return -radius if radius > LEAST_RADIUS else contact_energy(view)


def _potential_radius(view: ContactView) -> float:
    """Return the radius of the hull; 0 if the origin is on it, -1 if outside or too few count."""
    scales = contact_scales(view)
    if np.count_nonzero(scales > COUNTING_SCALE) < LEAST_COUNT:
        return -1.0
    reaching = scales > 0
    forces = scales[reaching, None, None] * edge_forces(view)[reaching]
    return force_epsilon(forces.reshape(-1, 3), with_origin=not reaching.all())


def guided_potential_quality_energy(view: ContactView) -> float:
    """Return the potential quality energy, or the contact energy where there is no quality."""
    potential = potential_quality_energy(view)
    return potential if potential <= 0.0 else contact_energy(view)


def auto_grasp_quality_energy(closing: Closing) -> float:
    """Return the energy of a closed hand."""
    return -30.0 * closing.volume - 100.0 * max(closing.epsilon, 0.0)


def guided_auto_grasp_energy(view: ContactView, closing: Closing | None) -> float:
    """Return the guide towards closing, less the volume of what closing gave.

    As in GraspIt!, the guide takes the contact normals with the other sign than
    `contact_energy` does. ``closing`` is None where `may_close` says no.
    """
    guide = float(np.mean(view.distances + NORMAL_WEIGHT_MM * (1.0 + view.cosines)))
    if closing is None or closing.contact_count < 4:
        return guide
    return guide - 1000.0 * closing.volume


def may_close(view: ContactView) -> bool:
    """Return whether the guided energy closes the hand from here."""
    ready = (view.distances < 20.0) & (1.0 + view.cosines < 0.3)
    return int(np.count_nonzero(ready)) >= 2


def strict_auto_grasp_energy(closing: Closing) -> float:
    """Return the energy of a hand that approached and closed; huge without any quality."""
    energy = auto_grasp_quality_energy(closing)
    return energy if energy != 0.0 else 1e8


def edge_forces(view: ContactView) -> Float[np.ndarray, "contact edge 3"]:
    """Return the force of every friction edge, unit normal part, world frame."""
    tangents = np.cross(np.array([0.0, 1.0, 0.0]), view.normals)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    bitangents = np.cross(view.normals, tangents)
    sideways = view.edges[..., :1] * tangents[:, None] + view.edges[..., 1:2] * bitangents[:, None]
    return view.normals[:, None] + view.friction[:, None, None] * sideways
