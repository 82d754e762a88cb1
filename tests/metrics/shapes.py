"""Solids with known volumes, and the bounds their meshes put on them."""

import numpy as np
import trimesh


def ball(radius_m, centre=(0, 0, 0), subdivisions=4):
    """A mesh inscribed in the ball: it contains the ball of `inner_radius`."""
    mesh = trimesh.creation.icosphere(subdivisions, radius_m)
    return np.array(mesh.vertices) + centre, np.array(mesh.faces)


def inner_radius(radius_m, subdivisions=4):
    vertices, faces = ball(radius_m, subdivisions=subdivisions)
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return np.einsum("fx,fx->f", normals, corners[:, 0]).min()


def box(size, centre=(0, 0, 0)):
    mesh = trimesh.creation.box(size)
    return np.array(mesh.vertices) + centre, np.array(mesh.faces)


def prism(radius_m, length_m, axis, sides):
    """A cylinder about one of the axes, inscribed."""
    mesh = trimesh.creation.cylinder(radius_m, length_m, sections=sides)
    turn = {0: [2, 0, 1], 1: [1, 2, 0], 2: [0, 1, 2]}[axis]  # cyclic: stays right-handed
    return np.array(mesh.vertices)[:, turn], np.array(mesh.faces)


def joined(*meshes):
    starts = np.cumsum([0] + [len(vertices) for vertices, _ in meshes])
    faces = [mesh[1] + start for mesh, start in zip(meshes, starts, strict=False)]
    return np.concatenate([vertices for vertices, _ in meshes]), np.concatenate(faces)


def lens(radius, distance):
    """Volume two balls of one radius share."""
    return (
        np.pi
        * (2 * radius - distance) ** 2
        * (distance**2 + 4 * distance * radius)
        / (12 * distance)
    )


def cap(radius, height):
    return np.pi * height**2 * (3 * radius - height) / 3
