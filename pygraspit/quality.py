"""Grasp quality: the convex hull of the wrenches that contacts can put on an object.

Definitions as in GraspIt! (Ferrari and Canny, ICRA 1992): epsilon is the radius of the largest
ball about the origin inside the hull, 0 if the origin lies on its border, -1 if outside; volume
is the hull's 6-D volume, given for every hull. Where GraspIt! joggles flat wrench sets, this says
what the joggle tends to: a flat set has volume 0, and epsilon 0 if it holds the origin, else -1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import nnls
from scipy.spatial import ConvexHull, QhullError

from pygraspit.inner_ball import inner_ball

NO_CLOSURE = -1.0
FLAT_SHARE = 1e-10
"""Singular values below this share of the largest count as zero."""
ORIGIN_TOLERANCE = 1e-9
"""How far outside the hull the origin may lie, by rounding, and still count as on its border."""
RESERVE_OPTIONS = "QJ Pp C-0.0001"
"""What GraspIt! gives qhull; only for sets that qhull cannot take unjoggled."""

Wrenches = Float[np.ndarray, "wrench dim"]
Edges = Float[np.ndarray, "_ dim"]
"""Of one contact; contacts may have different numbers of them."""


class GraspQuality(NamedTuple):
    """Both measures of one wrench space."""

    epsilon: float
    volume: float


def grasp_quality(wrenches: Wrenches) -> GraspQuality:
    """Return epsilon and volume of the hull of the given wrenches (no origin is added)."""
    wrenches = _finite(wrenches)
    if len(wrenches) == 0:
        return GraspQuality(NO_CLOSURE, 0.0)
    if _is_flat(wrenches):
        return GraspQuality(0.0 if holds_origin(wrenches) else NO_CLOSURE, 0.0)
    hull = _hull(wrenches)
    nearest = -float(hull.equations[:, -1].max())
    return GraspQuality(_epsilon_of(nearest), float(hull.volume))


def epsilon(wrenches: Wrenches) -> float:
    """Return the radius of the largest ball about the origin inside the hull, or -1.

    Some fifty times faster than `grasp_quality`, which needs the whole hull for the volume.
    """
    wrenches = _finite(wrenches)
    if len(wrenches) == 0:
        return NO_CLOSURE
    nearest = inner_ball(wrenches)
    return grasp_quality(wrenches).epsilon if nearest is None else _epsilon_of(nearest)


def _finite(wrenches: Wrenches) -> Wrenches:
    wrenches = np.asarray(wrenches, np.float64)
    if not np.isfinite(wrenches).all():
        raise ValueError("wrenches must be finite")
    return wrenches


def _epsilon_of(nearest: float) -> float:
    """Return epsilon from the distance of the nearest facet's plane, negative: not holding."""
    if nearest < -ORIGIN_TOLERANCE:
        return NO_CLOSURE
    return nearest if nearest > ORIGIN_TOLERANCE else 0.0


def volume(wrenches: Wrenches) -> float:
    """Return the volume of the hull; 0 if it is flat."""
    return grasp_quality(wrenches).volume


def holds_origin(wrenches: Wrenches) -> bool:
    """Say whether some convex combination of the wrenches is zero; much cheaper than a hull."""
    equations = np.vstack([np.asarray(wrenches, np.float64).T, np.ones(len(wrenches))])
    wanted = np.zeros(len(equations))
    wanted[-1] = 1.0
    return bool(nnls(equations, wanted)[1] <= ORIGIN_TOLERANCE)


def l1_wrenches(contacts: Sequence[Edges]) -> Wrenches:
    """Return the set whose hull bounds all forces that sum to one over the contacts."""
    return np.vstack(list(contacts)) if len(contacts) else np.zeros((0, 6))


def linf_wrenches(contacts: Sequence[Edges]) -> Wrenches:
    """Return the set whose hull bounds all forces of at most one at every contact.

    The Minkowski sum over contacts of each one's edges and zero, kept small by dropping the
    points inside the hull after each sum.
    """
    total = np.zeros((1, 6))
    for edges in contacts:
        choices = np.vstack([edges, np.zeros((1, edges.shape[1]))])
        total = extreme_points((total[:, None] + choices).reshape(-1, edges.shape[1]))
    return total if len(contacts) else np.zeros((0, 6))


def extreme_points(points: Wrenches) -> Float[np.ndarray, "corner dim"]:
    """Return the corners of the points' hull, whatever the dimension of their span."""
    points = np.unique(points, axis=0)
    centred = points - points.mean(axis=0)
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    span = int(np.count_nonzero(values > FLAT_SHARE * max(values[0], 1e-300)))
    if span == 0 or len(points) <= span + 1:
        return points
    inside = centred @ axes[:span].T
    if span == 1:
        return points[[inside[:, 0].argmin(), inside[:, 0].argmax()]]
    return points[np.sort(ConvexHull(inside).vertices)]


def _is_flat(wrenches: Wrenches) -> bool:
    """Say whether the wrenches lie in a plane of fewer dimensions than their own."""
    values = np.linalg.svd(wrenches - wrenches.mean(axis=0), compute_uv=False)
    return bool(len(values) < wrenches.shape[1] or values[-1] <= FLAT_SHARE * values[0])


def _hull(wrenches: Wrenches) -> ConvexHull:
    for options in (None, RESERVE_OPTIONS):
        try:
            return ConvexHull(wrenches, qhull_options=options)
        except QhullError:
            continue
    # Merging facets (C-0.0001) can fail on its own; joggling alone cannot tie itself up.
    return ConvexHull(wrenches, qhull_options="QJ Pp")
