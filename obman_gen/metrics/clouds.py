"""Distances between clouds of points that do not correspond, and between surfaces."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from obman_gen.metrics.surfaces import Faces, Vertices, require_surface

SURFACE_SAMPLES = 30_000
"""Points per surface in the protocol of Grasping Field, AlignSDF and gSDF."""


def nearest_distances(
    points: Float[np.ndarray, "point 3"], others: Float[np.ndarray, "other 3"]
) -> Float[np.ndarray, "point"]:
    """Return each point's distance to the nearest of the others.

    Raises:
        ValueError: if either cloud is empty or not finite.
    """
    from scipy.spatial import cKDTree

    if len(points) == 0 or len(others) == 0:
        raise ValueError(f"clouds of {len(points)} and {len(others)} points have no distance")
    if not (np.isfinite(points).all() and np.isfinite(others).all()):
        raise ValueError("a cloud has points that are not finite")
    return cKDTree(others).query(points)[0]


class CloudDistances(NamedTuple):
    """Nearest distances between two clouds, from which Chamfer distance and F-scores follow."""

    from_predicted_m: Float[np.ndarray, "predicted"]
    """Of each predicted point to the nearest target point."""
    from_target_m: Float[np.ndarray, "target"]

    def chamfer(self) -> float:
        """Return `chamfer_distance` of the two clouds."""
        return float((self.from_target_m**2).mean() + (self.from_predicted_m**2).mean())

    def f_score(self, threshold_m: float) -> float:
        """Return `f_score` of the two clouds."""
        precision = float((self.from_predicted_m <= threshold_m).mean())
        recall = float((self.from_target_m <= threshold_m).mean())
        total = precision + recall
        return 2 * precision * recall / total if total else 0.0


def cloud_distances(
    predicted: Float[np.ndarray, "predicted 3"], target: Float[np.ndarray, "target 3"]
) -> CloudDistances:
    """Look up nearest points both ways, once for any number of scores."""
    return CloudDistances(
        nearest_distances(predicted, target), nearest_distances(target, predicted)
    )


def chamfer_distance(
    predicted: Float[np.ndarray, "predicted 3"], target: Float[np.ndarray, "target 3"]
) -> float:
    """Return mean squared distance to the other cloud, added up over both directions.

    ``mean_t min_p |t - p|^2 + mean_p min_t |p - t|^2``: squared, and a sum, not halved.
    ObMan's object error is this between the 642 predicted vertices and 600 points of the true
    surface, times 1e6 for mm^2; in its object-only tables the clouds are in units of the true
    object's radius (`to_unit_sphere`). Grasping Field's and gSDF's is `surface_chamfer`.

    Returns:
        Square metres for clouds in metres.
    """
    return cloud_distances(predicted, target).chamfer()


def to_unit_sphere(
    points: Float[np.ndarray, "point 3"], like: Float[np.ndarray, "other 3"]
) -> Float[np.ndarray, "point 3"]:
    """Move and scale points as takes ``like`` to radius 1 about the middle of its box."""
    middle = (like.min(axis=0) + like.max(axis=0)) / 2
    radius = np.linalg.norm(like - middle, axis=1).max()
    if not radius > 0:
        raise ValueError("points that all coincide have no unit sphere")
    return (points - middle) / radius


def surface_chamfer(
    predicted: tuple[Vertices, Faces],
    target: tuple[Vertices, Faces],
    rng: np.random.Generator,
    count: int = SURFACE_SAMPLES,
) -> float:
    """Return the Chamfer distance of points drawn on two surfaces, square metres.

    The protocol of Grasping Field (3DV 2020), AlignSDF and gSDF: 30,000 points on each mesh,
    uniform by area, then `chamfer_distance`; they report cm^2 (times 1e4) and often the median.
    """
    clouds = [
        sample_surface(vertices, faces, count, rng) for vertices, faces in (predicted, target)
    ]
    return chamfer_distance(*clouds)


def sample_surface(
    vertices: Vertices, faces: Faces, count: int, rng: np.random.Generator
) -> Float[np.ndarray, "sample 3"]:
    """Draw points on a surface, uniform by area."""
    require_surface(vertices, faces, "sampled")
    corners = vertices[faces].astype(np.float64)
    edges = corners[:, 1:] - corners[:, :1]
    areas = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    chosen = rng.choice(len(faces), count, p=areas / areas.sum())
    weights = rng.random((count, 2))
    weights = np.where(weights.sum(axis=1, keepdims=True) > 1, 1 - weights, weights)
    return corners[chosen, 0] + np.einsum("sk,skx->sx", weights, edges[chosen])


def f_score(
    predicted: Float[np.ndarray, "predicted 3"],
    target: Float[np.ndarray, "target 3"],
    threshold_m: float,
) -> float:
    """Return the harmonic mean of precision and recall at a distance (Knapitsch 2017).

    Precision is the share of predicted points that have a target point within the threshold,
    recall the share of target points that have a predicted one. FreiHAND's F@5 and F@15 take
    hand vertices and 0.005 and 0.015 m; object papers take surface samples and 0.005 and 0.010.

    Returns:
        In [0, 1].
    """
    return cloud_distances(predicted, target).f_score(threshold_m)
