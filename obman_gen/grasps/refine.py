"""Settle a planned grasp onto the object: the skin, not the robot's links, should touch.

The planner closes rigid pieces on a simplified object and stops at the first contact of each
finger. Here the MANO surface itself is moved, by gradient steps on finger pose, rotation and
translation, until the skin that nearly touches does touch, nothing is inside, and no bone
runs through a wall.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from obman_gen.arrays import snapped
from obman_gen.grasps.config import RefineConfig
from obman_gen.grasps.core import HandCore, core_of
from obman_gen.grasps.settling import (
    BONES_PER_VERTEX,
    Particles,
    Skeleton,
    Weights,
    pose_joints,
    pose_particles,
    settle,
)
from obman_gen.hands import HandModel
from obman_gen.sample import HandParameters
from pygraspit.sdf import SignedDistanceGrid

NEARBY_M = 0.03
"""Skin farther from the object than this at the start is left out: it cannot get there."""
FLESH_M = 0.004
"""Balls of this radius lie under the skin, touching it: they know from which side a finger
meets a wall when its skin has already passed the wall's middle."""
PASSES = 2
"""Pose correctives are held fixed while the hand moves, and renewed this often."""


@dataclass(frozen=True)
class Rested:
    """A hand of one shape, unposed: what all its grasps share."""

    shaped: Float[np.ndarray, "vertex 3"]
    joints: Float[np.ndarray, "16 3"]
    normals: Float[np.ndarray, "vertex 3"]
    core: HandCore
    pairs: tuple[np.ndarray, np.ndarray]
    """Balls of different fingers, and how near they may come, metres."""
    bone: np.ndarray
    weight: np.ndarray
    ball_bone: np.ndarray
    ball_weight: np.ndarray
    touching: Bool[np.ndarray, "vertex"]
    """Skin of the regions that hands hold with."""


class Refiner:
    """Refines grasps of one object by one hand, each on its own."""

    def __init__(
        self,
        hand_model: HandModel,
        betas: Float[np.ndarray, "10"],
        distance: SignedDistanceGrid,
        metres_per_unit: float,
        config: RefineConfig,
    ):
        """Take the hand's shape and the object's signed distances in raw units."""
        self._model, self._config = hand_model, config
        self._rested = _rest(hand_model, betas)
        self._distance = distance.scaled(metres_per_unit)
        parents = np.array(hand_model.asset.parents, np.int64)
        limits = np.asarray(hand_model.joint_limits_rad, np.float64)
        self._skeleton = Skeleton(self._rested.joints, parents, limits)

    def refine(self, hands: Sequence[HandParameters]) -> list[HandParameters]:
        """Settle grasps, all in the object's metric frame."""
        return [self._refine(hand) for hand in hands]

    def core_clearance(self, hand: HandParameters) -> float:
        """Return the least distance of a bone's ball to the object as a share of its radius.

        Below about a half, the object's surface is closer to the bone than to the skin: a
        finger or the palm is run through by a wall.
        """
        particles = self._particles(hand)
        posed = self._posed(_parameters(hand), particles)
        radius = self._rested.core.radius
        distance = self._distance.distance(posed[: len(radius)])
        return float((np.abs(distance) / radius).min())

    def _refine(self, hand: HandParameters) -> HandParameters:
        config = self._config
        weights = Weights(
            contact=config.contact_weight,
            pose=config.pose_weight,
            limit=config.limit_weight,
            crossing=config.crossing_weight,
            press_cm=100.0 * config.press_m,
        )
        grid = self._distance
        parameters = _parameters(hand)
        for part in np.array_split(np.arange(config.steps), PASSES):
            particles = self._particles(_hand(hand, parameters))
            settle(
                parameters, self._skeleton, particles, grid.values,
                np.asarray(grid.origin, np.float64), grid.spacing, weights, len(part),
            )  # fmt: skip
        return _hand(hand, parameters)

    def _particles(self, hand: HandParameters) -> Particles:
        """Choose the skin near the object and what of it is to touch."""
        rested, config, core = self._rested, self._config, self._rested.core
        rest = rested.shaped + _correctives(self._model, hand.pose)
        everything = _skin_particles(rest, rested.bone, rested.weight)
        metres = self._distance.distance(self._posed(_parameters(hand), everything))
        near = np.flatnonzero(metres < NEARBY_M)
        drawn = rested.touching[near] & (metres[near] < config.reach_m)
        inner = rest[near] - FLESH_M * rested.normals[near]
        pairs, gaps = rested.pairs
        skin, balls = np.zeros(len(near)), np.zeros(len(core.bone))
        return Particles(
            rest=np.concatenate([core.centre, rest[near], inner]),
            bone=np.concatenate([rested.ball_bone, rested.bone[near], rested.bone[near]]),
            weight=np.concatenate([rested.ball_weight, rested.weight[near], rested.weight[near]]),
            radius=np.concatenate([core.radius, skin, skin + FLESH_M - config.press_m]),
            stiffness=np.concatenate(
                [
                    balls + config.core_weight,
                    skin + config.penetration_weight,
                    skin + config.penetration_weight,
                ]
            ),
            drawn=np.concatenate([balls, drawn / max(drawn.sum(), 1), skin]),
            pairs=pairs,
            pair_gap=gaps,
        )

    def _posed(self, parameters, particles: Particles) -> Float[np.ndarray, "particle 3"]:
        turns, places = np.zeros((16, 3, 3)), np.zeros((16, 3))
        posed = np.zeros_like(particles.rest)
        pose_joints(parameters, self._skeleton, turns, places)
        pose_particles(self._skeleton, particles, turns, places, posed)
        return posed


def _rest(hand_model: HandModel, betas: Float[np.ndarray, "10"]) -> Rested:
    """Shape a hand without posing it, and find its bones and balls."""
    asset = hand_model.asset
    shaped = snapped(asset.template + asset.shape_directions @ betas)
    joints = snapped(asset.joint_regressor @ shaped)
    weights = np.asarray(asset.weights, np.float64)
    bone = np.argsort(-weights, axis=1, kind="stable")[:, :BONES_PER_VERTEX]
    weight = np.take_along_axis(weights, bone, axis=1)
    core = core_of(hand_model, shaped, joints)
    ball_bone = np.zeros((len(core.bone), BONES_PER_VERTEX), np.int64)
    ball_weight = np.zeros((len(core.bone), BONES_PER_VERTEX))
    ball_bone[:, 0], ball_weight[:, 0] = core.bone, 1.0
    touching = np.zeros(len(shaped), bool)
    for name in hand_model.contact_region_names:
        touching[np.asarray(hand_model.regions[name], np.int64)] = True
    return Rested(
        shaped=shaped,
        joints=joints,
        normals=_normals(shaped, hand_model.faces),
        core=core,
        pairs=_pairs(core),
        bone=bone.astype(np.int64),
        weight=weight / weight.sum(axis=1, keepdims=True),
        ball_bone=ball_bone,
        ball_weight=ball_weight,
        touching=touching,
    )


def _normals(vertices: Float[np.ndarray, "vertex 3"], faces) -> Float[np.ndarray, "vertex 3"]:
    """Return unit outward normals, area-weighted over each vertex's faces."""
    corners = vertices[faces]
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], areas)
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def _correctives(hand_model: HandModel, pose: Float[np.ndarray, "45"]) -> np.ndarray:
    """Return the (vertex, 3) offsets that a finger pose adds to the unposed hand."""
    from scipy.spatial.transform import Rotation

    features = (Rotation.from_rotvec(pose.reshape(15, 3)).as_matrix() - np.eye(3)).ravel()
    return snapped(hand_model.asset.pose_directions @ features)


def _skin_particles(rest, bone, weight) -> Particles:
    count = len(rest)
    nothing = np.zeros(count)
    no_pairs = np.zeros((0, 2), np.int64), np.zeros(0)
    return Particles(rest, bone, weight, nothing, nothing, nothing, *no_pairs)


def _pairs(core: HandCore):
    """Return pairs of balls of different fingers, and how near they may come.

    Fingers that touch in the flat hand may go on touching.
    """
    finger = core.finger
    one, other = np.triu_indices(len(finger), 1)
    apart = (finger[one] != finger[other]) & (finger[one] >= 0) & (finger[other] >= 0)
    one, other = one[apart], other[apart]
    at_rest = np.linalg.norm(core.centre[one] - core.centre[other], axis=1)
    gap = np.minimum(core.radius[one] + core.radius[other], at_rest)
    return np.stack([one, other], axis=1), gap


def _parameters(hand: HandParameters) -> Float[np.ndarray, "51"]:
    return np.concatenate([hand.global_orient, hand.pose, hand.translation]).astype(np.float64)


def _hand(hand: HandParameters, parameters: Float[np.ndarray, "51"]) -> HandParameters:
    return replace(
        hand,
        global_orient=snapped(parameters[:3]),
        pose=snapped(parameters[3:48]),
        translation=snapped(parameters[48:]),
    )
