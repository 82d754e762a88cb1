"""From where the hand is seen, in the hand's own frame."""

import numpy as np
from jaxtyping import Float, Num
from scipy.spatial.transform import Rotation

CELLS_PER_SIDE = (4, 12)
"""Fewest and most bins of the sine of latitude; longitude has twice as many."""


def directions_to_camera(
    global_orient: Float[np.ndarray, "sample 3"], wrists_m: Float[np.ndarray, "sample 3"]
) -> Float[np.ndarray, "sample 3"]:
    """Return unit vectors from the wrist to the camera in the axes of the unposed hand.

    The hand model's ``global_orient`` takes those axes to the camera's, so its inverse takes
    the direction back.
    """
    towards = -wrists_m / np.linalg.norm(wrists_m, axis=1, keepdims=True)
    return Rotation.from_rotvec(global_orient).inv().apply(towards)


def count_directions(directions: Float[np.ndarray, "sample 3"]) -> dict[str, list]:
    """Count directions in cells of equal solid angle.

    Longitude 0 looks at the palm (the hand's -y axis), 90 degrees along the fingers (x);
    latitude is the angle towards z. Bins are even in the sine of latitude, which makes their
    solid angles equal.
    """
    fewest, most = CELLS_PER_SIDE
    bins = int(np.clip(np.sqrt(len(directions) / 4), fewest, most))
    longitude = np.degrees(np.arctan2(directions[:, 0], -directions[:, 1]))
    sine = np.clip(directions[:, 2], -1, 1)
    counts, longitudes, sines = np.histogram2d(
        longitude, sine, bins=(2 * bins, bins), range=((-180, 180), (-1, 1))
    )
    return {
        "longitude_edges_deg": longitudes.tolist(),
        "sine_of_latitude_edges": [round(float(edge), 6) for edge in sines],
        "counts": counts.astype(int).tolist(),
    }


def evenness(counts: Num[np.ndarray, "*cells"]) -> float:
    """Return the entropy of the counts over that of the uniform distribution, in [0, 1]."""
    share = counts[counts > 0] / max(counts.sum(), 1)
    return float(-(share * np.log(share)).sum() / np.log(counts.size))
