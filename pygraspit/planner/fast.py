"""The planner compiled: many annealing chains on an object's signed distances.

The states, energies, schedules and lists are the exact planner's (`pygraspit.planner.exact`);
only the object is known by a distance field and the hand by balls and points, so that a state
costs microseconds. What is found is to be closed and judged by exact statics.
"""

from typing import NamedTuple, no_type_check

import numpy as np

from pygraspit.kernels import light_kernel, unlocked_kernel
from pygraspit.kinematics import fill_link_poses
from pygraspit.planner.annealing import acceptance_probability, draw_neighbour, temperature
from pygraspit.planner.energies import (
    COUNTING_SCALE,
    LEAST_COUNT,
    LEAST_RADIUS,
    NO_QUALITY,
    NORMAL_WEIGHT_MM,
)
from pygraspit.planner.forces import UP, add_forces, contact_scale
from pygraspit.planner.hull import hull_epsilon, new_workspace
from pygraspit.planner.places import fill_place
from pygraspit.planner.shortlist import Shortlist, consider, new_shortlist
from pygraspit.planner.tables import FieldTable, HandTable, SearchTable
from pygraspit.sdf import at_point, distance_at, way_to_box_squared
from pygraspit.transforms import copy_vector, move_point, multiply, turn_vector
from pygraspit.triangles import squared

FAST_ENERGIES = (
    "CONTACT_ENERGY",
    "POTENTIAL_QUALITY_ENERGY",
    "GUIDED_POTENTIAL_QUALITY_ENERGY",
    "GUIDED_FORCE_CLOSURE_ENERGY",
)
CONTACT, POTENTIAL, GUIDED, CLOSURE = range(4)
FIRST_ENERGY = 1e8
MAX_TRIES = 11
"""Neighbours tried before a step is given up."""
ILLEGAL = np.inf


class Scratch(NamedTuple):
    """Working memory of one chain."""

    joints: np.ndarray
    """(joint,) radians."""
    frames: np.ndarray
    """(joint, 4, 4)."""
    poses: np.ndarray
    """(link + 1, 4, 4) of palm and links."""
    centres: np.ndarray
    """(ball, 3) mm."""
    bounds: np.ndarray
    """(link + 1, 3) centres of the balls around links, mm."""
    place: np.ndarray
    normal: np.ndarray
    """Of the contact in hand."""
    forces: np.ndarray
    corners: np.ndarray
    planes: np.ndarray
    rim: np.ndarray


def new_scratch(hand: HandTable) -> Scratch:
    """Return working memory for one hand."""
    link_count = len(hand.joints.link_joint) + 1
    contact_count, edge_count = hand.contact_edges.shape[:2]
    return Scratch(
        np.zeros(len(hand.joints.dof)),
        np.zeros((len(hand.joints.dof), 4, 4)),
        np.zeros((link_count, 4, 4)),
        np.zeros((len(hand.ball_link), 3)),
        np.zeros((link_count, 3)),
        np.zeros(3),
        np.zeros(3),
        np.zeros((contact_count * edge_count, 3)),
        *new_workspace(),
    )


def anneal_fast(
    hand: HandTable,
    field: FieldTable,
    search: SearchTable,
    rng: np.random.Generator,
    start: np.ndarray,
    step_count: int,
    list_size: int,
) -> tuple[Shortlist, np.ndarray]:
    """Run one chain; return its best states, and how many steps and energies it took."""
    shortlist = new_shortlist(list_size, len(start))
    counts = np.zeros(3, np.int64)
    _anneal(
        hand, field, search, rng, np.array(start, np.float64), step_count, shortlist, counts,
        new_scratch(hand),
    )  # fmt: skip
    return shortlist, counts


def evaluate_fast(
    hand: HandTable, field: FieldTable, search: SearchTable, state: np.ndarray
) -> float:
    """Return the energy of one state, infinite in collision."""
    object_from_approach = np.zeros((4, 4))
    state = np.array(state, np.float64)
    return float(evaluate(hand, field, search, state, object_from_approach, new_scratch(hand)))


@unlocked_kernel
@no_type_check
def _anneal(
    hand, field, search, rng, state, step_count, shortlist, counts, scratch
):  # pragma: no cover
    """One chain. ``counts``: steps, states tried, legal states."""
    _, energy_rate, _, energy_dimensions, factor, energy_factor, first, first_step = search.schedule
    state_rate, state_dimensions = search.schedule[0], search.schedule[2]
    neighbour = np.zeros_like(state)
    frame = np.zeros((4, 4))
    energy = FIRST_ENERGY
    step = first_step
    for _ in range(step_count):
        heat = factor * temperature(first, state_rate, state_dimensions, step)
        new_energy = ILLEGAL
        for _ in range(MAX_TRIES):
            draw_neighbour(rng, state, heat, search.box, neighbour)
            counts[1] += 1
            new_energy = evaluate(hand, field, search, neighbour, frame, scratch)
            if new_energy != ILLEGAL:
                break
        if new_energy == ILLEGAL:
            continue
        counts[2] += 1
        cold = temperature(first, energy_rate, energy_dimensions, step) / energy_factor
        if acceptance_probability(energy, new_energy, cold) > rng.random():
            copy_vector(neighbour, state)
            energy = new_energy
            consider(shortlist, energy, state, frame, int(step), search.max_radius_mm)
        step += 1.0
        counts[0] += 1


@light_kernel
@no_type_check
def evaluate(hand, field, search, state, object_from_approach, scratch):  # pragma: no cover
    """Return a state's energy, `ILLEGAL` in collision; fill its approach frame."""
    _pose(hand, search.place, state, object_from_approach, scratch)
    if _collides(hand, field, scratch, search.slack_mm):
        return ILLEGAL
    return _energy(hand, field, search.energy, scratch)


@light_kernel
@no_type_check
def _pose(hand, place, state, object_from_approach, scratch):  # pragma: no cover
    """Fill the approach frame and the pose of palm and links for a state."""
    eigengrasp_count = hand.directions.shape[0]
    for joint in range(scratch.joints.shape[0]):
        k = hand.joints.dof[joint]
        value = hand.origin[k]
        for i in range(eigengrasp_count):
            value += state[i] * hand.directions[i, k]
        value = min(max(value, hand.dof_range[0, k]), hand.dof_range[1, k])
        scratch.joints[joint] = hand.ratio[joint] * value
    poses = scratch.poses
    fill_place(place, state[eigengrasp_count:], object_from_approach)
    multiply(object_from_approach, hand.approach_from_palm, poses[0])
    fill_link_poses(hand.joints, poses[0], scratch.joints, scratch.frames, poses[1:])


@light_kernel
@no_type_check
def _collides(hand, field, scratch, slack):  # pragma: no cover
    """Say whether the hand runs into the object or itself; fill the places of links' bounds.

    Links whose bounding ball is clear of the object, or of another link's, are not looked into.
    """
    poses, bounds = scratch.poses, scratch.bounds
    for link in range(poses.shape[0]):
        move_point(poses[link], hand.link_bound[link], bounds[link])
    for link in range(poses.shape[0]):
        if _is_clear(field, bounds[link], hand.link_bound[link, 3]):
            continue
        if _link_collides(hand, field, poses[link], link, scratch.centres, slack):
            return True
    return _meets_itself(hand, scratch, slack)


@light_kernel
@no_type_check
def _link_collides(hand, field, pose, link, centres, slack):  # pragma: no cover
    """Say whether a link runs into the object.

    Points are looked up only near a leader that is too near the object to clear them.
    """
    for leader in range(hand.leader_start[link], hand.leader_start[link + 1]):
        ball = hand.leaders[leader]
        move_point(pose, hand.ball_centre[ball], centres[ball])
        distance = distance_at(field.values, field.origin, field.spacing, centres[ball])
        if distance < hand.ball_radius[ball] - slack:
            return True
        if distance > hand.follower_reach[leader] + field.spacing - slack:
            continue
        for place in range(hand.follower_start[leader], hand.follower_start[leader + 1]):
            point = hand.followers[place]
            move_point(pose, hand.ball_centre[point], centres[point])
            if distance_at(field.values, field.origin, field.spacing, centres[point]) < -slack:
                return True
    return False


@light_kernel
@no_type_check
def _is_clear(field, centre, radius):  # pragma: no cover
    """Say whether a ball is surely outside the object.

    One grid spacing allows for interpolation. Outside the grid's box a distance is only an
    upper bound, so there the way to the box counts, inside which the whole object lies.
    """
    beyond = way_to_box_squared(field.values, field.origin, field.spacing, centre)
    if beyond > 0.0:
        return beyond > radius * radius
    distance = distance_at(field.values, field.origin, field.spacing, centre)
    return distance > radius + field.spacing


@light_kernel
@no_type_check
def _meets_itself(hand, scratch, slack):  # pragma: no cover
    """Say whether balls of two links overlap by more than the slack."""
    poses, centres, bounds = scratch.poses, scratch.centres, scratch.bounds
    for pair in range(hand.link_pairs.shape[0]):
        first, second = hand.link_pairs[pair, 0], hand.link_pairs[pair, 1]
        reach = hand.link_bound[first, 3] + hand.link_bound[second, 3]
        if squared(bounds[first], bounds[second]) > reach * reach:
            continue
        for row in range(hand.pair_start[pair], hand.pair_start[pair + 1]):
            one, other = hand.ball_pairs[row, 0], hand.ball_pairs[row, 1]
            least = hand.ball_radius[one] + hand.ball_radius[other] - slack
            if row == hand.pair_start[pair]:
                _place_balls(hand, poses, centres, first)
                _place_balls(hand, poses, centres, second)
            if least > 0.0 and squared(centres[one], centres[other]) < least * least:
                return True
    return False


@light_kernel
@no_type_check
def _place_balls(hand, poses, centres, link):  # pragma: no cover
    """Fill the places of a link's balls; its points meet no other link's."""
    for leader in range(hand.leader_start[link], hand.leader_start[link + 1]):
        ball = hand.leaders[leader]
        move_point(poses[link], hand.ball_centre[ball], centres[ball])


@light_kernel
@no_type_check
def _energy(hand, field, kind, scratch):  # pragma: no cover
    """Return the energy of a posed hand; see `pygraspit.planner.energies` for the formulas."""
    contact_count = hand.contact_link.shape[0]
    place, normal, forces = scratch.place, scratch.normal, scratch.forces
    total, counting, reaching, force_count = 0.0, 0, 0, 0
    for contact in range(contact_count):
        pose = scratch.poses[hand.contact_link[contact]]
        move_point(pose, hand.contact_place[contact], place)
        turn_vector(pose, hand.contact_normal[contact], normal)
        signed, gx, gy, gz = at_point(
            field.values, field.origin, field.spacing, place[0], place[1], place[2]
        )
        slope = np.sqrt(gx * gx + gy * gy + gz * gz) + 1e-12
        cosine = -(gx * normal[0] + gy * normal[1] + gz * normal[2]) / slope
        if signed < 0.0:
            cosine = -cosine
        distance = abs(signed)
        total += distance + NORMAL_WEIGHT_MM * (1.0 - cosine)
        scale = contact_scale(distance, cosine)
        if scale > COUNTING_SCALE:
            counting += 1
        if scale > 0.0 and kind != CONTACT:
            reaching += 1
            edges = hand.contact_edges[contact, : hand.contact_edge_count[contact]]
            force_count = add_forces(edges, normal, UP, scale, forces, force_count)
    mean = total / contact_count
    if kind == CONTACT:
        return mean
    if counting >= LEAST_COUNT:
        radius = hull_epsilon(
            forces, force_count, reaching < contact_count, scratch.corners, scratch.planes,
            scratch.rim,
        )  # fmt: skip
        if radius >= (LEAST_RADIUS if kind == CLOSURE else 0.0):
            return -radius
    return NO_QUALITY if kind == POTENTIAL else mean
