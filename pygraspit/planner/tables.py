"""A hand, an object and a search as flat arrays, for the compiled planner."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from pygraspit.kinematics import JointTable, Kinematics
from pygraspit.model import RobotModel
from pygraspit.planner.annealing import Schedule
from pygraspit.planner.solids import Solids, solids_of
from pygraspit.planner.spaces import StateSpace, eigengrasps_of
from pygraspit.sdf import SignedDistanceGrid
from pygraspit.transforms import inverse


class ContactHand(NamedTuple):
    """A hand's joints, eigengrasps and virtual contacts; links count from the palm, 0."""

    joints: JointTable
    ratio: np.ndarray
    dof_range: np.ndarray
    """(2, dof) radians."""
    origin: np.ndarray
    """(dof,) posture of zero amplitudes."""
    directions: np.ndarray
    """(eigengrasp, dof)."""
    approach_from_palm: np.ndarray
    """(4, 4)."""
    contact_link: np.ndarray
    contact_place: np.ndarray
    """(contact, 3) link frame, mm."""
    contact_normal: np.ndarray
    contact_edges: np.ndarray
    """(contact, edge, 2): tangential forces at unit normal force, friction included."""
    contact_edge_count: np.ndarray


class HandTable(NamedTuple):
    """What the search on a field knows of a hand: a `ContactHand`, and balls and points."""

    joints: JointTable
    ratio: np.ndarray
    dof_range: np.ndarray
    """(2, dof) radians."""
    origin: np.ndarray
    """(dof,) posture of zero amplitudes."""
    directions: np.ndarray
    """(eigengrasp, dof)."""
    approach_from_palm: np.ndarray
    """(4, 4)."""
    contact_link: np.ndarray
    contact_place: np.ndarray
    """(contact, 3) link frame, mm."""
    contact_normal: np.ndarray
    contact_edges: np.ndarray
    """(contact, edge, 2): tangential forces at unit normal force, friction included."""
    contact_edge_count: np.ndarray
    ball_link: np.ndarray
    ball_centre: np.ndarray
    ball_radius: np.ndarray
    leaders: np.ndarray
    """(leader,) balls, link by link, and a point of each link that has none."""
    leader_start: np.ndarray
    """(link + 1,) where each link's begin in ``leaders``."""
    followers: np.ndarray
    """(point,) skin points, each with the leader of its link that is nearest."""
    follower_start: np.ndarray
    """(leader + 1,) where each leader's begin in ``followers``."""
    follower_reach: np.ndarray
    """(leader,) distance from a leader to the farthest of its followers, mm."""
    link_bound: np.ndarray
    """(link, 4) centre (link frame) and radius of a ball around all of a link's, mm."""
    ball_pairs: np.ndarray
    """(pair, 2): balls of the hand that may run into each other, by pair of links."""
    link_pairs: np.ndarray
    """(link pair, 2): the links of those pairs."""
    pair_start: np.ndarray
    """(link pair + 1,) where each pair of links' begin in ``ball_pairs``."""


class FieldTable(NamedTuple):
    """What the compiled planner knows of an object: signed distances, mm, in its frame."""

    values: np.ndarray
    origin: np.ndarray
    spacing: float


class SearchTable(NamedTuple):
    """What the compiled planner varies, and how."""

    box: np.ndarray
    """(4, variable): minimum, maximum, jump, circular."""
    schedule: np.ndarray
    """As `Schedule.as_array`."""
    energy: int
    """Place of the energy in `pygraspit.planner.fast.FAST_ENERGIES`."""
    slack_mm: float
    """Overlap that does not yet count as collision."""
    max_radius_mm: float
    """Of the object about its centre of gravity: the unit of distance between states."""
    place: int
    """How states write places: one of `pygraspit.planner.places`."""


def field_table(distance_mm: SignedDistanceGrid) -> FieldTable:
    """Take an object's signed distances, millimetres."""
    return FieldTable(
        np.ascontiguousarray(distance_mm.values, np.float32),
        np.asarray(distance_mm.origin, np.float64),
        float(distance_mm.spacing),
    )


def search_table(
    space: StateSpace, schedule: Schedule, energy: int, slack_mm: float, max_radius_mm: float
) -> SearchTable:
    """Flatten a search."""
    box = np.stack([space.minimum, space.maximum, space.jump, space.circular.astype(float)])
    return SearchTable(box, schedule.as_array(), energy, slack_mm, max_radius_mm, space.place)


def contact_hand(robot: RobotModel) -> ContactHand:
    """Flatten a hand with eigengrasps and virtual contacts.

    Raises:
        ValueError: if it lacks one or the other.
    """
    kinematics, eigengrasps = Kinematics.of(robot), eigengrasps_of(robot)
    dof_range = np.stack([kinematics.minimum, kinematics.maximum])
    contact_link, place, normal, edges, edge_count = _contacts(robot)
    return ContactHand(
        joints=kinematics.table,
        ratio=kinematics.table.ratio,
        dof_range=dof_range,
        origin=np.clip(eigengrasps.origin, *dof_range),
        directions=np.ascontiguousarray(eigengrasps.directions, np.float64),
        approach_from_palm=inverse(robot.palm_from_approach),
        contact_link=contact_link,
        contact_place=place,
        contact_normal=normal,
        contact_edges=edges,
        contact_edge_count=edge_count,
    )


@lru_cache(maxsize=4)
def hand_table(robot: RobotModel) -> HandTable:
    """Flatten a hand with eigengrasps and virtual contacts, and pack its links with balls."""
    kinematics = Kinematics.of(robot)
    solids = solids_of(robot)
    ball_pairs, link_pairs, pair_start = _by_links(
        _ball_pairs(robot, kinematics, solids), solids.link
    )
    link_count = len(kinematics.table.link_joint) + 1
    return HandTable(
        *contact_hand(robot),
        ball_link=solids.link,
        ball_centre=solids.centre,
        ball_radius=solids.radius,
        **_groups(solids, link_count),
        link_bound=_bounds(solids, link_count),
        ball_pairs=ball_pairs,
        link_pairs=link_pairs,
        pair_start=pair_start,
    )


def _contacts(robot: RobotModel):
    """Return link, place, normal, edges and edge count of every virtual contact.

    Raises:
        ValueError: if the hand has none.
    """
    contacts = robot.virtual_contacts
    if not contacts:
        raise ValueError(f"hand {robot.name!r} has no virtual contacts: the planner needs them")
    starts = np.cumsum([1, *(len(chain.links) for chain in robot.chains)])
    links = [
        0 if contact.chain_index < 0 else int(starts[contact.chain_index]) + contact.link_index
        for contact in contacts
    ]
    kept = [contact.friction * outline(contact.friction_edges[:, :2]) for contact in contacts]
    edges = np.zeros((len(contacts), max(map(len, kept)), 2))
    for row, some in zip(edges, kept, strict=True):
        row[: len(some)] = some
    return (
        np.array(links, np.int64),
        np.array([contact.position for contact in contacts], np.float64),
        np.array([contact.normal for contact in contacts], np.float64),
        edges,
        np.array([len(some) for some in kept], np.int64),
    )


def outline(points: Float[np.ndarray, "point 2"]) -> Float[np.ndarray, "corner 2"]:
    """Return the corners of the points' hull: the others add nothing to a force hull."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        return points[ConvexHull(points).vertices]
    except QhullError:  # no area: a frictionless contact, or edges along a line
        return np.unique(points, axis=0)


def _groups(solids: Solids, link_count: int) -> dict[str, np.ndarray]:
    """Return leaders and followers, by the names of `HandTable`."""
    leaders, followers, reach = [], [], []
    for link in range(link_count):
        mine = np.flatnonzero(solids.link == link)
        balls = mine[solids.radius[mine] > 0]
        heads = balls if len(balls) else mine[:1]
        tail = np.setdiff1d(mine, heads)
        gaps = np.linalg.norm(solids.centre[tail][:, None] - solids.centre[heads], axis=2)
        nearest = gaps.argmin(axis=1) if len(tail) else np.zeros(0, int)
        for index, head in enumerate(heads):
            leaders.append(head)
            followers.append(tail[nearest == index])
            reach.append(gaps[nearest == index, index].max(initial=0.0))
    heads = np.array(leaders, np.int64)
    return {
        "leaders": heads,
        "leader_start": np.searchsorted(solids.link[heads], np.arange(link_count + 1)),
        "followers": np.concatenate(followers).astype(np.int64),
        "follower_start": np.cumsum([0, *map(len, followers)]),
        "follower_reach": np.array(reach, np.float64),
    }


def _bounds(solids: Solids, link_count: int) -> Float[np.ndarray, "link 4"]:
    """Return a ball around the balls and points of every link."""
    bounds = np.zeros((link_count, 4))
    for link in np.unique(solids.link):
        mine = solids.link == link
        centre, radius = solids.centre[mine], solids.radius[mine]
        middle = 0.5 * (centre.min(axis=0) + centre.max(axis=0))
        bounds[link] = [*middle, (np.linalg.norm(centre - middle, axis=1) + radius).max()]
    return bounds


def _by_links(pairs: Integer[np.ndarray, "pair 2"], link: Integer[np.ndarray, "ball"]):
    """Return pairs of balls sorted by their links, the pairs of links, and where each begins."""
    links = link[pairs]
    order = np.lexsort((links[:, 1], links[:, 0]))
    link_pairs, starts = np.unique(links[order], axis=0, return_index=True)
    return pairs[order], link_pairs, np.append(starts, len(pairs))


def _ball_pairs(robot: RobotModel, kinematics: Kinematics, solids):
    """Return pairs of balls to test: of different fingers, or of a finger and the palm.

    A pair of links whose balls overlap in the hand's default posture lives with that, as in
    GraspIt!, and so do the palm and the first link of every chain.
    """
    chain_of = np.array([-1, *kinematics.table.link_chain])
    first_links = 1 + np.cumsum([0, *(len(chain.links) for chain in robot.chains)])[:-1]
    palm_from_link = np.concatenate(
        [np.eye(4)[None], kinematics.link_poses(np.eye(4), kinematics.joints(kinematics.default))]
    )
    link = solids.link[: solids.ball_count]
    centre, radius = solids.centre[: solids.ball_count], solids.radius[: solids.ball_count]
    poses = palm_from_link[link]
    places = np.einsum("bij,bj->bi", poses[:, :3, :3], centre) + poses[:, :3, 3]
    one, other = np.triu_indices(len(link), 1)
    apart = chain_of[link[one]] != chain_of[link[other]]
    at_base = (link[one] == 0) & np.isin(link[other], first_links)
    gap = np.linalg.norm(places[one] - places[other], axis=1) - radius[one] - radius[other]
    touching = {(link[i], link[j]) for i, j in zip(one[gap < 0], other[gap < 0], strict=True)}
    free = np.array(
        [(link[i], link[j]) not in touching for i, j in zip(one, other, strict=True)], bool
    )
    kept = apart & ~at_base & free
    return np.stack([one[kept], other[kept]], axis=1).astype(np.int64).reshape(-1, 2)
