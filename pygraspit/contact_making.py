"""From two posed bodies to the contacts between them."""

from typing import TYPE_CHECKING, no_type_check

import numpy as np

from pygraspit.contacts import CONTACT_THRESHOLD_MM, Contact, ContactPair
from pygraspit.friction import fill_contact_frame, fill_ellipsoid, friction_cone, torque_axis_mm
from pygraspit.kernels import kernel
from pygraspit.materials import static_friction
from pygraspit.regions import fit_regions
from pygraspit.soft import curvature, patch_axes_mm, region_radius_mm, relative_radii, solve_fits
from pygraspit.thinning import thinned
from pygraspit.touching import touching

if TYPE_CHECKING:
    from pygraspit.body import Body
    from pygraspit.boxes import Scene

POINT_EDGES = friction_cone()


def contacts_between(scene: "Scene", first: "Body", second: "Body") -> list[ContactPair]:
    """Return the contacts of two bodies where they stand; none where they are apart."""
    first_from_second = np.linalg.inv(scene.poses[first.index]) @ scene.poses[second.index]
    turn, shift = first_from_second[:3, :3].copy(), first_from_second[:3, 3].copy()
    positions, frames, distances = _touches(scene, first.index, second.index, turn, shift)
    youngs = max(first.model.youngs, second.model.youngs)
    if youngs <= 0.0 or len(distances) == 0:
        return [
            _pair(first, second, positions[:, i], frames[:, i], POINT_EDGES)
            for i in range(len(distances))
        ]
    surfaces, radius = (first.shape.surface, second.shape.surface), region_radius_mm(youngs)
    kept, matrices, right = fit_regions(surfaces, positions, frames, distances, radius)
    edges = _soft_edges(solve_fits(matrices, right), frames[:, kept], turn, youngs)
    return [
        _pair(first, second, positions[:, i], frames[:, i], edges[row])
        for row, i in enumerate(kept)
    ]


def _pair(first: "Body", second: "Body", positions, frames, edges) -> ContactPair:
    friction = static_friction(first.model.material, second.model.material)
    return ContactPair(
        Contact(first.name, second.name, positions[0], frames[0], friction, edges),
        Contact(second.name, first.name, positions[1], frames[1], friction, edges),
    )


@kernel
@no_type_check
def _touches(scene, first, second, turn, shift):  # pragma: no cover
    """Return the thinned-out close points of two bodies; turn and shift: first_from_second.

    As (2, contact, 3) positions and (2, contact, 3, 3) frames, each in its body's frame, and
    their (contact,) distances.
    """
    on_first, on_second = touching(scene, first, second, CONTACT_THRESHOLD_MM)
    normals, distances = np.zeros_like(on_first), np.zeros(len(on_first))
    for index in range(len(on_first)):
        for i in range(3):
            other = 0.0
            for k in range(3):
                other += turn[i, k] * on_second[index, k]
            normals[index, i] = on_first[index, i] - (other + shift[i])
        distances[index] = np.sqrt((normals[index] ** 2).sum())
        normals[index] /= distances[index]
    apart = np.flatnonzero(distances > 0.0)
    kept = apart[thinned(on_first[apart], on_second[apart], normals[apart])]
    positions, frames = np.zeros((2, len(kept), 3)), np.zeros((2, len(kept), 3, 3))
    for row, index in enumerate(kept):
        positions[0, row], positions[1, row] = on_first[index], on_second[index]
        fill_contact_frame(normals[index], frames[0, row])
        fill_contact_frame(_turned_back(-normals[index], turn), frames[1, row])
    return positions, frames, distances[kept]


@kernel
@no_type_check
def _turned_back(vector, turn):  # pragma: no cover
    """Express a direction of the first frame in the second."""
    turned = np.zeros(3)
    for k in range(3):
        for i in range(3):
            turned[k] += vector[i] * turn[i, k]
    return turned


@kernel
@no_type_check
def _soft_edges(fits, frames, turn, youngs):  # pragma: no cover
    """Return (contact, 20, 6) friction edges of soft contacts.

    Args:
        fits: (contact, 2, 3) coefficients of both surfaces' curvature.
        frames: (2, contact, 3, 3) of the contacts.
        turn: (3, 3) first_from_second.
        youngs: of the stiffer body.
    """
    edges = np.zeros((len(fits), 20, 6))
    for row in range(len(fits)):
        k1, k2, turn_k = curvature(fits[row, 0])
        m1, m2, turn_m = curvature(fits[row, 1])
        cosine = 0.0
        for i in range(3):
            first = frames[0, row, i, 0] * np.cos(turn_k) + frames[0, row, i, 1] * np.sin(turn_k)
            for k in range(3):
                second = np.cos(turn_m) * frames[1, row, k, 0]
                second += np.sin(turn_m) * frames[1, row, k, 1]
                cosine += first * turn[i, k] * second
        cosine = min(max(cosine, -1.0), 1.0)
        low, high = relative_radii(k1, k2, m1, m2, 2.0 * cosine * cosine - 1.0)
        a, b = patch_axes_mm(low, high, youngs)
        fill_ellipsoid(torque_axis_mm(a, b), edges[row])
    return edges
