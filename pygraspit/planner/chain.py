"""The exact chain compiled: the states, energies and choices of `pygraspit.planner.exact`.

For the energies that look at virtual contacts; the ones that close the hand take the plain
way. Both ways draw the same numbers and so visit the same states; their energies agree to
rounding.
"""

from typing import NamedTuple, no_type_check

import numpy as np
from numba import njit

from pygraspit.kinematics import fill_link_poses
from pygraspit.motion import LEAST_DOF_STEP_RAD
from pygraspit.planner.annealing import acceptance_probability, draw_neighbour, temperature
from pygraspit.planner.energies import (
    COUNTING_SCALE,
    LEAST_COUNT,
    NO_QUALITY,
    NORMAL_WEIGHT_MM,
)
from pygraspit.planner.fast import CONTACT, FIRST_ENERGY, ILLEGAL, MAX_TRIES, POTENTIAL
from pygraspit.planner.forces import add_forces, contact_scale
from pygraspit.planner.hull import hull_epsilon, new_workspace
from pygraspit.planner.places import fill_axis_angle
from pygraspit.planner.shortlist import Shortlist, consider, new_shortlist
from pygraspit.planner.surfaces import Sight, SurfaceTable, anything_crosses, look, new_sight
from pygraspit.planner.tables import SearchTable
from pygraspit.queries import Work, make_work
from pygraspit.transforms import multiply


class Posture(NamedTuple):
    """A hand as the chain last left it, and memory for posing it."""

    dofs: np.ndarray
    joints: np.ndarray
    frames: np.ndarray
    """(joint, 4, 4)."""
    links: np.ndarray
    """(link, 4, 4)."""
    palm: np.ndarray
    """(4, 4)."""


class Scratch(NamedTuple):
    """Working memory of one chain."""

    sight: Sight
    work: Work
    forces: np.ndarray
    corners: np.ndarray
    planes: np.ndarray
    rim: np.ndarray


class Counts(NamedTuple):
    """What a chain did."""

    steps: int
    """Accepted or not, in legal states."""
    tried: int
    """States tested for collision."""
    rounds: int
    """Steps and searches that found no legal neighbour."""


def anneal_on_surfaces(
    table: SurfaceTable,
    search: SearchTable,
    rng: np.random.Generator,
    start: np.ndarray,
    posture: Posture,
    max_steps: int,
    list_size: int,
) -> tuple[Shortlist, Counts]:
    """Run one chain; return its best states. ``posture`` is left as the last state had it."""
    shortlist = new_shortlist(list_size, len(start))
    contact_count, edge_count = table.hand.contact_edges.shape[:2]
    scratch = Scratch(
        new_sight(table), make_work(), np.zeros((contact_count * edge_count, 3)), *new_workspace()
    )
    counts = np.zeros(3, np.int64)
    _anneal(
        table, search, rng, np.array(start, np.float64), posture, max_steps, shortlist, counts,
        scratch,
    )  # fmt: skip
    return shortlist, Counts(*counts.tolist())


def new_posture(dofs: np.ndarray, joints: np.ndarray, link_count: int) -> Posture:
    """Return a hand with the given DOFs and joints, links not yet posed."""
    return Posture(
        np.array(dofs, np.float64),
        np.array(joints, np.float64),
        np.zeros((len(joints), 4, 4)),
        np.zeros((link_count, 4, 4)),
        np.eye(4),
    )


@njit(cache=True)
@no_type_check
def _anneal(table, search, rng, state, posture, max_steps, shortlist, counts, scratch):
    state_rate, energy_rate, state_dimensions, energy_dimensions = search.schedule[:4]
    factor, energy_factor, first, first_step = search.schedule[4:]
    neighbour, frame = np.zeros_like(state), np.zeros((4, 4))
    energy, step = FIRST_ENERGY, first_step
    for _ in range(2 * max(max_steps - int(first_step), 0)):
        if step >= max_steps:
            break
        counts[2] += 1
        heat = factor * temperature(first, state_rate, state_dimensions, step)
        new_energy = ILLEGAL
        for _ in range(MAX_TRIES):
            draw_neighbour(rng, state, heat, search.box, neighbour)
            counts[1] += 1
            new_energy = state_energy(table, search, neighbour, posture, frame, scratch)
            if new_energy != ILLEGAL:
                break
        if new_energy == ILLEGAL:
            continue
        cold = temperature(first, energy_rate, energy_dimensions, step) / energy_factor
        if acceptance_probability(energy, new_energy, cold) > rng.random():
            state[:], energy = neighbour, new_energy
            consider(shortlist, energy, state, frame, int(step), search.max_radius_mm)
        step += 1.0
        counts[0] += 1


@njit(cache=True)
@no_type_check
def state_energy(table, search, state, posture, frame, scratch):  # pragma: no cover
    """Pose the hand; return the energy, `ILLEGAL` in collision. ``frame``: where it approaches."""
    _pose(table, state, posture, frame)
    if anything_crosses(table, scratch.work, scratch.sight):
        return ILLEGAL
    look(table, scratch.sight)
    return _contact_energies(table, search.energy, scratch)


@njit(cache=True)
@no_type_check
def _pose(table, state, posture, frame):  # pragma: no cover
    """Pose palm and links; as in GraspIt!, a DOF that would hardly move stays."""
    hand, poses = table.hand, table.scene.poses
    eigengrasp_count, dof_count = hand.directions.shape
    for k in range(dof_count):
        value = 0.0
        for i in range(eigengrasp_count):
            value += state[i] * hand.directions[i, k]
        value = min(max(hand.origin[k] + value, hand.dof_range[0, k]), hand.dof_range[1, k])
        if abs(value - posture.dofs[k]) >= LEAST_DOF_STEP_RAD:
            posture.dofs[k] = value
            for joint in range(posture.joints.shape[0]):
                if hand.joints.dof[joint] == k:
                    posture.joints[joint] = hand.ratio[joint] * value
    fill_axis_angle(state[eigengrasp_count:], frame)
    multiply(frame, hand.approach_from_palm, posture.palm)
    fill_link_poses(hand.joints, posture.palm, posture.joints, posture.frames, posture.links)
    poses[table.hand_body[0]] = posture.palm
    for link in range(posture.links.shape[0]):
        poses[table.hand_body[link + 1]] = posture.links[link]


@njit(cache=True)
@no_type_check
def _contact_energies(table, kind, scratch):  # pragma: no cover
    """Return one of the energies of `pygraspit.planner.energies` from where the contacts look."""
    sight = scratch.sight
    total, counting, reaching, force_count = 0.0, 0, 0, 0
    contact_count = sight.places.shape[0]
    for contact in range(contact_count):
        distance, cosine = _distance_and_cosine(sight, contact)
        total += distance + NORMAL_WEIGHT_MM * (1.0 - cosine)
        scale = contact_scale(distance, cosine)
        if scale > COUNTING_SCALE:
            counting += 1
        if scale > 0.0 and kind != CONTACT:
            reaching += 1
            force_count = add_forces(
                table.hand, contact, sight.normals[contact], table.up, scale, scratch.forces,
                force_count,
            )  # fmt: skip
    mean = total / contact_count
    if kind == CONTACT:
        return mean
    if counting >= LEAST_COUNT:
        radius = hull_epsilon(
            scratch.forces, force_count, reaching < contact_count, scratch.corners,
            scratch.planes, scratch.rim,
        )  # fmt: skip
        if radius >= 0.0 or kind == POTENTIAL:
            return 0.0 - radius
    return NO_QUALITY if kind == POTENTIAL else mean


@njit(cache=True)
@no_type_check
def _distance_and_cosine(sight, contact):  # pragma: no cover
    """Return how far a contact is from the object, and how straight it looks there."""
    square = along = 0.0
    for axis in range(3):
        way = sight.closest[contact, axis] - sight.places[contact, axis]
        square += way * way
        along += way * sight.normals[contact, axis]
    distance = np.sqrt(square)
    return distance, along / distance if distance > 0.0 else 1.0
