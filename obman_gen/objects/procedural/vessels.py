"""Profiles of turned vessels: outsides, insides, zones for labels, screw caps."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from obman_gen.objects.procedural.rings import Profile, curve, rounded, turned
from obman_gen.objects.procedural.shape import Shape


def rising(*pieces: Sequence[Sequence[float]], count: int = 44) -> Profile:
    """Draw a smooth profile through the points of pieces, which must go up."""
    points = np.array([point for piece in pieces for point in piece], float)
    assert (np.diff(points[:, 1]) > 0).all(), f"heights {points[:, 1]} do not rise"
    return curve(points, count)


def cut_at(profile: Profile, heights: Sequence[float]) -> Profile:
    """Insert points at heights into a profile that goes up."""
    radius, height = profile.T
    merged = np.unique(np.concatenate([height, [h for h in heights if height[0] < h < height[-1]]]))
    if len(np.unique(height)) < len(height):
        return _cut_stepped(profile, heights)
    return np.stack([np.interp(merged, height, radius), merged], axis=1)


def _cut_stepped(profile: Profile, heights: Sequence[float]) -> Profile:
    """Insert points, keeping level steps of the profile."""
    points = [profile[0]]
    for start, stop in pairwise(profile):
        inside = sorted(h for h in heights if start[1] + 1e-9 < h < stop[1] - 1e-9)
        for h in inside:
            share = (h - start[1]) / (stop[1] - start[1])
            points.append(start + share * (stop - start))
        points.append(stop)
    return np.array(points)


def zones(profile: Profile, default: int, *areas: tuple[float, float, int]) -> list[int]:
    """Return a material per band: that of the (low, high, material) area its middle lies in."""
    middles = (profile[1:, 1] + profile[:-1, 1]) / 2
    result = [default] * len(middles)
    for low, high, material in areas:
        for index in np.flatnonzero((middles > low) & (middles < high)):
            result[index] = material
    return result


def lined(outer: Profile, thickness: float, floor: float, lip_steps: int = 3) -> Profile:
    """Return the way back in: a round lip, then the inside at a wall thickness, to the floor.

    ``floor`` is the height where the inside begins.
    """
    step = np.gradient(outer, axis=0)
    step /= np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-12)
    inner = outer + thickness * np.stack([-step[:, 1], step[:, 0]], axis=1)
    inner = inner[(inner[:, 1] > floor) & (inner[:, 0] > 0.1 * thickness)][::-1]
    top, inside = outer[-1], inner[0]
    middle, arm = (top + inside) / 2, (top - inside) / 2
    up = np.array([-arm[1], arm[0]])
    angles = np.linspace(0, np.pi, lip_steps + 2)[1:-1]
    lip = middle + np.cos(angles)[:, None] * arm + np.sin(angles)[:, None] * up
    bottom = [[inner[-1, 0], floor]] if inner[-1, 1] > floor + 1e-6 else []
    return np.concatenate([lip, inner, *[np.array(bottom)] * bool(bottom)])


def screw_cap(
    radius: float, height: float, material: int, ribs: int = 60, depth: float = 0.0006
) -> Shape:
    """Return a cap standing on y = 0, ribbed around; no ribs: smooth."""
    profile = rounded(
        [(radius * 0.9, 0), (radius, 0), (radius, height), (radius * 0.8, height)], height * 0.12
    )
    if not ribs:
        return turned(profile, material)
    count = 2 * ribs
    angles = 2 * np.pi * np.arange(count) / count
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def ring(ring_radius: float, y: float):
        ribbed = 0.15 * height < y < 0.85 * height
        wave = (np.arange(count) % 2 * 2 - 1) * (depth / 2 if ribbed else 0.0)
        return unit * (ring_radius + wave)[:, None]

    levels = np.array([0.14, 0.16, 0.84, 0.86]) * height
    return turned(cut_at(profile, list(levels)), material, outline=ring)
