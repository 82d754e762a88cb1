"""Settle a planned grasp onto the object: the skin, not the robot's links, should touch.

The planner closes rigid pieces on a simplified object and stops at the first contact of each
finger. Here the MANO surface itself is moved, by gradient steps on finger pose, rotation and
translation, until the skin that nearly touches does touch and nothing is inside.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch

from obman_gen.grasps.config import RefineConfig
from obman_gen.hands import HandModel
from obman_gen.sample import HandParameters
from pygraspit.sdf import SignedDistanceGrid

POSE_STEP_RAD, TURN_STEP_RAD, SHIFT_STEP_M = 0.01, 0.006, 0.0006
"""First step lengths of the optimiser for fingers, wrist rotation and wrist position."""


class Fixed(NamedTuple):
    """What does not change while a batch of grasps is settled."""

    start: dict[str, torch.Tensor]
    draws_near: torch.Tensor
    """(grasp, vertex) bool: skin to be drawn to the surface."""
    limits: torch.Tensor
    """(45, 2) radians."""
    fingers: torch.Tensor
    """(sampled vertex,) finger of each vertex sampled for the crossing term."""
    sampled: torch.Tensor
    """(sampled vertex,) vertex indices."""
    clear: torch.Tensor
    """(grasp, sampled vertex, sampled vertex) bool: pairs of fingers apart at the start."""


def refine(
    hands: Sequence[HandParameters],
    hand_model: HandModel,
    distance: "TorchDistance",
    config: RefineConfig,
) -> list[HandParameters]:
    """Settle grasps of one object, all in the object's metric frame, together.

    Every grasp of the batch is optimised independently: its result does not depend on which
    others are in the batch beyond the last bits of floating-point sums.
    """
    if not hands or config.steps == 0:
        return list(hands)
    start = _stack(hands)
    moving = {
        name: torch.zeros_like(start[name]).requires_grad_()
        for name in ("pose", "global_orient", "translation")
    }
    fixed = _freeze(hand_model, start, distance, config)
    optimizer = torch.optim.Adam(
        [
            {"params": [moving["pose"]], "lr": POSE_STEP_RAD},
            {"params": [moving["global_orient"]], "lr": TURN_STEP_RAD},
            {"params": [moving["translation"]], "lr": SHIFT_STEP_M},
        ]
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps, eta_min=0)
    for _ in range(config.steps):
        optimizer.zero_grad()
        energy(hand_model, moving, fixed, distance, config).sum().backward()
        optimizer.step()
        schedule.step()
    return _unstack(hands, {name: value.detach() for name, value in moving.items()})


def energy(hand_model, moving, fixed: Fixed, distance, config: RefineConfig) -> torch.Tensor:
    """Return each grasp's energy; lengths enter in centimetres, so that terms compare."""
    start = fixed.start
    pose = start["pose"] + moving["pose"]
    vertices = hand_model(
        global_orient=start["global_orient"] + moving["global_orient"],
        pose=pose,
        betas=start["betas"],
        translation=start["translation"] + moving["translation"],
    ).vertices
    cm = 100.0 * distance(vertices)
    inside = torch.relu(-cm - 100.0 * config.press_m)
    away = torch.where(fixed.draws_near, cm + 100.0 * config.press_m, 0.0)
    near_count = fixed.draws_near.sum(dim=1).clamp(min=1)
    beyond = torch.relu(fixed.limits[:, 0] - pose) + torch.relu(pose - fixed.limits[:, 1])
    return (
        config.penetration_weight * inside.square().sum(dim=1) / 10.0
        + config.contact_weight * away.square().sum(dim=1) / near_count
        + config.pose_weight * moving["pose"].square().sum(dim=1)
        + config.limit_weight * beyond.square().sum(dim=1)
        + config.crossing_weight * _crossing(vertices, fixed, config)
    )


def _crossing(vertices, fixed: Fixed, config: RefineConfig) -> torch.Tensor:
    """Return how far skin of different fingers has come closer than the gap, cm^2."""
    points = 100.0 * vertices[:, fixed.sampled]
    gap_cm = 100.0 * config.finger_gap_m
    too_near = torch.relu(gap_cm - torch.cdist(points, points))
    return torch.where(fixed.clear, too_near, 0.0).square().sum(dim=(1, 2))


def _freeze(hand_model, start, distance, config: RefineConfig) -> Fixed:
    with torch.no_grad():
        vertices = hand_model(**start).vertices
        metres = distance(vertices)
    touching = torch.zeros(vertices.shape[1], dtype=torch.bool)
    for name, indices in hand_model.regions.items():
        if name in hand_model.contact_region_names:
            touching[torch.as_tensor(np.asarray(indices, np.int64))] = True
    bones = torch.as_tensor(np.asarray(hand_model.weights).argmax(axis=1))
    sampled = torch.nonzero(bones > 0)[::4, 0]
    fingers = (bones[sampled] - 1) // 3
    points = vertices[:, sampled]
    apart = torch.cdist(points, points) > config.finger_gap_m
    return Fixed(
        start=start,
        draws_near=touching & (metres < config.reach_m),
        limits=torch.as_tensor(np.asarray(hand_model.joint_limits_rad, np.float32)),
        fingers=fingers,
        sampled=sampled,
        clear=apart & (fingers[:, None] != fingers[None, :]),
    )


class TorchDistance:
    """Signed distance to one object in metres, differentiable, from a baked grid."""

    def __init__(self, grid: SignedDistanceGrid, metres_per_unit: float):
        self._scale = metres_per_unit
        # grid_sample wants (1, 1, depth, height, width) with x along width.
        self._values = torch.as_tensor(grid.values).permute(2, 1, 0)[None, None].contiguous()
        self._origin = torch.as_tensor(np.asarray(grid.origin, np.float32))
        extent = (np.asarray(grid.values.shape) - 1) * grid.spacing
        self._extent = torch.as_tensor(extent.astype(np.float32))

    def __call__(self, points_m: torch.Tensor) -> torch.Tensor:
        """Return (..., ) metres for (..., 3) points; outside the grid's box the distance to
        the box is added to the value where the point leaves it.
        """
        place = (points_m / self._scale - self._origin) / self._extent
        clamped = place.clamp(0.0, 1.0)
        sampled = torch.nn.functional.grid_sample(
            self._values,
            (2 * clamped - 1).reshape(1, -1, 1, 1, 3),
            align_corners=True,
            padding_mode="border",
        ).reshape(points_m.shape[:-1])
        beyond = ((place - clamped) * self._extent).square().sum(-1)
        outside = torch.where(beyond > 0, beyond.clamp(min=1e-12).sqrt(), 0.0)
        return (sampled + outside) * self._scale


def _stack(hands: Sequence[HandParameters]) -> dict[str, torch.Tensor]:
    return {
        name: torch.as_tensor(np.stack([getattr(hand, name) for hand in hands]).astype(np.float32))
        for name in ("global_orient", "pose", "betas", "translation")
    }


def _unstack(hands, moved: dict[str, torch.Tensor]) -> list[HandParameters]:
    steps = {name: value.numpy().astype(np.float64) for name, value in moved.items()}
    return [
        replace(hand, **{name: getattr(hand, name) + step[index] for name, step in steps.items()})
        for index, hand in enumerate(hands)
    ]
