"""The exact chain compiled: the states, energies and choices of `pygraspit.planner.exact`.

For the energies that look at virtual contacts; the ones that close the hand take the plain
way. Both ways draw the same numbers and so visit the same states; their energies agree to
rounding. Where a force hull is nearly flat, the compiled chain waits for qhull's verdict.
"""

from typing import NamedTuple, no_type_check

import numpy as np

from pygraspit.kernels import kernel, light_kernel
from pygraspit.kinematics import fill_link_poses
from pygraspit.motion import LEAST_DOF_STEP_RAD
from pygraspit.planner.annealing import acceptance_probability, draw_neighbour, temperature
from pygraspit.planner.energies import (
    COUNTING_SCALE,
    LEAST_COUNT,
    LEAST_RADIUS,
    NO_QUALITY,
    NORMAL_WEIGHT_MM,
)
from pygraspit.planner.fast import CLOSURE, CONTACT, FIRST_ENERGY, ILLEGAL, MAX_TRIES, POTENTIAL
from pygraspit.planner.forces import add_forces, contact_scale
from pygraspit.planner.hull import hull_epsilon, new_workspace
from pygraspit.planner.joggled import NEARLY_FLAT, joggled_epsilon
from pygraspit.planner.places import fill_place
from pygraspit.planner.shortlist import Shortlist, consider, new_shortlist
from pygraspit.planner.surfaces import Sight, SurfaceTable, anything_crosses, look, new_sight
from pygraspit.planner.tables import SearchTable
from pygraspit.queries import Work, make_work
from pygraspit.transforms import copy_matrix, multiply


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


class Progress(NamedTuple):
    """How far a chain has come."""

    state: np.ndarray
    neighbour: np.ndarray
    frame: np.ndarray
    """(4, 4) approach frame of the neighbour."""
    numbers: np.ndarray
    """By `STEP`, `ENERGY`, `NEW`, `GUIDE`: energies of state, neighbour and its contacts."""
    counts: np.ndarray
    """(4,) i64, as `Counts`, and whether the chain waits for a verdict on its neighbour."""


STEP, ENERGY, NEW, GUIDE = range(4)
STEPS, TRIED, ROUNDS, WAITS = range(4)
FLAT = -np.inf
"""In place of an energy: the hull is nearly flat, and qhull has to tell."""


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
    contact_count, edge_count = table.all_edges.shape[:2]
    scratch = Scratch(
        new_sight(table), make_work(), np.zeros((contact_count * edge_count, 3)), *new_workspace()
    )
    progress = _at_start(start, search)
    chain = (table, search, rng, posture, progress, shortlist, scratch, max_steps)
    while _anneal(*chain):
        progress.numbers[NEW] = _settled(table, search.energy, progress, scratch)
    return shortlist, Counts(*progress.counts[:WAITS].tolist())


def _at_start(start: np.ndarray, search: SearchTable) -> Progress:
    first_step = search.schedule[-1]
    state = np.array(start, np.float64)
    numbers = np.array([first_step, FIRST_ENERGY, 0.0, 0.0])
    return Progress(state, state.copy(), np.zeros((4, 4)), numbers, np.zeros(4, np.int64))


def _settled(table: SurfaceTable, kind: int, progress: Progress, scratch: Scratch) -> float:
    """Return the energy of a neighbour with a nearly flat hull."""
    count = all_forces(table, scratch.sight, scratch.forces)
    radius = joggled_epsilon(scratch.forces[:count] @ table.world_from_object.T)
    if radius >= 0.0:
        return -radius
    return NO_QUALITY if kind == POTENTIAL else float(progress.numbers[GUIDE])


def new_posture(dofs: np.ndarray, joints: np.ndarray, link_count: int) -> Posture:
    """Return a hand with the given DOFs and joints, links not yet posed."""
    return Posture(
        np.array(dofs, np.float64),
        np.array(joints, np.float64),
        np.zeros((len(joints), 4, 4)),
        np.zeros((link_count, 4, 4)),
        np.eye(4),
    )


@kernel
@no_type_check
def _anneal(table, search, rng, posture, progress, shortlist, scratch, max_steps):
    """Go on until the end, or until a verdict is needed; return whether one is."""
    numbers, counts = progress.numbers, progress.counts
    _, energy_rate, _, energy_dimensions, _, energy_factor, first, first_step = search.schedule
    most_rounds = 2 * max(max_steps - int(first_step), 0)
    while counts[WAITS] or (counts[ROUNDS] < most_rounds and numbers[STEP] < max_steps):
        if not counts[WAITS]:
            counts[ROUNDS] += 1
            _find_neighbour(table, search, rng, posture, progress, scratch)
            if numbers[NEW] == ILLEGAL:
                continue
            if numbers[NEW] == FLAT:
                counts[WAITS] = 1
                return True
        counts[WAITS] = 0
        step = numbers[STEP]
        cold = temperature(first, energy_rate, energy_dimensions, step) / energy_factor
        if acceptance_probability(numbers[ENERGY], numbers[NEW], cold) > rng.random():
            progress.state[:] = progress.neighbour
            numbers[ENERGY] = numbers[NEW]
            consider(
                shortlist, numbers[NEW], progress.state, progress.frame, int(step),
                search.max_radius_mm,
            )  # fmt: skip
        numbers[STEP] += 1.0
        counts[STEPS] += 1
    return False


@light_kernel
@no_type_check
def _find_neighbour(table, search, rng, posture, progress, scratch):  # pragma: no cover
    """Draw neighbours until one is legal, or none of so many is; fill its energy."""
    rate, dimensions, factor = search.schedule[0], search.schedule[2], search.schedule[4]
    heat = factor * temperature(search.schedule[6], rate, dimensions, progress.numbers[STEP])
    for _ in range(MAX_TRIES):
        draw_neighbour(rng, progress.state, heat, search.box, progress.neighbour)
        progress.counts[TRIED] += 1
        _pose(table, search.place, progress.neighbour, posture, progress.frame)
        if anything_crosses(table, scratch.work, scratch.sight):
            continue
        look(table, scratch.sight)
        _fill_energy(table, search.energy, progress.numbers, scratch)
        return
    progress.numbers[NEW] = ILLEGAL


@light_kernel
@no_type_check
def _pose(table, place, state, posture, frame):  # pragma: no cover
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
    fill_place(place, state[eigengrasp_count:], frame)
    multiply(frame, hand.approach_from_palm, posture.palm)
    fill_link_poses(hand.joints, posture.palm, posture.joints, posture.frames, posture.links)
    copy_matrix(posture.palm, poses[table.hand_body[0]])
    for link in range(posture.links.shape[0]):
        copy_matrix(posture.links[link], poses[table.hand_body[link + 1]])


@light_kernel
@no_type_check
def _fill_energy(table, kind, numbers, scratch):  # pragma: no cover
    """Fill an energy of `pygraspit.planner.energies`, or `FLAT`, and the contact energy."""
    sight, hand = scratch.sight, table.hand
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
            edges = hand.contact_edges[contact, : hand.contact_edge_count[contact]]
            force_count = add_forces(
                edges, sight.normals[contact], table.up, scale, scratch.forces, force_count
            )
    numbers[GUIDE] = total / contact_count
    numbers[NEW] = NO_QUALITY if kind == POTENTIAL else numbers[GUIDE]
    if kind == CONTACT or counting < LEAST_COUNT:
        return
    radius = hull_epsilon(
        scratch.forces, force_count, reaching < contact_count, scratch.corners,
        scratch.planes, scratch.rim,
    )  # fmt: skip
    if kind != CLOSURE and 0.0 <= radius < NEARLY_FLAT:
        numbers[NEW] = FLAT
    elif radius > LEAST_RADIUS:
        numbers[NEW] = -radius


@light_kernel
@no_type_check
def all_forces(table, sight, forces):  # pragma: no cover
    """Fill the scaled forces of all edges of all contacts, in order; return how many."""
    count = 0
    for contact in range(sight.places.shape[0]):
        distance, cosine = _distance_and_cosine(sight, contact)
        edges = table.all_edges[contact, : table.all_edge_count[contact]]
        scale = contact_scale(distance, cosine)
        count = add_forces(edges, sight.normals[contact], table.up, scale, forces, count)
    return count


@light_kernel
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
