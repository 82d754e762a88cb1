"""The radii of many sets of forces, on the host: hulls grow by branches, which a GPU is slow at."""

from concurrent.futures import ThreadPoolExecutor
from typing import no_type_check

import numpy as np
import torch
from jaxtyping import Bool, Float

from pygraspit.kernels import light_kernel
from pygraspit.planner.hull import hull_epsilon, new_workspace
from pygraspit.transforms import copy_vector


def force_epsilons(
    forces: Float[np.ndarray, "set force 3"],
    counted: Bool[np.ndarray, "set force"],
    with_origin: Bool[np.ndarray, "set"],
) -> Float[np.ndarray, "set"]:
    """Return the radius of the largest ball in each hull; see `hull.force_epsilon`.

    Args:
        forces: of every set.
        counted: which of them there are.
        with_origin: whether the origin is one of a set's points.
    """
    radii = np.zeros(len(forces))
    parts = np.array_split(np.arange(len(forces)), max(1, torch.get_num_threads()))

    def fill(rows: np.ndarray) -> None:
        if len(rows):
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            points = np.zeros(forces.shape[1:])
            _fill_radii(
                forces[part], counted[part], with_origin[part], radii[part], points,
                *new_workspace(),
            )  # fmt: skip

    if len(parts) == 1:
        fill(parts[0])
    else:
        with ThreadPoolExecutor(len(parts)) as pool:
            list(pool.map(fill, parts))
    return radii


@light_kernel
@no_type_check
def _fill_radii(
    forces, counted, with_origin, radii, points, corners, planes, rim
):  # pragma: no cover
    for row in range(forces.shape[0]):
        count = 0
        for place in range(forces.shape[1]):
            if counted[row, place]:
                copy_vector(forces[row, place], points[count])
                count += 1
        radii[row] = hull_epsilon(points, count, with_origin[row], corners, planes, rim)
