"""Kernels that move bodies as one until they touch something.

Steps, halving and thresholds are those of `pygraspit.motion`.
"""

from typing import no_type_check

import numpy as np

from pygraspit.crossing import new_watch, newly_crossing
from pygraspit.kernels import kernel, light_kernel
from pygraspit.motion import LEAST_FRACTION, judge
from pygraspit.queries import make_work
from pygraspit.transforms import multiply


@kernel
@no_type_check
def move_rigidly(scene, group, way, step_share, touched):  # pragma: no cover
    """Move bodies together along a way until it ends or something is hit.

    Args:
        scene: its poses follow.
        group: (bodies, (body, 4, 4) leader_from_body, (4, 4) work space): who moves; the leader is
            the first.
        way: (start pose, shift (3,), axis (3,), angle): the leader's motion.
        step_share: of the way, per step.
        touched: (body, body) bool; pairs that stopped the motion are set.

    Returns:
        Whether anything was hit; the group stands just before it, or, if it began in a
        collision, where the step began.
    """
    work = make_work()
    bodies = scene.root.shape[0]
    watch = new_watch(bodies)
    chosen = np.zeros(bodies, np.bool_)
    for body in group[0]:
        chosen[body] = True
    pairs = np.zeros((bodies * (bodies - 1) // 2 + 1, 2), np.int64)
    more = np.zeros_like(pairs)
    done = 0.0
    while done < 1.0:
        before, done = done, min(done + step_share, 1.0)
        _stand(scene, group, way, done)
        count = newly_crossing(scene, work, watch, chosen, pairs)
        if count == 0:
            continue
        stop, last = done, 0
        while count > 0:
            last = count
            stop = _bisect_way(scene, work, watch, group, way, before, stop, pairs[:count])
            if stop < 0.0:
                _stand(scene, group, way, before)
                return True
            count = newly_crossing(scene, work, watch, chosen, more)
            if count > 0:
                pairs, more = more, pairs
        for index in range(last):
            touched[pairs[index, 0], pairs[index, 1]] = True
            touched[pairs[index, 1], pairs[index, 0]] = True
        return True
    return False


@light_kernel
@no_type_check
def _bisect_way(scene, work, watch, group, way, start, stop, pairs):  # pragma: no cover
    """Stand where the pairs are just apart; return the share of the way, negative if nowhere."""
    fraction, width = 0.0, 1.0
    while True:
        _stand(scene, group, way, start + fraction * (stop - start))
        verdict = judge(scene, work, watch, pairs)
        if verdict == 0:
            return start + fraction * (stop - start)
        width *= 0.5
        fraction += verdict * width
        if fraction < 0.0 or width < LEAST_FRACTION:
            return -1.0


@light_kernel
@no_type_check
def _stand(scene, group, way, share):  # pragma: no cover
    """Pose the group at a share of its way."""
    bodies, leader_from_body, leader = group
    start, shift, axis, angle = way
    _turn(axis, share * angle, start, leader)
    for i in range(3):
        leader[i, 3] = start[i, 3] + share * shift[i]
    for index in range(bodies.shape[0]):
        multiply(leader, leader_from_body[index], scene.poses[bodies[index]])


@light_kernel
@no_type_check
def _turn(axis, angle, start, leader):  # pragma: no cover
    """Fill the leader's rotation: ``start`` turned about a world axis (Rodrigues)."""
    cos, sin = np.cos(angle), np.sin(angle)
    for column in range(3):
        v = start[:3, column]
        along = (axis[0] * v[0] + axis[1] * v[1] + axis[2] * v[2]) * (1.0 - cos)
        leader[0, column] = cos * v[0] + sin * (axis[1] * v[2] - axis[2] * v[1]) + along * axis[0]
        leader[1, column] = cos * v[1] + sin * (axis[2] * v[0] - axis[0] * v[2]) + along * axis[1]
        leader[2, column] = cos * v[2] + sin * (axis[0] * v[1] - axis[1] * v[0]) + along * axis[2]
