"""The best states found, no two alike: GraspIt!'s list of planning results."""

from typing import NamedTuple, no_type_check

import numpy as np

from pygraspit.kernels import light_kernel
from pygraspit.transforms import copy_matrix, copy_vector

LEAST_DISTANCE = 0.2
"""States nearer than this are the same grasp."""
OPEN_THRESHOLD = 1e5
"""While there is room, any energy below this may enter."""


class Shortlist(NamedTuple):
    """Room for the best states; the first ``count[0]`` rows are filled, best first."""

    energy: np.ndarray
    state: np.ndarray
    frame: np.ndarray
    """(row, 4, 4) approach frames, mm."""
    step: np.ndarray
    count: np.ndarray


def new_shortlist(size: int, variable_count: int) -> Shortlist:
    """Return an empty list."""
    return Shortlist(
        energy=np.full(size, np.inf),
        state=np.zeros((size, variable_count)),
        frame=np.zeros((size, 4, 4)),
        step=np.zeros(size, np.int64),
        count=np.zeros(1, np.int64),
    )


@light_kernel
@no_type_check
def consider(shortlist, energy, state, frame, step, max_radius):  # pragma: no cover
    """Enter a state if it is good and new; worse ones near it leave."""
    size, count = shortlist.energy.shape[0], shortlist.count[0]
    threshold = OPEN_THRESHOLD if count < size else shortlist.energy[count - 1]
    if not energy < threshold:
        return False
    for row in range(count):
        near = state_distance(frame, shortlist.frame[row], max_radius) < LEAST_DISTANCE
        if near and shortlist.energy[row] <= energy:
            return False
    kept = 0
    for row in range(count):
        if state_distance(frame, shortlist.frame[row], max_radius) >= LEAST_DISTANCE:
            if kept != row:
                _copy(shortlist, kept, row)
            kept += 1
    place = min(kept, size - 1)
    while place > 0 and shortlist.energy[place - 1] > energy:
        _copy(shortlist, place, place - 1)
        place -= 1
    shortlist.energy[place] = energy
    copy_vector(state, shortlist.state[place])
    copy_matrix(frame, shortlist.frame[place])
    shortlist.step[place] = step
    shortlist.count[0] = min(kept + 1, size)
    return True


@light_kernel
@no_type_check
def state_distance(one, other, max_radius):  # pragma: no cover
    """Return the larger of shift over object radius and half the turn over pi."""
    shift = 0.0
    trace = 0.0
    for i in range(3):
        shift += (one[i, 3] - other[i, 3]) ** 2
        for k in range(3):
            trace += one[i, k] * other[i, k]
    angle = np.arccos(min(max(0.5 * (trace - 1.0), -1.0), 1.0))
    return max(np.sqrt(shift) / max_radius, 0.5 * angle / np.pi)


@light_kernel
@no_type_check
def _copy(shortlist, target, source):  # pragma: no cover
    shortlist.energy[target] = shortlist.energy[source]
    copy_vector(shortlist.state[source], shortlist.state[target])
    copy_matrix(shortlist.frame[source], shortlist.frame[target])
    shortlist.step[target] = shortlist.step[source]
