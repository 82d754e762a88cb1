"""Errors of predicted joints and vertices that correspond one to one."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

OBMAN_MAX_THRESHOLD_M = 0.05
OBMAN_THRESHOLD_COUNT = 20
"""ObMan's (and Zimmermann's) curve: 20 thresholds from 0 to 50 mm. FreiHAND's has 100."""


class PckCurve(NamedTuple):
    """Share of points closer to the truth than each threshold."""

    thresholds_m: Float[np.ndarray, "threshold"]
    shares: Float[np.ndarray, "threshold"]
    """In [0, 1]."""
    auc: float
    """Area under the curve by trapezoids, 1 at best."""


def point_errors(
    predicted: Float[np.ndarray, "*batch point 3"],
    target: Float[np.ndarray, "*batch point 3"],
    root_index: int | None,
) -> Float[np.ndarray, "*batch point"]:
    """Return the distance of each predicted point to its target, metres.

    Args:
        predicted: metres.
        target: metres, the same points in the same order.
        root_index: the point that is moved to the origin on both sides first, for example 0
            for the wrist or 9 for the base of the middle finger; None compares as given. The
            root's own error is then 0, and counts in every mean over points.

    Raises:
        ValueError: if the shapes differ.
    """
    if predicted.shape != target.shape:
        raise ValueError(
            f"predicted points have shape {predicted.shape}, targets {target.shape}: "
            "they must correspond one to one"
        )
    if root_index is not None:
        predicted = predicted - predicted[..., root_index, None, :]
        target = target - target[..., root_index, None, :]
    return np.linalg.norm(predicted.astype(np.float64) - target, axis=-1)


def end_point_error(
    predicted: Float[np.ndarray, "*batch point 3"],
    target: Float[np.ndarray, "*batch point 3"],
    root_index: int | None,
) -> float:
    """Return the mean distance over all samples and points, metres.

    With 21 joints and the wrist as root this is ObMan's hand error; with vertices it is the
    mesh error (pass the joints' root by subtracting it first, then ``root_index=None``).
    See `point_errors` for the arguments.
    """
    return float(point_errors(predicted, target, root_index).mean())


def pck_curve(
    errors_m: Float[np.ndarray, "*batch point"],
    max_threshold_m: float = OBMAN_MAX_THRESHOLD_M,
    threshold_count: int = OBMAN_THRESHOLD_COUNT,
) -> PckCurve:
    """Return the percentage of correct keypoints over thresholds from 0 to the largest.

    The mean over joints of each joint's area, as ObMan reports it, is the area of this curve,
    because every joint occurs equally often.
    """
    thresholds_m = np.linspace(0, max_threshold_m, threshold_count)
    ordered = np.sort(errors_m, axis=None)
    shares = np.searchsorted(ordered, thresholds_m, side="right") / len(ordered)
    auc = float(np.mean((shares[1:] + shares[:-1]) / 2))
    return PckCurve(thresholds_m, shares, auc)


def pck_auc(
    errors_m: Float[np.ndarray, "*batch point"],
    max_threshold_m: float = OBMAN_MAX_THRESHOLD_M,
    threshold_count: int = OBMAN_THRESHOLD_COUNT,
) -> float:
    """Return the area under `pck_curve`, in [0, 1], of errors from `point_errors`."""
    return pck_curve(errors_m, max_threshold_m, threshold_count).auc


def procrustes_aligned(
    predicted: Float[np.ndarray, "*batch point 3"],
    target: Float[np.ndarray, "*batch point 3"],
    rotate: bool = True,
    rescale: bool = True,
) -> Float[np.ndarray, "*batch point 3"]:
    """Move each predicted cloud onto its target by the best similarity transform.

    Least squares after Umeyama (PAMI 1991): rotations only, never a mirror image, which is
    where FreiHAND's evaluation code may differ on far-off predictions. Without ``rotate`` this
    is the scale-and-translation alignment of HO-3D, without ``rescale`` a rigid one.
    """
    centre = target.mean(axis=-2, keepdims=True)
    moving, fixed = predicted - predicted.mean(axis=-2, keepdims=True), target - centre
    if rotate:
        moving = moving @ _best_rotation(moving, fixed)
    if rescale:
        spread = (moving * moving).sum(axis=(-2, -1), keepdims=True)
        overlap = (moving * fixed).sum(axis=(-2, -1), keepdims=True)
        moving = moving * np.where(spread > 0, overlap / np.where(spread > 0, spread, 1), 1)
    return moving + centre


def _best_rotation(moving, fixed) -> Float[np.ndarray, "*batch 3 3"]:
    """Return R such that ``moving @ R`` is closest to ``fixed``."""
    left, _, right = np.linalg.svd(np.swapaxes(moving, -1, -2) @ fixed)
    # A reflection would fit better where the determinant is negative: turn the weakest axis.
    left[..., :, 2] *= np.sign(np.linalg.det(left @ right))[..., None]
    return left @ right
