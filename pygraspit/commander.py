"""The calls of graspit_commander, without ROS: same names, arguments and result fields.

Lengths are metres here, as in ROS messages, except `moveDist`, which is millimetres there,
too. A pose is anything with ``position.x`` and ``orientation.w`` and so on; `Pose` is such a
thing. Each commander has its own world; calls on the class act on one shared default.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pygraspit.contacts import Contact
from pygraspit.errors import DescriptionError
from pygraspit.formats import read_body, read_robot
from pygraspit.formats.world_xml import read_world
from pygraspit.robot import Robot
from pygraspit.transforms import from_pose, rigid, to_pose
from pygraspit.world import World

MM_PER_M = 1000.0
DEFAULT_MAX_STEPS = 70_000
SUCCESS, COLLISION = 0, 2
PLANNERS = ("SIM_ANN", "MULTI_THREADED")
SEARCH_SPACES = ("SPACE_AXIS_ANGLE", "SPACE_COMPLETE", "SPACE_ELLIPSOID", "SPACE_APPROACH")
SEARCH_CONTACTS = ("CONTACT_PRESET", "CONTACT_LIVE")
"""Names by the numbers that ROS messages carry."""


@dataclass
class Point:
    """``geometry_msgs/Point``, metres."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0


@dataclass
class Quaternion:
    """``geometry_msgs/Quaternion``."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    w: float = 1.0


@dataclass
class Pose:
    """``geometry_msgs/Pose``."""

    position: Point = field(default_factory=Point)
    orientation: Quaternion = field(default_factory=Quaternion)


@dataclass(frozen=True)
class PoseStamped:
    """``geometry_msgs/PoseStamped`` without its header: always the world's frame."""

    pose: Pose


@dataclass(frozen=True)
class ContactState:
    """``graspit_interface/Contact``: where a hand's link touches something."""

    body1: str
    """The link, as GraspIt! names it: ``Base``, or ``_chain0_link2``."""
    body2: str
    ps: PoseStamped
    """The point, and two tangents and the normal into the link as axes."""
    cof: float


@dataclass(frozen=True)
class RobotState:
    """Field ``robot`` of `getRobot`'s answer."""

    pose: Pose
    dofs: tuple[float, ...]
    contacts: tuple[ContactState, ...] = ()


@dataclass(frozen=True)
class BodyState:
    """Field ``graspable_body`` of `getGraspableBody`'s answer."""

    pose: Pose


@dataclass(frozen=True)
class RobotAnswer:
    """Answer of `getRobot`."""

    robot: RobotState
    result: int = SUCCESS


@dataclass(frozen=True)
class BodyAnswer:
    """Answer of `getGraspableBody`."""

    graspable_body: BodyState
    result: int = SUCCESS


@dataclass(frozen=True)
class QualityAnswer:
    """Answer of `computeQuality`; result 2: something collides, and both measures are -1."""

    result: int
    epsilon: float
    volume: float


@dataclass(frozen=True)
class Grasp:
    """``graspit_interface/Grasp``: after the fingers have closed."""

    graspable_body_id: int
    pose: Pose
    """Of the hand in the world."""
    dofs: tuple[float, ...]
    epsilon_quality: float
    volume_quality: float


@dataclass(frozen=True)
class PlanAnswer:
    """Answer of `planGrasps`."""

    grasps: tuple[Grasp, ...]
    energies: tuple[float, ...]


class _Call:
    """A method that also works on the class: then it acts on the default instance."""

    def __init__(self, function: Callable[..., Any]):
        self._function, self.__doc__ = function, function.__doc__

    def __get__(self, instance, owner):
        return self._function.__get__(owner.default() if instance is None else instance)


class GraspitCommander:
    """A world and the calls on it."""

    _default: "GraspitCommander | None" = None

    def __init__(self, models: str | Path = "."):
        """Take the folder that names of hands, bodies and worlds are relative to."""
        self.models, self.world = Path(models), World()

    @classmethod
    def default(cls) -> "GraspitCommander":
        """Return the instance that calls on the class act on."""
        if cls._default is None:
            cls._default = cls()
        return cls._default

    @_Call
    def clearWorld(self) -> None:  # noqa: N802
        """Remove everything."""
        self.world = World()

    @_Call
    def loadWorld(self, worldFile: str) -> None:  # noqa: N802, N803
        """Replace everything by what a world file holds."""
        world = World()
        for placed in read_world(self.models / worldFile, self.models):
            if placed.kind == "robot":
                robot = world.add_robot(read_robot(placed.file), placed.world_from_element)
                if placed.dofs is not None:
                    robot.force_dofs(placed.dofs)
            else:
                world.add_body(read_body(placed.file), placed.world_from_element)
        self.world = world

    @_Call
    def importRobot(self, robotName: str, pose: Any = None) -> None:  # noqa: N802, N803
        """Add a hand: the name of its XML, or of the folder that holds one of the same name."""
        path = self.models / robotName
        self.world.add_robot(
            read_robot(path / f"{path.name}.xml" if path.is_dir() else path), _transform(pose)
        )

    @_Call
    def importGraspableBody(self, bodyName: str, pose: Any = None) -> None:  # noqa: N802, N803
        """Add a body from its XML or from a geometry file in metres."""
        self.world.add_body(read_body(self.models / bodyName), _transform(pose))

    @_Call
    def getRobot(self, id: int = 0) -> RobotAnswer:  # noqa: N802, A002
        """Return pose, DOFs and contacts of a hand."""
        robot = self._robot(id)
        dofs = tuple(float(value) for value in robot.dofs)
        contacts = tuple(self._contact(contact) for contact in robot.contacts())
        return RobotAnswer(RobotState(_message(robot.world_from_palm), dofs, contacts))

    @_Call
    def getGraspableBody(self, id: int = 0) -> BodyAnswer:  # noqa: N802, A002
        """Return the pose of a body."""
        return BodyAnswer(BodyState(_message(self._body(id).world_from_body)))

    @_Call
    def setRobotPose(self, pose: Any, id: int = 0) -> None:  # noqa: N802, A002
        """Put a hand somewhere."""
        self._robot(id).set_pose(_transform(pose))

    @_Call
    def forceRobotDof(self, dofs: Any, id: int = 0) -> None:  # noqa: N802, A002
        """Set all DOFs, whatever is in the way."""
        self._robot(id).force_dofs(np.asarray(dofs, np.float64))

    @_Call
    def toggleAllCollisions(self, enableCollisions: bool) -> None:  # noqa: N802, N803
        """Test for collisions from now on, or no more."""
        if enableCollisions:
            self.world.collisions_on()
        else:
            self.world.collisions_off()

    @_Call
    def autoOpen(self, id: int = 0) -> None:  # noqa: N802, A002
        """Open the fingers."""
        self._robot(id).auto_open()

    @_Call
    def autoGrasp(self, id: int = 0) -> None:  # noqa: N802, A002
        """Close the fingers."""
        self._robot(id).auto_grasp()

    @_Call
    def approachToContact(  # noqa: N802
        self,
        moveDist: float = 200.0,  # noqa: N803
        oneStep: bool = False,  # noqa: N803
        id: int = 0,  # noqa: A002
    ) -> None:
        """Move along the approach direction, at most so many mm, until something is hit."""
        self._robot(id).approach_to_contact(moveDist, oneStep)

    @_Call
    def computeQuality(self, id: int = 0) -> QualityAnswer:  # noqa: N802, A002
        """Return the quality of a hand's grasp of the first body."""
        robot = self._robot(id)
        if self.world.collisions():
            return QualityAnswer(COLLISION, -1.0, -1.0)
        self.world.find_contacts()
        return QualityAnswer(SUCCESS, *self.world.quality(self._body(0), robot))

    @_Call
    def planGrasps(  # noqa: N802, PLR0913, PLR0917 - ROS's arguments
        self,
        graspable_body_id: int = 0,
        planner: Any = "SIM_ANN",
        search_energy: str = "GUIDED_POTENTIAL_QUALITY_ENERGY",
        search_space: Any = "SPACE_AXIS_ANGLE",
        search_contact: Any = "CONTACT_PRESET",
        max_steps: int = DEFAULT_MAX_STEPS,
        seed: int = 0,
    ) -> PlanAnswer:
        """Plan grasps of a body with the first hand; close the fingers at each.

        The hand stands at the last grasp afterwards. ``max_steps`` 0 means the default.
        ``planner``, ``search_space`` and ``search_contact`` are names, numbers, or messages
        whose ``type`` is such a number; those that are not there are refused.
        """
        from pygraspit.planner import SPACES, EigenGraspPlanner, WorldScene

        _require("planner", _name(planner, PLANNERS), PLANNERS[:1])
        _require("search_contact", _name(search_contact, SEARCH_CONTACTS), SEARCH_CONTACTS[:1])
        space = _name(search_space, SEARCH_SPACES)
        _require("search_space", space, tuple(SPACES))
        robot, body = self._robot(0), self._body(graspable_body_id)
        search = EigenGraspPlanner(robot.model, search_energy, space=SPACES[space](robot.model))
        scene = WorldScene(self.world, robot, body)
        steps = max_steps or DEFAULT_MAX_STEPS
        planned = search.plan(scene, np.random.default_rng(seed), steps)
        grasps = []
        for grasp in planned:
            robot.force_dofs(grasp.dofs, body.world_from_body @ grasp.object_from_palm)
            robot.auto_grasp()
            self.world.find_contacts()
            quality = self.world.quality(body, robot)
            state = self.getRobot(0).robot
            grasps.append(Grasp(graspable_body_id, state.pose, state.dofs, *quality))
        return PlanAnswer(tuple(grasps), tuple(grasp.energy for grasp in planned))

    def _contact(self, contact: Contact) -> ContactState:
        body = self.world.body(contact.body)
        pose = body.world_from_body @ rigid(contact.frame, contact.position)
        return ContactState(
            contact.body, contact.other, PoseStamped(_message(pose)), contact.friction
        )

    def _robot(self, index: int) -> Robot:
        return _entry(self.world.robots, index, "hand")

    def _body(self, index: int):
        return _entry(self.world.objects, index, "body")


def _entry(things: list, index: int, what: str):
    if not 0 <= index < len(things):
        raise DescriptionError(f"there is no {what} {index}: the world holds {len(things)}")
    return things[index]


def _name(choice: Any, names: tuple[str, ...]) -> str:
    """Return the name of a choice given as a name, a number or a message with a number."""
    number = getattr(choice, "type", choice)
    known = dict(enumerate(names))
    return known.get(number, str(number)) if isinstance(number, int) else str(number)


def _require(what: str, name: str, available: tuple[str, ...]) -> None:
    """Refuse a name that nothing stands behind."""
    if name not in available:
        offered = ", ".join(available) + (" is" if len(available) == 1 else " are")
        raise DescriptionError(f"{what} {name} is not available; {offered}")


def _transform(pose: Any):
    """Return the transform, mm, of a message in metres; of none, the identity."""
    if pose is None:
        return np.eye(4)
    p, q = pose.position, pose.orientation
    shift = MM_PER_M * np.array([p.x, p.y, p.z], float)
    if not any((q.w, q.x, q.y, q.z)):
        raise DescriptionError("a pose has the orientation 0 0 0 0, which is no rotation")
    return from_pose(np.concatenate([shift, np.array([q.w, q.x, q.y, q.z], float)]))


def _message(transform) -> Pose:
    x, y, z, qw, qx, qy, qz = (float(value) for value in to_pose(transform))
    return Pose(Point(x / MM_PER_M, y / MM_PER_M, z / MM_PER_M), Quaternion(qx, qy, qz, qw))
