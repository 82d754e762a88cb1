"""What GraspIt! files describe, as frozen data: bodies, links, joints, hands.

Lengths in millimetres and angles in radians, as everywhere in this package; a transform is
named ``target_from_source``. Readers (`pygraspit.formats`) make these, the world poses them.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float, Integer


@dataclass(frozen=True)
class Geometry:
    """A triangle surface in its body's own frame."""

    vertices: Float[np.ndarray, "vertex 3"]
    """mm."""
    faces: Integer[np.ndarray, "face 3"]

    @property
    def triangles(self) -> Float[np.ndarray, "face 3 3"]:
        """Corner positions of each face, mm."""
        return self.vertices[self.faces]


@dataclass(frozen=True)
class BodyModel:
    """A rigid body before it stands anywhere: what a body XML file says."""

    name: str
    geometry: Geometry
    material: str = "wood"
    youngs: float = -1.0
    """Young's modulus; positive makes contacts with the body soft."""
    mass_g: float = 300.0
    centre_of_gravity: Float[np.ndarray, "3"] | None = None
    """mm; None: the area-weighted centroid of the surface."""

    @property
    def is_elastic(self) -> bool:
        """Whether contacts with the body are soft."""
        return self.youngs > 0


@dataclass(frozen=True)
class Dof:
    """One driven degree of freedom of a hand."""

    closing_velocity: float
    """Speed when closing, rad/s; 0 does not move, negative closes towards the minimum."""
    minimum: float
    maximum: float
    default: float = 0.0
    kind: Literal["rigid", "breakaway", "compliant"] = "rigid"


@dataclass(frozen=True)
class Joint:
    """A revolute (or prismatic) joint by Denavit-Hartenberg: Rz(theta) Tz(d) Tx(a) Rx(alpha)."""

    dof_index: int
    ratio: float
    """Joint value = ratio * DOF value; theta = joint value + offset for a revolute joint."""
    offset: float
    d: float
    """mm."""
    a: float
    """mm."""
    alpha: float
    minimum: float
    maximum: float
    kind: Literal["revolute", "prismatic"] = "revolute"


@dataclass(frozen=True)
class Link:
    """A body moved by a chain; its frame is the frame after joint ``last_joint_index``."""

    body: BodyModel
    last_joint_index: int
    """Index into the chain's joints; -1 for a link fixed to the chain's base."""


@dataclass(frozen=True)
class Chain:
    """A finger: joints in series from the palm outwards, and the links between them."""

    palm_from_base: Float[np.ndarray, "4 4"]
    joints: tuple[Joint, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True)
class VirtualContact:
    """A point on a link where the planner would like to touch."""

    chain_index: int
    """-1: on the palm."""
    link_index: int
    position: Float[np.ndarray, "3"]
    """Link frame, mm."""
    normal: Float[np.ndarray, "3"]
    """Link frame, unit, outward from the finger."""
    friction: float
    friction_edges: Float[np.ndarray, "edge 6"]
    """Force and torque directions on the friction boundary, in the contact's own axes."""


@dataclass(frozen=True)
class EigenGrasps:
    """A low-dimensional posture space: dof = clip(origin + amplitudes @ directions)."""

    directions: Float[np.ndarray, "eigengrasp dof"]
    """Unit rows."""
    origin: Float[np.ndarray, "dof"]
    minimum: Float[np.ndarray, "eigengrasp"]
    maximum: Float[np.ndarray, "eigengrasp"]


@dataclass(frozen=True, eq=False)
class RobotModel:
    """A hand before it stands anywhere: what a robot XML file says. Equal only to itself."""

    name: str
    palm: BodyModel
    dofs: tuple[Dof, ...]
    chains: tuple[Chain, ...]
    palm_from_approach: Float[np.ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))
    """The approach frame: the hand moves along its z axis towards an object."""
    eigengrasps: EigenGrasps | None = None
    virtual_contacts: tuple[VirtualContact, ...] = ()
    collisions_off: tuple[tuple[str, str], ...] = ()
    """Pairs of body names that are never tested, beside GraspIt!'s own rules."""
