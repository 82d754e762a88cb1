"""A hand's links as a few balls and skin points, for collision tests on a distance field.

A ball of radius r whose centre is nearer than r to the object collides, however thin the
object is there: a wall between two skin points cannot slip through. Skin points fill in where
balls do not reach.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from pygraspit.model import Geometry, RobotModel
from pygraspit.sdf import bake

BAKE_RESOLUTION = 16
LINK_BALLS, PALM_BALLS = 5, 16
LINK_POINTS, PALM_POINTS = 12, 48
LEAST_BALL_SHARE = 0.4
"""Balls smaller than this share of a link's largest are left out."""
SPACING_SHARE = 0.7
"""Centres of a link's balls are at least this many radii apart."""


class Solids(NamedTuple):
    """Balls first, then skin points of radius zero."""

    link: Integer[np.ndarray, "ball"]
    """0: the palm; then the links, chain by chain."""
    centre: Float[np.ndarray, "ball 3"]
    """Link frame, mm."""
    radius: Float[np.ndarray, "ball"]
    ball_count: int


def solids_of(robot: RobotModel) -> Solids:
    """Pack every link of a hand with balls and cover it with points."""
    bodies = [robot.palm, *(link.body for chain in robot.chains for link in chain.links)]
    balls, points = [], []
    for index, body in enumerate(bodies):
        if not len(body.geometry.faces):
            continue
        ball_count, point_count = (
            (PALM_BALLS, PALM_POINTS) if index == 0 else (LINK_BALLS, LINK_POINTS)
        )
        balls += [(index, *ball) for ball in packed_balls(body.geometry, ball_count)]
        points += [(index, *place, 0.0) for place in spread_points(body.geometry, point_count)]
    table = np.array([*balls, *points], np.float64).reshape(-1, 5)
    return Solids(
        link=table[:, 0].astype(np.int64),
        centre=np.ascontiguousarray(table[:, 1:4]),
        radius=np.ascontiguousarray(table[:, 4]),
        ball_count=len(balls),
    )


def packed_balls(geometry: Geometry, most: int) -> Float[np.ndarray, "ball 4"]:
    """Return centres and radii of balls inside a surface, largest first, spread out."""
    grid = bake(geometry.vertices, geometry.faces, BAKE_RESOLUTION, padding=0.0)
    depth = -grid.values.astype(np.float64)
    inside = np.argwhere(depth > 0)
    radii = depth[tuple(inside.T)]
    centres = grid.origin + grid.spacing * inside
    balls: list[np.ndarray] = []
    while len(balls) < most and len(radii):
        largest = int(radii.argmax())
        if balls and radii[largest] < LEAST_BALL_SHARE * balls[0][3]:
            break
        centre, radius = centres[largest], radii[largest]
        balls.append(np.array([*centre, radius]))
        far = np.linalg.norm(centres - centre, axis=1) > SPACING_SHARE * radius
        radii, centres = radii[far], centres[far]
    return np.array(balls).reshape(-1, 4)


def spread_points(geometry: Geometry, most: int) -> Float[np.ndarray, "point 3"]:
    """Return vertices far apart from one another (farthest-point sampling)."""
    vertices = np.unique(geometry.vertices[np.unique(geometry.faces)], axis=0)
    chosen = [0]
    gaps = np.linalg.norm(vertices - vertices[0], axis=1)
    while len(chosen) < min(most, len(vertices)):
        chosen.append(int(gaps.argmax()))
        gaps = np.minimum(gaps, np.linalg.norm(vertices - vertices[chosen[-1]], axis=1))
    return vertices[chosen]
