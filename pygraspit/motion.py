"""Kernels that close a hand's fingers until they touch.

They go in small steps; a step that ends in a collision is cut short by halving until the
bodies that crossed are apart by less than half the contact threshold. Thresholds, step limits
and the order of tests are GraspIt!'s.
"""

from typing import NamedTuple, no_type_check

import numpy as np

from pygraspit.crossing import are_parted, new_watch, newly_crossing
from pygraspit.kernels import kernel, light_kernel
from pygraspit.kinematics import fill_link_poses
from pygraspit.queries import distance_squared, make_work
from pygraspit.transforms import copy_matrix, copy_vector

CONTACT_MM = 0.2
STOP_MM = 0.1
"""A motion cut short leaves less than this between the bodies that crossed."""
LEAST_DOF_STEP_RAD = 1e-5
MAX_ITERATIONS = 501
LEAST_FRACTION = 1e-20
"""Halving stops here: the motion began in a collision."""
LAG_RAD = 1e-7
"""A joint of a breakaway DOF that stays behind by more is disengaged."""

DONE, FAILED = 0, 1


class Hand(NamedTuple):
    """What closing a hand needs to know of it."""

    joints: tuple
    """A `JointTable`."""
    palm_body: int
    link_body: np.ndarray
    """(link,) i64: index of each link in the scene."""
    breaks_away: np.ndarray
    """(dof,) bool."""


@kernel
@no_type_check
def close_fingers(scene, hand, dofs, joints, steps, goals, stopped, touched):  # pragma: no cover
    """Step all DOFs towards their goals until each is there or stopped by a contact.

    Args:
        scene: its poses follow the hand.
        hand: which one.
        dofs: (dof,) now; updated.
        joints: (joint,) now; updated.
        steps: (dof,) signed, rad per iteration.
        goals: (dof,).
        stopped: (joint,) bool; joints that may not move; updated.
        touched: (body, body) bool; pairs that stopped a joint are set.

    Returns:
        `DONE`, or `FAILED` if the hand began in a collision: joints and DOFs then disagree.
    """
    work = make_work()
    frames = np.zeros((joints.shape[0], 4, 4))
    poses = np.zeros((hand.link_body.shape[0], 4, 4))
    bodies = scene.root.shape[0]
    chosen = np.zeros(bodies, np.bool_)
    pairs = np.zeros((bodies * (bodies - 1) // 2 + 1, 2), np.int64)
    more = np.zeros_like(pairs)
    target, start, trial = np.zeros_like(dofs), np.zeros_like(joints), np.zeros_like(joints)
    watch = new_watch(bodies)
    for _ in range(MAX_ITERATIONS):
        copy_vector(joints, start)
        if not next_joints(hand, dofs, joints, steps, goals, stopped, target, trial):
            break
        copy_vector(trial, joints)
        _pose_links(scene, hand, joints, frames, poses)
        _choose_free_links(hand, stopped, chosen)
        last, count = 0, newly_crossing(scene, work, watch, chosen, pairs)
        while count > 0:
            copy_vector(joints, trial)
            fraction = _bisect_joints(
                scene, work, watch, hand, start, trial, joints, pairs[:count], frames, poses
            )
            if fraction < 0.0:
                return FAILED
            for dof in range(dofs.shape[0]):
                target[dof] = dofs[dof] + fraction * (target[dof] - dofs[dof])
            last, count = count, newly_crossing(scene, work, watch, chosen, more)
            if count > 0:
                pairs, more = more, pairs
        copy_vector(target, dofs)
        _stop_at_contacts(scene, work, hand, pairs[:last], trial, joints, stopped, touched)
    return DONE


@light_kernel
@no_type_check
def next_joints(hand, dofs, joints, steps, goals, stopped, target, trial):  # pragma: no cover
    """Fill the next DOFs and joints; return whether anything moves."""
    copy_vector(dofs, target)
    copy_vector(joints, trial)
    any_moves = False
    for dof in range(dofs.shape[0]):
        if steps[dof] > 0.0:
            wanted = min(dofs[dof] + steps[dof], goals[dof])
        else:
            wanted = max(dofs[dof] + steps[dof], goals[dof])
        if steps[dof] == 0.0 or abs(wanted - dofs[dof]) < LEAST_DOF_STEP_RAD:
            continue
        if not _may_move(hand, dof, stopped):
            continue
        any_moves, target[dof] = True, wanted
        for joint in range(joints.shape[0]):
            if hand.joints.dof[joint] == dof and not stopped[joint]:
                trial[joint] = _follow(hand, dof, joint, dofs[dof], joints[joint], wanted)
    return any_moves


@light_kernel
@no_type_check
def _may_move(hand, dof, stopped):  # pragma: no cover
    """Say whether a DOF may move: a rigid one needs all its joints, a breakaway one any."""
    any_free = any_stopped = False
    for joint in range(stopped.shape[0]):
        if hand.joints.dof[joint] == dof:
            any_free |= not stopped[joint]
            any_stopped |= stopped[joint]
    return any_free and (hand.breaks_away[dof] or not any_stopped)


@light_kernel
@no_type_check
def _follow(hand, dof, joint, value, joint_value, wanted):  # pragma: no cover
    """Return where a joint goes; a disengaged one waits for its DOF to come back to it."""
    goal = hand.joints.ratio[joint] * wanted
    lag = hand.joints.ratio[joint] * value - joint_value
    if not hand.breaks_away[dof] or abs(lag) < LAG_RAD:
        return goal
    return min(goal, joint_value) if lag > 0.0 else max(goal, joint_value)


@light_kernel
@no_type_check
def _pose_links(scene, hand, joints, frames, poses):  # pragma: no cover
    fill_link_poses(hand.joints, scene.poses[hand.palm_body], joints, frames, poses)
    for link in range(poses.shape[0]):
        copy_matrix(poses[link], scene.poses[hand.link_body[link]])


@light_kernel
@no_type_check
def _choose_free_links(hand, stopped, chosen):  # pragma: no cover
    chosen[:] = False
    for link in range(hand.link_body.shape[0]):
        joint = hand.joints.link_joint[link]
        chosen[hand.link_body[link]] = joint >= 0 and not stopped[joint]


@light_kernel
@no_type_check
def _bisect_joints(
    scene, work, watch, hand, start, stop, joints, pairs, frames, poses
):  # pragma: no cover
    """Set joints between start and stop so that the pairs are just apart; return the fraction.

    Negative if there is no such fraction.
    """
    fraction, width = 0.0, 1.0
    while True:
        for joint in range(joints.shape[0]):
            joints[joint] = fraction * stop[joint] + (1.0 - fraction) * start[joint]
        _pose_links(scene, hand, joints, frames, poses)
        verdict = judge(scene, work, watch, pairs)
        if verdict == 0:
            return fraction
        width *= 0.5
        fraction += verdict * width
        if fraction < 0.0 or width < LEAST_FRACTION:
            return -1.0


@light_kernel
@no_type_check
def judge(scene, work, watch, pairs):  # pragma: no cover
    """Return 1 if all pairs are too far apart still, -1 if any cross, 0 if just right."""
    least = STOP_MM * STOP_MM
    for index in range(pairs.shape[0]):
        if are_parted(scene, work, watch, pairs[index], STOP_MM):
            continue
        here = distance_squared(scene, work, pairs[index, 0], pairs[index, 1], least)
        if here <= 0.0:
            return -1
        least = min(least, here)
    return 1 if least >= STOP_MM * STOP_MM else 0


@light_kernel
@no_type_check
def _stop_at_contacts(
    scene, work, hand, pairs, wanted, joints, stopped, touched
):  # pragma: no cover
    """Stop the joints that move a link that now touches."""
    limit = CONTACT_MM * CONTACT_MM
    for index in range(pairs.shape[0]):
        first, second = pairs[index, 0], pairs[index, 1]
        if not 0.0 < distance_squared(scene, work, first, second, limit) < limit:
            continue
        touched[first, second] = touched[second, first] = True
        for link in range(hand.link_body.shape[0]):
            if hand.link_body[link] == first or hand.link_body[link] == second:
                stop_upstream(hand.joints, link, wanted, joints, stopped)


@light_kernel
@no_type_check
def stop_upstream(table, link, wanted, joints, stopped):  # pragma: no cover
    """Mark the moving joints from the palm to a link as stopped.

    Joints at rest keep their mark: a link behind them alone is still tested for collisions.
    """
    for joint in range(table.chain_start[table.link_chain[link]], table.link_joint[link] + 1):
        stopped[joint] |= wanted[joint] != joints[joint]
