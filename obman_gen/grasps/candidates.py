"""Search an object for places to grasp: the fast planner, then a quick closing of the fingers.

What comes out has been closed on the object's distance field only; it is a ranking of what
is worth the exact statics, not yet a set of grasps.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from obman_gen.arrays import snapped
from obman_gen.errors import InputError
from obman_gen.grasps.config import GraspsConfig
from obman_gen.grasps.hand_surface import MM_PER_M
from pygraspit import quality
from pygraspit.friction import contact_frame, edge_wrenches, friction_cone
from pygraspit.model import RobotModel
from pygraspit.planner import SCHEDULES, EigenGraspPlanner, PlannedGrasp, axis_angle_space
from pygraspit.planner.closing import FieldCloser, FieldClosing
from pygraspit.planner.tables import field_table
from pygraspit.sdf import SignedDistanceGrid

HAND_REACH_MM = 60.0
"""How far outside the object's ball the middle of the palm may be."""
CLOSING_SLACK_MM = 0.5
TOUCH_MM = 2.5
"""Skin points of the closed robot this near to the distance field count as touching."""
PAD_FRICTION, LINK_FRICTION = 1.0, 0.4
"""GraspIt!'s rubber and plastic on wood, its default material."""
_CONE = friction_cone()


class PlanningField(NamedTuple):
    """An object's signed distances in millimetres about its own middle."""

    distance_mm: SignedDistanceGrid
    centre_mm: Float[np.ndarray, "3"]
    """Of the object's box, in the object frame."""
    radius_mm: float
    """Of the ball about the centre that holds the object."""


class Candidate(NamedTuple):
    """A planned state and what closing it on the field gave."""

    object_from_palm: Float[np.ndarray, "4 4"]
    """mm, in the object frame."""
    planned_dofs: Float[np.ndarray, "16"]
    closed: FieldClosing
    """In the planning field's frame."""
    score: float
    """Higher is better; negative if the contacts cannot hold the object."""


def planning_field(distance: SignedDistanceGrid, vertices, metres_per_unit: float) -> PlanningField:
    """Scale an object to millimetres and move its middle to the origin.

    Args:
        distance: in raw units.
        vertices: of the object's surface, raw units.
        metres_per_unit: its scale.
    """
    factor = MM_PER_M * metres_per_unit
    low, high = factor * vertices.min(axis=0), factor * vertices.max(axis=0)
    centre = 0.5 * (low + high)
    radius = float(np.linalg.norm(factor * vertices - centre, axis=1).max())
    scaled = distance.scaled(factor)
    centred = SignedDistanceGrid(scaled.values, scaled.origin - centre, scaled.spacing)
    return PlanningField(centred, centre, radius)


def find_candidates(
    robot: RobotModel, field: PlanningField, rng: np.random.Generator, config: GraspsConfig
) -> list[Candidate]:
    """Plan with many chains and close every result; best score first.

    Raises:
        InputError: if the configuration asks for a GPU and there is none.
    """
    _require_device(config.device)
    space = axis_angle_space(robot, reach_mm=field.radius_mm + HAND_REACH_MM)
    default = SCHEDULES["ANNEAL_DEFAULT"]
    schedule = replace(default, energy_factor=default.energy_factor * config.cooling)
    planner = EigenGraspPlanner(robot, schedule=schedule, space=space, device=config.device)
    planned = planner.plan_on_field(
        field.distance_mm, field.radius_mm, rng, config.chains, config.chain_steps
    )
    velocity = np.array([dof.closing_velocity for dof in robot.dofs])
    closer = FieldCloser(planner.table, field_table(field.distance_mm), velocity)
    found = [_candidate(closer, field, grasp) for grasp in planned]
    return sorted(found, key=lambda candidate: -candidate.score)


def _require_device(device: str) -> None:
    if device != "cuda":
        return
    import torch

    if not torch.cuda.is_available():
        raise InputError(
            "grasps.device is cuda, but torch sees no GPU here: leave it empty, "
            "or install a torch build with CUDA"
        )


def _candidate(closer: FieldCloser, field: PlanningField, grasp: PlannedGrasp) -> Candidate:
    closed = closer.close(grasp.object_from_palm, grasp.dofs, CLOSING_SLACK_MM, TOUCH_MM)
    object_from_palm = grasp.object_from_palm.copy()
    object_from_palm[:3, 3] += field.centre_mm
    score = _score(closed, field.radius_mm)
    return Candidate(snapped(object_from_palm), snapped(grasp.dofs), closed, score)


def _score(closed: FieldClosing, radius_mm: float) -> float:
    """Rate contacts by how many links touch, most if they hold the object in every direction."""
    link_count = len(np.unique(closed.links))
    wrenches = [
        edge_wrenches(
            _CONE,
            PAD_FRICTION if _is_tip(int(link)) else LINK_FRICTION,
            contact_frame(normal),
            point,
            radius_mm,
        )
        for point, normal, link in zip(closed.points, closed.normals, closed.links, strict=True)
    ]
    if not wrenches or not quality.holds_origin(quality.l1_wrenches(wrenches)):
        return link_count - 100.0
    return float(link_count)


def _is_tip(link: int) -> bool:
    """Say whether a link, counted from the palm, is the last of its finger's three."""
    return link > 0 and link % 3 == 0
