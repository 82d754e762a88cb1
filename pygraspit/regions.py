"""Kernels on the regions of two surfaces around their contacts: found, merged, fitted.

A region is the vertices of nearby triangles that face the other body, and the contact points
themselves (a contact at a vertex counts twice, as in GraspIt!).
"""

from typing import NamedTuple, no_type_check

import numpy as np

from pygraspit.boxes import point_gap_squared
from pygraspit.kernels import kernel, light_kernel
from pygraspit.queries import STACK
from pygraspit.soft import add_to_fit
from pygraspit.triangles import face_normal, point_closest, squared


class Surface(NamedTuple):
    """One body's surface, for kernels."""

    tree: tuple
    """A `Tree`."""
    corner_ids: np.ndarray
    """(face, 3) of the tree's triangles into ``vertices``."""
    vertices: np.ndarray
    """(vertex, 3) distinct, mm."""


@kernel
@no_type_check
def fit_regions(surfaces, positions, frames, distances, radius):  # pragma: no cover
    """Merge contacts whose regions on the first body share a vertex; set up a fit for the rest.

    Args:
        surfaces: of the two bodies.
        positions: (2, contact, 3) mm, each in its body's frame.
        frames: (2, contact, 3, 3) of the contacts, as columns, the last into the body.
        distances: (contact,) mm; of two contacts to merge the farther one goes.
        radius: of the regions, mm.

    Returns:
        The contacts kept, and normal equations of their fits: (kept, 2, 3, 3) and (kept, 2, 3).
    """
    count = len(distances)
    here = _regions(surfaces[0], positions[0], frames[0], radius)
    there = _regions(surfaces[1], positions[1], frames[1], radius)
    owner = _merge(here, there, distances)
    kept = np.flatnonzero(owner[0] == np.arange(count))
    matrices, right = np.zeros((len(kept), 2, 3, 3)), np.zeros((len(kept), 2, 3))
    for row, contact in enumerate(kept):
        for side in range(2):
            vertices, frame = surfaces[side].vertices, frames[side, contact]
            matrix, goal = matrices[row, side], right[row, side]
            for vertex in (here if side == 0 else there)[contact]:
                add_to_fit(vertices[vertex], frame, matrix, goal)
            for other in np.argsort(owner[1], kind="mergesort"):
                if owner[0, other] == contact:
                    add_to_fit(positions[side, other], frame, matrix, goal)
    return kept, matrices, right


@kernel
@no_type_check
def _regions(surface, positions, frames, radius):  # pragma: no cover
    """Return sorted vertex ids for every contact."""
    return [
        np.unique(_near_corners(surface, positions[i], frames[i, :, 2], radius))
        for i in range(len(positions))
    ]


@kernel
@no_type_check
def _merge(here, there, distances):  # pragma: no cover
    """Unite the regions of contacts that share a vertex of the first body, into the nearer one's.

    Returns (2, contact): which contact each has become part of, and its turn in joining it.
    """
    count, turn = len(distances), 0
    owner = np.zeros((2, count), np.int64)
    owner[0] = np.arange(count)
    pair = _first_sharing(here, owner[0])
    while pair[0] >= 0:
        near, far = pair if distances[pair[0]] <= distances[pair[1]] else (pair[1], pair[0])
        here[near] = np.unique(np.concatenate((here[near], here[far])))
        there[near] = np.unique(np.concatenate((there[near], there[far])))
        turn += 1
        for index in range(count):
            if owner[0, index] == far:
                owner[0, index] = near
                owner[1, index] += turn * count
        pair = _first_sharing(here, owner[0])
    return owner


@kernel
@no_type_check
def _first_sharing(regions, owner):  # pragma: no cover
    """Return the first two regions of contacts that own themselves and share a vertex, or -1."""
    for index in range(len(regions)):
        for other in range(index + 1, len(regions)):
            alive = owner[index] == index and owner[other] == other
            if alive and _share(regions[index], regions[other]):
                return index, other
    return -1, -1


@light_kernel
@no_type_check
def _share(one, other):  # pragma: no cover
    """Say whether two sorted arrays have a number in common."""
    i = k = 0
    while i < len(one) and k < len(other):
        if one[i] == other[k]:
            return True
        if one[i] < other[k]:
            i += 1
        else:
            k += 1
    return False


@kernel
@no_type_check
def _near_corners(surface, point, normal, radius):  # pragma: no cover
    """Return corner ids of all triangles within a radius whose front faces along -normal."""
    tree, corner_ids = surface.tree, surface.corner_ids
    found = np.zeros(192, np.int64)
    stack = np.zeros(STACK, np.int64)
    closest = np.zeros(3)
    count, waiting = 0, 1
    while waiting > 0:
        waiting -= 1
        node = stack[waiting]
        if point_gap_squared(tree.boxes, node, point) > radius * radius:
            continue
        if tree.child[node] >= 0:
            stack[waiting], stack[waiting + 1] = tree.child[node], tree.child[node] + 1
            waiting += 2
            continue
        for face in range(tree.start[node], tree.stop[node]):
            corners = tree.triangles[face]
            point_closest(point, corners, closest)
            if _faces_away(corners, normal) and squared(point, closest) < radius * radius:
                if count + 3 > len(found):
                    found = np.concatenate((found, np.zeros_like(found)))
                found[count : count + 3] = corner_ids[face]
                count += 3
    return found[:count]


@light_kernel
@no_type_check
def _faces_away(corners, normal):  # pragma: no cover
    x, y, z = face_normal(corners)
    return x * normal[0] + y * normal[1] + z * normal[2] <= 0.0
