"""Soft contacts: the patch two elastic surfaces share, and the torque it can bear.

The curvatures of both surfaces come from a quadratic fitted to nearby vertices; the patch is
an ellipse by Hertz' theory; force and torque it bears lie in an ellipsoid (Ciocarlie, Lackner
and Allen, 2007). All steps copy GraspIt!, also where it differs from the theory: the fitted
points are turned into the contact frame but not moved to the contact.
"""

from typing import no_type_check

import numpy as np
from jaxtyping import Float

from pygraspit.kernels import light_kernel

REGION_SCALE_MM = 400.0
REGION_EXPONENT = 0.333
NEGLIGIBLE = 1e-6
FLAT_RADIUS = -1.0
"""Stands for a curvature of zero, and for a radius that could not be found."""
RESERVE_RADIUS_MM = 20.0
"""Taken where the relative radius comes out negative."""
NORMAL_FORCE_TERM = 5.0 * 0.003
"""Normal force, N, times the depth constant of GraspIt!'s patch formula."""
M_PER_MM = 1e-3


def region_radius_mm(youngs: float) -> float:
    """Return how far around a contact vertices count, for the stiffer body's modulus."""
    return (1.0 / youngs) ** REGION_EXPONENT * REGION_SCALE_MM


def solve_fits(
    matrices: Float[np.ndarray, "*fit 3 3"], right: Float[np.ndarray, "*fit 3"]
) -> Float[np.ndarray, "*fit 3"]:
    """Return the coefficients of fits; of those that are not determined, the shortest ones."""
    try:
        return np.linalg.solve(matrices, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        if matrices.ndim == 2:
            return np.linalg.lstsq(matrices, right, rcond=None)[0]
        return np.stack([solve_fits(*fit) for fit in zip(matrices, right, strict=True)])


@light_kernel
@no_type_check
def add_to_fit(point, frame, matrix, right):  # pragma: no cover
    """Add a point to the normal equations of z = a x^2 + b y^2 + c x y.

    Args:
        point: (3,) near the contact, body frame, mm.
        frame: (3, 3) of the contact, body frame, columns: the axes of x, y and z.
        matrix: (3, 3) of the equations.
        right: (3,) of the equations.
    """
    x = point[0] * frame[0, 0] + point[1] * frame[1, 0] + point[2] * frame[2, 0]
    y = point[0] * frame[0, 1] + point[1] * frame[1, 1] + point[2] * frame[2, 1]
    z = point[0] * frame[0, 2] + point[1] * frame[1, 2] + point[2] * frame[2, 2]
    terms = (x * x, y * y, x * y)
    for i in range(3):
        right[i] += terms[i] * z
        for k in range(3):
            matrix[i, k] += terms[i] * terms[k]


@light_kernel
@no_type_check
def curvature(fit):  # pragma: no cover
    """Return two principal radii, mm (-1: flat), and their axes' turn from the tangents, rad."""
    a, b, c = _rounded(fit[0]), _rounded(fit[1]), _rounded(fit[2])
    if c == 0.0:
        return _radius(2 * a), _radius(2 * b), 0.0
    turn = 0.5 * np.pi if a == b else np.arctan(c / (b - a)) / 2
    cos, sin = np.cos(turn), np.sin(turn)
    first = 2 * (a * cos * cos + b * sin * sin - c * sin * cos)
    second = 2 * (a * sin * sin + b * cos * cos + c * sin * cos)
    return _radius(first), _radius(second), turn


@light_kernel
@no_type_check
def _rounded(value):  # pragma: no cover
    return 0.0 if abs(value) < NEGLIGIBLE else value


@light_kernel
@no_type_check
def _radius(value):  # pragma: no cover
    return FLAT_RADIUS if abs(value) < NEGLIGIBLE else 1.0 / value


@light_kernel
@no_type_check
def relative_radii(k1, k2, m1, m2, cosine_of_double_angle):  # pragma: no cover
    """Return the radii of the gap between two curved surfaces, mm (Johnson, ch. 4).

    Args:
        k1: principal radius of one surface, mm; negative: flat, as below.
        k2: its other one.
        m1: principal radius of the other surface.
        m2: its other one.
        cosine_of_double_angle: between their first principal axes.
    """
    k1, k2, m1, m2 = _bend(k1), _bend(k2), _bend(m1), _bend(m2)
    mean = 0.5 * (k1 + k2 + m1 + m2)
    k, m = k1 - k2, m1 - m2
    spread = 0.5 * np.sqrt(max(k * k + m * m + 2 * cosine_of_double_angle * k * m, 0.0))
    low = FLAT_RADIUS if mean + spread == 0 else 1.0 / (mean + spread)
    high = FLAT_RADIUS if mean == spread else 1.0 / (mean - spread)
    return low, high


@light_kernel
@no_type_check
def _bend(radius):  # pragma: no cover
    return 0.0 if radius < 0 else 1.0 / radius


@light_kernel
@no_type_check
def patch_axes_mm(low, high, youngs):  # pragma: no cover
    """Return the semi-axes of the patch between surfaces of the given relative radii, mm."""
    low = RESERVE_RADIUS_MM if low < 0 else low
    high = RESERVE_RADIUS_MM if high < 0 else high
    depth_m = np.sqrt(NORMAL_FORCE_TERM / (youngs * np.pi * np.sqrt(low * high * M_PER_MM**2)))
    return (
        np.sqrt(2 * depth_m * low * M_PER_MM) / M_PER_MM,
        np.sqrt(2 * depth_m * high * M_PER_MM) / M_PER_MM,
    )
