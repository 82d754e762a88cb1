"""Convex hulls of bodies: their corners, and which of them an edge joins."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer
from scipy.spatial import ConvexHull, QhullError


class Hull(NamedTuple):
    """Corners of a convex hull, or of several, laid end to end."""

    corners: Float[np.ndarray, "corner 3"]
    """mm."""
    neighbours: Integer[np.ndarray, "neighbour"]
    """Corners that an edge joins to each corner, corner by corner."""
    start: Integer[np.ndarray, "corner_and_one"]
    """Where each corner's begin in ``neighbours``."""


def hull_of(vertices: Float[np.ndarray, "vertex 3"]) -> Hull:
    """Return the convex hull of points; all of them, and no edges, if they lie in a plane."""
    try:
        hull = ConvexHull(vertices)
    except (QhullError, ValueError):  # flat, or no points at all
        return Hull(vertices, np.zeros(0, np.int64), np.zeros(len(vertices) + 1, np.int64))
    kept = np.sort(hull.vertices)
    facets = np.searchsorted(kept, hull.simplices)
    sides = np.concatenate([facets[:, [0, 1]], facets[:, [1, 2]], facets[:, [2, 0]]])
    edges = np.unique(np.concatenate([sides, sides[:, ::-1]]), axis=0)
    start = np.searchsorted(edges[:, 0], np.arange(len(kept) + 1))
    return Hull(vertices[kept], edges[:, 1].astype(np.int64), start.astype(np.int64))


def joined(hulls: Sequence[Hull]) -> Hull:
    """Lay hulls end to end."""
    corners = np.cumsum([0, *(len(hull.corners) for hull in hulls)])
    links = np.cumsum([0, *(len(hull.neighbours) for hull in hulls)])
    return Hull(
        np.concatenate([np.zeros((0, 3)), *(hull.corners for hull in hulls)]),
        np.concatenate(
            [
                np.zeros(0, np.int64),
                *(hull.neighbours + first for hull, first in zip(hulls, corners, strict=False)),
            ]
        ),
        np.concatenate(
            [
                np.zeros(1, np.int64),
                *(hull.start[1:] + first for hull, first in zip(hulls, links, strict=False)),
            ]
        ),
    )
