"""A hand laid on a box: a grasp good enough to compose scenes with."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from obman_gen.bodies import load_body_model
from obman_gen.hands import load_hand_model
from obman_gen.sample import Grasp, GraspMeasures, HandParameters, ObjectMesh
from obman_gen.scene.figure import Figure
from obman_gen.scene.frames import moved_hand
from pygraspit.sdf import bake

SIZE_M = (0.05, 0.13, 0.04)


@dataclass(frozen=True)
class Held:
    """What composing needs of a prepared object."""

    object_id: str
    category: str
    path: Path
    mesh: ObjectMesh
    distance: Any


@cache
def figure(body=True):
    return Figure(load_hand_model(), load_body_model() if body else None)


def box(folder: Path) -> Held:
    """A box of half its metric size: its scale is 2."""
    mesh = trimesh.creation.box(np.array(SIZE_M) / 2)
    path = folder / "box.obj"
    path.write_text(trimesh.exchange.obj.export_obj(mesh))
    vertices, faces = np.array(mesh.vertices), np.array(mesh.faces)
    points = np.resize(vertices, (2048, 3))
    distance = bake(vertices, faces, resolution=16)
    return Held("02946921/box", "can", path, ObjectMesh(vertices, faces, points), distance)


def grasp_of(held: Held) -> Grasp:
    """A half-closed hand whose palm lies on the box."""
    model = figure().hand_model
    hand = HandParameters(np.zeros(3), 0.5 * model.hands_mean, np.full(10, 0.3), np.zeros(3))
    _, joints = model.vertices_of(hand)
    palm = 0.4 * joints[0] + 0.6 * joints[9] - [0, 0.02 + SIZE_M[2] / 2, 0]
    object_from_hand = np.eye(4)
    object_from_hand[:3, :3] = trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0))[
        :3, :3
    ]
    object_from_hand[:3, 3] = -object_from_hand[:3, :3] @ palm
    wrist = model.rest_wrist(hand.betas)
    measures = GraspMeasures(0.1, 0.1, 0.1)
    return Grasp(held.object_id, 2.0, moved_hand(hand, wrist, object_from_hand), measures)
