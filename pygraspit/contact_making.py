"""From two posed bodies to the contacts between them."""

from typing import TYPE_CHECKING, NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float
from numba import njit

from pygraspit.boxes import point_gap_squared
from pygraspit.contacts import (
    CONTACT_THRESHOLD_MM,
    Contact,
    ContactPair,
    TouchingPoints,
    thinned,
)
from pygraspit.friction import contact_frame, friction_cone, friction_ellipsoid, torque_axis_mm
from pygraspit.materials import static_friction
from pygraspit.queries import touching
from pygraspit.soft import (
    fit_curvature,
    patch_axes_mm,
    region_radius_mm,
    relative_radii,
)
from pygraspit.triangles import point_closest, squared

if TYPE_CHECKING:
    from pygraspit.body import Body, Shape
    from pygraspit.boxes import Scene

POINT_EDGES = friction_cone()


def contacts_between(scene: "Scene", first: "Body", second: "Body") -> list[ContactPair]:
    """Return the contacts of two bodies where they stand; none where they are apart."""
    points = touching_points(scene, first, second)
    if len(points) == 0:
        return []
    first_from_second = _relative(scene, first, second)
    youngs = max(first.model.youngs, second.model.youngs)
    if youngs <= 0:
        return [_pair(first, second, points, i, first_from_second) for i in range(len(points))]
    return _soft_pairs(first, second, points, first_from_second)


def touching_points(scene: "Scene", first: "Body", second: "Body") -> TouchingPoints:
    """Return the thinned-out close points of two bodies."""
    on_first, on_second = touching(scene, first.index, second.index, CONTACT_THRESHOLD_MM)
    first_from_second = _relative(scene, first, second)
    gaps = on_first - (on_second @ first_from_second[:3, :3].T + first_from_second[:3, 3])
    distances = np.linalg.norm(gaps, axis=1)
    apart = distances > 0.0
    on_first, on_second = on_first[apart], on_second[apart]
    normals = gaps[apart] / distances[apart, None]
    return thinned(TouchingPoints(on_first, on_second, normals, distances[apart]))


def _relative(scene: "Scene", first: "Body", second: "Body") -> Float[np.ndarray, "4 4"]:
    return np.linalg.inv(scene.poses[first.index]) @ scene.poses[second.index]


def _pair(first, second, points, index, first_from_second, edges=POINT_EDGES) -> ContactPair:
    normal = points.normals[index]
    friction = static_friction(first.model.material, second.model.material)
    there = -normal @ first_from_second[:3, :3]
    return ContactPair(
        Contact(
            first.name,
            second.name,
            points.on_first[index],
            contact_frame(normal),
            friction,
            edges,
        ),
        Contact(
            second.name,
            first.name,
            points.on_second[index],
            contact_frame(there),
            friction,
            edges,
        ),
    )


class Neighbourhood(NamedTuple):
    """The vertices of one surface around a contact, and the contact points themselves.

    A contact at a vertex counts twice, as in GraspIt!.
    """

    vertices: Float[np.ndarray, "vertex 3"]
    """Distinct rows."""
    contacts: Float[np.ndarray, "contact 3"]

    @property
    def positions(self) -> Float[np.ndarray, "point 3"]:
        """Everything that the fit takes."""
        return np.vstack([self.vertices, self.contacts])

    @property
    def keys(self) -> set[bytes]:
        """One for each vertex."""
        return {row.tobytes() for row in self.vertices}


def _soft_pairs(first, second, points: TouchingPoints, first_from_second) -> list[ContactPair]:
    youngs = max(first.model.youngs, second.model.youngs)
    radius = region_radius_mm(youngs)
    there = -points.normals @ first_from_second[:3, :3]
    regions = [
        [
            _neighbourhood(first.shape, points.on_first[i], points.normals[i], radius),
            _neighbourhood(second.shape, points.on_second[i], there[i], radius),
        ]
        for i in range(len(points))
    ]
    kept = _merge(points, regions)
    return [
        _pair(
            first,
            second,
            points,
            i,
            first_from_second,
            _soft_edges(regions[i], points.normals[i], there[i], first_from_second, youngs),
        )
        for i in kept
    ]


def _neighbourhood(shape: "Shape", position, normal, radius_mm) -> Neighbourhood:
    """Return the vertices of nearby triangles that face the other body, and the contact."""
    ids = near_corners(shape.tree, shape.corner_ids, position, normal, radius_mm)
    return Neighbourhood(shape.vertices[np.unique(ids)], position[None])


def _merge(points: TouchingPoints, regions: list[list[Neighbourhood]]) -> list[int]:
    """Merge contacts whose regions on the first body share a vertex; return those kept."""
    kept = list(range(len(points)))
    merged = True
    while merged:
        merged = False
        for place, index in enumerate(kept):
            for other in kept[place + 1 :]:
                if regions[index][0].keys.isdisjoint(regions[other][0].keys):
                    continue
                near, far = (
                    (index, other)
                    if points.distances[index] <= points.distances[other]
                    else (other, index)
                )
                regions[near] = [
                    _union(mine, its) for mine, its in zip(regions[near], regions[far], strict=True)
                ]
                kept.remove(far)
                merged = True
                break
            if merged:
                break
    return kept


def _union(first: Neighbourhood, second: Neighbourhood) -> Neighbourhood:
    vertices = np.unique(np.vstack([first.vertices, second.vertices]), axis=0)
    return Neighbourhood(vertices, np.vstack([first.contacts, second.contacts]))


def _soft_edges(regions, normal, there, first_from_second, youngs) -> Float[np.ndarray, "20 6"]:
    frames = contact_frame(normal), contact_frame(there)
    fits = [
        fit_curvature(region.positions, frame)
        for region, frame in zip(regions, frames, strict=True)
    ]
    axes = [
        frame[:, :2] @ (np.cos(fit.turn_rad), np.sin(fit.turn_rad))
        for fit, frame in zip(fits, frames, strict=True)
    ]
    cosine = float(np.clip(axes[0] @ first_from_second[:3, :3] @ axes[1], -1.0, 1.0))
    radii = relative_radii(fits[0].radii, fits[1].radii, 2.0 * cosine * cosine - 1.0)
    return friction_ellipsoid(torque_axis_mm(*patch_axes_mm(radii, youngs)))


@njit(cache=True)
@no_type_check
def near_corners(tree, corner_ids, point, normal, radius):  # pragma: no cover
    """Return corner ids of all triangles within a radius whose front faces along -normal."""
    found = np.zeros(3 * len(corner_ids), np.int64)
    stack = np.zeros(256, np.int64)
    closest = np.zeros(3)
    count, waiting = 0, 1
    while waiting > 0:
        waiting -= 1
        node = stack[waiting]
        gap = point_gap_squared(tree.boxes, node, point)
        if gap > radius * radius:
            continue
        if tree.child[node] >= 0:
            stack[waiting], stack[waiting + 1] = tree.child[node], tree.child[node] + 1
            waiting += 2
            continue
        for face in range(tree.start[node], tree.stop[node]):
            corners = tree.triangles[face]
            u, v = corners[1] - corners[0], corners[2] - corners[0]
            faces_away = np.dot(np.cross(u, v), normal) <= 0.0
            point_closest(point, corners, closest)
            if faces_away and squared(point, closest) < radius * radius:
                found[count : count + 3] = corner_ids[face]
                count += 3
    return found[:count]
