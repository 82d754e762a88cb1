"""From the numbers of a state to the place of the hand's approach frame, compiled.

The plain formulas, and their inverses, are in `pygraspit.planner.spaces`.
"""

from typing import no_type_check

import numpy as np

from pygraspit.kernels import light_kernel
from pygraspit.transforms import NO_TURN_RAD

AXIS_ANGLE, COMPLETE = range(2)
"""Ways to write a place down."""


@light_kernel
@no_type_check
def fill_place(kind, place, frame):  # pragma: no cover
    """Fill ``object_from_approach`` from the last numbers of a state."""
    if kind == COMPLETE:
        fill_complete(place, frame)
    else:
        fill_axis_angle(place, frame)


@light_kernel
@no_type_check
def fill_complete(place, frame):  # pragma: no cover
    """Fill a transform from x, y, z and a quaternion (w, x, y, z) of any length; of 0, no turn."""
    size = place[3] * place[3] + place[4] * place[4] + place[5] * place[5] + place[6] * place[6]
    # Twice the products of the unit quaternion's numbers.
    share = 2.0 / size if size > 0.0 else 0.0
    w, x, y, z = place[3], place[4], place[5], place[6]
    xx, yy, zz = share * x * x, share * y * y, share * z * z
    xy, xz, yz = share * x * y, share * x * z, share * y * z
    wx, wy, wz = share * w * x, share * w * y, share * w * z
    frame[0, 0], frame[0, 1], frame[0, 2] = 1.0 - yy - zz, xy - wz, xz + wy
    frame[1, 0], frame[1, 1], frame[1, 2] = xy + wz, 1.0 - xx - zz, yz - wx
    frame[2, 0], frame[2, 1], frame[2, 2] = xz - wy, yz + wx, 1.0 - xx - yy
    frame[0, 3], frame[1, 3], frame[2, 3] = place[0], place[1], place[2]
    frame[3, 0] = frame[3, 1] = frame[3, 2] = 0.0
    frame[3, 3] = 1.0


@light_kernel
@no_type_check
def fill_axis_angle(place, frame):  # pragma: no cover
    """Fill a transform from x, y, z, theta, phi, alpha."""
    theta, phi, alpha = place[3], place[4], place[5]
    if abs(alpha) < NO_TURN_RAD:
        alpha = 0.0
    x, y, z = np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)
    c, s = np.cos(alpha), np.sin(alpha)
    v = 1.0 - c
    frame[0, 0], frame[0, 1], frame[0, 2] = c + x * x * v, x * y * v - z * s, x * z * v + y * s
    frame[1, 0], frame[1, 1], frame[1, 2] = y * x * v + z * s, c + y * y * v, y * z * v - x * s
    frame[2, 0], frame[2, 1], frame[2, 2] = z * x * v - y * s, z * y * v + x * s, c + z * z * v
    frame[0, 3], frame[1, 3], frame[2, 3] = place[0], place[1], place[2]
    frame[3, 0] = frame[3, 1] = frame[3, 2] = 0.0
    frame[3, 3] = 1.0
