"""Outlines to loft: circles, rounded rectangles, superellipses, and profiles to turn."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from obman_gen.objects.procedural.shape import Ring, Shape, loft

AROUND = 48
"""Corners of a turned ring."""
Outline = Float[np.ndarray, "_ 2"]
Profile = Float[np.ndarray, "_ 2"]
"""Radius and height of the points of a turned surface, from the bottom outside."""
Polyline = Sequence[Sequence[float]] | Profile


def circle(corner_count: int = AROUND) -> Outline:
    """Return the unit circle, counterclockwise from +x."""
    angles = 2 * np.pi * np.arange(corner_count) / corner_count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def superellipse(
    half_width: float, half_depth: float, exponent: float, corner_count: int = AROUND
) -> Outline:
    """Return |x/a|^n + |y/b|^n = 1: 2 is an ellipse, 4 nearly a rounded rectangle."""
    unit = circle(corner_count)
    scale = (np.abs(unit) ** exponent).sum(axis=1) ** (-1 / exponent)
    return unit * scale[:, None] * [half_width, half_depth]


def rounded_rectangle(width: float, height: float, radius: float, corner_steps: int = 6) -> Outline:
    """Return a rectangle with round corners, centred, counterclockwise from the right."""
    radius = min(radius, width / 2 - 1e-6, height / 2 - 1e-6)
    angles = np.linspace(0, np.pi / 2, corner_steps)
    arc = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius
    corners = []
    for quarter, (sign_x, sign_y) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        cos, sin = np.cos(quarter * np.pi / 2), np.sin(quarter * np.pi / 2)
        quarter_arc = arc @ np.array([[cos, sin], [-sin, cos]])
        middle = np.array([sign_x * (width / 2 - radius), sign_y * (height / 2 - radius)])
        corners.append(quarter_arc + middle)
    return np.concatenate(corners)


def evenly(outline: Outline, corner_count: int = AROUND) -> Outline:
    """Return an outline with its corners at equal distances, so that print on it is even."""
    closed = np.concatenate([outline, outline[:1]])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    places = np.linspace(0, along[-1], corner_count, endpoint=False)
    return np.stack([np.interp(places, along, closed[:, axis]) for axis in (0, 1)], axis=1)


def inset(outline: Outline, distance: float) -> Outline:
    """Move every edge of a convex outline inwards by about a distance."""
    edges = np.roll(outline, -1, axis=0) - outline
    lengths = np.maximum(np.linalg.norm(edges, axis=1, keepdims=True), 1e-12)
    normals = np.stack([-edges[:, 1], edges[:, 0]], axis=1) / lengths
    corner = normals + np.roll(normals, 1, axis=0)
    corner /= np.maximum((corner * normals).sum(axis=1, keepdims=True), 0.5)
    return outline + distance * corner


def lying(outline: Outline, height: float) -> Ring:
    """Lay an outline into the plane y = height; its +x stays, its +y becomes -z."""
    return np.stack([outline[:, 0], np.full(len(outline), height), -outline[:, 1]], axis=1)


def standing(outline: Outline, depth: float) -> Ring:
    """Stand an outline in the plane z = depth, seen from +z."""
    return np.stack([outline[:, 0], outline[:, 1], np.full(len(outline), depth)], axis=1)


def rounded(profile: Polyline, radius: float, steps: int = 4) -> Profile:
    """Replace the corners of a polyline by arcs of a radius, or as much as fits."""
    points = np.asarray(profile, float)
    result = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        back, forth = before - corner, after - corner
        reach = min(radius, 0.45 * np.linalg.norm(back), 0.45 * np.linalg.norm(forth))
        start = corner + reach * back / max(np.linalg.norm(back), 1e-12)
        stop = corner + reach * forth / max(np.linalg.norm(forth), 1e-12)
        shares = np.linspace(0, 1, steps)
        result += [(1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * stop for t in shares]
    return np.array([*result, points[-1]])


def curve(points: Polyline, count: int) -> Profile:
    """Draw a smooth curve through points: monotone cubic by chord length."""
    from scipy.interpolate import PchipInterpolator

    known = np.asarray(points, float)
    chord = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(known, axis=0), axis=1))])
    return PchipInterpolator(chord, known)(np.linspace(0, chord[-1], count))


def turned(
    profile: Profile,
    materials: int | Sequence[int] = 0,
    caps: tuple[int, int] | None = None,
    outline: Callable[[float, float], Outline] | Outline | None = None,
) -> Shape:
    """Turn a profile about the y axis.

    Args:
        profile: (radius, height) from the bottom outwards, up, and back in for a hollow one.
        materials: see `loft`.
        caps: see `loft`.
        outline: shape of a ring of radius 1 instead of the circle, or a function of (radius,
            height) that returns the ring in metres.
    """
    rings = []
    for radius, height in profile:
        if callable(outline):
            ring = outline(float(radius), float(height))
        else:
            ring = max(radius, 1e-5) * (circle() if outline is None else outline)
        # The seam of the texture goes to the back, -z.
        rings.append(lying(np.roll(ring, -(len(ring) // 4), axis=0), float(height)))
    return loft(np.array(rings), materials, caps)


def slab(
    outline: Outline,
    depth: float,
    bevel: float,
    materials: int = 0,
    caps: tuple[int, int] | None = None,
) -> Shape:
    """Thicken an outline from z = 0 (back) to z = depth (front), with rounded edges."""
    bevel = min(bevel, depth / 2)
    angles = np.linspace(0, np.pi / 2, 4)
    back = [(bevel * (1 - np.sin(a)), bevel * (1 - np.cos(a))) for a in angles]
    front = [(amount, depth - height) for amount, height in reversed(back)]
    levels = back + (front if depth > 2 * bevel + 1e-9 else front[1:])
    rings = [standing(inset(outline, amount), height) for amount, height in levels]
    return loft(np.array(rings), materials, caps)


def tube(path: Float[np.ndarray, "point 3"], radius: float, material: int = 0, corners: int = 10):
    """Sweep a circle along a path; its ends are flat."""
    return swept(path, circle(corners) * radius, material)


def swept(path: Float[np.ndarray, "point 3"], outline: Outline, material: int = 0) -> Shape:
    """Sweep an outline along a path without twisting it."""
    tangents = np.gradient(path, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    normal = np.eye(3)[np.abs(tangents[0]).argmin()]
    rings = []
    for point, tangent in zip(path, tangents, strict=True):
        normal = normal - (normal @ tangent) * tangent
        normal /= np.linalg.norm(normal)
        across = np.cross(tangent, normal)
        rings.append(point + outline[:, :1] * normal + outline[:, 1:] * across)
    return loft(np.array(rings), material)
