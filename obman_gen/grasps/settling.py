"""Compiled gradient steps that settle a hand on an object; `refine` explains what for.

The hand is a set of particles carried by bones: skin vertices by several, balls of its core
by one. Forces on particles become torques about joints in closed form: a world turn w of
joint k moves a particle's share x on a bone below it by w x (x - p_k), so the torque is the
sum of (x - p_k) x f, and ``dE/dr = J(r)^T R_parent^T torque`` for a rotation vector r with
left Jacobian J.
"""

from typing import NamedTuple, no_type_check

import numpy as np
from numba import njit

from pygraspit.sdf import at_point

JOINT_COUNT = 16
BONES_PER_VERTEX = 6
POSE_STEP_RAD, TURN_STEP_RAD, SHIFT_STEP_M = 0.01, 0.006, 0.0006
"""First step lengths of the optimiser for fingers, wrist rotation and wrist position."""
BETA1, BETA2 = 0.9, 0.999
CM = 100.0


class Skeleton(NamedTuple):
    """Joints at rest, their parents and limits."""

    joints: np.ndarray
    parents: np.ndarray
    limits: np.ndarray
    """(45, 2) radians."""


class Particles(NamedTuple):
    """What moves with the bones. Skin first, then balls of the core."""

    rest: np.ndarray
    """(particle, 3) unposed, metres."""
    bone: np.ndarray
    """(particle, BONES_PER_VERTEX)."""
    weight: np.ndarray
    """(particle, BONES_PER_VERTEX), zero where there is none."""
    radius: np.ndarray
    """Balls keep this far from the object; zero for skin."""
    stiffness: np.ndarray
    """Per cm^2 of what a ball or skin point lacks in distance."""
    drawn: np.ndarray
    """(particle,) share of attraction: 1 / count for skin that is to touch, else 0."""
    pairs: np.ndarray
    """(pair, 2) balls of different fingers."""
    pair_gap: np.ndarray
    """(pair,) least distance of their centres."""


class Weights(NamedTuple):
    """Of the terms; lengths enter in centimetres, so that terms compare."""

    contact: float
    pose: float
    limit: float
    crossing: float
    press_cm: float


@njit(cache=True)
@no_type_check
def settle(
    parameters, skeleton, particles, values, origin, spacing, weights, step_count
):  # pragma: no cover
    """Move ``parameters`` (51: rotation, 45 finger coordinates, shift) downhill, in place."""
    start = parameters.copy()
    gradient = np.zeros(51)
    first, second = np.zeros(51), np.zeros(51)
    turns, places = np.zeros((JOINT_COUNT, 3, 3)), np.zeros((JOINT_COUNT, 3))
    posed = np.zeros_like(particles.rest)
    forces = np.zeros_like(particles.rest)
    for step in range(step_count):
        energy_and_gradient(
            parameters, start, skeleton, particles, values, origin, spacing, weights,
            gradient, turns, places, posed, forces,
        )  # fmt: skip
        cool = 0.5 * (1.0 + np.cos(np.pi * step / step_count))
        for i in range(51):
            rate = POSE_STEP_RAD
            if i < 3:
                rate = TURN_STEP_RAD
            elif i >= 48:
                rate = SHIFT_STEP_M
            first[i] = BETA1 * first[i] + (1.0 - BETA1) * gradient[i]
            second[i] = BETA2 * second[i] + (1.0 - BETA2) * gradient[i] ** 2
            mean = first[i] / (1.0 - BETA1 ** (step + 1))
            spread = np.sqrt(second[i] / (1.0 - BETA2 ** (step + 1)))
            parameters[i] -= cool * rate * mean / (spread + 1e-8)


@njit(cache=True)
@no_type_check
def energy_and_gradient(
    parameters, start, skeleton, particles, values, origin, spacing, weights,
    gradient, turns, places, posed, forces,
):  # pragma: no cover  # fmt: skip
    """Return the energy and fill its gradient; also fill joint turns, places and particles."""
    pose_joints(parameters, skeleton, turns, places)
    pose_particles(skeleton, particles, turns, places, posed)
    gradient[:] = 0.0
    forces[:] = 0.0
    energy = _object_terms(particles, posed, forces, values, origin, spacing, weights)
    energy += _crossing_term(particles, posed, forces, weights)
    _pull_back(parameters, skeleton, particles, turns, places, forces, gradient)
    for i in range(45):
        value, moved = parameters[3 + i], parameters[3 + i] - start[3 + i]
        energy += weights.pose * moved * moved
        gradient[3 + i] += 2.0 * weights.pose * moved
        low, high = skeleton.limits[i, 0], skeleton.limits[i, 1]
        beyond = min(value - low, 0.0) + max(value - high, 0.0)
        energy += weights.limit * beyond * beyond
        gradient[3 + i] += 2.0 * weights.limit * beyond
    return energy


@njit(cache=True)
@no_type_check
def pose_joints(parameters, skeleton, turns, places):  # pragma: no cover
    """Fill every joint's world rotation and place, the shift included."""
    local = np.zeros((3, 3))
    for joint in range(JOINT_COUNT):
        _rotation(parameters[3 * joint : 3 * joint + 3], local)
        parent = skeleton.parents[joint]
        for row in range(3):
            if parent < 0:
                places[joint, row] = skeleton.joints[joint, row] + parameters[48 + row]
            else:
                places[joint, row] = places[parent, row]
            for column in range(3):
                if parent < 0:
                    turns[joint, row, column] = local[row, column]
                    continue
                bone = skeleton.joints[joint, column] - skeleton.joints[parent, column]
                places[joint, row] += turns[parent, row, column] * bone
                total = 0.0
                for k in range(3):
                    total += turns[parent, row, k] * local[k, column]
                turns[joint, row, column] = total


@njit(cache=True)
@no_type_check
def _share(skeleton, particles, turns, places, particle, slot, out):  # pragma: no cover
    """Fill where one bone takes a particle."""
    joint = particles.bone[particle, slot]
    for row in range(3):
        out[row] = places[joint, row]
        for k in range(3):
            out[row] += turns[joint, row, k] * (
                particles.rest[particle, k] - skeleton.joints[joint, k]
            )


@njit(cache=True)
@no_type_check
def pose_particles(skeleton, particles, turns, places, posed):  # pragma: no cover
    """Fill the particles' places: linear blend skinning."""
    share = np.zeros(3)
    for particle in range(posed.shape[0]):
        posed[particle] = 0.0
        for slot in range(BONES_PER_VERTEX):
            weight = particles.weight[particle, slot]
            if weight > 0.0:
                _share(skeleton, particles, turns, places, particle, slot, share)
                for k in range(3):
                    posed[particle, k] += weight * share[k]


@njit(cache=True)
@no_type_check
def _object_terms(particles, posed, forces, values, origin, spacing, weights):  # pragma: no cover
    """Add penetration, attraction and core terms to the energy, and their slopes to forces."""
    energy = 0.0
    for i in range(posed.shape[0]):
        distance, gx, gy, gz = at_point(
            values, origin, spacing, posed[i, 0], posed[i, 1], posed[i, 2]
        )
        slope = 0.0
        depth = CM * (distance - particles.radius[i])
        if particles.radius[i] == 0.0:
            depth += weights.press_cm
        if depth < 0.0:
            energy += particles.stiffness[i] * depth * depth
            slope += 2.0 * particles.stiffness[i] * depth
        pull = weights.contact * particles.drawn[i]
        energy += pull * depth * depth
        slope += 2.0 * pull * depth
        if slope != 0.0:
            forces[i, 0] += CM * slope * gx
            forces[i, 1] += CM * slope * gy
            forces[i, 2] += CM * slope * gz
    return energy


@njit(cache=True)
@no_type_check
def _crossing_term(particles, posed, forces, weights):  # pragma: no cover
    """Add the overlap of balls of different fingers."""
    energy = 0.0
    for pair in range(particles.pairs.shape[0]):
        one, other = particles.pairs[pair, 0], particles.pairs[pair, 1]
        gap2 = 1e-12
        for k in range(3):
            gap2 += (posed[one, k] - posed[other, k]) ** 2
        least = particles.pair_gap[pair]
        if gap2 >= least * least:
            continue
        gap = np.sqrt(gap2)
        overlap = CM * (least - gap)
        energy += weights.crossing * overlap * overlap
        for k in range(3):
            push = 2.0 * CM * weights.crossing * overlap * (posed[one, k] - posed[other, k]) / gap
            forces[one, k] -= push
            forces[other, k] += push
    return energy


@njit(cache=True)
@no_type_check
def _pull_back(
    parameters, skeleton, particles, turns, places, forces, gradient
):  # pragma: no cover
    """Turn slopes at particles into slopes of the 51 parameters."""
    pushes, moments = np.zeros((JOINT_COUNT, 3)), np.zeros((JOINT_COUNT, 3))
    share = np.zeros(3)
    for i in range(forces.shape[0]):
        if forces[i, 0] == 0.0 and forces[i, 1] == 0.0 and forces[i, 2] == 0.0:
            continue
        for slot in range(BONES_PER_VERTEX):
            weight = particles.weight[i, slot]
            if weight > 0.0:
                joint = particles.bone[i, slot]
                _share(skeleton, particles, turns, places, i, slot, share)
                for k in range(3):
                    a, b = (k + 1) % 3, (k + 2) % 3
                    pushes[joint, k] += weight * forces[i, k]
                    moments[joint, k] += weight * (
                        share[a] * forces[i, b] - share[b] * forces[i, a]
                    )
    for joint in range(JOINT_COUNT - 1, -1, -1):
        parent = skeleton.parents[joint]
        if parent >= 0:  # what pulls at a bone pulls at every bone above it
            for k in range(3):
                pushes[parent, k] += pushes[joint, k]
                moments[parent, k] += moments[joint, k]
        _to_rotvec(parameters, turns, places, pushes, moments, joint, parent, gradient)
    for k in range(3):
        gradient[48 + k] = pushes[0, k]


@njit(cache=True)
@no_type_check
def _to_rotvec(
    parameters, turns, places, pushes, moments, joint, parent, gradient
):  # pragma: no cover
    """Add one joint's torque as a slope of its rotation vector."""
    torque, inner = np.zeros(3), np.zeros(3)
    for k in range(3):
        a, b = (k + 1) % 3, (k + 2) % 3
        torque[k] = moments[joint, k] - (
            places[joint, a] * pushes[joint, b] - places[joint, b] * pushes[joint, a]
        )
    for k in range(3):
        inner[k] = torque[k]
        if parent >= 0:
            inner[k] = 0.0
            for row in range(3):
                inner[k] += turns[parent, row, k] * torque[row]
    r = parameters[3 * joint : 3 * joint + 3]
    angle2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
    if angle2 < 1e-10:
        linear, square = 0.5, 1.0 / 6.0
    else:
        angle = np.sqrt(angle2)
        linear, square = (1.0 - np.cos(angle)) / angle2, (angle - np.sin(angle)) / (angle2 * angle)
    # J(r)^T t = t - linear r x t + square r x (r x t)
    cross, twice = np.zeros(3), np.zeros(3)
    for k in range(3):
        a, b = (k + 1) % 3, (k + 2) % 3
        cross[k] = r[a] * inner[b] - r[b] * inner[a]
    for k in range(3):
        a, b = (k + 1) % 3, (k + 2) % 3
        twice[k] = r[a] * cross[b] - r[b] * cross[a]
    for k in range(3):
        gradient[3 * joint + k] += inner[k] - linear * cross[k] + square * twice[k]


@njit(cache=True)
@no_type_check
def _rotation(r, out):  # pragma: no cover
    """Fill a rotation matrix from a rotation vector (Rodrigues)."""
    angle2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
    if angle2 < 1e-10:
        sine, versine = 1.0 - angle2 / 6.0, 0.5 - angle2 / 24.0
    else:
        angle = np.sqrt(angle2)
        sine, versine = np.sin(angle) / angle, (1.0 - np.cos(angle)) / angle2
    for row in range(3):
        for column in range(3):
            out[row, column] = versine * r[row] * r[column]
        out[row, row] += 1.0 - versine * angle2
    out[0, 1] -= sine * r[2]
    out[0, 2] += sine * r[1]
    out[1, 0] += sine * r[2]
    out[1, 2] -= sine * r[0]
    out[2, 0] -= sine * r[1]
    out[2, 1] += sine * r[0]
