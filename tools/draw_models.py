"""Draw the open models for the docs: twelve postures from three sides, the arm in six twists.

Usage: python tools/draw_models.py docs/images
"""

import sys
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image, ImageFilter
from scipy.spatial.transform import Rotation

from obman_gen.bodies import load_body_model
from obman_gen.bodies.pose_sources import ELBOW_R, SHOULDER_R, WRIST_R
from obman_gen.hands import load_hand_model
from obman_gen.sample import BodyParameters, Camera, HandParameters
from obman_gen.scene.raster import cast

TILE_PX, OVERSAMPLING = 170, 3
SKIN = np.array([226.0, 178.0, 152.0])
PAPER = 250
SIDES = {"palm": (90, 0, 0), "back": (-90, 0, 0), "thumb side": (0, 0, 0)}
TWISTS_DEG = (-75, -45, -15, 15, 45, 75)


def shaded(vertices, faces, width_px: int, height_px: int, scale_px_per_m: float) -> np.ndarray:
    """Return a picture of a surface from far away, lit from the upper left."""
    width, height = OVERSAMPLING * width_px, OVERSAMPLING * height_px
    far_m = 3.0
    focal = OVERSAMPLING * scale_px_per_m * far_m
    intrinsics = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    placed = vertices + np.array([0, 0, far_m])
    hits = cast(placed, faces.astype(np.int64), Camera(intrinsics, width, height))
    seen = hits.faces >= 0
    normals = np.array(trimesh.Trimesh(placed, faces, process=False).vertex_normals)
    smooth = np.einsum("pk,pkc->pc", hits.weights[seen], normals[faces[hits.faces[seen]]])
    smooth /= np.linalg.norm(smooth, axis=1, keepdims=True)
    towards_light = np.array([-0.45, -0.65, -0.62])
    light = 0.28 + 0.72 * np.clip(smooth @ towards_light, 0, 1)
    picture = np.full((height, width, 3), PAPER, np.uint8)
    picture[seen] = np.clip(light[:, None] * SKIN, 0, 255)
    return np.asarray(Image.fromarray(picture).resize((width_px, height_px), Image.Resampling.BOX))


def draw_postures(out: Path) -> None:
    """Twelve template postures: a row of six, three sides each."""
    hand = load_hand_model()
    templates = hand.asset.pose_templates[
        np.linspace(0, len(hand.asset.pose_templates) - 1, 12, dtype=int)
    ]
    zero = np.zeros(3)
    rows = []
    for first in (0, 6):
        for angles in SIDES.values():
            turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
            tiles = []
            for pose in templates[first : first + 6]:
                vertices, joints = hand.vertices_of(HandParameters(zero, pose, np.zeros(10), zero))
                centred = (vertices - joints[9]) @ turn.T + np.array([-0.015, 0, 0])
                tiles.append(shaded(centred, hand.faces, TILE_PX, TILE_PX - 30, 600.0))
            rows.append(np.concatenate(tiles, axis=1))
    save(np.concatenate(rows), out / "hand_postures.jpg")


def draw_twists(out: Path) -> None:
    """The right forearm turned about itself by the wrist joint, hand held out."""
    body = load_body_model()
    tiles = []
    for twist_deg in TWISTS_DEG:
        pose = np.zeros((52, 3))
        pose[SHOULDER_R] = (0, 0, 0.2)
        pose[ELBOW_R] = (0, 0.35, 0)
        pose[WRIST_R] = (np.radians(twist_deg), 0, 0)
        vertices, joints = body.vertices_of(BodyParameters(pose.ravel(), np.zeros(10), np.zeros(3)))
        arm = np.isin(body.weights.argmax(axis=1), [17, 19, 21, *range(37, 52)])
        faces = body.faces[arm[body.faces].all(axis=1)]
        view = Rotation.from_euler("x", 180, degrees=True).as_matrix()
        centred = (vertices - 0.5 * (joints[19] + joints[21])) @ view.T + np.array([0.03, 0, 0])
        tiles.append(shaded(centred, faces, 3 * TILE_PX, TILE_PX, 600.0))
    grid = [np.concatenate(tiles[k : k + 2], axis=1) for k in (0, 2, 4)]
    save(np.concatenate(grid), out / "arm_twists.jpg")


def save(picture: np.ndarray, path: Path) -> None:
    """Write a JPEG, a little sharpened after the reduction."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(picture).filter(ImageFilter.UnsharpMask(1, 60, 2))
    image.save(path, quality=88)


if __name__ == "__main__":
    draw_postures(Path(sys.argv[1]))
    draw_twists(Path(sys.argv[1]))
