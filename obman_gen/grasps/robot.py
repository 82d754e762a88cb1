"""A MANO-schema hand as a GraspIt! robot: palm and fifteen phalanges on hinges.

The robot's palm frame is the hand's rest frame moved to the wrist joint, in millimetres, so a
robot pose and MANO's global rotation and translation say the same thing (`hand_from_robot`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from obman_gen.arrays import inverse_rigid, snapped, transform_points
from obman_gen.grasps.chains import (
    CHAIN_NAMES,
    DOF_COUNT,
    PADS_FROM_MANOPTH,
    THUMB,
    TIP_COUPLING,
    HandChains,
    find_chains,
)
from obman_gen.grasps.dh import DHChain, dh_from_axes, rest_frames
from obman_gen.grasps.hand_surface import MM_PER_M, HandSurface
from obman_gen.hands import HandModel
from obman_gen.sample import HandParameters, Side
from pygraspit.friction import soft_friction_edges
from pygraspit.model import (
    BodyModel,
    Chain,
    Dof,
    EigenGrasps,
    Geometry,
    Joint,
    Link,
    RobotModel,
    VirtualContact,
)

LINK_JOINTS = (1, 2, 3)
"""The joint after which each phalanx follows; joint 0, spread, carries no link."""
SPREAD_DOFS = (0, 3, 6, 9, 12)
"""GraspIt! does not close these."""
PALM_CONTACT_PLACE = 0.6
"""Where the palm's contacts lie between the wrist and the finger bases."""
EIGENGRASP_COUNT = 6
FINGERTIP_YOUNGS = 1.5e6
"""Pa; mano_grasp's ManoHand has rubber, elastic fingertips on plastic links."""
PAD_FRICTION, LINK_FRICTION = 1.0, 0.2
SOFT_CONTACT_RADIUS_MM = 5.0
LIMIT_MARGIN_RAD = 0.1
"""Postures may leave the range seen in the samples by this much."""

ANATOMIC_LIMITS_RAD = np.array(
    [
        *(((-0.35, 0.35), (-0.35, 1.6), (0.0, 1.75)) * 4),
        (-0.7, 0.8),
        (-0.7, 0.9),
        (-0.2, 1.1),
        (-0.4, 1.4),
    ]
)
"""Widest range of each DOF: spread, base and middle flexion of a finger; four of the thumb."""


@dataclass(frozen=True)
class HandRobot:
    """A robot and what connects it to the hand it was made from."""

    robot: RobotModel
    chains: HandChains
    betas: Float[np.ndarray, "10"]
    side: Side

    @property
    def wrist_m(self) -> Float[np.ndarray, "3"]:
        """The wrist joint in the hand's rest frame, metres."""
        return self.chains.joints[0]

    def hand_from_robot(
        self, world_from_palm: Float[np.ndarray, "4 4"], dofs: Float[np.ndarray, "16"]
    ) -> HandParameters:
        """Return the MANO parameters of a posed robot; the world's mm become metres."""
        return HandParameters(
            global_orient=snapped(Rotation.from_matrix(world_from_palm[:3, :3]).as_rotvec()),
            pose=snapped(self.chains.pose_from_dofs(np.asarray(dofs, float))),
            betas=self.betas,
            translation=snapped(world_from_palm[:3, 3] / MM_PER_M - self.wrist_m),
            side=self.side,
        )

    def robot_from_hand(self, hand: HandParameters) -> tuple[np.ndarray, np.ndarray]:
        """Return the (4, 4) palm pose in mm and the (16,) DOFs closest to MANO parameters."""
        world_from_palm = np.eye(4)
        world_from_palm[:3, :3] = Rotation.from_rotvec(hand.global_orient).as_matrix()
        world_from_palm[:3, 3] = MM_PER_M * (hand.translation + self.wrist_m)
        return world_from_palm, self.chains.dofs_from_pose(hand.pose[None])[0]


def make_robot(
    hand_model: HandModel,
    betas: Float[np.ndarray, "10"],
    poses: Float[np.ndarray, "pose 45"],
) -> HandRobot:
    """Cut a hand of the given shape into a GraspIt! robot.

    Args:
        hand_model: any MANO-schema hand.
        betas: its shape.
        poses: many natural postures, which give joint ranges, eigengrasps and thumb axes.
    """
    flat = HandParameters(np.zeros(3), np.zeros(45), betas, np.zeros(3), hand_model.side)
    vertices, joints = (snapped(part) for part in hand_model.vertices_of(flat))
    chains = find_chains(joints, vertices[hand_model.pad_ids], poses)
    dofs = snapped(np.clip(chains.dofs_from_pose(poses), *ANATOMIC_LIMITS_RAD.T))
    surface = HandSurface.of(hand_model, vertices, chains.joints[0])
    robot = RobotModel(
        name=hand_model.name,
        palm=BodyModel("palm", surface.piece(0), material="plastic"),
        dofs=_dofs(dofs),
        chains=tuple(_chain(chains, index, surface) for index in range(len(CHAIN_NAMES))),
        palm_from_approach=_approach_frame(chains.joints, surface.palmar),
        eigengrasps=_eigengrasps(dofs),
        virtual_contacts=tuple(_virtual_contacts(chains, surface)),
    )
    return HandRobot(robot, chains, betas, hand_model.side)


def _dofs(samples: Float[np.ndarray, "pose 16"]) -> tuple[Dof, ...]:
    """Give every DOF the range the samples use, zero included, within anatomy."""
    low = np.minimum(np.quantile(samples, 0.005, axis=0) - LIMIT_MARGIN_RAD, 0.0)
    high = np.maximum(np.quantile(samples, 0.995, axis=0) + LIMIT_MARGIN_RAD, 0.0)
    low, high = (np.clip(bound, *ANATOMIC_LIMITS_RAD.T) for bound in (low, high))
    return tuple(
        Dof(0.0 if index in SPREAD_DOFS else 1.0, float(low[index]), float(high[index]))
        for index in range(DOF_COUNT)
    )


def _chain(chains: HandChains, index: int, surface: HandSurface) -> Chain:
    """Return one finger: four hinges, links after the second, third and fourth."""
    base, rows = _dh(chains, index)
    drives = _drives(index)
    joints = tuple(
        Joint(dof, ratio, row.offset_rad, row.d, row.a, row.alpha_rad, *_joint_limits(dof, ratio))
        for (dof, ratio), row in zip(drives, rows, strict=True)
    )
    frames = rest_frames(base, rows)
    links = tuple(
        Link(_phalanx(surface, index, place, frames[joint]), joint)
        for place, joint in enumerate(LINK_JOINTS)
    )
    return Chain(base, joints, links)


def _dh(chains: HandChains, index: int) -> DHChain:
    """Return a finger's DH rows in the palm frame, millimetres."""
    hinges = chains.hinges[index]
    points = MM_PER_M * (np.stack([hinge.point for hinge in hinges]) - chains.joints[0])
    return dh_from_axes(points, np.stack([hinge.direction for hinge in hinges]))


def _drives(chain: int) -> list[tuple[int, float]]:
    """Return (DOF, ratio) of a chain's four joints."""
    if chain == THUMB:
        return [(12, 1.0), (13, 1.0), (14, 1.0), (15, 1.0)]
    first = 3 * chain
    return [(first, 1.0), (first + 1, 1.0), (first + 2, 1.0), (first + 2, TIP_COUPLING)]


def _joint_limits(dof: int, ratio: float) -> tuple[float, float]:
    low, high = ratio * ANATOMIC_LIMITS_RAD[dof]
    return float(low), float(high)


def _phalanx(surface: HandSurface, chain: int, place: int, palm_from_link) -> BodyModel:
    piece = surface.piece(1 + 3 * chain + place)
    geometry = Geometry(
        transform_points(inverse_rigid(palm_from_link), piece.vertices), piece.faces
    )
    name = f"_chain{chain}_link{place}"
    if place < 2:
        return BodyModel(name, geometry, material="plastic")
    return BodyModel(name, geometry, material="rubber", youngs=FINGERTIP_YOUNGS)


def _approach_frame(joints_m, palmar) -> Float[np.ndarray, "4 4"]:
    """Stand in the middle of the palm, z out of it."""
    to_middle_finger = joints_m[4] - joints_m[0]
    x_axis = to_middle_finger - (to_middle_finger @ palmar) * palmar
    x_axis /= np.linalg.norm(x_axis)
    frame = np.eye(4)
    frame[:3, :3] = np.stack([x_axis, np.cross(palmar, x_axis), palmar], axis=1)
    frame[:3, 3] = 0.5 * MM_PER_M * to_middle_finger
    return frame


def _virtual_contacts(chains: HandChains, surface: HandSurface) -> Iterator[VirtualContact]:
    """Yield where the planner should touch: four points of the palm and one on the palmar
    side of every phalanx but the thumb's first, which lies inside the palm. These are 18, as
    in GraspIt!'s human hands.
    """
    finger_bases = MM_PER_M * (chains.joints[[1, 4, 7, 10]] - chains.joints[0])
    for base in finger_bases:
        vertex = surface.nearest_along(0, PALM_CONTACT_PLACE * base, surface.palmar)
        yield _virtual_contact(surface, vertex, -1, 0, np.eye(4))
    for chain in range(len(CHAIN_NAMES)):
        frames = rest_frames(*_dh(chains, chain))
        for place in range(1 if chain == THUMB else 0, 3):
            vertex = _palmar_vertex(chains, surface, chain, place)
            yield _virtual_contact(surface, vertex, chain, place, frames[LINK_JOINTS[place]])


def _palmar_vertex(chains: HandChains, surface: HandSurface, chain: int, place: int) -> int:
    """Return the vertex under the middle of a phalanx; the pad's own on a fingertip."""
    if place == 2:
        return int(surface.pads[PADS_FROM_MANOPTH[chain]])
    near, far = (MM_PER_M * (end - chains.joints[0]) for end in chains.bone(chain, place))
    flexion = chains.hinges[chain][1 + place].direction
    palmar = np.cross(flexion, far - near)
    palmar /= np.linalg.norm(palmar)
    return surface.nearest_along(1 + 3 * chain + place, 0.5 * (near + far), palmar)


def _virtual_contact(surface, vertex, chain, place, palm_from_link) -> VirtualContact:
    link_from_palm = inverse_rigid(palm_from_link)
    return VirtualContact(
        chain_index=chain,
        link_index=place,
        position=transform_points(link_from_palm, surface.vertices[vertex]),
        normal=link_from_palm[:3, :3] @ surface.normals[vertex],
        friction=PAD_FRICTION if place == 2 else LINK_FRICTION,
        friction_edges=soft_friction_edges(SOFT_CONTACT_RADIUS_MM),
    )


def _eigengrasps(samples: Float[np.ndarray, "pose 16"]) -> EigenGrasps:
    """Return the principal directions of the postures, with the amplitudes they reach."""
    origin = samples.mean(axis=0)
    directions = np.linalg.svd(samples - origin, full_matrices=False)[2][:EIGENGRASP_COUNT]
    amplitudes = (samples - origin) @ directions.T
    low, high = np.quantile(amplitudes, (0.005, 0.995), axis=0)
    return EigenGrasps(snapped(directions), snapped(origin), snapped(low), snapped(high))
