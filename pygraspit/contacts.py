"""Contacts between two bodies: found as close points, thinned out, given friction.

The order of the steps and all thresholds are GraspIt!'s.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

CONTACT_THRESHOLD_MM = 0.2
"""Bodies nearer than this touch."""
DUPLICATE_MM = 3.0
"""Two contacts whose points on both bodies are this near are one."""
SAME_NORMAL_COSINE = 1.0 - 1e-3
SAME_POINT_SQUARED_MM2 = 0.1
LINE_CROSS_PRODUCT_MM2 = 0.1
HULL_VERTEX_MM = 0.1

Points = Float[np.ndarray, "contact 3"]


@dataclass(frozen=True)
class Contact:
    """One side of a contact: where another body touches this one."""

    body: str
    other: str
    position: Float[np.ndarray, "3"]
    """mm, in the body's frame."""
    frame: Float[np.ndarray, "3 3"]
    """Columns, in the body's frame: two tangents and the unit normal into the body."""
    friction: float
    edges: Float[np.ndarray, "edge 6"]
    """Of the friction cone; 8 for a point contact, 20 for a soft one."""

    @property
    def normal(self) -> Float[np.ndarray, "3"]:
        """Into the body, in its frame."""
        return self.frame[:, 2]

    @property
    def is_soft(self) -> bool:
        """Whether the contact also bears torque about its normal."""
        return bool(self.edges[:, 5].any())


@dataclass(frozen=True)
class ContactPair:
    """Both sides of one contact; ``first`` is on the body that was loaded first."""

    first: Contact
    second: Contact


@dataclass(frozen=True)
class TouchingPoints:
    """Close points of a pair of bodies, before they become contacts."""

    on_first: Points
    """mm, first body's frame."""
    on_second: Points
    """mm, second body's frame."""
    normals: Points
    """Into the first body, first body's frame."""
    distances: Float[np.ndarray, "contact"]
    """mm."""

    @property
    def ranks(self) -> Float[np.ndarray, "contact"]:
        """What GraspIt! takes for a distance when it drops duplicates: not one.

        It is the gap between numbers that belong to two different frames. To keep the contacts
        that GraspIt! keeps, the slip has to be copied.
        """
        return np.linalg.norm(self.on_first - self.on_second, axis=1)

    def __len__(self) -> int:
        return len(self.distances)

    def chosen(self, indices) -> "TouchingPoints":
        """Return some of the points, in the given order."""
        chosen = np.asarray(indices, np.int64)
        return TouchingPoints(
            self.on_first[chosen],
            self.on_second[chosen],
            self.normals[chosen],
            self.distances[chosen],
        )


def thinned(points: TouchingPoints) -> TouchingPoints:
    """Drop duplicates, then keep only the perimeter of each flat patch."""
    points = without_duplicates(points)
    return compacted(points) if len(points) > 1 else points


def without_duplicates(points: TouchingPoints) -> TouchingPoints:
    """Of contacts near each other on both bodies keep that of least rank; on a tie the later."""
    alive, ranks = np.ones(len(points), bool), points.ranks
    for index in range(len(points)):
        if not alive[index]:
            continue
        for other in range(index + 1, len(points)):
            if not alive[other] or not _are_duplicates(points, index, other):
                continue
            if ranks[other] <= ranks[index]:
                alive[index] = False
                break
            alive[other] = False
    return points.chosen(np.flatnonzero(alive))


def _are_duplicates(points: TouchingPoints, index: int, other: int) -> bool:
    first = points.on_first[index] - points.on_first[other]
    second = points.on_second[index] - points.on_second[other]
    limit = DUPLICATE_MM**2
    return bool(first @ first <= limit and second @ second <= limit)


def compacted(points: TouchingPoints) -> TouchingPoints:
    """Replace contacts with one normal by those on the border of the patch they cover."""
    groups: list[list[int]] = []
    for index, normal in enumerate(points.normals):
        group = next(
            (g for g in groups if points.normals[g[0]] @ normal > SAME_NORMAL_COSINE), None
        )
        if group is None:
            groups.append([index])
        elif not _is_in(points.on_first[index], points.on_first[group]):
            group.append(index)
    kept = [index for group in groups for index in _perimeter(points, group)]
    return points.chosen(kept)


def _is_in(position, positions) -> bool:
    return bool((((positions - position) ** 2).sum(axis=1) < SAME_POINT_SQUARED_MM2).any())


def _perimeter(points: TouchingPoints, group: list[int]) -> list[int]:
    """Return the members of a group that bound it: two ends of a line, or hull corners."""
    if len(group) < 3:
        return group
    positions = points.on_first[group] - points.on_first[group[0]]
    crosses = np.linalg.norm(np.cross(positions[1], positions[2:]), axis=1)
    if (crosses <= LINE_CROSS_PRODUCT_MM2).all():
        along = positions @ positions[1]
        return [group[int(along.argmin())], group[int(along.argmax())]]
    flat = _in_plane(positions, points.normals[group[0]])
    corners = flat[convex_corners(flat)]
    gaps = np.linalg.norm(flat[:, None] - corners, axis=2).min(axis=1)
    return [index for index, gap in zip(group, gaps, strict=True) if gap < HULL_VERTEX_MM]


def _in_plane(positions: Points, normal: Float[np.ndarray, "3"]) -> Float[np.ndarray, "contact 2"]:
    helper = np.eye(3)[np.abs(normal).argmin()]
    first = np.cross(normal, helper)
    first /= np.linalg.norm(first)
    return positions @ np.stack([first, np.cross(normal, first)], axis=1)


def convex_corners(points: Float[np.ndarray, "point 2"]) -> list[int]:
    """Return the corners of a planar hull, counter-clockwise (Andrew's monotone chain)."""
    order = np.lexsort((points[:, 1], points[:, 0]))
    return _half_hull(points, order) + _half_hull(points, order[::-1])


def _half_hull(points: Float[np.ndarray, "point 2"], order: np.ndarray) -> list[int]:
    """Return the corners below the line from first to last point, without the last."""
    chain: list[int] = []
    for index in order.tolist():
        while len(chain) > 1 and _turn(points, chain[-2], chain[-1], index) <= 0.0:
            chain.pop()
        chain.append(index)
    return chain[:-1]


def _turn(points, first: int, second: int, third: int) -> float:
    """Return twice the signed area of three points: positive if they turn left."""
    u, v = points[second] - points[first], points[third] - points[first]
    return float(u[0] * v[1] - u[1] * v[0])
