"""A MANO-schema hand as five serial chains of hinges, and postures in both languages.

MANO turns every finger joint by a free rotation expressed in the axes of the rest hand.
GraspIt! drives hinges. Here each finger gets four: two crossing in its base joint (spread,
then flexion), one in the middle and one in the last joint. Because the hinge axes pass
through MANO's joints and are given in the rest hand, a product of hinge rotations *is* the
MANO rotation of that joint; `pose_from_dofs` is exact, `dofs_from_pose` the best fit.

DOF order, as in the ManoHand of mano_grasp: for index, middle, little and ring finger
(spread, base flexion, middle flexion with the tip joint coupled at 0.6), then four thumb
DOFs (spread, base, middle, tip). Zero is the flat template hand.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

CHAIN_NAMES = ("index", "middle", "little", "ring", "thumb")
"""MANO's own finger order."""
TIP_COUPLING = 0.6
"""Turn of a finger's last joint per turn of its middle joint."""
DOF_COUNT = 16
THUMB = CHAIN_NAMES.index("thumb")

MANO_FROM_MANOPTH = np.array([0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3])
"""Rows of the 21 joints that are MANO's 16."""
TIPS_FROM_MANOPTH = np.array([8, 12, 20, 16, 4])
"""Rows of the 21 joints that are fingertips, in chain order."""
PADS_FROM_MANOPTH = np.array([1, 2, 4, 3, 0])
"""Thumb-first finger lists, in chain order."""


class Hinge(NamedTuple):
    """A rotation axis in the rest hand."""

    point: Float[np.ndarray, "3"]
    """A point on the axis (a MANO joint), metres, hand frame."""
    direction: Float[np.ndarray, "3"]
    """Unit; a positive turn flexes the finger, or spreads it towards the thumb."""


@dataclass(frozen=True)
class HandChains:
    """The hinges of a hand of one shape."""

    hinges: tuple[tuple[Hinge, Hinge, Hinge, Hinge], ...]
    """Per chain: spread, base flexion, middle flexion, tip flexion."""
    joints: Float[np.ndarray, "16 3"]
    """MANO's joints at rest, metres, hand frame."""
    tips: Float[np.ndarray, "5 3"]
    """Fingertips at rest, in chain order, metres, hand frame."""

    def bone(self, chain: int, place: int) -> tuple[np.ndarray, np.ndarray]:
        """Return both ends of a phalanx (place 0, 1, 2 from the palm), metres, hand frame."""
        first = 1 + 3 * chain
        ends = [*self.joints[first : first + 3], self.tips[chain]]
        return ends[place], ends[place + 1]

    def pose_from_dofs(self, dofs: Float[np.ndarray, "*batch 16"]) -> np.ndarray:
        """Return the (*batch, 45) MANO pose, exactly the posture of the hinges."""
        turns = hinge_turns(dofs)
        pose = np.zeros((*dofs.shape[:-1], 15, 3))
        for chain, (spread, base, middle, tip) in enumerate(self.hinges):
            first = 3 * chain
            pose[..., first, :] = _rotvec(
                _about(spread, turns[..., chain, 0]) * _about(base, turns[..., chain, 1]),
                dofs.shape[:-1],
            )
            pose[..., first + 1, :] = turns[..., chain, 2, None] * middle.direction
            pose[..., first + 2, :] = turns[..., chain, 3, None] * tip.direction
        return pose.reshape(*dofs.shape[:-1], 45)

    def dofs_from_pose(self, pose: Float[np.ndarray, "pose 45"]) -> Float[np.ndarray, "pose 16"]:
        """Return the DOFs whose hinges come closest to each MANO pose, joint by joint.

        A base joint's turn about its finger's own bone has no hinge and is dropped; a coupled
        pair takes the mean of what its two joints ask for.
        """
        turns = np.zeros((len(pose), 5, 4))
        rotations = pose.reshape(-1, 15, 3)
        for chain, (spread, base, middle, tip) in enumerate(self.hinges):
            first = 3 * chain
            turns[:, chain, :2] = _spread_and_flexion(
                Rotation.from_rotvec(rotations[:, first]), spread.direction, base.direction
            )
            turns[:, chain, 2] = _twist(rotations[:, first + 1], middle.direction)
            turns[:, chain, 3] = _twist(rotations[:, first + 2], tip.direction)
        return _dofs_from_turns(turns)


def hinge_turns(dofs: Float[np.ndarray, "*batch 16"]) -> Float[np.ndarray, "*batch 5 4"]:
    """Return every hinge's turn, radians, couplings applied."""
    fingers = dofs[..., :12].reshape(*dofs.shape[:-1], 4, 3)
    coupled = np.concatenate([fingers, TIP_COUPLING * fingers[..., 2:]], axis=-1)
    return np.concatenate([coupled, dofs[..., None, 12:]], axis=-2)


def _dofs_from_turns(turns: Float[np.ndarray, "pose 5 4"]) -> Float[np.ndarray, "pose 16"]:
    """Undo `hinge_turns`; least squares where a coupled pair disagrees."""
    fingers = turns[:, :4, :3].copy()
    fingers[..., 2] = (turns[:, :4, 2] + TIP_COUPLING * turns[:, :4, 3]) / (1 + TIP_COUPLING**2)
    return np.concatenate([fingers.reshape(-1, 12), turns[:, THUMB]], axis=1)


def find_chains(
    joints: Float[np.ndarray, "21 3"],
    pad_points: Float[np.ndarray, "5 3"],
    poses: Float[np.ndarray, "pose 45"],
) -> HandChains:
    """Find the hinges of a flat right or left hand of any MANO-schema model.

    Args:
        joints: of the flat hand in its rest frame, manopth order, metres.
        pad_points: centre of each fingertip's pad in the same frame, thumb first.
        poses: many natural postures; they tell how the thumb, whose bones lie oblique to
            the palm, moves. The four fingers' axes follow from the palm alone.
    """
    mano_joints = joints[MANO_FROM_MANOPTH]
    tips, pads = joints[TIPS_FROM_MANOPTH], pad_points[PADS_FROM_MANOPTH]
    hinges = []
    for chain in range(len(CHAIN_NAMES)):
        first = 1 + 3 * chain
        points = mano_joints[first : first + 3]
        if chain == THUMB:
            rotations = poses.reshape(-1, 15, 3)[:, first - 1 : first + 2]
            spread, flexions = _thumb_axes(points, tips[chain], pads[chain], rotations)
        else:
            spread, flexions = _finger_axes(mano_joints, points, tips[chain], pads[chain])
        axes = [Hinge(point, axis) for point, axis in zip(points, flexions, strict=True)]
        hinges.append((Hinge(points[0], spread), *axes))
    return HandChains(tuple(hinges), mano_joints, tips)


def _finger_axes(mano_joints, points, tip, pad):
    """One flexion axis for the three joints of a finger, square to its bone and the palm."""
    bone = _unit(tip - points[0])
    wrist, index_base, little_base = mano_joints[[0, 1, 7]]
    palm_normal = np.cross(index_base - wrist, little_base - wrist)
    flexion = _unit(np.cross(bone, palm_normal))
    if np.dot(np.cross(flexion, tip - points[2]), pad - tip) < 0:
        flexion = -flexion
    return _unit(np.cross(bone, flexion)), (flexion,) * 3


def _thumb_axes(points, tip, pad, rotations):
    """The directions about which the postures turn the thumb most, signed by its pad."""
    spread_and_base = np.linalg.svd(rotations[:, 0])[2]
    middle, last = (np.linalg.svd(rotations[:, k])[2][0] for k in (1, 2))
    towards_pad = pad - 0.5 * (points[2] + tip)
    flexions = []
    for axis in (spread_and_base[0], middle, last):
        bends_to_pad = np.dot(np.cross(axis, tip - points[2]), towards_pad) > 0
        flexions.append(axis if bends_to_pad else -axis)
    # MANO's middle and tip joint turn about nearly parallel axes; made exactly so, their
    # common normal is the bone itself, not a line far away.
    parallel = _unit(flexions[1] + flexions[2])
    bone = _unit(points[1] - points[0])
    spread = _unit(np.cross(bone, flexions[0]))
    base = _unit(np.cross(spread, bone))
    return spread, (base, parallel, parallel)


def _spread_and_flexion(rotation: Rotation, spread, base) -> Float[np.ndarray, "pose 2"]:
    """Split rotations into turns about two orthogonal axes, spread first (outermost)."""
    across = np.cross(spread, base)
    base_moved = rotation.apply(base)
    spread_turn = np.arctan2(base_moved @ across, base_moved @ base)
    rest = Rotation.from_rotvec(-spread_turn[:, None] * spread) * rotation
    spread_moved = rest.apply(spread)
    flexion_turn = np.arctan2(spread_moved @ np.cross(base, spread), spread_moved @ spread)
    return np.stack([spread_turn, flexion_turn], axis=1)


def _twist(rotvecs: Float[np.ndarray, "pose 3"], axis) -> Float[np.ndarray, "pose"]:
    """Return the turn about ``axis`` in the swing-twist split of each rotation."""
    x, y, z, w = Rotation.from_rotvec(rotvecs).as_quat().T
    along = x * axis[0] + y * axis[1] + z * axis[2]
    turn = 2 * np.arctan2(along, w)
    return (turn + np.pi) % (2 * np.pi) - np.pi


def _about(hinge: Hinge, turns: np.ndarray) -> Rotation:
    return Rotation.from_rotvec(turns.reshape(-1, 1) * hinge.direction)


def _rotvec(rotation: Rotation, batch: tuple[int, ...]) -> np.ndarray:
    return rotation.as_rotvec().reshape(*batch, 3)


def _unit(vector):
    return vector / np.linalg.norm(vector)
