"""A world: bodies and hands that stand in it, what collides, what touches, how good a grasp is."""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Bool, Float

from pygraspit.body import Body, Shape
from pygraspit.boxes import Scene, lay_out
from pygraspit.contact_making import contacts_between
from pygraspit.contacts import CONTACT_THRESHOLD_MM, Contact, ContactPair
from pygraspit.crossing import all_crossing
from pygraspit.errors import DescriptionError
from pygraspit.friction import edge_wrenches
from pygraspit.model import BodyModel, RobotModel
from pygraspit.quality import GraspQuality, grasp_quality, l1_wrenches
from pygraspit.queries import closest_points, distance_squared, make_work
from pygraspit.robot import Robot
from pygraspit.touching import within
from pygraspit.transforms import inverse, points_to


class World:
    """Bodies and hands in one frame, millimetres. Nothing is shared between worlds.

    Attributes:
        robots: hands, in order of loading.
        objects: bodies that belong to no hand, in order of loading.
    """

    def __init__(self):
        self.robots: list[Robot] = []
        self.objects: list[Body] = []
        self._contacts: list[ContactPair] = []
        self._touched: list[tuple[int, int]] = []
        self._bodies: list[Body] = []
        self._tested = np.zeros((0, 0), bool)
        self._collisions = True
        self._scene = lay_out([], [], np.zeros((0, 4, 4)), self._tested)

    def add_body(
        self, model: BodyModel, world_from_body: Float[np.ndarray, "4 4"] | None = None
    ) -> Body:
        """Stand a body in the world, at the origin if not told where.

        Raises:
            DescriptionError: if it has no triangles, or they are not finite.
        """
        body = self._add([Shape(model)], [self._free_name(model.name)])[0]
        self.objects.append(body)
        if world_from_body is not None:
            body.set_pose(world_from_body)
        return body

    def add_robot(
        self, model: RobotModel, world_from_palm: Float[np.ndarray, "4 4"] | None = None
    ) -> Robot:
        """Stand a hand in the world, in its default posture.

        Its palm is named ``Base`` and its links ``_chain0_link0`` and so on; a second hand's
        names begin with the hand's own. Never tested for collision: palm and first link of each
        chain, links of one chain, pairs that touch in the default posture, pairs that the model
        excludes.

        Raises:
            DescriptionError: if the hand is not consistent or a body of it cannot be used.
        """
        links = [link.body for chain in model.chains for link in chain.links]
        prefix = "" if not self.robots else self._free_name(model.name)
        names = [f"{prefix}Base"] + [
            f"{prefix}_chain{c}_link{k}"
            for c, chain in enumerate(model.chains)
            for k in range(len(chain.links))
        ]
        bodies = self._add([Shape(body) for body in (model.palm, *links)], names)
        robot = Robot(self, model, bodies)
        self.robots.append(robot)
        robot.set_pose(np.eye(4) if world_from_palm is None else world_from_palm)
        self._exclude_pairs(robot)
        return robot

    @property
    def contacts(self) -> list[ContactPair]:
        """Those found by the last motion or `find_contacts`.

        As in GraspIt!, a contact ends when one of its bodies is moved.
        """
        if self._touched:
            # Motions only note what touched: most postures move on before anybody asks.
            touched, self._touched = self._touched, []
            self._contacts = self._contacts + self.contacts_of_pairs(touched)
        return self._contacts

    @contacts.setter
    def contacts(self, contacts: list[ContactPair]) -> None:
        self._contacts, self._touched = contacts, []

    @property
    def bodies(self) -> Sequence[Body]:
        """All bodies: palms, links and objects, in order of loading."""
        return tuple(self._bodies)

    @property
    def scene(self) -> Scene:
        """Everything as arrays, for kernels."""
        return self._scene

    @property
    def poses(self) -> Float[np.ndarray, "body 4 4"]:
        """``world_from_body`` of every body; written by motions."""
        return self._scene.poses

    def body(self, name: str) -> Body:
        """Return a body by name.

        Raises:
            DescriptionError: if there is none.
        """
        for body in self._bodies:
            if body.name == name:
                return body
        raise DescriptionError(
            f"there is no body {name!r}; there are {[body.name for body in self._bodies]}"
        )

    def collisions_on(self) -> None:
        """Test for collisions from now on; contacts are found anew."""
        self._toggle(True)

    def collisions_off(self) -> None:
        """Let everything pass through everything; there are no contacts then."""
        self._toggle(False)

    def _toggle(self, is_on: bool) -> None:
        self._collisions = is_on
        self._scene = self._scene._replace(tested=self.tested_pairs())
        self.find_contacts()

    def tested_pairs(self) -> Bool[np.ndarray, "body body"]:
        """Return which pairs may collide at present."""
        return self._tested.copy() if self._collisions else np.zeros_like(self._tested)

    def collisions(self) -> list[tuple[str, str]]:
        """Return the names of the bodies that cross, in pairs."""
        return [(self._bodies[a].name, self._bodies[b].name) for a, b in all_crossing(self._scene)]

    def distance_mm(self, first: Body, second: Body) -> float:
        """Return the least distance of two surfaces; -1 if they cross, as in GraspIt!."""
        squared = distance_squared(self._scene, make_work(), first.index, second.index, np.inf)
        return float(np.sqrt(squared)) if squared >= 0.0 else -1.0

    def find_contacts(self) -> list[ContactPair]:
        """Find all contacts at the present posture and return them."""
        pairs = zip(*np.nonzero(np.triu(self._scene.tested)), strict=True)
        self.contacts = self.contacts_of_pairs(pairs)
        return self.contacts

    def contacts_of_pairs(self, pairs: Iterable[tuple[int, int]]) -> list[ContactPair]:
        """Return the contacts between the given pairs of bodies, by index."""
        indices = np.array(list(pairs), np.int64).reshape(-1, 2)
        near = within(self._scene, indices, CONTACT_THRESHOLD_MM)
        return [
            contact
            for first, second in indices[near]
            for contact in contacts_between(self._scene, self._bodies[first], self._bodies[second])
        ]

    def contacts_on(self, body: Body) -> list[Contact]:
        """Return this body's sides of all present contacts with bodies outside its hand."""
        sides = [side for pair in self.contacts for side in (pair.first, pair.second)]
        return [side for side in sides if side.body == body.name]

    def grasp_wrenches(self, body: Body, robot: Robot | None = None) -> Float[np.ndarray, "n 6"]:
        """Return the wrenches of all present contacts of a hand on a body, body frame.

        About the centre of gravity; torques divided by the body's largest radius.
        """
        names = {link.name for hand in ([robot] if robot else self.robots) for link in hand.bodies}
        shape = body.shape
        return l1_wrenches(
            [
                edge_wrenches(
                    side.edges,
                    side.friction,
                    side.frame,
                    side.position - shape.centre_of_gravity,
                    shape.max_radius_mm,
                )
                for side in self.contacts_on(body)
                if side.other in names
            ]
        )

    def quality(self, body: Body, robot: Robot | None = None) -> GraspQuality:
        """Return epsilon and volume of the L1 wrench space of the present contacts."""
        return grasp_quality(self.grasp_wrenches(body, robot))

    def closest_points(self, body: Body, points: np.ndarray) -> np.ndarray:
        """Return the points of a body's surface closest to (n, 3) points, in the world."""
        world_from_body = self.poses[body.index]
        inside = np.ascontiguousarray(points_to(inverse(world_from_body), points), np.float64)
        closest = np.zeros_like(inside)
        closest_points(self._scene, body.index, inside, closest)
        return points_to(world_from_body, closest)

    def put(self, bodies: Sequence[Body], poses: Float[np.ndarray, "n 4 4"]) -> None:
        """Set poses; contacts of the bodies that move end."""
        indices = [body.index for body in bodies]
        before = self.poses[indices]
        self.poses[indices] = poses
        self.end_contacts_of_moved(bodies, before)

    def begin_contacts(self, touched: Bool[np.ndarray, "body body"]) -> None:
        """Take note of pairs of bodies that touch; those with contacts already keep them."""
        known = {(pair.first.body, pair.second.body) for pair in self._contacts}
        known |= {(self._bodies[a].name, self._bodies[b].name) for a, b in self._touched}
        self._touched += [
            (int(first), int(second))
            for first, second in zip(*np.nonzero(np.triu(touched)), strict=True)
            if (self._bodies[first].name, self._bodies[second].name) not in known
        ]

    def end_contacts_of_moved(self, bodies: Sequence[Body], before: np.ndarray) -> None:
        """Forget contacts of bodies that no longer stand at the poses given."""
        if self._contacts or self._touched:
            stands = (self.poses[[body.index for body in bodies]] == before).all(axis=(1, 2))
            self.end_contacts_of(
                [body for body, stays in zip(bodies, stands, strict=True) if not stays]
            )

    def end_contacts_of(self, bodies: Sequence[Body]) -> None:
        """Forget contacts of some bodies."""
        names, indices = {body.name for body in bodies}, {body.index for body in bodies}
        self._touched = [pair for pair in self._touched if indices.isdisjoint(pair)]
        self._contacts = [
            pair
            for pair in self._contacts
            if pair.first.body not in names and pair.second.body not in names
        ]

    def _add(self, shapes: list[Shape], names: list[str]) -> list[Body]:
        """Add bodies at the origin, tested against everything."""
        first = len(self._bodies)
        new = [
            Body(self, first + i, name, shape)
            for i, (name, shape) in enumerate(zip(names, shapes, strict=True))
        ]
        self._bodies += new
        count = len(self._bodies)
        tested = ~np.eye(count, dtype=bool)
        tested[:first, :first] = self._tested
        self._tested = tested
        poses = np.concatenate([self.poses, np.tile(np.eye(4), (len(new), 1, 1))])
        all_shapes = [body.shape for body in self._bodies]
        self._scene = lay_out(
            [shape.tree for shape in all_shapes],
            [shape.hull for shape in all_shapes],
            poses,
            self.tested_pairs(),
        )
        return new

    def _exclude_pairs(self, robot: Robot) -> None:
        """Stop testing pairs of a hand's own bodies, by GraspIt!'s rules and the model's."""
        for first, second in robot.never_tested():
            self._tested[first.index, second.index] = False
            self._tested[second.index, first.index] = False
        for first in robot.bodies:
            for second in robot.bodies:
                if first.index >= second.index or not self._tested[first.index, second.index]:
                    continue
                if self.distance_mm(first, second) < CONTACT_THRESHOLD_MM:
                    self._tested[first.index, second.index] = False
                    self._tested[second.index, first.index] = False
        self._scene = self._scene._replace(tested=self.tested_pairs())

    def _free_name(self, wanted: str) -> str:
        taken = {body.name for body in self._bodies}
        names = (wanted if count == 0 else f"{wanted}_{count}" for count in range(len(taken) + 1))
        return next(name for name in names if name not in taken)
