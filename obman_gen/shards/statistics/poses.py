"""How varied the hands' poses are."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num, UInt64

from obman_gen.shards.statistics.distributions import histogram, rounded, shares

FINGERS = ("thumb", "index", "middle", "ring", "little")
MANO_ROWS = {"index": 0, "middle": 3, "little": 6, "ring": 9, "thumb": 12}
"""First of the three rows of each finger among the 15 rotation vectors of a pose."""
MAP_POINTS = 1000
"""At most so many poses are mapped: 2,000 would take a quarter of a minute."""
_NEIGHBOURS = 30
BEND_EDGES_DEG = np.linspace(0, 120, 31)


class PoseSpace(NamedTuple):
    """Principal axes of distinct poses, largest spread first."""

    mean: Float[np.ndarray, "45"]
    axes: Float[np.ndarray, "axis 45"]
    variances: Float[np.ndarray, "axis"]
    """Square radians along each axis."""


def row_keys(rows: Num[np.ndarray, "row column"]) -> UInt64[np.ndarray, "row"]:
    """Return a number per row that is equal for equal rows, bit for bit.

    A fixed random linear map modulo 2^64: different rows of a million collide with a chance
    of about 1e-7, and nothing is sorted but numbers.
    """
    words = np.ascontiguousarray(rows, np.float32).view(np.uint32).astype(np.uint64)
    factors = np.random.default_rng(0).integers(1 << 63, size=rows.shape[1], dtype=np.uint64)
    return (words * (2 * factors + 1)).sum(axis=1, dtype=np.uint64)


def distinct_rows(rows: Num[np.ndarray, "row column"]) -> Int[np.ndarray, "distinct"]:
    """Return the first index of every distinct row, in order of appearance."""
    return np.sort(np.unique(row_keys(rows), return_index=True)[1])


def pose_space(poses: Float[np.ndarray, "pose 45"]) -> PoseSpace:
    """Return the principal axes; each one's largest entry is positive, so that signs are fixed."""
    mean = poses.mean(axis=0, dtype=np.float64)
    covariance = np.cov(poses.T.astype(np.float64), bias=True).reshape(45, 45)
    variances, columns = np.linalg.eigh(covariance)
    axes = columns.T[::-1]
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    return PoseSpace(mean, axes, np.maximum(variances[::-1], 0.0))


def neighbour_map(poses: Float[np.ndarray, "pose 45"]) -> Float[np.ndarray, "pose 2"]:
    """Lay poses out in a plane so that those alike lie close together: t-SNE, without unit.

    L. van der Maaten, G. Hinton: Visualizing data using t-SNE, JMLR 2008. It starts from the two
    principal axes and draws nothing at random, so equal poses give an equal map.

    Args:
        poses: rotation vectors, radians; fewer than four have no neighbourhoods, and lie on
            their principal axes.
    """
    from sklearn.manifold import TSNE

    if len(poses) < 4:
        space = pose_space(poses)
        return (poses - space.mean) @ space.axes[:2].T
    perplexity = min(_NEIGHBOURS, (len(poses) - 1) / 3)
    return TSNE(init="pca", perplexity=perplexity, random_state=0).fit_transform(poses)


def spread_out(poses: Float[np.ndarray, "pose 45"], count: int) -> Int[np.ndarray, "chosen"]:
    """Choose poses far from each other: start nearest the mean, then always the farthest."""
    gap = np.linalg.norm(poses - poses.mean(axis=0), axis=1)
    chosen = [int(gap.argmin())]
    gap = np.linalg.norm(poses - poses[chosen[0]], axis=1)
    while len(chosen) < min(count, len(poses)):
        chosen.append(int(gap.argmax()))
        gap = np.minimum(gap, np.linalg.norm(poses - poses[chosen[-1]], axis=1))
    return np.array(chosen)


def bends_deg(poses: Float[np.ndarray, "pose 45"]) -> dict[str, Float[np.ndarray, "pose 3"]]:
    """Return by finger how far each joint, base first, is turned from the flat hand."""
    angles = np.degrees(np.linalg.norm(poses.reshape(-1, 15, 3), axis=2))
    return {finger: angles[:, MANO_ROWS[finger] :][:, :3] for finger in FINGERS}


def describe_poses(poses: Float[np.ndarray, "sample 45"], categories: np.ndarray) -> dict[str, Any]:
    """Describe the distinct poses among the samples'."""
    first = distinct_rows(poses)
    distinct, labels = poses[first].astype(np.float64), categories[first]
    space = pose_space(distinct)
    total = space.variances.sum()
    # One pose, however often it is seen, leaves nothing to explain.
    explained = np.cumsum(space.variances) / total if total else np.zeros(0)
    shown = np.linspace(0, len(distinct) - 1, min(len(distinct), MAP_POINTS)).astype(int)
    flat = (distinct[shown] - space.mean) @ space.axes[:2].T
    neighbours = neighbour_map(distinct[shown])
    return {
        "distinct_poses": len(distinct),
        "per_category": shares(labels),
        "spread_rad": rounded(np.sqrt(space.variances.sum())),
        "explained_variance": [rounded(share, 4) for share in explained],
        "axes_for_90_percent": int(np.searchsorted(explained, 0.9) + bool(total)),
        "map": {
            "x_rad": [rounded(x, 4) for x in flat[:, 0]],
            "y_rad": [rounded(y, 4) for y in flat[:, 1]],
            "neighbour_x": [rounded(x, 4) for x in neighbours[:, 0]],
            "neighbour_y": [rounded(y, 4) for y in neighbours[:, 1]],
            "category": labels[shown].astype(str).tolist(),
        },
        "bend_deg": {
            finger: [
                {"mean": rounded(joint.mean(), 4), **histogram(joint, BEND_EDGES_DEG)}
                for joint in angles.T
            ]
            for finger, angles in bends_deg(distinct).items()
        },
    }
