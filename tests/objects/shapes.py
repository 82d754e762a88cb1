"""Meshes for the tests of objects: solids of known volume, sheets, and ways to break them."""

import numpy as np

CUBE_FACES = np.array(
    [
        [0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4],
        [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6], [3, 0, 4], [3, 4, 7],
    ]
)  # fmt: skip


def box(x=1.0, y=1.0, z=1.0, center=(0.0, 0.0, 0.0)):
    """Return a box as vertices and faces wound outwards."""
    corners = np.array(
        [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]
    )
    return (corners - 0.5) * [x, y, z] + np.array(center), CUBE_FACES


def joined(*meshes):
    """Put meshes into one."""
    offsets = np.cumsum([0] + [len(vertices) for vertices, _ in meshes[:-1]])
    return (
        np.concatenate([vertices for vertices, _ in meshes]),
        np.concatenate([f + offset for (_, f), offset in zip(meshes, offsets, strict=True)]),
    )


def sheet_bowl(radius=1.0, around=48, up=16):
    """Return the lower half of a sphere as a sheet without thickness."""
    angles = np.linspace(np.pi / 2, 0.06, up)
    turn = 2 * np.pi * np.arange(around) / around
    rings = [
        np.stack(
            [np.sin(a) * np.cos(turn), np.full(around, -np.cos(a)), np.sin(a) * np.sin(turn)], 1
        )
        for a in angles
    ]
    vertices = np.concatenate([*rings, [[0.0, -1.0, 0.0]]]) * radius
    i, j = np.arange(around), np.roll(np.arange(around), -1)
    faces = [
        np.concatenate([np.stack([k + i, k + j, k + around + j], 1),
                        np.stack([k + i, k + around + j, k + around + i], 1)])
        for k in range(0, around * (up - 1), around)
    ]  # fmt: skip
    last = around * (up - 1)
    faces.append(np.stack([last + i, last + j, np.full(around, around * up)], 1))
    return vertices, np.concatenate(faces)


def shuffled_winding(faces, seed=0):
    """Turn half of the faces around."""
    turn = np.random.default_rng(seed).random(len(faces)) < 0.5
    return np.where(turn[:, None], faces[:, ::-1], faces)


def obj_text(vertices, faces, extra=""):
    """Write an .obj file; ``extra`` comes before the faces."""
    lines = [f"v {x} {y} {z}" for x, y, z in vertices]
    return "\n".join([*lines, extra, *[f"f {a} {b} {c}" for a, b, c in faces + 1]]) + "\n"
