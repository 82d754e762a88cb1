"""A posed hand and an object as triangles, for the compiled exact chain.

Everything stands in the object's frame, so that contacts need no transforms on their way to it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, no_type_check

import numpy as np

from pygraspit.boxes import HALF, Scene, point_gap_squared
from pygraspit.kernels import light_kernel
from pygraspit.model import VirtualContact
from pygraspit.planner.forces import UP
from pygraspit.planner.tables import ContactHand, contact_hand
from pygraspit.queries import STACK, cross
from pygraspit.transforms import copy_vector, inverse, move_point, turn_vector
from pygraspit.triangles import point_closest, squared

if TYPE_CHECKING:
    from pygraspit.body import Body
    from pygraspit.robot import Robot
    from pygraspit.world import World

BOUND_SLACK, BOUND_SLACK_MM2 = 1.0 + 1e-9, 1e-12
"""A bound from one triangle is widened by this, so that rounding never hides the closest one."""


class SurfaceTable(NamedTuple):
    """What the compiled exact chain knows of a world."""

    hand: ContactHand
    scene: Scene
    """Its poses are the chain's own, in the frame of the object."""
    hand_body: np.ndarray
    """(link + 1,) i64: palm, then links, as bodies of the scene."""
    object_body: int
    pairs: np.ndarray
    """(pair, 2) bodies that may collide, those with the object first."""
    balls: np.ndarray
    """(body, 4): centre (body frame) and radius of a ball around each body, mm."""
    world_from_object: np.ndarray
    """(3, 3) rotation."""
    up: np.ndarray
    """(3,) the world's y axis."""
    all_edges: np.ndarray
    """(contact, edge, 2): as `ContactHand.contact_edges`, those inside the hull, too."""
    all_edge_count: np.ndarray


def surface_table(world: "World", robot: "Robot", body: "Body") -> SurfaceTable:
    """Lay out a world for plans of one hand about one body, as both stand now."""
    scene = world.scene
    object_from_world = inverse(body.world_from_body)
    pairs = np.argwhere(np.triu(scene.tested))
    pairs = pairs[(scene.root[pairs] >= 0).all(axis=1)]
    with_object = (pairs == body.index).any(axis=1)
    return SurfaceTable(
        hand=contact_hand(robot.model),
        scene=scene._replace(poses=object_from_world @ scene.poses),
        hand_body=np.array([link.index for link in robot.bodies], np.int64),
        object_body=body.index,
        pairs=np.concatenate([pairs[with_object], pairs[~with_object]]).astype(np.int64),
        balls=_balls(scene),
        world_from_object=body.world_from_body[:3, :3],
        up=object_from_world[:3, :3] @ UP,
        all_edges=_all_edges(robot.model.virtual_contacts),
        all_edge_count=np.array([len(c.friction_edges) for c in robot.model.virtual_contacts]),
    )


def _all_edges(contacts: Sequence[VirtualContact]) -> np.ndarray:
    most = max(len(contact.friction_edges) for contact in contacts)
    edges = np.zeros((len(contacts), most, 2))
    for row, contact in zip(edges, contacts, strict=True):
        row[: len(contact.friction_edges)] = contact.friction * contact.friction_edges[:, :2]
    return edges


def _balls(scene: Scene) -> np.ndarray:
    balls = np.zeros((len(scene.root), 4))
    roots = scene.boxes[scene.root]
    balls[:, :3] = roots[:, :HALF]
    balls[:, 3] = np.linalg.norm(roots[:, HALF : HALF + 3], axis=1)
    return balls


class Sight(NamedTuple):
    """Memory of where contacts look, used again and again."""

    places: np.ndarray
    """(contact, 3) mm."""
    normals: np.ndarray
    closest: np.ndarray
    """(contact, 3) of the object's surface, mm."""
    faces: np.ndarray
    """(contact,) i64: the triangle each looked at last."""
    centres: np.ndarray
    """(body, 3) of the balls around the bodies."""
    stack: np.ndarray
    gaps: np.ndarray
    here: np.ndarray
    """(3,) mm."""


def new_sight(table: SurfaceTable) -> Sight:
    """Return memory for one chain."""
    count = len(table.hand.contact_link)
    return Sight(
        places=np.zeros((count, 3)),
        normals=np.zeros((count, 3)),
        closest=np.zeros((count, 3)),
        faces=np.full(count, table.scene.start[table.scene.root[table.object_body]]),
        centres=np.zeros((len(table.scene.root), 3)),
        stack=np.zeros(STACK, np.int64),
        gaps=np.zeros(STACK),
        here=np.zeros(3),
    )


@light_kernel
@no_type_check
def anything_crosses(table, work, sight):  # pragma: no cover
    """Say whether any two bodies that may collide do."""
    for body in range(table.balls.shape[0]):
        move_point(table.scene.poses[body], table.balls[body], sight.centres[body])
    for row in range(table.pairs.shape[0]):
        first, second = table.pairs[row, 0], table.pairs[row, 1]
        reach = table.balls[first, 3] + table.balls[second, 3]
        if squared(sight.centres[first], sight.centres[second]) > reach * reach:
            continue
        if cross(table.scene, work, first, second):
            return True
    return False


@light_kernel
@no_type_check
def look(table, sight):  # pragma: no cover
    """Fill where the contacts are, where they face, and the closest points of the object."""
    hand, scene = table.hand, table.scene
    root = scene.root[table.object_body]
    for contact in range(hand.contact_link.shape[0]):
        pose = scene.poses[table.hand_body[hand.contact_link[contact]]]
        move_point(pose, hand.contact_place[contact], sight.places[contact])
        turn_vector(pose, hand.contact_normal[contact], sight.normals[contact])
        sight.faces[contact] = closest_on_surface(
            scene, root, sight.places[contact], sight.faces[contact], sight,
            sight.closest[contact],
        )  # fmt: skip


@light_kernel
@no_type_check
def closest_on_surface(scene, root, point, guess, sight, closest):  # pragma: no cover
    """Fill the closest point of a surface; return its triangle.

    The distance of a guessed triangle bounds the search; it changes its cost, not what is found.
    """
    stack, gaps = sight.stack, sight.gaps
    here = sight.here
    point_closest(point, scene.triangles[guess], here)
    best, best_face = squared(point, here) * BOUND_SLACK + BOUND_SLACK_MM2, guess
    stack[0], gaps[0], waiting = root, 0.0, 1
    while waiting > 0:
        waiting -= 1
        node = stack[waiting]
        if gaps[waiting] >= best:
            continue
        child = scene.child[node]
        if child < 0:
            for face in range(scene.start[node], scene.stop[node]):
                point_closest(point, scene.triangles[face], here)
                if squared(point, here) < best:
                    best, best_face = squared(point, here), face
                    copy_vector(here, closest)
            continue
        near, far = child, child + 1
        near_gap = point_gap_squared(scene.boxes, near, point)
        far_gap = point_gap_squared(scene.boxes, far, point)
        if near_gap > far_gap:
            near, far, near_gap, far_gap = far, near, far_gap, near_gap
        if far_gap < best:
            stack[waiting], gaps[waiting] = far, far_gap
            waiting += 1
        if near_gap < best:
            stack[waiting], gaps[waiting] = near, near_gap
            waiting += 1
    return best_face
