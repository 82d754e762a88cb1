"""Linear blend skinning with shape space and pose correctives, for hands and bodies alike.

The model is that of SMPL (Loper et al., SIGGRAPH Asia 2015) and MANO (Romero et al.,
SIGGRAPH Asia 2017): vertices = sum_j w_j G_j(pose, J(betas)) (T + B_shape + B_pose).
"""

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
    squared = (rotvecs * rotvecs).sum(-1)
    small = squared < 16 * torch.finfo(rotvecs.dtype).eps ** 0.5
    safe = torch.where(small, torch.ones_like(squared), squared)
    angle = safe.sqrt()
    sine = torch.where(small, 1 - squared / 6 + squared**2 / 120, angle.sin() / angle)
    half = (0.5 * angle).sin() / angle
    cosine = torch.where(small, 0.5 - squared / 24 + squared**2 / 720, 2 * half * half)
    x, y, z = rotvecs.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    identity = torch.eye(3, dtype=rotvecs.dtype, device=rotvecs.device)
    return identity + sine[..., None, None] * cross + cosine[..., None, None] * (cross @ cross)


class SkinnedModel(torch.nn.Module):
    """Vertices and joints from pose and shape; the whole batch at once.

    Joints are posed level by level of the kinematic tree, so the depth of a finger, not the
    number of joints, is the number of sequential steps. Vertices are kept coordinate by
    coordinate, (batch, 3, vertex), until the end: every step is then one matrix product or one
    pass over long rows.
    """

    _template: torch.Tensor
    _shape: torch.Tensor
    _weights: torch.Tensor
    _weights_and_one: torch.Tensor
    _joint_template: torch.Tensor
    _joint_shape: torch.Tensor
    _pose: torch.Tensor
    _pose_rows: torch.Tensor
    _pose_columns: torch.Tensor

    def __init__(self, asset: ModelAsset):
        super().__init__()
        self.asset = asset
        self._constant("_template", torch.as_tensor(asset.template.T, dtype=torch.float32))
        self._constant("_shape", by_coordinate(asset.shape_directions))
        weights = torch.as_tensor(asset.weights.T, dtype=torch.float32)
        self._constant("_weights", weights)
        # Every vertex follows the translation wholly, as it would a joint of weight one.
        self._constant("_weights_and_one", torch.cat([weights, torch.ones_like(weights[:1])]))
        # Joints depend on shape linearly: regress the template and the directions once.
        self._constant("_joint_template", _wide(asset.joint_regressor, asset.template))
        joint_shape = np.einsum("jv,vxb->jxb", asset.joint_regressor, asset.shape_directions)
        self._constant("_joint_shape", torch.as_tensor(joint_shape, dtype=torch.float32))
        self._set_pose_directions(asset.pose_directions)
        self._parents = tuple(int(parent) for parent in asset.parents)
        self._levels = _levels(self._parents)

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
        """Keep the block of coordinates and features that are not all zero.

        Of a body only the hands have correctives: the block is a tenth of the whole.
        """
        flat = directions.transpose(1, 0, 2).reshape(-1, directions.shape[-1])
        rows = np.flatnonzero(np.abs(flat).any(axis=1))
        columns = np.flatnonzero(np.abs(flat).any(axis=0))
        if 2 * len(rows) > len(flat):
            rows = np.arange(len(flat))
        self._moves_all = len(rows) == len(flat)
        self._constant("_pose", torch.as_tensor(flat[np.ix_(rows, columns)].T, dtype=torch.float32))
        self.register_buffer("_pose_rows", torch.as_tensor(rows), persistent=False)
        self.register_buffer("_pose_columns", torch.as_tensor(columns), persistent=False)

    def skin(
        self,
        rotvecs: Float[torch.Tensor, "batch joint 3"],
        betas: Float[torch.Tensor, "batch beta"],
        translation: Float[torch.Tensor, "batch 3"],
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return posed (batch, vertex, 3) vertices and (batch, joint, 3) joints, metres."""
        rotations = rotation_matrices(rotvecs)
        rest_joints = self.rest_joints(betas)
        shaped = self._corrected(self._shaped(betas), rotations)
        turns, places = self._pose_joints(rotations, rest_joints)
        # Each joint moves a rest point v to turn v + (place - turn rest_joint).
        shifts = places - (turns @ rest_joints[..., None])[..., 0]
        shifts_and_translation = torch.cat([shifts, translation[:, None]], dim=1)
        vertices = _Move.apply(
            (by_element(turns) @ self._weights).unflatten(1, (3, 3)),
            by_element(shifts_and_translation) @ self._weights_and_one,
            shaped.unflatten(1, (3, -1)),
        )
        return vertices.transpose(1, 2).contiguous(), places + translation[:, None]

    def rest_joints(self, betas: Float[torch.Tensor, "batch beta"]) -> torch.Tensor:
        """Return the (batch, joint, 3) joints of the unposed model."""
        return self._joint_template + torch.einsum("jxb,nb->njx", self._joint_shape, betas)

    def _shaped(self, betas: torch.Tensor) -> Float[torch.Tensor, "batch coordinates"]:
        """Return the unposed vertices, all x, then all y, then all z."""
        return torch.addmm(self._template.reshape(1, -1), betas, self._shape)

    def _corrected(self, shaped: torch.Tensor, rotations: torch.Tensor) -> torch.Tensor:
        identity = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
        features = (rotations[:, 1:] - identity).flatten(1)[:, self._pose_columns]
        if self._moves_all:
            return torch.addmm(shaped, features, self._pose)
        return shaped.index_add(1, self._pose_rows, features @ self._pose)

    def _pose_joints(self, rotations, rest_joints):
        """Return every joint's global rotation and place, one tree level after the other."""
        turns: list = [rotations[:, 0]] + [None] * (len(self._parents) - 1)
        places: list = [rest_joints[:, 0]] + [None] * (len(self._parents) - 1)
        for level in self._levels:
            above = [self._parents[joint] for joint in level]
            parent_turns = torch.stack([turns[joint] for joint in above], dim=1)
            parent_places = torch.stack([places[joint] for joint in above], dim=1)
            bones = rest_joints[:, level] - rest_joints[:, above]
            level_turns = parent_turns @ rotations[:, level]
            level_places = parent_places + (parent_turns @ bones[..., None])[..., 0]
            for place, joint in enumerate(level):
                turns[joint], places[joint] = level_turns[:, place], level_places[:, place]
        return torch.stack(turns, dim=1), torch.stack(places, dim=1)


class _Move(torch.autograd.Function):
    """Moves every vertex by its own rotation and shift.

    Autograd's own backward of this takes twice as many passes over (batch, 3, vertex) arrays,
    and these passes are most of the layer's time. It can be differentiated again: `backward`
    is made of differentiable steps.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(turns, shifts, points):
        """Return the (batch, 3, vertex) points turns @ points + shifts, vertex by vertex."""
        moved = torch.addcmul(shifts, turns[:, :, 0], points[:, None, 0])
        for axis in (1, 2):
            moved.addcmul_(turns[:, :, axis], points[:, None, axis])
        return moved

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keep what the products are made of."""
        turns, _, points = inputs
        ctx.save_for_backward(turns, points)

    @staticmethod
    def backward(ctx, gradient):
        """Return the gradients of turns, shifts and points."""
        turns, points = ctx.saved_tensors
        gradient = gradient.contiguous()  # long rows, also where it comes vertex by vertex
        to_points = turns[:, 0] * gradient[:, 0, None]
        for axis in (1, 2):
            to_points = torch.addcmul(to_points, turns[:, axis], gradient[:, axis, None])
        return gradient[:, :, None] * points[:, None], gradient, to_points


def by_element(motions: Float[torch.Tensor, "batch joint ..."]) -> torch.Tensor:
    """Return (batch, element, joint): an element of all joints in one row."""
    return motions.flatten(2).transpose(1, 2).contiguous()


def by_coordinate(directions: Float[np.ndarray, "vertex 3 number"]) -> torch.Tensor:
    """Return (number, 3 * vertex) float32: all x, then all y, then all z."""
    flat = directions.transpose(2, 1, 0).reshape(directions.shape[-1], -1)
    return torch.as_tensor(flat, dtype=torch.float32)


def _wide(regressor: np.ndarray, template: np.ndarray) -> torch.Tensor:
    """Multiply in float64: float32 sums over all vertices would lose micrometres."""
    return torch.as_tensor(regressor @ template, dtype=torch.float32)


def _levels(parents: tuple[int, ...]) -> list[list[int]]:
    """Group joints by their distance from the root, the root left out."""
    depth = [0] * len(parents)
    for joint, parent in enumerate(parents[1:], start=1):
        depth[joint] = depth[parent] + 1
    return [
        [joint for joint in range(len(parents)) if depth[joint] == level]
        for level in range(1, max(depth, default=0) + 1)
    ]
