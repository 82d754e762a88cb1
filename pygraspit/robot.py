"""A hand standing in a world: set its posture, close it, open it, move it until it touches."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from pygraspit.blocking import blocked_links, forbids_rigid_motion
from pygraspit.body import Body
from pygraspit.contacts import Contact
from pygraspit.errors import DescriptionError
from pygraspit.kinematics import Kinematics
from pygraspit.model import RobotModel
from pygraspit.motion import (
    DONE,
    LEAST_DOF_STEP_RAD,
    Hand,
    close_fingers,
    next_joints,
    stop_upstream,
)
from pygraspit.rigid_motion import move_rigidly
from pygraspit.transforms import inverse, translation

if TYPE_CHECKING:
    from pygraspit.world import World

STEP_S = 0.01
"""A DOF of closing velocity 1 rad/s moves this many radians per iteration."""
APPROACH_MM = 200.0
MOVE_STEP_MM = 10.0
MOVE_STEP_RAD = np.pi / 36.0
FIRST_STEP_SHARE = 1e-6


class Robot:
    """A hand in a world.

    Attributes:
        model: what it was made from.
        kinematics: its joints.
        bodies: palm, then links, chain by chain.
        dofs: (dof,) present values.
        joints: (joint,) present values; only after a closing that began in a collision do
            they differ from what the DOFs say (as in GraspIt!).
    """

    def __init__(self, world: "World", model: RobotModel, bodies: list[Body]):
        self._world = world
        self.model, self.bodies = model, bodies
        self.kinematics = Kinematics.of(model)
        self.dofs = self.kinematics.default
        self.joints = self.kinematics.joints(self.dofs)
        self._hand = Hand(
            self.kinematics.table,
            bodies[0].index,
            np.array([body.index for body in bodies[1:]], np.int64),
            self.kinematics.breaks_away,
        )

    @property
    def palm(self) -> Body:
        """The base; its frame is the hand's."""
        return self.bodies[0]

    @property
    def links(self) -> list[Body]:
        """All other bodies, chain by chain."""
        return self.bodies[1:]

    @property
    def hand(self) -> Hand:
        """The hand as arrays, for kernels."""
        return self._hand

    @property
    def world_from_palm(self) -> Float[np.ndarray, "4 4"]:
        """Where the hand stands, mm."""
        return self.palm.world_from_body

    @property
    def world_from_approach(self) -> Float[np.ndarray, "4 4"]:
        """Where the approach frame stands."""
        return self.world_from_palm @ self.model.palm_from_approach

    def set_pose(self, world_from_palm: Float[np.ndarray, "4 4"]) -> None:
        """Put the hand somewhere, whatever is there; the posture stays."""
        self._follow(np.asarray(world_from_palm, np.float64))

    def force_dofs(
        self,
        dofs: Float[np.ndarray, "dof"],
        world_from_palm: Float[np.ndarray, "4 4"] | None = None,
    ) -> None:
        """Set DOFs without looking for collisions or at their ranges; perhaps the pose, too.

        As in GraspIt!, a DOF within 1e-5 of its present value is left alone.
        """
        dofs = np.asarray(dofs, np.float64)
        if dofs.shape != self.dofs.shape or not np.isfinite(dofs).all():
            raise DescriptionError(
                f"hand {self.model.name!r} takes {len(self.dofs)} finite DOFs, got {dofs.tolist()}"
            )
        changes = np.abs(dofs - self.dofs) >= LEAST_DOF_STEP_RAD
        self.dofs = np.where(changes, dofs, self.dofs)
        follows = changes[self.kinematics.table.dof]
        self.joints = np.where(follows, self.kinematics.joints(self.dofs), self.joints)
        self._follow(self.world_from_palm if world_from_palm is None else world_from_palm)

    def _follow(self, world_from_palm: Float[np.ndarray, "4 4"]) -> None:
        links = self.kinematics.link_poses(world_from_palm, self.joints)
        self._world.put(self.bodies, np.concatenate([world_from_palm[None], links]))

    def auto_grasp(self, speed: float = 1.0) -> bool:
        """Close the fingers until contacts or limits stop them; return whether it ended well.

        False: the hand began in a collision, and stays there.
        """
        velocity = speed * self.kinematics.closing_velocity
        steps = STEP_S * velocity
        goals = np.where(velocity >= 0.0, self.kinematics.maximum, self.kinematics.minimum)
        stopped = self._stopped_by_contacts(steps, goals)
        before = self._world.poses[[body.index for body in self.bodies]]
        touched = np.zeros((len(self._world.poses),) * 2, bool)
        dofs, joints = self.dofs.copy(), self.joints.copy()
        outcome = close_fingers(
            self._world.scene, self._hand, dofs, joints, steps, goals, stopped, touched
        )
        self.dofs, self.joints = dofs, joints
        self._touch(before, touched)
        return outcome == DONE

    def auto_open(self, speed: float = 1.0) -> bool:
        """Open the fingers until contacts or limits stop them; see `auto_grasp`."""
        return self.auto_grasp(-speed)

    def approach_to_contact(self, distance_mm: float = APPROACH_MM, one_step: bool = False) -> bool:
        """Move along the approach direction until something is hit; return whether it was."""
        approach = self.model.palm_from_approach
        ahead = approach @ translation(0.0, 0.0, distance_mm) @ inverse(approach)
        return self.move_to(self.world_from_palm @ ahead, one_step)

    def move_to(self, world_from_palm: Float[np.ndarray, "4 4"], one_step: bool = False) -> bool:
        """Move as a whole to a pose or until something is hit; return whether it was.

        Does nothing, and says no, if a present contact is in the way.
        """
        start = self.world_from_palm
        axis, angle = _turn_between(start, world_from_palm)
        shift = world_from_palm[:3, 3] - start[:3, 3]
        if self._is_held(world_from_palm):
            return False
        step_share = 1.0 if one_step else _step_share(float(np.linalg.norm(shift)), angle)
        before = self._world.poses[[body.index for body in self.bodies]]
        touched = np.zeros((len(self._world.poses),) * 2, bool)
        group = (
            np.array([body.index for body in self.bodies], np.int64),
            np.ascontiguousarray(inverse(start) @ before),
            np.eye(4),
        )
        was_hit = move_rigidly(
            self._world.scene, group, (start, shift, axis, angle), step_share, touched
        )
        # Even a motion that led back to its start ends the contacts it started with.
        self._world.end_contacts_of(self.bodies)
        self._touch(before, touched)
        return bool(was_hit)

    def contacts(self) -> list[Contact]:
        """Return the hand's sides of its present contacts, body by body."""
        return [side for body in self.bodies for side in self._world.contacts_on(body)]

    def never_tested(self) -> Iterator[tuple[Body, Body]]:
        """Yield pairs of the hand's bodies that cannot collide."""
        chain_of = self.kinematics.table.link_chain
        for index, link in enumerate(self.links):
            if index == 0 or chain_of[index] != chain_of[index - 1]:
                yield self.palm, link
            for other in range(index):
                if chain_of[other] == chain_of[index]:
                    yield link, self.links[other]
        named = {body.model.name: body for body in self.bodies}
        named |= {body.name: body for body in self.bodies}
        for first, second in self.model.collisions_off:
            if first in named and second in named:
                yield named[first], named[second]

    def _touch(self, before: np.ndarray, touched: np.ndarray) -> None:
        """After a motion: old contacts of moved bodies end, new ones of ``touched`` begin."""
        self._world.end_contacts_of_moved(self.bodies, before)
        self._world.begin_contacts(touched)

    def _stopped_by_contacts(self, steps: np.ndarray, goals: np.ndarray) -> np.ndarray:
        """Return (joint,) bool: joints that present contacts keep from moving."""
        stopped = np.zeros(len(self.joints), bool)
        sides = {
            index: found
            for index, body in enumerate(self.links)
            if (found := self._world.contacts_on(body))
        }
        target, trial = np.zeros_like(self.dofs), np.zeros_like(self.joints)
        while sides and next_joints(
            self._hand, self.dofs, self.joints, steps, goals, stopped, target, trial
        ):
            links = self._world.poses[[body.index for body in self.links]]
            held = blocked_links(
                self.kinematics, self.world_from_palm, self.joints, trial, links, sides
            )
            if not held:
                break
            for link in held:
                stop_upstream(self.kinematics.table, link, trial, self.joints, stopped)
        return stopped

    def _is_held(self, world_from_palm: Float[np.ndarray, "4 4"]) -> bool:
        """Say whether contacts forbid the way to a pose; those within the hand never do."""
        motion = world_from_palm @ inverse(self.world_from_palm)
        own = {body.name for body in self.bodies}
        outer = {
            body: [side for side in self._world.contacts_on(body) if side.other not in own]
            for body in self.bodies
        }
        return any(
            forbids_rigid_motion(body.world_from_body, motion, sides)
            for body, sides in outer.items()
        )


def _turn_between(start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, float]:
    """Return world axis and angle of the rotation from one pose to another."""
    from scipy.spatial.transform import Rotation

    vector = Rotation.from_matrix(stop[:3, :3] @ start[:3, :3].T).as_rotvec()
    angle = float(np.linalg.norm(vector))
    if angle < 1e-9:  # the axis of no turn is any
        return np.array([0.0, 0.0, 1.0]), 0.0
    return vector / angle, angle


def _step_share(length_mm: float, angle_rad: float) -> float:
    """Return the share of a way that keeps both step limits."""
    return 1.0 / max(1.0, length_mm / MOVE_STEP_MM, angle_rad / MOVE_STEP_RAD)
