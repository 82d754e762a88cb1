"""Soft contacts: the patch two elastic surfaces share, and the torque it can bear.

The curvatures of both surfaces come from a quadratic fitted to nearby vertices; the patch is
an ellipse by Hertz' theory; force and torque it bears lie in an ellipsoid (Ciocarlie, Lackner
and Allen, 2007). All steps copy GraspIt!, also where it differs from the theory: the fitted
points are turned into the contact frame but not moved to the contact.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

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


class Curvature(NamedTuple):
    """Principal radii of a surface at a contact, and the first's direction."""

    radii: tuple[float, float]
    """mm; -1: flat."""
    turn_rad: float
    """Of the principal axes from the contact's tangents."""


def region_radius_mm(youngs: float) -> float:
    """Return how far around a contact vertices count, for the stiffer body's modulus."""
    return (1.0 / youngs) ** REGION_EXPONENT * REGION_SCALE_MM


def fit_curvature(points: Float[np.ndarray, "point 3"], frame: Float[np.ndarray, "3 3"]):
    """Fit z = a x^2 + b y^2 + c x y to points in the directions of a contact's axes.

    Args:
        points: near the contact, body frame, mm.
        frame: of the contact, body frame, columns.
    """
    x, y, z = (points @ frame).T
    terms = np.stack([x * x, y * y, x * y], axis=1)
    a, b, c = _solve(terms.T @ terms, terms.T @ z)
    a, b, c = (0.0 if abs(value) < NEGLIGIBLE else float(value) for value in (a, b, c))
    if abs(c) <= NEGLIGIBLE:
        return Curvature((_radius(2 * a), _radius(2 * b)), 0.0)
    turn = 0.5 * np.pi if a == b else float(np.arctan(c / (b - a)) / 2)
    cos, sin = np.cos(turn), np.sin(turn)
    first = 2 * (a * cos * cos + b * sin * sin - c * sin * cos)
    second = 2 * (a * sin * sin + b * cos * cos + c * sin * cos)
    return Curvature((_radius(first), _radius(second)), turn)


def _solve(matrix, right):
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(matrix, right, rcond=None)[0]


def _radius(curvature: float) -> float:
    return FLAT_RADIUS if abs(curvature) < NEGLIGIBLE else float(1.0 / curvature)


def relative_radii(
    first: tuple[float, float], second: tuple[float, float], cosine_of_double_angle: float
) -> tuple[float, float]:
    """Return the radii of the gap between two curved surfaces, mm (Johnson, ch. 4).

    Args:
        first: principal radii of one surface.
        second: of the other.
        cosine_of_double_angle: between their first principal axes.
    """
    k1, k2, m1, m2 = (0.0 if radius < 0 else 1.0 / radius for radius in (*first, *second))
    mean = 0.5 * (k1 + k2 + m1 + m2)
    k, m = k1 - k2, m1 - m2
    spread = 0.5 * np.sqrt(max(k * k + m * m + 2 * cosine_of_double_angle * k * m, 0.0))
    low = FLAT_RADIUS if mean + spread == 0 else 1.0 / (mean + spread)
    high = FLAT_RADIUS if mean == spread else 1.0 / (mean - spread)
    return low, high


def patch_axes_mm(radii: tuple[float, float], youngs: float) -> tuple[float, float]:
    """Return the semi-axes of the patch between surfaces of the given relative radii, mm."""
    low, high = (RESERVE_RADIUS_MM if radius < 0 else radius for radius in radii)
    depth_m = np.sqrt(NORMAL_FORCE_TERM / (youngs * np.pi * np.sqrt(low * high * M_PER_MM**2)))

    def axis_mm(radius: float) -> float:
        return float(np.sqrt(2 * depth_m * radius * M_PER_MM) / M_PER_MM)

    return axis_mm(low), axis_mm(high)
