"""Which motions the present contacts forbid: those that push a contact into its other body."""

import numpy as np
from jaxtyping import Float

from pygraspit.contacts import Contact
from pygraspit.kinematics import Kinematics
from pygraspit.transforms import inverse, rigid, rotation

TRIAL_TURN_RAD = 0.1
PUSH_LIMIT_MM = 1e-9


def forbids_rigid_motion(
    world_from_body: Float[np.ndarray, "4 4"],
    motion: Float[np.ndarray, "4 4"],
    contacts: list[Contact],
) -> bool:
    """Say whether a world motion moves the body against one of its contacts."""
    if not contacts:
        return False
    return _is_pushed(inverse(world_from_body) @ motion @ world_from_body, contacts)


def _is_pushed(motion_in_body: Float[np.ndarray, "4 4"], contacts: list[Contact]) -> bool:
    return any(
        (motion_in_body[:3, :3] @ side.position + motion_in_body[:3, 3] - side.position)
        @ side.normal
        < -PUSH_LIMIT_MM
        for side in contacts
    )


def blocked_links(
    kinematics: Kinematics,
    world_from_palm: Float[np.ndarray, "4 4"],
    joints: Float[np.ndarray, "joint"],
    wanted_joints: Float[np.ndarray, "joint"],
    world_from_link: Float[np.ndarray, "link 4 4"],
    contacts: dict[int, list[Contact]],
) -> list[int]:
    """Return the first link of each chain that a small trial turn pushes into a contact.

    The trial turns all joints that want to move. Links farther out are left for the next
    trial, without the joints that this one stops.

    Args:
        kinematics: of the hand.
        world_from_palm: where it stands.
        joints: where they are.
        wanted_joints: where they go next.
        world_from_link: of every link.
        contacts: by link index, the link's sides.
    """
    trial = TRIAL_TURN_RAD * np.sign(wanted_joints - joints)
    axes, origins = _joint_axes(kinematics, world_from_palm, joints)
    first: dict[int, int] = {}
    for link, sides in sorted(contacts.items()):
        chain = int(kinematics.table.link_chain[link])
        motion = _link_motion(kinematics, link, trial, axes, origins, world_from_link)
        if chain not in first and _is_pushed(motion, sides):
            first[chain] = link
    return list(first.values())


def _joint_axes(kinematics: Kinematics, world_from_palm, joints):
    """Return (joint, 3) directions and (joint, 3) points of the joints' axes, world."""
    table = kinematics.table
    frames = kinematics.joint_frames(world_from_palm, joints)
    before = np.zeros_like(frames)
    before[1:] = frames[:-1]
    for chain, start in enumerate(table.chain_start[:-1]):
        if start < len(frames):
            before[start] = world_from_palm @ table.palm_from_base[chain]
    return before[:, :3, 2], before[:, :3, 3]


def _link_motion(kinematics, link, trial, axes, origins, world_from_link):
    """Return the link's motion in its own frame, to first order, as shift and turns."""
    table = kinematics.table
    joints = range(table.chain_start[table.link_chain[link]], table.link_joint[link] + 1)
    here = world_from_link[link]
    shift, turn = np.zeros(3), np.zeros(3)
    for joint in joints:
        if table.slides[joint]:
            shift += trial[joint] * axes[joint]
        else:
            shift += trial[joint] * np.cross(axes[joint], here[:3, 3] - origins[joint])
            turn += trial[joint] * axes[joint]
    return roll_pitch_yaw(turn @ here[:3, :3], shift @ here[:3, :3])


def roll_pitch_yaw(turns: Float[np.ndarray, "3"], shift: Float[np.ndarray, "3"]):
    """Return the transform that turns about fixed x, y, z and then shifts."""
    x, y, z = (rotation(float(turn), axis) for turn, axis in zip(turns, np.eye(3), strict=True))
    return rigid((z @ y @ x)[:3, :3], shift)
