"""Friction cones as edges, and the wrenches those edges put on an object.

An edge is a row (x, y, 0, 0, 0, t): tangential force along the contact's two tangents and
torque about its normal, each as a share of friction coefficient times normal force.
"""

from typing import no_type_check

import numpy as np
from jaxtyping import Float

from pygraspit.kernels import kernel, light_kernel

POINT_EDGE_COUNT = 8
_LATITUDES = ((0.5, 1), (0.25, 5), (0.0, 8), (-0.25, 5), (-0.5, 1))
"""Latitude as a share of pi, and how many edges lie on it."""
_SPHERE = np.array(
    [
        (
            np.cos(turn) * np.cos(np.pi * share),
            np.sin(turn) * np.cos(np.pi * share),
            np.sin(np.pi * share),
        )
        for share, count in _LATITUDES
        for turn in 2 * np.pi * np.arange(count) / count
    ]
)


def friction_cone(edge_count: int = POINT_EDGE_COUNT) -> Float[np.ndarray, "edge 6"]:
    """Return the edges of a point contact's cone: equally spaced tangential forces, no torque."""
    turn = 2 * np.pi * np.arange(edge_count) / edge_count
    edges = np.zeros((edge_count, 6))
    edges[:, 0], edges[:, 1] = np.cos(turn), np.sin(turn)
    return edges


def friction_ellipsoid(torque_axis_mm: float) -> Float[np.ndarray, "20 6"]:
    """Return the 20 edges of a soft contact with the given torque semi-axis, mm.

    They sample the ellipsoid fx^2 + fy^2 + (t / e)^2 = 1 of forces and torque that a contact
    patch can bear at once, at five latitudes (Ciocarlie, Lackner and Allen, 2007).
    """
    edges = np.zeros((len(_SPHERE), 6))
    fill_ellipsoid(torque_axis_mm, edges)
    return edges


@kernel
@no_type_check
def fill_ellipsoid(torque_axis_mm, edges):  # pragma: no cover
    """Fill (20, 6) edges as `friction_ellipsoid` does."""
    for row in range(_SPHERE.shape[0]):
        x, y, up = _SPHERE[row]
        length = np.sqrt(x * x + y * y + (up / torque_axis_mm) ** 2)
        edges[row, 0], edges[row, 1], edges[row, 5] = x / length, y / length, up / length


@kernel
@no_type_check
def torque_axis_mm(first_axis_mm, second_axis_mm):  # pragma: no cover
    """Return the torque semi-axis of a Hertzian contact ellipse of the given semi-axes."""
    return 8.0 * np.sqrt(first_axis_mm * second_axis_mm) / 15.0


def soft_friction_edges(radius_mm: float) -> Float[np.ndarray, "20 6"]:
    """Return the edges of a soft contact over a round patch of the given radius, mm."""
    return friction_ellipsoid(torque_axis_mm(radius_mm, radius_mm))


def edge_wrenches(
    edges: Float[np.ndarray, "edge 6"],
    friction: float,
    frame: Float[np.ndarray, "3 3"],
    arm_mm: Float[np.ndarray, "3"],
    torque_scale_mm: float,
) -> Float[np.ndarray, "edge 6"]:
    """Return force and torque on an object for each edge, at unit normal force.

    Args:
        edges: of the contact.
        friction: coefficient of static friction.
        frame: columns are the contact's two tangents and its normal into the object.
        arm_mm: from the object's centre of gravity to the contact.
        torque_scale_mm: torques are divided by it; GraspIt! takes the object's largest radius.
    """
    wrenches = np.zeros((len(edges), 6))
    _fill_wrenches(edges, friction, frame, arm_mm, torque_scale_mm, wrenches)
    return wrenches


@kernel
@no_type_check
def _fill_wrenches(edges, friction, frame, arm, scale, wrenches):  # pragma: no cover
    """Fill (edge, 6) wrenches: n + mu (x t + y b), and its torque with the contact's own."""
    for row in range(edges.shape[0]):
        force, torque = wrenches[row, :3], wrenches[row, 3:]
        for i in range(3):
            along = edges[row, 0] * frame[i, 0] + edges[row, 1] * frame[i, 1]
            force[i] = frame[i, 2] + friction * along
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            own = friction * edges[row, 5] * frame[i, 2]
            torque[i] = (arm[j] * force[k] - arm[k] * force[j] + own) / scale


def contact_frame(normal: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """Return GraspIt!'s axes of a contact as columns: two tangents, then the unit normal."""
    frame = np.zeros((3, 3))
    fill_contact_frame(np.asarray(normal, np.float64), frame)
    return frame


@light_kernel
@no_type_check
def fill_contact_frame(normal, frame):  # pragma: no cover
    """Fill a frame as `contact_frame` does."""
    x, y, z = normal[0], normal[1], normal[2]
    if 1.0 - abs(x) < 1e-12:  # first tangent n x (0, 0, 1), else n x (1, 0, 0)
        a, b, c = y, -x, 0.0
    else:
        a, b, c = 0.0, z, -y
    length = np.sqrt(a * a + b * b + c * c)
    a, b, c = a / length, b / length, c / length
    u, v, w = y * c - z * b, z * a - x * c, x * b - y * a
    length = np.sqrt(u * u + v * v + w * w)
    frame[0, 0], frame[1, 0], frame[2, 0] = a, b, c
    frame[0, 1], frame[1, 1], frame[2, 1] = u / length, v / length, w / length
    frame[0, 2], frame[1, 2], frame[2, 2] = x, y, z
