"""Everything that is measured of one reconstruction; names carry the reported units."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from obman_gen import metrics
from obman_gen.arrays import Faces
from obman_gen.hands import HandModel

MM_PER_M = 1e3
MM2_PER_M2 = 1e6
CM2_PER_M2 = 1e4
CM3_PER_M3 = 1e6

OBMAN_POINTS = 600
"""Points of the true object that ObMan's Chamfer distance looks at."""


@dataclass(frozen=True)
class HandAndObject:
    """A hand and an object, metres, in one frame: the hand's root at the origin, camera axes."""

    hand_vertices: Float[np.ndarray, "vertex 3"] | None
    """None in the truth of datasets that have no hand meshes."""
    hand_joints: Float[np.ndarray, "21 3"]
    object_vertices: Float[np.ndarray, "point 3"]
    object_faces: Faces


@dataclass(frozen=True)
class Case:
    """One sample, as predicted and in truth."""

    sample_id: str
    category: str
    predicted: HandAndObject
    predicted_shape: Float[np.ndarray, "point 3"]
    """The predicted object's vertices before size and place."""
    true: HandAndObject
    surface_points: Float[np.ndarray, "sampled 3"]
    """Of the true object's outer surface, same frame."""


class Measured(NamedTuple):
    """What one case scores."""

    values: Mapping[str, float]
    """By name, in the unit of the name."""
    joint_errors_m: Float[np.ndarray, "21"] | None
    """None where no hand is seen."""


def measure(
    case: Case, hand: HandModel, rng: np.random.Generator, image: str, *, simulate: bool
) -> Measured:
    """Measure one case.

    Args:
        case: to measure.
        hand: its faces close the predicted hand.
        rng: draws points on surfaces.
        image: what the picture shows: ``ho``, ``h`` or ``o``. What it does not show is not
            measured: of an object alone only the shape, since nothing says where a hand is.
        simulate: also let the predicted hand hold the predicted object in simulation.
    """
    errors_m = metrics.point_errors(case.predicted.hand_joints, case.true.hand_joints, None)
    if image == "o":
        return Measured(shape_values(case, rng), None)
    if image == "h":
        return Measured(hand_values(case), errors_m)
    values = {
        **hand_values(case),
        **shape_values(case, rng),
        **object_values(case, rng),
        **contact_values(case.predicted, hand, simulate=simulate),
    }
    return Measured(values, errors_m)


def hand_values(case: Case) -> dict[str, float]:
    """Compare the hands: as predicted, which is relative to the root, and aligned (PA)."""
    predicted, true = case.predicted, case.true
    values = _errors("hand", predicted.hand_joints, true.hand_joints)
    if predicted.hand_vertices is None or true.hand_vertices is None:
        return values
    values |= _errors("mesh", predicted.hand_vertices, true.hand_vertices)
    aligned = metrics.procrustes_aligned(predicted.hand_vertices, true.hand_vertices)
    for variant, cloud in (("", predicted.hand_vertices), ("_pa", aligned)):
        distances = metrics.cloud_distances(cloud, true.hand_vertices)
        for threshold_mm in (5, 15):
            score = distances.f_score(threshold_mm / MM_PER_M)
            values[f"hand_f{variant}_{threshold_mm}mm"] = score
    return values


def _errors(kind: str, moving: np.ndarray, fixed: np.ndarray) -> dict[str, float]:
    return {
        f"{kind}_error{variant}_mm": MM_PER_M
        * metrics.end_point_error(cloud, fixed, root_index=None)
        for variant, cloud in _variants(moving, fixed).items()
    }


def _variants(moving: np.ndarray, fixed: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "": moving,
        "_scale_translation": metrics.procrustes_aligned(moving, fixed, rotate=False),
        "_pa_rigid": metrics.procrustes_aligned(moving, fixed, rescale=False),
        "_pa": metrics.procrustes_aligned(moving, fixed),
    }


def shape_values(case: Case, rng: np.random.Generator) -> dict[str, float]:
    """Compare the objects' shapes, wherever and however large they are.

    The predicted one as decoded: where nothing taught size and place, as in a training on objects
    alone, they could be anything, mirror the shape or drown it in rounding.
    """
    unit_predicted, unit_true = (
        metrics.to_unit_sphere(cloud, like=cloud)
        for cloud in (case.predicted_shape, some_points(case.surface_points, rng))
    )
    return {"object_chamfer_unit_sphere": metrics.chamfer_distance(unit_predicted, unit_true)}


def object_values(case: Case, rng: np.random.Generator) -> dict[str, float]:
    """Compare the objects as placed relative to the hand, by each published protocol."""
    predicted, true = case.predicted, case.true
    count = metrics.SURFACE_SAMPLES
    on_predicted, on_true = (
        metrics.sample_surface(shape.object_vertices, shape.object_faces, count, rng)
        for shape in (predicted, true)
    )
    surfaces = metrics.cloud_distances(on_predicted, on_true)
    points = some_points(case.surface_points, rng)
    chamfer_m2 = metrics.chamfer_distance(predicted.object_vertices, points)
    return {
        "object_chamfer_mm2": MM2_PER_M2 * chamfer_m2,
        "object_surface_chamfer_cm2": CM2_PER_M2 * surfaces.chamfer(),
        "object_f_5mm": surfaces.f_score(0.005),
        "object_f_10mm": surfaces.f_score(0.010),
    }


def some_points(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose as many surface points as ObMan's Chamfer distance looks at."""
    return rng.permutation(points)[:OBMAN_POINTS]


def contact_values(
    predicted: HandAndObject, hand: HandModel, *, simulate: bool
) -> dict[str, float]:
    """Measure how a hand and an object go together, whatever the truth is."""
    assert predicted.hand_vertices is not None
    thing = predicted.object_vertices, predicted.object_faces
    closed = hand.close_boundary(predicted.hand_vertices)
    distances_m = metrics.signed_distances(predicted.hand_vertices, *thing)
    shell_m3 = metrics.obman_voxel_intersection_volume(*closed, *thing)
    values = {
        "contact_ratio": metrics.contact_ratio(distances_m[None]),
        "max_penetration_mm": MM_PER_M * max(0.0, float(-distances_m.min())),
        "intersection_volume_cm3": CM3_PER_M3 * metrics.intersection_volume(*closed, *thing),
        "obman_intersection_volume_cm3": CM3_PER_M3 * shell_m3,
    }
    if simulate:
        moved_m = metrics.simulation_displacement(
            *closed,
            metrics.vhacd_parts(*thing),
            centre_m=predicted.object_vertices.mean(axis=0),
        )
        values["simulation_displacement_mm"] = MM_PER_M * moved_m
    return values
