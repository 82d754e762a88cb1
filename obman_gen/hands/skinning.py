"""Linear blend skinning with shape space and pose correctives, for hands and bodies alike.

The model is that of SMPL (Loper et al., SIGGRAPH Asia 2015) and MANO (Romero et al.,
SIGGRAPH Asia 2017): vertices = sum_j w_j G_j(pose, J(betas)) (T + B_shape + B_pose).
"""

import itertools
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from obman_gen.hands.asset import ModelAsset


def rotation_matrices(
    rotvecs: Float[torch.Tensor, "*batch 3"],
) -> Float[torch.Tensor, "*batch 3 3"]:
    """Turn rotation vectors into matrices: exact at zero, stable near pi, differentiable.

    Rodrigues' formula with sin(t)/t and (1 - cos t)/t^2; both are replaced by their series
    where t^4 is below the precision of the type, so that no gradient divides by zero.
    """
    squared = (rotvecs * rotvecs).sum(-1, keepdim=True)[..., None]
    small = squared < 16 * torch.finfo(rotvecs.dtype).eps ** 0.5
    safe = torch.where(small, 1, squared)
    angle = safe.sqrt()
    sine = torch.where(small, 1 - squared / 6 + squared**2 / 120, angle.sin() / angle)
    half = (0.5 * angle).sin() / angle
    cosine = torch.where(small, 0.5 - squared / 24 + squared**2 / 720, 2 * half * half)
    identity = torch.eye(3, dtype=rotvecs.dtype, device=rotvecs.device)
    # Rows e_i x w are the matrix of the cross product with w; its square is w w^T - w.w I.
    rows = rotvecs[..., None, :]
    cross = torch.linalg.cross(identity.expand(*rotvecs.shape[:-1], 3, 3), rows)
    square = rows * rotvecs[..., None] - squared * identity
    return identity + sine * cross + cosine * square


class SkinnedModel(torch.nn.Module):
    """Vertices and joints from pose and shape; the whole batch at once.

    Joints are posed level by level of the kinematic tree, so the depth of a finger, not the
    number of joints, is the number of sequential steps. Vertices are kept coordinate by
    coordinate, (batch, 3, vertex), until the end: every step is then one matrix product or one
    pass over long rows.
    """

    _template: torch.Tensor
    _shape: torch.Tensor
    _weights_and_one: torch.Tensor
    _joint_template: torch.Tensor
    _joint_shape: torch.Tensor
    _shape_and_pose: torch.Tensor
    _pose: torch.Tensor
    _pose_rows: torch.Tensor
    _pose_columns: torch.Tensor
    _order: torch.Tensor
    _above: torch.Tensor
    _unordered: torch.Tensor

    def __init__(self, asset: ModelAsset, shape_directions: np.ndarray | None = None):
        super().__init__()
        self.asset = asset
        directions = asset.shape_directions if shape_directions is None else shape_directions
        self._constant("_template", torch.as_tensor(asset.template.T.ravel(), dtype=torch.float32))
        self._constant("_shape", by_coordinate(directions))
        weights = torch.as_tensor(asset.weights.T, dtype=torch.float32)
        # Every vertex follows the translation wholly, as it would a joint of weight one.
        self._constant("_weights_and_one", torch.cat([weights, torch.ones_like(weights[:1])]))
        # Joints depend on shape linearly: regress the template and the directions once.
        joints = asset.joint_regressor @ asset.template
        joint_shape = np.einsum("jv,vxb->bjx", asset.joint_regressor, directions)
        self._constant("_joint_template", torch.as_tensor(joints.ravel(), dtype=torch.float32))
        flat = joint_shape.reshape(len(joint_shape), -1)
        self._constant("_joint_shape", torch.as_tensor(flat, dtype=torch.float32))
        self._set_pose_directions(asset.pose_directions)
        self._set_tree([int(parent) for parent in asset.parents])

    def in_double(self) -> Any:
        """Return this model, of the same class, in float64; made once."""
        if self._template.dtype == torch.float64:
            return self
        if "_double" not in self.__dict__:
            # Not a submodule: it must not move or convert with this one.
            self.__dict__["_double"] = type(self)(self.asset).double()
        return self.__dict__["_double"]

    def _constant(self, name: str, value: torch.Tensor) -> None:
        self.register_buffer(name, value.contiguous(), persistent=False)

    def _set_pose_directions(self, directions: np.ndarray) -> None:
        """Keep the pose directions that are not zero, beside or below those of shape.

        Of a body only the hands have correctives: the block of coordinates and features that
        are not all zero is a tenth of the whole. A hand's are dense: one product does both.
        """
        flat = directions.transpose(1, 0, 2).reshape(-1, directions.shape[-1])
        rows = np.flatnonzero(np.abs(flat).any(axis=1))
        self._moves_all = 2 * len(rows) > len(flat)
        if self._moves_all:
            pose = torch.as_tensor(flat.T, dtype=torch.float32)
            self._constant("_shape_and_pose", torch.cat([self._shape, pose]))
            return
        columns = np.flatnonzero(np.abs(flat).any(axis=0))
        self._constant("_pose", torch.as_tensor(flat[np.ix_(rows, columns)].T, dtype=torch.float32))
        self._constant("_pose_rows", torch.as_tensor(rows))
        self._constant("_pose_columns", torch.as_tensor(columns))

    def _set_tree(self, parents: list[int]) -> None:
        """Order the joints by depth, so that a level is a slice of them."""
        levels = _levels(parents)
        order = [joint for level in levels for joint in level]
        starts = np.cumsum([0] + [len(level) for level in levels])
        rank = np.argsort(order)
        self._level_slices = [slice(*ends) for ends in itertools.pairwise(starts)][1:]
        self._constant("_order", torch.as_tensor(order))
        self._constant("_above", torch.as_tensor([rank[max(parents[j], 0)] for j in order]))
        self._constant("_unordered", torch.as_tensor(rank))

    def skin(
        self,
        rotvecs: Float[torch.Tensor, "batch joint 3"],
        betas: Float[torch.Tensor, "batch beta"],
        translation: Float[torch.Tensor, "batch 3"],
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return posed (batch, vertex, 3) vertices and (batch, joint, 3) joints, metres."""
        rotations = rotation_matrices(rotvecs)
        rest_joints = self.rest_joints(betas)
        motions = self._pose_joints(rotations, rest_joints)
        turns, places = motions[..., :3], motions[..., 3]
        # Each joint moves a rest point v to turn v + (place - turn rest_joint).
        shifts = places - (turns @ rest_joints[..., None])[..., 0]
        vertices = _Move.apply(
            turns.permute(3, 0, 2, 1).contiguous(),
            torch.cat([shifts, translation[:, None]], dim=1).transpose(1, 2).contiguous(),
            self._shaped(betas, rotations).unflatten(1, (3, -1)),
            self._weights_and_one,
        )
        return vertices.transpose(1, 2).contiguous(), places + translation[:, None]

    def rest_joints(self, betas: Float[torch.Tensor, "batch beta"]) -> torch.Tensor:
        """Return the (batch, joint, 3) joints of the unposed model."""
        return torch.addmm(self._joint_template, betas, self._joint_shape).unflatten(1, (-1, 3))

    def _shaped(self, betas, rotations) -> Float[torch.Tensor, "batch coordinates"]:
        """Return the vertices before they move, all x, then all y, then all z."""
        identity = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
        features = (rotations[:, 1:] - identity).flatten(1)
        if self._moves_all:
            inputs = torch.cat([betas, features], dim=1)
            return torch.addmm(self._template, inputs, self._shape_and_pose)
        shaped = torch.addmm(self._template, betas, self._shape)
        features = features.index_select(1, self._pose_columns)
        return shaped.index_add(1, self._pose_rows, features @ self._pose)

    def _pose_joints(self, rotations, rest_joints) -> Float[torch.Tensor, "batch joint 3 4"]:
        """Return every joint's global rotation and place, one tree level after the other."""
        joints = rest_joints.index_select(1, self._order)
        bones = torch.cat(
            [joints[:, :1], joints[:, 1:] - joints.index_select(1, self._above[1:])], dim=1
        )
        local = torch.cat([rotations.index_select(1, self._order), bones[..., None]], dim=-1)
        last_row = local.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(*local.shape[:2], 1, 4)
        local = torch.cat([local, last_row], dim=2)
        motions = local[:, :1, :3]
        for level in self._level_slices:
            above = motions.index_select(1, self._above[level])
            motions = torch.cat([motions, above @ local[:, level]], dim=1)
        return motions.index_select(1, self._unordered)


class _Move(torch.autograd.Function):
    """Moves every vertex by the blend of its joints' rotations and shifts.

    A vertex has twelve such numbers. They are blended three at a time, and again for the
    backward pass, rather than kept: (batch, 12, vertex) arrays leave the cache, and reading
    them takes longer than the product that makes them. The function can be differentiated
    again: `backward` is made of differentiable steps.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(turns, shifts, points, weights_and_one):
        """Return the (batch, 3, vertex) moved points.

        Args:
            turns: (column, batch, row, joint) rotation matrices.
            shifts: (batch, 3, joint + 1); the last one is the translation.
            points: (batch, 3, vertex).
            weights_and_one: (joint + 1, vertex).
        """
        moved = shifts @ weights_and_one
        for axis in range(3):
            moved.addcmul_(turns[axis] @ weights_and_one[:-1], points[:, axis, None])
        return moved

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keep what the products are made of."""
        turns, _, points, weights_and_one = inputs
        ctx.save_for_backward(turns, points, weights_and_one)

    @staticmethod
    def backward(ctx, gradient):
        """Return the gradients of turns, shifts and points."""
        turns, points, weights_and_one = ctx.saved_tensors
        weights = weights_and_one[:-1]
        gradient = gradient.contiguous()  # long rows, also where it comes vertex by vertex
        to_turns = [(gradient * points[:, axis, None]) @ weights.T for axis in range(3)]
        to_points = [((turn @ weights) * gradient).sum(1) for turn in turns]
        to_shifts = gradient @ weights_and_one.T
        return torch.stack(to_turns), to_shifts, torch.stack(to_points, dim=1), None


def by_coordinate(directions: Float[np.ndarray, "vertex 3 number"]) -> torch.Tensor:
    """Return (number, 3 * vertex) float32: all x, then all y, then all z."""
    flat = directions.transpose(2, 1, 0).reshape(directions.shape[-1], -1)
    return torch.as_tensor(flat, dtype=torch.float32)


def _levels(parents: list[int]) -> list[list[int]]:
    """Group joints by their distance from the root."""
    depth = [0] * len(parents)
    for joint, parent in enumerate(parents[1:], start=1):
        depth[joint] = depth[parent] + 1
    return [
        [joint for joint in range(len(parents)) if depth[joint] == level]
        for level in range(max(depth) + 1)
    ]
