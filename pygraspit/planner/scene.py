"""A world as the exact planner sees it: one hand, one object."""

import numpy as np
from jaxtyping import Float

from pygraspit.body import Body
from pygraspit.crossing import any_cross
from pygraspit.planner.chain import Counts, anneal_on_surfaces, new_posture
from pygraspit.planner.energies import Closing, ContactView
from pygraspit.planner.shortlist import Shortlist
from pygraspit.planner.surfaces import surface_table
from pygraspit.planner.tables import SearchTable
from pygraspit.quality import NO_CLOSURE
from pygraspit.robot import Robot
from pygraspit.world import World

APPROACH_MM = 30.0
"""How far the strict energy moves the hand forward before closing it."""


class WorldScene:
    """Adapts a hand and an object of a world to the planner (`PlanningScene`).

    The planner moves the hand about; where the object stands does not matter.
    """

    def __init__(self, world: World, robot: Robot, body: Body):
        self._world, self._robot, self._body = world, robot, body
        self.max_radius_mm: float = body.shape.max_radius_mm
        contacts = robot.model.virtual_contacts
        starts = np.cumsum([0, *(len(chain.links) for chain in robot.model.chains)])
        self._carriers = [
            robot.palm
            if contact.chain_index < 0
            else robot.links[int(starts[contact.chain_index]) + contact.link_index]
            for contact in contacts
        ]
        self._edge_counts = np.array([len(contact.friction_edges) for contact in contacts], int)
        self._edges = np.zeros((len(contacts), self._edge_counts.max(initial=0), 6))
        for row, contact in zip(self._edges, contacts, strict=True):
            # Filled up with the first edge again: a point twice changes no hull.
            row[:] = contact.friction_edges[0]
            row[: len(contact.friction_edges)] = contact.friction_edges
        self._friction = np.array([contact.friction for contact in contacts])
        self._places = np.array([contact.position for contact in contacts]).reshape(-1, 3)
        self._normals = np.array([contact.normal for contact in contacts]).reshape(-1, 3)
        self._everything = np.ones(len(world.bodies), bool)

    def put(
        self, object_from_palm: Float[np.ndarray, "4 4"], dofs: Float[np.ndarray, "dof"]
    ) -> bool:
        """Pose the hand; say whether it is free of collisions."""
        self._robot.force_dofs(dofs, self._body.world_from_body @ object_from_palm)
        return not any_cross(self._world.scene, self._everything)

    def contacts(self) -> ContactView:
        """Look from the virtual contacts of the posed hand to the object."""
        poses = self._world.poses[[carrier.index for carrier in self._carriers]]
        places = np.einsum("cij,cj->ci", poses[:, :3, :3], self._places) + poses[:, :3, 3]
        normals = np.einsum("cij,cj->ci", poses[:, :3, :3], self._normals)
        to_object = self._body.closest_points(places) - places
        return ContactView(to_object, normals, self._friction, self._edges, self._edge_counts)

    def anneal(
        self,
        search: SearchTable,
        rng: np.random.Generator,
        start: Float[np.ndarray, "variable"],
        max_steps: int,
        list_size: int,
    ) -> tuple[Shortlist, Counts]:
        """Run one compiled chain, for energies of virtual contacts.

        The hand ends as the last state tried had it.
        """
        robot, body = self._robot, self._body
        posture = new_posture(robot.dofs, robot.joints, len(robot.links))
        found, counts = anneal_on_surfaces(
            surface_table(self._world, robot, body), search, rng, start, posture, max_steps,
            list_size,
        )  # fmt: skip
        robot.force_dofs(posture.dofs, body.world_from_body @ posture.palm)
        return found, counts

    def close(self, approach_first: bool) -> Closing:
        """Close the fingers from where `put` left the hand.

        ``approach_first``: move forward until something touches; back, if not with the palm.
        """
        robot, start = self._robot, self._robot.world_from_palm.copy()
        if approach_first:
            robot.approach_to_contact(APPROACH_MM)
            palm_sides = self._world.contacts_on(robot.palm)
            if not any(side.other == self._body.name for side in palm_sides):
                robot.set_pose(start)
        # Judged by the contacts that stopped the fingers; others are not looked for, as in
        # GraspIt!'s energies (but not in its final quality).
        robot.auto_grasp()
        count = sum(side.other == self._body.name for side in robot.contacts())
        if not count:
            return Closing(NO_CLOSURE, 0.0, 0)
        epsilon, volume = self._world.quality(self._body, robot)
        return Closing(epsilon, volume, count)
