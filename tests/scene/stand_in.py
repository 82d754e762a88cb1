"""A ball for a hand, a rod for a body and a box for an object: geometry with known answers."""

import numpy as np
import trimesh

from obman_gen.sample import BODY, HAND, OBJECT, Camera
from obman_gen.scene.drawing import Drawing, Lamp, Material, Part

PERSON_VIEWS = frozenset({"ho", "h"})


def camera(width_px=64, height_px=64):
    """ObMan's field of view at another resolution."""
    focal_px = 480 * width_px / 256
    intrinsics = np.array([[focal_px, 0, width_px / 2], [0, focal_px, height_px / 2], [0, 0, 1.0]])
    return Camera(intrinsics, width_px, height_px)


def turned(mesh, angle_rad, axis, shift):
    turn = trimesh.transformations.rotation_matrix(angle_rad, axis)
    mesh.apply_transform(turn)
    mesh.apply_translation(shift)
    return np.array(mesh.vertices), np.array(mesh.faces)


def drawing(seed=0, of_camera=None, **changes):
    """Draw a scene whose box stands at an angle set by ``seed``."""
    ball = turned(trimesh.creation.icosphere(3, 0.05), 0.0, (0, 0, 1), (-0.02, 0.01, 0.6))
    rod = turned(trimesh.creation.capsule(1.0, 0.05), 1.2, (1, 0.3, 0), (-0.05, 0.1, 0.75))
    box = turned(trimesh.creation.box((0.06, 0.12, 0.05)), 0.7 + seed, (1, 1, 0.2), (0.04, 0, 0.58))
    segments = np.repeat([HAND, BODY], [len(ball[1]), len(rod[1])])
    person = Part(
        "person",
        np.concatenate([ball[0], rod[0]]),
        np.concatenate([ball[1], rod[1] + len(ball[0])]),
        (Material((0.7, 0.4, 0.3)), Material((0.1, 0.2, 0.6))),
        segments,
        material_indices=segments - HAND,
        in_views=PERSON_VIEWS,
    )
    thing = Part(
        "object",
        *box,
        (Material((0.1, 0.6, 0.1), roughness=0.2),),
        np.full(len(box[1]), OBJECT),
        sharp_angle_rad=0.5,
        in_views=frozenset({"ho", "o"}),
    )
    seen_by = of_camera or camera()
    environment = np.full((16, 32, 3), 0.6, np.float32)
    environment[:4] = 1.5
    fields = {
        "camera": seen_by,
        "parts": (person, thing),
        "environment": environment,
        "background": np.full((seen_by.height_px, seen_by.width_px, 3), 0.3, np.float32),
        "lamps": (Lamp("area", 5.0, (1.0, 0.9, 0.8), (0.5, -0.5, 0.3), (-0.5, 0.5, 0.4)),),
        "seed": seed,
    }
    return Drawing(**(fields | changes))
