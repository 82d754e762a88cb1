"""What the planner varies: a hand's posture and its place about the object.

The states and ranges are GraspIt!'s. A state is one row of numbers: eigengrasp amplitudes
first, then the place. Places are given in the object's frame, millimetres and radians.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from pygraspit.kinematics import Kinematics
from pygraspit.model import EigenGrasps, RobotModel
from pygraspit.planner import places
from pygraspit.transforms import (
    Transform,
    inverse,
    matrix_from_quaternion,
    quaternion_from_matrix,
    rigid,
    rotation,
    translation,
)


class Variable(NamedTuple):
    """One number of a state."""

    name: str
    minimum: float
    maximum: float
    start: float
    jump: float
    """Largest step of the annealing, at infinite temperature."""
    circular: bool = False
    """Whether leaving the range on one side means entering it on the other."""


AXIS_ANGLE: tuple[Variable, ...] = (
    Variable("Tx", -250.0, 250.0, 0.0, 150.0),
    Variable("Ty", -250.0, 250.0, 0.0, 150.0),
    Variable("Tz", -250.0, 350.0, 350.0, 150.0),
    Variable("theta", 0.0, np.pi, 0.0, np.pi / 5),
    Variable("phi", -np.pi, np.pi, 0.0, np.pi / 2, circular=True),
    Variable("alpha", 0.0, np.pi, np.pi / 2, np.pi / 2),
)
"""Translation, then a turn by alpha about the direction with polar angles theta and phi."""

COMPLETE: tuple[Variable, ...] = (
    *AXIS_ANGLE[:3],
    Variable("Qw", -5.0, 5.0, 1.0, 2.5),
    Variable("Qx", -5.0, 5.0, 0.0, 2.5),
    Variable("Qy", -5.0, 5.0, 0.0, 2.5),
    Variable("Qz", -5.0, 5.0, 0.0, 2.5),
)
"""Translation and a quaternion of any length. GraspIt!'s ranges; start and largest steps of the
quaternion are ours, no turn and a quarter of the range, as for amplitudes."""

JUMP_SHARE = 0.25
"""Largest step of an amplitude as a share of its range; GraspIt! has 2 for -4..4."""


@dataclass(frozen=True)
class StateSpace:
    """The variables of one search."""

    variables: tuple[Variable, ...]
    place: int = places.AXIS_ANGLE
    """How the last of them write a place: one of `pygraspit.planner.places`."""

    @property
    def start(self) -> Float[np.ndarray, "variable"]:
        """Where GraspIt! starts: open hands far above the object."""
        return self._column("start")

    @property
    def minimum(self) -> Float[np.ndarray, "variable"]:
        """Lower ends of the ranges."""
        return self._column("minimum")

    @property
    def maximum(self) -> Float[np.ndarray, "variable"]:
        """Upper ends of the ranges."""
        return self._column("maximum")

    @property
    def jump(self) -> Float[np.ndarray, "variable"]:
        """Largest steps."""
        return self._column("jump")

    @property
    def circular(self) -> np.ndarray:
        """(variable,) bool."""
        return np.array([variable.circular for variable in self.variables])

    def uniform(self, rng: np.random.Generator) -> Float[np.ndarray, "variable"]:
        """Draw a state anywhere in the space."""
        return rng.uniform(self.minimum, self.maximum)

    def object_from_approach(self, state: Float[np.ndarray, "variable"]) -> Transform:
        """Return the approach frame of a state, mm, in the object's frame."""
        if self.place == places.AXIS_ANGLE:
            x, y, z, theta, phi, alpha = state[-6:]
            axis = [np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)]
            return translation(x, y, z) @ rotation(alpha, np.array(axis))
        shift, quaternion = state[-7:-4], state[-4:]
        if not quaternion.any():
            return rigid(np.eye(3), shift)
        return rigid(matrix_from_quaternion(quaternion), shift)

    def place_of(self, object_from_approach: Transform) -> Float[np.ndarray, "number"]:
        """Return the numbers that write a place; those of a turn from the half with w >= 0."""
        quaternion = quaternion_from_matrix(object_from_approach[:3, :3])
        if self.place == places.AXIS_ANGLE:
            length = float(np.linalg.norm(quaternion[1:]))
            x, y, z = quaternion[1:] / length if length > 0.0 else (0.0, 0.0, 1.0)
            turn = [np.arccos(np.clip(z, -1.0, 1.0)), np.arctan2(y, x)]
            turn.append(2.0 * np.arctan2(length, quaternion[0]))
        else:
            turn = quaternion
        return np.append(object_from_approach[:3, 3], turn)

    def _column(self, name: str) -> Float[np.ndarray, "variable"]:
        return np.array([getattr(variable, name) for variable in self.variables], np.float64)


def axis_angle_space(robot: RobotModel, reach_mm: float | None = None) -> StateSpace:
    """Return GraspIt!'s default space for a hand with eigengrasps.

    Args:
        robot: the hand.
        reach_mm: half the width of the box of translations; None: GraspIt!'s own box, 500 mm
            wide and reaching 350 mm up.

    Raises:
        ValueError: if the hand has no eigengrasps.
    """
    numbers = AXIS_ANGLE
    if reach_mm is not None:
        box = [
            place._replace(minimum=-reach_mm, maximum=reach_mm, start=0.0, jump=reach_mm)
            for place in AXIS_ANGLE[:3]
        ]
        box[2] = box[2]._replace(start=reach_mm)
        numbers = (*box, *AXIS_ANGLE[3:])
    return StateSpace((*_amplitudes(robot), *numbers))


def complete_space(robot: RobotModel) -> StateSpace:
    """Return GraspIt!'s space with quaternions, for a hand with eigengrasps.

    Raises:
        ValueError: if the hand has no eigengrasps.
    """
    return StateSpace((*_amplitudes(robot), *COMPLETE), places.COMPLETE)


SPACES: Mapping[str, Callable[[RobotModel], StateSpace]] = MappingProxyType(
    {"SPACE_AXIS_ANGLE": axis_angle_space, "SPACE_COMPLETE": complete_space}
)
"""By GraspIt!'s names."""


def _amplitudes(robot: RobotModel) -> tuple[Variable, ...]:
    eigengrasps = eigengrasps_of(robot)
    return tuple(
        Variable(f"EG{index}", float(low), float(high), float(low), JUMP_SHARE * float(high - low))
        for index, (low, high) in enumerate(
            zip(eigengrasps.minimum, eigengrasps.maximum, strict=True)
        )
    )


def eigengrasps_of(robot: RobotModel) -> EigenGrasps:
    """Return a hand's eigengrasps.

    Raises:
        ValueError: if it has none.
    """
    if robot.eigengrasps is None or not len(robot.eigengrasps.directions):
        raise ValueError(f"hand {robot.name!r} has no eigengrasps: the planner needs them")
    return robot.eigengrasps


@dataclass(frozen=True)
class Postures:
    """From amplitudes to a hand's DOFs."""

    origin: Float[np.ndarray, "dof"]
    directions: Float[np.ndarray, "eigengrasp dof"]
    minimum: Float[np.ndarray, "dof"]
    maximum: Float[np.ndarray, "dof"]

    @classmethod
    def of(cls, robot: RobotModel) -> "Postures":
        """Take a hand with eigengrasps."""
        eigengrasps, kinematics = eigengrasps_of(robot), Kinematics.of(robot)
        low, high = kinematics.minimum, kinematics.maximum
        return cls(np.clip(eigengrasps.origin, low, high), eigengrasps.directions, low, high)

    def dofs(self, state: Float[np.ndarray, "variable"]) -> Float[np.ndarray, "dof"]:
        """Return the posture of a state, clipped to the hand's ranges, radians."""
        amplitudes = state[: len(self.directions)]
        return np.clip(self.origin + amplitudes @ self.directions, self.minimum, self.maximum)


def dofs_of(robot: RobotModel, state: Float[np.ndarray, "variable"]) -> Float[np.ndarray, "dof"]:
    """Return the posture of a state, clipped to the hand's ranges, radians."""
    return Postures.of(robot).dofs(state)


def object_from_palm_of(
    robot: RobotModel, state: Float[np.ndarray, "variable"], space: StateSpace
) -> Float[np.ndarray, "4 4"]:
    """Return the hand's place in a state, mm, in the object's frame."""
    return space.object_from_approach(state) @ inverse(robot.palm_from_approach)


def state_of(
    robot: RobotModel,
    object_from_palm: Transform,
    dofs: Float[np.ndarray, "dof"],
    space: StateSpace,
) -> Float[np.ndarray, "variable"]:
    """Return the state of a posed hand, for a search to begin at.

    Amplitudes are those of least squares: a posture outside the eigengrasps' span, or a place
    outside the ranges, gives a state nearby.
    """
    eigengrasps, origin = eigengrasps_of(robot), Postures.of(robot).origin
    amplitudes = np.linalg.lstsq(eigengrasps.directions.T, dofs - origin, rcond=None)[0]
    place = space.place_of(object_from_palm @ robot.palm_from_approach)
    return np.clip(np.append(amplitudes, place), space.minimum, space.maximum)
