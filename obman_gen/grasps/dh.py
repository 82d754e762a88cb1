"""Denavit-Hartenberg parameters of a chain of hinges given as lines in space."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

PARALLEL_SINE = 1e-6
"""Below this sine two axes count as parallel; a common normal would lie kilometres away."""


class DHRow(NamedTuple):
    """One joint: Rz(turn + offset) Tz(d) Tx(a) Rx(alpha)."""

    offset_rad: float
    d: float
    a: float
    alpha_rad: float


class DHChain(NamedTuple):
    """A chain's base frame and rows; lengths in the unit of the points given."""

    palm_from_base: Float[np.ndarray, "4 4"]
    rows: tuple[DHRow, ...]


def dh_from_axes(
    points: Float[np.ndarray, "joint 3"], directions: Float[np.ndarray, "joint 3"]
) -> DHChain:
    """Describe hinges, given at their zero turn, by DH rows.

    Joint ``i`` turns about the z axis of frame ``i``; the frame after the last joint is the
    last joint's own, turned with it. Follows the classic construction: each x axis runs along
    the common normal of two successive joint axes.

    Args:
        points: a point on each axis.
        directions: unit vectors along the axes.
    """
    x_axis = _any_normal(directions[0])
    origin = points[0]
    base = _frame(x_axis, directions[0], origin)
    rows = []
    for here in range(len(points) - 1):
        z, z_next = directions[here], directions[here + 1]
        x_next, foot, foot_next = _common_normal(origin, z, points[here + 1], z_next, x_axis)
        rows.append(
            DHRow(
                offset_rad=_angle(x_axis, x_next, z),
                d=float((foot - origin) @ z),
                a=float((foot_next - foot) @ x_next),
                alpha_rad=_angle(z, z_next, x_next),
            )
        )
        x_axis, origin = x_next, foot_next
    rows.append(DHRow(0.0, 0.0, 0.0, 0.0))
    return DHChain(base, tuple(rows))


def rest_frames(
    palm_from_base: Float[np.ndarray, "4 4"], rows: tuple[DHRow, ...]
) -> list[Float[np.ndarray, "4 4"]]:
    """Return ``palm_from_frame`` after each joint, all joints at zero."""
    frames, frame = [], palm_from_base
    for row in rows:
        frame = frame @ _dh_matrix(row)
        frames.append(frame)
    return frames


def _dh_matrix(row: DHRow) -> Float[np.ndarray, "4 4"]:
    cos_t, sin_t = np.cos(row.offset_rad), np.sin(row.offset_rad)
    cos_a, sin_a = np.cos(row.alpha_rad), np.sin(row.alpha_rad)
    return np.array(
        [
            [cos_t, -sin_t * cos_a, sin_t * sin_a, row.a * cos_t],
            [sin_t, cos_t * cos_a, -cos_t * sin_a, row.a * sin_t],
            [0.0, sin_a, cos_a, row.d],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )


def _common_normal(origin, z, point_next, z_next, x_axis):
    """Return the normal's direction and its foot on both axes."""
    normal = np.cross(z, z_next)
    sine = np.linalg.norm(normal)
    between = point_next - origin
    if sine < PARALLEL_SINE:
        across = between - (between @ z) * z
        length = np.linalg.norm(across)
        x_next = across / length if length > 1e-9 else x_axis
        return x_next, point_next - across, point_next
    normal = normal / sine
    along = np.linalg.solve(np.stack([z, -z_next, normal], axis=1), between)
    foot, foot_next = origin + along[0] * z, point_next + along[1] * z_next
    return (normal if along[2] >= 0 else -normal), foot, foot_next


def _angle(start, end, axis) -> float:
    """Return the turn about ``axis`` that takes ``start`` to ``end``, radians."""
    return float(np.arctan2(np.cross(start, end) @ axis, start @ end))


def _any_normal(direction):
    helper = np.eye(3)[np.abs(direction).argmin()]
    normal = np.cross(direction, helper)
    return normal / np.linalg.norm(normal)


def _frame(x_axis, z_axis, origin) -> Float[np.ndarray, "4 4"]:
    frame = np.eye(4)
    frame[:3, :3] = np.stack([x_axis, np.cross(z_axis, x_axis), z_axis], axis=1)
    frame[:3, 3] = origin
    return frame
