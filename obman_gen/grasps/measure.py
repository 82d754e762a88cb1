"""Measure a grasp on the skin: penetration, overlap, drop in simulation, touching phalanges."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from obman_gen import metrics
from obman_gen.arrays import snapped
from obman_gen.errors import SampleRejected
from obman_gen.grasps.config import LimitsConfig
from obman_gen.hands import HandModel
from obman_gen.metrics.surfaces import distance_to_surface
from obman_gen.objects import PreparedObject
from obman_gen.sample import GraspMeasures, HandParameters

BONES_PER_FINGER = 3


class Solid(NamedTuple):
    """The object at its metric scale."""

    vertices_m: Float[np.ndarray, "vertex 3"]
    """Watertight surface."""
    faces: Integer[np.ndarray, "face 3"]
    convex_parts: Sequence[tuple[np.ndarray, np.ndarray]]
    """(vertices in metres, faces) of each part, for simulation."""


def solid_of(prepared: PreparedObject, metres_per_unit: float) -> Solid:
    """Scale a prepared object's physical shapes to metres."""
    vertices, faces = prepared.surface
    parts = [(np.asarray(v, float) * metres_per_unit, f) for v, f in prepared.convex_parts]
    return Solid(np.asarray(vertices, float) * metres_per_unit, np.asarray(faces), parts)


@dataclass(frozen=True)
class SkinMeasurer:
    """Measures grasps of one object, cheapest measure first."""

    hand_model: HandModel
    solid: Solid
    limits: LimitsConfig

    def measure(self, hand: HandParameters, planned: GraspMeasures) -> GraspMeasures:
        """Return the planned measures completed by those of the skin, all but directions."""
        for measures in self._stepwise(hand, planned):
            planned = measures
        return planned

    def measure_fully(self, hand: HandParameters, planned: GraspMeasures) -> GraspMeasures:
        """Return the planned measures completed by those of the skin."""
        measures = self.measure(hand, planned)
        return replace(measures, directions_held=float(self.directions_held(hand, measures)))

    def measure_acceptable(self, hand: HandParameters, planned: GraspMeasures) -> GraspMeasures:
        """Return the same as `measure`, but stop at the first limit broken.

        Raises:
            SampleRejected: under the limit's name.
        """
        for measures in self._stepwise(hand, planned):
            self.require_acceptable(measures)
            planned = measures
        return planned

    def _stepwise(self, hand: HandParameters, planned: GraspMeasures) -> Iterator[GraspMeasures]:
        """Yield the measures as they are taken, the cheapest first; NaN: not yet taken."""
        vertices = self._skin(hand)
        closed, faces = self.hand_model.close_boundary(vertices)
        solid = self.solid
        measures = replace(planned, **self.contacts(vertices))
        yield measures
        depth = metrics.max_penetration(vertices, solid.vertices_m, solid.faces)
        measures = replace(measures, max_penetration_m=float(depth))
        yield measures
        overlap = metrics.intersection_volume(closed, faces, solid.vertices_m, solid.faces)
        measures = replace(measures, intersection_volume_m3=float(overlap))
        yield measures
        drop = metrics.simulation_displacement(closed, faces, solid.convex_parts)
        measures = replace(measures, simulation_displacement_m=float(drop))
        yield measures

    def directions_held(self, hand: HandParameters, measures: GraspMeasures) -> int:
        """Count the six directions of gravity in which the object stays where it is.

        Dearer than all other measures together: `measure`, which must have been taken before,
        leaves it out.
        """
        closed, faces = self.hand_model.close_boundary(self._skin(hand))
        moved = metrics.directional_displacements(
            closed,
            faces,
            self.solid.convex_parts,
            known_m=measures.simulation_displacement_m,
        )
        return sum(one <= self.limits.hold_displacement_m for one in moved)

    def _skin(self, hand: HandParameters) -> Float[np.ndarray, "vertex 3"]:
        vertices, _ = self.hand_model.vertices_of(hand)
        return snapped(np.asarray(vertices, float))

    def contacts(self, vertices: Float[np.ndarray, "vertex 3"]) -> dict[str, Any]:
        """Return which of the hand's parts have skin within the contact distance."""
        distance = distance_to_surface(vertices, self.solid.vertices_m, self.solid.faces)
        touches = distance < self.limits.contact_distance_m
        bones = np.unique(np.asarray(self.hand_model.weights).argmax(axis=1)[touches])
        fingers = np.unique((bones[bones > 0] - 1) // BONES_PER_FINGER)
        palm = np.asarray(self.hand_model.regions["palm"], np.int64)
        return {
            "links_in_contact": len(bones),
            "fingers_in_contact": len(fingers),
            "palm_in_contact": bool(touches[palm].any()),
        }

    def require_acceptable(self, measures: GraspMeasures) -> None:
        """Reject a grasp beyond a limit; a measure not taken breaks none.

        Raises:
            SampleRejected: under the limit's name.
        """
        limits = self.limits
        for name, unit in (
            ("max_penetration_m", "m"),
            ("intersection_volume_m3", "m^3"),
            ("simulation_displacement_m", "m"),
        ):
            value, most = getattr(measures, name), getattr(limits, name)
            if value > most:
                raise SampleRejected(name, f"{value:.3g} {unit}, allowed {most:.3g} {unit}")
        if measures.links_in_contact < limits.min_links_in_contact:
            raise SampleRejected(
                "links_in_contact",
                f"{measures.links_in_contact} touch, need {limits.min_links_in_contact}",
            )
