"""Names for the array shapes this project passes around.

A transform is named ``target_from_source``: it takes coordinates in ``source`` to
coordinates in ``target``, so neighbouring names cancel when transforms are chained:
``camera_from_object = camera_from_world @ world_from_object``.
"""

import numpy as np
from jaxtyping import Float, Integer, Shaped

Points = Float[np.ndarray, "*batch 3"]
Vertices = Float[np.ndarray, "vertex 3"]
Faces = Integer[np.ndarray, "face 3"]
Rotation = Float[np.ndarray, "3 3"]
Transform = Float[np.ndarray, "4 4"]

SNAP_DECIMALS = 10


def snapped(values: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Round to 1e-10, which drops what differs from call to call.

    Matrix products and SVDs add up in an order that depends on where arrays happen to lie in
    memory, so their last bits vary within one process. A search that compares numbers makes
    another grasp of that; what it starts from is snapped.
    """
    return np.round(values, SNAP_DECIMALS) + 0.0  # no negative zeros


def transform_points(target_from_source: Transform, points_source: Points) -> Points:
    """Express points given in the source frame in the target frame."""
    rotation, translation = target_from_source[:3, :3], target_from_source[:3, 3]
    return points_source @ rotation.T + translation


def inverse_rigid(target_from_source: Transform) -> Transform:
    """Return ``source_from_target`` for a rotation-plus-translation transform."""
    rotation, translation = target_from_source[:3, :3], target_from_source[:3, 3]
    source_from_target = np.eye(4)
    source_from_target[:3, :3] = rotation.T
    source_from_target[:3, 3] = -rotation.T @ translation
    return source_from_target


def uniform_rotation(rng: np.random.Generator) -> Rotation:
    """Draw from the Haar measure: a normal 4-vector, normalised, is a uniform quaternion."""
    quaternion = rng.normal(size=4)
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def distinct_rows(
    rows: Shaped[np.ndarray, "row column"],
) -> tuple[Integer[np.ndarray, "distinct"], Integer[np.ndarray, "row"]]:
    """Return where each distinct row first is, rows in order, and which one each row is.

    As `np.unique`, which compares rows as bytes are compared: ten times slower.
    """
    order = np.lexsort(rows.T[::-1])
    is_new = np.ones(len(rows), bool)
    is_new[1:] = (rows[order[1:]] != rows[order[:-1]]).any(axis=1)
    number = np.zeros(len(rows), int)
    number[order] = np.cumsum(is_new) - 1
    return order[is_new], number
