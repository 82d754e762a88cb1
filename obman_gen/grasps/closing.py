"""Close the robot hand on the object by the exact statics, in mano_grasp's four ways."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from obman_gen.errors import SampleRejected
from obman_gen.grasps.chains import CHAIN_NAMES
from obman_gen.grasps.hand_surface import MM_PER_M
from obman_gen.grasps.robot import HandRobot
from obman_gen.sample import GraspMeasures, HandParameters
from pygraspit import World, quality
from pygraspit.contacts import Contact
from pygraspit.model import BodyModel, Geometry
from pygraspit.transforms import rigid, to_pose

PALM = "palm"
PALM_FACTOR = 3.0
"""How much more a grasp is worth if the palm touches (mano_grasp)."""
MOST_FREE_FLEXION_RAD = np.deg2rad(94.0)
"""A finger that touches nothing and bends its middle joint further is over-flexed."""
_SHORT_NAMES = {"middle": "mid", "little": "pinky"}


class Variant(NamedTuple):
    """What happens between setting a planned grasp and closing the fingers."""

    opens: bool
    opens_through_everything: bool
    approaches: bool


VARIANTS = (
    Variant(opens=False, opens_through_everything=False, approaches=False),
    Variant(opens=True, opens_through_everything=True, approaches=False),
    Variant(opens=True, opens_through_everything=False, approaches=True),
    Variant(opens=True, opens_through_everything=True, approaches=True),
)


@dataclass(frozen=True)
class ClosedGrasp:
    """A hand closed on the object, free of collisions, holding it in every direction."""

    hand: HandParameters
    """In the object's metric frame; fingers that touch nothing relaxed."""
    measures: GraspMeasures
    plan: Mapping[str, Any]
    """mano_grasp's keys, metres."""


class Closer:
    """One hand and one object in a world of exact statics."""

    def __init__(self, hand: HandRobot, body: Geometry, object_id: str, relaxes: bool = True):
        """Take the object's planning surface in millimetres, in the object frame.

        Fingers that touch nothing are relaxed if asked for.
        """
        self._hand, self._object_id, self._relaxes = hand, object_id, relaxes
        self._world = World()
        self._robot = self._world.add_robot(hand.robot)
        # wood, as GraspIt! takes every object whose material nobody told
        self._object = self._world.add_body(BodyModel("object", body, material="wood"))

    def close(
        self,
        object_from_palm: Float[np.ndarray, "4 4"],
        dofs: Float[np.ndarray, "16"],
        variant: Variant,
    ) -> ClosedGrasp:
        """Close the hand from a planned state.

        Raises:
            SampleRejected: ``collision``, ``no_force_closure`` or ``over_flexed``.
        """
        self._run(object_from_palm, dofs, variant)
        crossing = self._world.collisions()
        if crossing:
            raise SampleRejected("collision", f"{crossing[0][0]} and {crossing[0][1]} cross")
        touches = self._touches()
        wrenches = self._world.grasp_wrenches(self._object)
        if not len(wrenches) or not quality.holds_origin(wrenches):
            raise SampleRejected("no_force_closure", f"{len(touches)} contacts hold nothing")
        epsilon, volume = quality.grasp_quality(wrenches)
        if epsilon <= 0.0:
            raise SampleRejected("no_force_closure", f"epsilon is {epsilon:.3g}")
        self._require_relaxed(touches)
        return self._grasp(touches, epsilon, volume, dofs)

    def _run(self, object_from_palm, dofs, variant: Variant) -> None:
        """Act out mano_grasp's sequence.

        Poses and postures are set without looking at collisions, and to open through
        everything is to set the opened posture, so collisions need not be switched off.
        """
        robot, kinematics = self._robot, self._robot.kinematics
        closes = kinematics.closing_velocity > 0
        through = variant.opens and variant.opens_through_everything
        robot.set_pose(object_from_palm)
        robot.force_dofs(np.where(through & closes, kinematics.minimum, dofs))
        if variant.opens and not through:
            robot.auto_open()
        if variant.approaches:
            robot.approach_to_contact()
        robot.auto_grasp()

    def _touches(self) -> list[Contact]:
        """Find the contacts with the object anew; return the hand's sides of them."""
        world = self._world
        world.contacts = world.contacts_of_pairs(
            (body.index, self._object.index) for body in self._robot.bodies
        )
        return self._robot.contacts()

    def _require_relaxed(self, touches: list[Contact]) -> None:
        """Refuse a finger that closed on air as far as no hand would."""
        touching = {side.body for side in touches}
        for chain, name in enumerate(CHAIN_NAMES):
            flexion = self._robot.dofs[14 if name == "thumb" else 3 * chain + 2]
            outer = {f"_chain{chain}_link1", f"_chain{chain}_link2"}
            if flexion > MOST_FREE_FLEXION_RAD and not outer & touching:
                raise SampleRejected(
                    "over_flexed", f"the free {name} bends by {np.rad2deg(flexion):.0f} degrees"
                )

    def _grasp(self, touches, epsilon: float, volume: float, planned_dofs) -> ClosedGrasp:
        links = sorted({link_name(side.body) for side in touches})
        score = float(np.hypot(epsilon, volume)) * np.sqrt(len(links))
        if PALM in links:
            score *= PALM_FACTOR
        measures = GraspMeasures(float(epsilon), float(volume), score, links_in_contact=len(links))
        closed = self._hand.hand_from_robot(self._robot.world_from_palm, self._robot.dofs)
        plan = {
            "body": self._object_id,
            "pose": _ros_pose(self._robot.world_from_palm),
            "dofs": self._robot.dofs.tolist(),
            "contacts": [
                {"link": link_name(side.body), "pose": _ros_pose(self._frame_of(side))}
                for side in touches
            ],
            "epsilon": measures.epsilon,
            "volume": measures.volume,
            "link_in_contact": links,
            "quality": measures.quality,
            "mano_trans": closed.translation.tolist(),
            "mano_pose": [*closed.global_orient.tolist(), *closed.pose.tolist()],
        }
        if self._relaxes:
            self._relax(touches, planned_dofs)
        hand = self._hand.hand_from_robot(self._robot.world_from_palm, self._robot.dofs)
        return ClosedGrasp(hand, measures, plan)

    def _frame_of(self, side: Contact) -> Float[np.ndarray, "4 4"]:
        """Return a contact's axes and place in the object frame, mm."""
        return self._world.body(side.body).world_from_body @ rigid(side.frame, side.position)

    def _relax(self, touches, planned_dofs) -> None:
        """Take fingers that touch nothing halfway back to the plan, if nothing is there.

        Closed on air they are cramped, and where the plan had them they may be stretched out.
        """
        touching = {side.body for side in touches}
        for chain in range(len(CHAIN_NAMES)):
            if any(f"_chain{chain}_link{place}" in touching for place in range(3)):
                continue
            closed = self._robot.dofs.copy()
            relaxed = closed.copy()
            finger = slice(3 * chain, 16 if chain == len(CHAIN_NAMES) - 1 else 3 * chain + 3)
            relaxed[finger] = 0.5 * (closed[finger] + planned_dofs[finger])
            self._robot.force_dofs(relaxed)
            if self._world.collisions():
                self._robot.force_dofs(closed)


def link_name(body: str) -> str:
    """Return mano_grasp's name of a robot body: ``palm`` or ``index_link0`` and so on."""
    if body == "Base":
        return PALM
    chain, link = body.removeprefix("_chain").split("_")
    name = CHAIN_NAMES[int(chain)]
    return f"{_SHORT_NAMES.get(name, name)}_{link}"


def _ros_pose(world_from_frame: Float[np.ndarray, "4 4"]) -> list[float]:
    """Return x, y, z in metres and a quaternion x, y, z, w."""
    x, y, z, qw, qx, qy, qz = to_pose(world_from_frame)
    return [float(v) for v in (x / MM_PER_M, y / MM_PER_M, z / MM_PER_M, qx, qy, qz, qw)]
