"""Natural postures of the open hand: what people do with hands, thumb placed by solving for it."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from obman_gen.grasps.chains import (
    CHAIN_NAMES,
    PADS_FROM_MANOPTH,
    THUMB,
    HandChains,
    Hinge,
    hinge_turns,
)


class Posture(NamedTuple):
    """Fingers in degrees; the thumb by four angles, or by what its pad should meet."""

    spread: tuple[float, float, float, float]
    """Index, middle, little, ring; positive towards the thumb."""
    base: tuple[float, float, float, float]
    middle: tuple[float, float, float, float]
    thumb: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    meets: tuple[str, ...] = ()
    """Fingers whose pads the thumb's pad opposes."""
    gap_mm: float = 0.0
    """Distance between the thumb's pad and theirs: what is held between them."""


NEUTRAL = (0.0, 0.0, 0.0, 0.0)
POSTURES: dict[str, Posture] = {
    "flat": Posture(NEUTRAL, NEUTRAL, NEUTRAL),
    "spread": Posture((13, 2, -15, -6), (-5, -5, -5, -5), NEUTRAL, (15, -10, 0, 0)),
    "relaxed": Posture((3, 0, -4, -2), (20, 24, 30, 27), (25, 28, 30, 30), (0, 8, 10, 12)),
    "half_open": Posture((5, 1, -7, -3), (30, 32, 34, 33), (35, 38, 38, 38), (5, 10, 12, 20)),
    "fist": Posture(NEUTRAL, (78, 82, 84, 83), (98, 102, 98, 100), (-15, 35, 35, 40)),
    "hook": Posture(NEUTRAL, (5, 8, 10, 10), (80, 85, 80, 84), (0, 5, 5, 10)),
    "point": Posture(NEUTRAL, (5, 70, 80, 76), (8, 90, 92, 92), (-10, 30, 30, 35)),
    "pinch": Posture(NEUTRAL, (48, 25, 22, 22), (50, 28, 26, 26), meets=("index",), gap_mm=3),
    "pinch_wide": Posture(NEUTRAL, (40, 32, 28, 30), (34, 30, 28, 28), meets=("index",), gap_mm=30),
    "tripod": Posture(
        NEUTRAL, (46, 50, 45, 46), (46, 48, 55, 50), meets=("index", "middle"), gap_mm=8
    ),
    "quad": Posture(
        (4, 0, -6, -3), (44, 46, 48, 46), (40, 42, 42, 42), meets=("index", "middle"), gap_mm=25
    ),
    "lateral": Posture(NEUTRAL, (45, 60, 72, 66), (55, 70, 75, 72), (-5, 22, 15, 20)),
    "sphere_small": Posture(
        (8, 1, -10, -4), (42, 42, 44, 43), (42, 44, 42, 43), meets=("middle",), gap_mm=40
    ),
    "sphere_large": Posture(
        (14, 2, -18, -8), (26, 26, 28, 27), (30, 32, 30, 31), meets=("middle",), gap_mm=70
    ),
    "wrap_small": Posture(
        (2, 0, -3, -1), (58, 60, 62, 61), (72, 76, 72, 74), meets=("index", "middle"), gap_mm=22
    ),
    "wrap_medium": Posture(
        (3, 0, -4, -2), (45, 47, 49, 48), (52, 55, 52, 54), meets=("index", "middle"), gap_mm=42
    ),
    "wrap_large": Posture(
        (5, 1, -7, -3), (30, 32, 34, 33), (38, 40, 38, 40), meets=("index", "middle"), gap_mm=65
    ),
    "plate": Posture(
        (2, 0, -3, -1), (62, 62, 60, 61), (12, 12, 14, 12), meets=("middle",), gap_mm=12
    ),
}

THUMB_LIMITS_RAD = np.radians([(-35, 45), (-35, 50), (-10, 58), (-15, 75)])
THUMB_STARTS_RAD = np.radians(
    [(0, 0, 0, 0), (20, 20, 10, 10), (-15, 30, 20, 20), (30, -10, 30, 30)]
)


def open_chains(joints16, tips, nail_normals) -> HandChains:
    """Hinge the open hand: fingers square to the palm, the thumb square to its nail."""
    up = np.array([0.0, 1.0, 0.0])
    hinges = []
    for chain in range(5):
        points = joints16[1 + 3 * chain : 4 + 3 * chain]
        normal = nail_normals[0] if chain == THUMB else up
        bone = tips[chain] - points[1 if chain == THUMB else 0]
        flexion = np.cross(normal, bone)
        flexion /= np.linalg.norm(flexion)
        first = points[1] - points[0]
        spread = np.cross(first, flexion)
        spread /= np.linalg.norm(spread)
        axes = [Hinge(point, flexion) for point in points]
        axes[0] = Hinge(points[0], np.cross(spread, first / np.linalg.norm(first)))
        hinges.append((Hinge(points[0], spread), *axes))
    return HandChains(tuple(hinges), joints16, tips)


def solve_postures(chains: HandChains, pad_points, pad_normals) -> Float[np.ndarray, "posture 45"]:
    """Return the MANO pose of every posture.

    Args:
        chains: the open hand's hinges.
        pad_points: (5, 3) pads of the flat hand, thumb first, metres.
        pad_normals: (5, 3) outward normals there.
    """
    solver = _ThumbSolver(chains, pad_points[PADS_FROM_MANOPTH], pad_normals[PADS_FROM_MANOPTH])
    dofs = [solver.dofs(posture) for posture in POSTURES.values()]
    return chains.pose_from_dofs(np.array(dofs))


class _ThumbSolver:
    """Turns the thumb until its pad opposes the pads of other fingers at a distance."""

    def __init__(self, chains: HandChains, pads, normals):
        self._chains, self._pads, self._normals = chains, pads, normals

    def dofs(self, posture: Posture) -> Float[np.ndarray, "16"]:
        fingers = np.radians(np.stack([posture.spread, posture.base, posture.middle], axis=1))
        dofs = np.concatenate([fingers.ravel(), np.radians(posture.thumb)])
        if not posture.meets:
            return dofs
        targets = [self.pad(dofs, CHAIN_NAMES.index(name)) for name in posture.meets]
        point = np.mean([place for place, _ in targets], axis=0)
        facing = np.mean([normal for _, normal in targets], axis=0)
        goal = point + 1e-3 * posture.gap_mm * facing / np.linalg.norm(facing)
        return min(
            (self._solve(dofs, start, goal, facing) for start in THUMB_STARTS_RAD),
            key=lambda found: found[0],
        )[1]

    def _solve(self, dofs, start, goal, facing):
        def residual(thumb):
            place, normal = self.pad(np.concatenate([dofs[:12], thumb]), THUMB)
            return np.concatenate(
                [100 * (place - goal), 0.6 * (normal + facing), 0.15 * (thumb - np.radians(12))]
            )

        found = least_squares(residual, start, bounds=THUMB_LIMITS_RAD.T)
        return float(found.cost), np.concatenate([dofs[:12], found.x])

    def pad(self, dofs, chain: int):
        """Return place and outward normal of a finger's pad in a posture."""
        turns = hinge_turns(dofs)[chain]
        place, normal = self._pads[chain], self._normals[chain]
        for hinge, turn in reversed(list(zip(self._chains.hinges[chain], turns, strict=True))):
            rotation = Rotation.from_rotvec(turn * hinge.direction)
            place = hinge.point + rotation.apply(place - hinge.point)
            normal = rotation.apply(normal)
        return place, normal


def pose_limits(poses: Float[np.ndarray, "posture 45"]) -> Float[np.ndarray, "45 2"]:
    """Bound each coordinate of the rotation vectors by what postures use and anatomy allows."""
    margin = 0.22
    return np.stack([poses.min(axis=0) - margin, poses.max(axis=0) + margin], axis=1)
