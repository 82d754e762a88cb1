"""From DOFs to joints to links: forward kinematics of a hand with coupled DH joints."""

from dataclasses import dataclass
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Bool, Float

from pygraspit.errors import DescriptionError
from pygraspit.kernels import light_kernel
from pygraspit.model import Dof, RobotModel
from pygraspit.transforms import NO_TURN_RAD, copy_matrix, multiply


class JointTable(NamedTuple):
    """All joints, chain by chain, and the links that follow them, as flat arrays for kernels."""

    dof: np.ndarray
    """(joint,) i64: which DOF drives it."""
    ratio: np.ndarray
    offset: np.ndarray
    d: np.ndarray
    a: np.ndarray
    alpha: np.ndarray
    slides: np.ndarray
    """(joint,) bool: prismatic; its value adds to d."""
    chain_start: np.ndarray
    """(chain + 1,) i64: first joint of each chain, then the number of joints."""
    palm_from_base: np.ndarray
    """(chain, 4, 4)."""
    link_chain: np.ndarray
    """(link,) i64."""
    link_joint: np.ndarray
    """(link,) i64: the joint it follows, counted over all chains; -1: fixed to the base."""


@dataclass(frozen=True)
class Kinematics:
    """What moves what in one hand."""

    table: JointTable
    dofs: tuple[Dof, ...]

    @classmethod
    def of(cls, robot: RobotModel) -> "Kinematics":
        """Flatten a hand's chains.

        Raises:
            DescriptionError: if a joint names a DOF, or a link a joint, that is not there.
        """
        _check(robot)
        joints = [joint for chain in robot.chains for joint in chain.joints]
        starts = np.cumsum([0, *(len(chain.joints) for chain in robot.chains)])
        links = [
            (index, -1 if link.last_joint_index < 0 else starts[index] + link.last_joint_index)
            for index, chain in enumerate(robot.chains)
            for link in chain.links
        ]
        link_table = np.array(links, np.int64).reshape(-1, 2)
        table = JointTable(
            dof=np.array([joint.dof_index for joint in joints], np.int64),
            ratio=np.array([joint.ratio for joint in joints], np.float64),
            offset=np.array([joint.offset for joint in joints], np.float64),
            d=np.array([joint.d for joint in joints], np.float64),
            a=np.array([joint.a for joint in joints], np.float64),
            alpha=np.array([joint.alpha for joint in joints], np.float64),
            slides=np.array([joint.kind == "prismatic" for joint in joints], bool),
            chain_start=starts.astype(np.int64),
            palm_from_base=np.array(
                [chain.palm_from_base for chain in robot.chains], np.float64
            ).reshape(-1, 4, 4),
            link_chain=np.ascontiguousarray(link_table[:, 0]),
            link_joint=np.ascontiguousarray(link_table[:, 1]),
        )
        return cls(table, _tightened(robot))

    @property
    def minimum(self) -> Float[np.ndarray, "dof"]:
        """Lowest value of each DOF that all its joints allow."""
        return np.array([dof.minimum for dof in self.dofs], np.float64)

    @property
    def maximum(self) -> Float[np.ndarray, "dof"]:
        """Highest value of each DOF that all its joints allow."""
        return np.array([dof.maximum for dof in self.dofs], np.float64)

    @property
    def closing_velocity(self) -> Float[np.ndarray, "dof"]:
        """Closing speed of each DOF, rad/s."""
        return np.array([dof.closing_velocity for dof in self.dofs], np.float64)

    @property
    def default(self) -> Float[np.ndarray, "dof"]:
        """Value of each DOF when a hand is loaded."""
        return np.clip([dof.default for dof in self.dofs], self.minimum, self.maximum)

    @property
    def breaks_away(self) -> Bool[np.ndarray, "dof"]:
        """Whether a DOF's outer joints go on when an inner one is stopped."""
        return np.array([dof.kind == "breakaway" for dof in self.dofs], bool)

    def joints(self, dofs: Float[np.ndarray, "dof"]) -> Float[np.ndarray, "joint"]:
        """Return joint values, without offsets: ratio times DOF."""
        return self.table.ratio * np.asarray(dofs, np.float64)[self.table.dof]

    def link_poses(
        self, world_from_palm: Float[np.ndarray, "4 4"], joints: Float[np.ndarray, "joint"]
    ) -> Float[np.ndarray, "link 4 4"]:
        """Return ``world_from_link`` of every link, chain by chain."""
        return self._frames_and_links(world_from_palm, joints)[1]

    def joint_frames(
        self, world_from_palm: Float[np.ndarray, "4 4"], joints: Float[np.ndarray, "joint"]
    ) -> Float[np.ndarray, "joint 4 4"]:
        """Return the world pose of the frame after every joint, chain by chain."""
        return self._frames_and_links(world_from_palm, joints)[0]

    def _frames_and_links(self, world_from_palm, joints) -> tuple[np.ndarray, np.ndarray]:
        poses = np.zeros((len(self.table.link_joint), 4, 4))
        frames = np.zeros((len(self.table.dof), 4, 4))
        fill_link_poses(
            self.table,
            np.ascontiguousarray(world_from_palm, np.float64),
            np.ascontiguousarray(joints, np.float64),
            frames,
            poses,
        )
        return frames, poses


def _check(robot: RobotModel) -> None:
    for index, chain in enumerate(robot.chains):
        for place, joint in enumerate(chain.joints):
            if not 0 <= joint.dof_index < len(robot.dofs):
                raise DescriptionError(
                    f"joint {place} of chain {index} of {robot.name!r} follows DOF "
                    f"{joint.dof_index}, but there are {len(robot.dofs)} DOFs"
                )
        for place, link in enumerate(chain.links):
            if link.last_joint_index >= len(chain.joints):
                raise DescriptionError(
                    f"link {place} of chain {index} of {robot.name!r} follows joint "
                    f"{link.last_joint_index}, but the chain has {len(chain.joints)} joints"
                )


def _tightened(robot: RobotModel) -> tuple[Dof, ...]:
    """Narrow every DOF's range to what all its joints allow."""
    low = np.array([dof.minimum for dof in robot.dofs], np.float64)
    high = np.array([dof.maximum for dof in robot.dofs], np.float64)
    for joint in (joint for chain in robot.chains for joint in chain.joints):
        if joint.ratio == 0.0:
            continue
        ends = sorted((joint.minimum / joint.ratio, joint.maximum / joint.ratio))
        low[joint.dof_index] = max(low[joint.dof_index], ends[0])
        high[joint.dof_index] = min(high[joint.dof_index], ends[1])
    return tuple(
        Dof(dof.closing_velocity, float(low[i]), float(high[i]), dof.default, dof.kind)
        for i, dof in enumerate(robot.dofs)
    )


@light_kernel
@no_type_check
def fill_link_poses(table, world_from_palm, joints, frames, poses):  # pragma: no cover
    """Fill ``frames`` (after every joint) and ``poses`` (of every link), in the world."""
    for chain in range(table.palm_from_base.shape[0]):
        fill_chain_poses(table, chain, world_from_palm, joints, frames, poses)


@light_kernel
@no_type_check
def fill_chain_poses(table, chain, world_from_palm, joints, frames, poses):  # pragma: no cover
    """Do as `fill_link_poses` does, for one chain."""
    first = table.chain_start[chain]
    for joint in range(first, table.chain_start[chain + 1]):
        if joint == first:
            multiply(world_from_palm, table.palm_from_base[chain], frames[joint])
        else:
            copy_matrix(frames[joint - 1], frames[joint])
        _pass_joint(table, joint, joints[joint], frames[joint])
    for link in range(table.link_joint.shape[0]):
        if table.link_chain[link] == chain:
            joint = table.link_joint[link]
            if joint < 0:
                multiply(world_from_palm, table.palm_from_base[chain], poses[link])
            else:
                copy_matrix(frames[joint], poses[link])


@light_kernel
@no_type_check
def _pass_joint(table, joint, value, frame):  # pragma: no cover
    """Turn the frame before a joint into that after it: times Rz(theta) Tz(d) Tx(a) Rx(alpha)."""
    theta, d = table.offset[joint], table.d[joint]
    if table.slides[joint]:
        d += value
    else:
        theta += value
    alpha, a = table.alpha[joint], table.a[joint]
    if abs(theta) < NO_TURN_RAD:
        theta = 0.0
    if abs(alpha) < NO_TURN_RAD:
        alpha = 0.0
    ct, st, ca, sa = np.cos(theta), np.sin(theta), np.cos(alpha), np.sin(alpha)
    for row in range(3):
        x, y, z = frame[row, 0], frame[row, 1], frame[row, 2]
        frame[row, 0] = x * ct + y * st
        frame[row, 1] = x * (-st * ca) + y * (ct * ca) + z * sa
        frame[row, 2] = x * (st * sa) + y * (-ct * sa) + z * ca
        frame[row, 3] = frame[row, 3] + x * (a * ct) + y * (a * st) + z * d
