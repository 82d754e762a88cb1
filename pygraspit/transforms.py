"""Rigid transforms: (4, 4) matrices named ``target_from_source``, and GraspIt!'s way to write them.

GraspIt! treats a turn of less than `NO_TURN_RAD` as none, wherever an angle makes a rotation.
"""

from typing import no_type_check

import numpy as np
from jaxtyping import Float

from pygraspit.kernels import light_kernel

NO_TURN_RAD = 0.001

Transform = Float[np.ndarray, "4 4"]


def rigid(rotation: Float[np.ndarray, "3 3"], translation: Float[np.ndarray, "3"]) -> Transform:
    """Return the transform that turns and then shifts."""
    transform = np.eye(4)
    transform[:3, :3], transform[:3, 3] = rotation, translation
    return transform


def translation(x: float, y: float, z: float) -> Transform:
    """Return a shift."""
    return rigid(np.eye(3), np.array([x, y, z], float))


def rotation(angle_rad: float, axis: Float[np.ndarray, "3"]) -> Transform:
    """Return the turn about a unit axis; below `NO_TURN_RAD`, as in GraspIt!, no turn."""
    if abs(angle_rad) < NO_TURN_RAD:
        return np.eye(4)
    half = 0.5 * angle_rad
    return rigid(matrix_from_quaternion(np.array([np.cos(half), *(np.sin(half) * axis)])), ORIGIN)


ORIGIN = np.zeros(3)


def inverse(target_from_source: Transform) -> Transform:
    """Return ``source_from_target``."""
    turned = target_from_source[:3, :3].T
    return rigid(turned, -turned @ target_from_source[:3, 3])


def points_to(target_from_source: Transform, points) -> np.ndarray:
    """Express points of the source frame, (..., 3), in the target frame."""
    return points @ target_from_source[:3, :3].T + target_from_source[:3, 3]


def matrix_from_quaternion(quaternion: Float[np.ndarray, "4"]) -> Float[np.ndarray, "3 3"]:
    """Return the rotation of a quaternion (w, x, y, z) of any length but zero."""
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_from_matrix(matrix: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "4"]:
    """Return the unit quaternion (w, x, y, z), w not negative, of a rotation.

    By Shepperd's method (1978), as GraspIt! does: of a matrix that is not quite a rotation
    other methods return other quaternions.
    """
    trace = float(np.trace(matrix))
    if trace > 0.0:
        off = [
            matrix[2, 1] - matrix[1, 2],
            matrix[0, 2] - matrix[2, 0],
            matrix[1, 0] - matrix[0, 1],
        ]
        quaternion = np.array([trace + 1.0, *off])
    else:
        i = int(np.diag(matrix).argmax())
        j, k = (i + 1) % 3, (i + 2) % 3
        quaternion = np.zeros(4)
        quaternion[0] = matrix[k, j] - matrix[j, k]
        quaternion[1 + i] = matrix[i, i] - matrix[j, j] - matrix[k, k] + 1.0
        quaternion[1 + j] = matrix[j, i] + matrix[i, j]
        quaternion[1 + k] = matrix[k, i] + matrix[i, k]
    quaternion /= np.linalg.norm(quaternion)
    return -quaternion if quaternion[0] < 0.0 else quaternion


def from_pose(pose: Float[np.ndarray, "7"]) -> Transform:
    """Return the transform of (x, y, z, qw, qx, qy, qz)."""
    pose = np.asarray(pose, np.float64)
    return rigid(matrix_from_quaternion(pose[3:]), pose[:3])


def to_pose(transform: Transform) -> Float[np.ndarray, "7"]:
    """Return (x, y, z, qw, qx, qy, qz) of a transform."""
    return np.concatenate([transform[:3, 3], quaternion_from_matrix(transform[:3, :3])])


@light_kernel
@no_type_check
def multiply(left, right, product):  # pragma: no cover
    """Fill ``product`` with left @ right, both rigid; it may not be either of them."""
    for row in range(3):
        for column in range(4):
            total = left[row, 3] if column == 3 else 0.0
            for inner in range(3):
                total += left[row, inner] * right[inner, column]
            product[row, column] = total
    product[3, 0] = product[3, 1] = product[3, 2] = 0.0
    product[3, 3] = 1.0


@light_kernel
@no_type_check
def move_point(pose, point, moved):  # pragma: no cover
    """Fill a point given in the frame of a pose."""
    x, y, z = point[0], point[1], point[2]
    for row in range(3):
        moved[row] = pose[row, 0] * x + pose[row, 1] * y + pose[row, 2] * z + pose[row, 3]


@light_kernel
@no_type_check
def turn_vector(pose, vector, turned):  # pragma: no cover
    """Fill a direction given in the frame of a pose."""
    x, y, z = vector[0], vector[1], vector[2]
    for row in range(3):
        turned[row] = pose[row, 0] * x + pose[row, 1] * y + pose[row, 2] * z


@light_kernel
@no_type_check
def copy_vector(source, target):  # pragma: no cover
    """Do ``target[:] = source`` without the copy that guards against their overlap."""
    for i in range(source.shape[0]):
        target[i] = source[i]


@light_kernel
@no_type_check
def copy_matrix(source, target):  # pragma: no cover
    """Do ``target[:] = source`` without the copy that guards against their overlap."""
    for i in range(source.shape[0]):
        for k in range(source.shape[1]):
            target[i, k] = source[i, k]
