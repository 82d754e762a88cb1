"""The forces that virtual contacts could give if they touched, compiled.

The formulas are those of `pygraspit.planner.energies`.
"""

from typing import no_type_check

import numpy as np

from pygraspit.kernels import light_kernel
from pygraspit.planner.energies import LEAST_COSINE, PI, REACH_MM

UP = np.array([0.0, 1.0, 0.0])
"""The world's y axis: the first tangent of a contact is at right angles to it."""


@light_kernel
@no_type_check
def contact_scale(distance, cosine):  # pragma: no cover
    """Return a contact's weight: 2 touching, 0 out of reach."""
    if cosine >= LEAST_COSINE and distance <= REACH_MM:
        return np.cos(PI * distance / REACH_MM) + 1.0
    return 0.0


@light_kernel
@no_type_check
def add_forces(edges, normal, up, scale, forces, count):  # pragma: no cover
    """Append the scaled forces of a contact's edges; return the new number of forces.

    The tangents are up x n and n x the first.
    """
    tx = up[1] * normal[2] - up[2] * normal[1]
    ty = up[2] * normal[0] - up[0] * normal[2]
    tz = up[0] * normal[1] - up[1] * normal[0]
    length = np.sqrt(tx * tx + ty * ty + tz * tz) + 1e-300
    tx, ty, tz = tx / length, ty / length, tz / length
    bx = normal[1] * tz - normal[2] * ty
    by = normal[2] * tx - normal[0] * tz
    bz = normal[0] * ty - normal[1] * tx
    for edge in range(edges.shape[0]):
        a, b = edges[edge, 0], edges[edge, 1]
        forces[count, 0] = scale * (normal[0] + a * tx + b * bx)
        forces[count, 1] = scale * (normal[1] + a * ty + b * by)
        forces[count, 2] = scale * (normal[2] + a * tz + b * bz)
        count += 1
    return count
