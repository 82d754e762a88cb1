"""Write a tiny folder in FHB's layout, with made-up hands, objects and pictures."""

from pathlib import Path

import numpy as np
import simplejpeg
import trimesh

from obman_gen.arrays import inverse_rigid
from obman_gen.realdata.fhb_files import CAMERA_FROM_WORLD_MM, OURS_FROM_FHB

CLIPS = [
    f"Subject_{subject}/{action}/{number}"
    for subject in range(1, 7)
    for action in ("open_milk", "pour_juice_bottle", "put_salt")
    for number in (1, 2)
]
FRAMES = 3
SIZES = {"Video_files_480": (270, 480), "Video_files": (1080, 1920)}


def write_fhb(root: Path, images: str = "Video_files_480") -> dict:
    """Write every clip; return the truth by clip: joints (ours) and pose, camera frame, metres."""
    for at, name in enumerate(("juice_bottle", "liquid_soap", "milk", "salt")):
        write_box(root, name, size_m=0.06 + 0.02 * at)
    truth = {}
    for at, clip in enumerate(CLIPS):
        truth[clip] = made_up_clip(np.random.default_rng(at))
        write_clip(root, clip, *truth[clip])
        for frame in range(FRAMES):
            write_picture(root / images / clip / "color", frame, SIZES[images], shade=at)
    return truth


def made_up_clip(rng):
    """Return joints within 0.1 m of an object's centre half a metre away, and object poses."""
    poses = np.tile(np.eye(4), (FRAMES, 1, 1))
    for pose in poses:
        rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        pose[:3, :3] = rotation * np.linalg.det(rotation)
        pose[:3, 3] = rng.uniform((-0.1, -0.1, 0.4), (0.1, 0.1, 0.6))
    joints = poses[:, None, :3, 3] + rng.uniform(-0.1, 0.1, (FRAMES, 21, 3))
    return joints, poses


def write_clip(root, clip, joints, poses):
    """Write the two text files of a clip, as FHB orders and measures things."""
    world_from_camera = inverse_rigid(CAMERA_FROM_WORLD_MM)
    in_world = 1000 * joints @ world_from_camera[:3, :3].T + world_from_camera[:3, 3]
    as_listed = np.zeros_like(in_world)
    as_listed[:, OURS_FROM_FHB] = in_world
    poses_mm = poses.copy()
    poses_mm[:, :3, 3] *= 1000
    write_rows(root / "Hand_pose_annotation_v1" / clip / "skeleton.txt", as_listed)
    by_column = (world_from_camera @ poses_mm).transpose(0, 2, 1)
    write_rows(root / "Object_6D_pose_annotation_v1" / clip / "object_pose.txt", by_column)


def write_rows(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        f"{frame} " + " ".join(f"{x:.6f}" for x in row.flat) for frame, row in enumerate(values)
    ]
    path.write_text("\n".join(rows) + "\n")


def write_picture(folder, frame, size, shade):
    folder.mkdir(parents=True, exist_ok=True)
    picture = np.full((*size, 3), 40 + shade, np.uint8)
    jpeg = simplejpeg.encode_jpeg(picture, quality=90, colorspace="RGB")
    (folder / f"color_{frame:04d}.jpeg").write_bytes(jpeg)


def write_box(root, name, size_m):
    path = root / "Object_models" / f"{name}_model" / f"{name}_model.ply"
    path.parent.mkdir(parents=True, exist_ok=True)
    trimesh.creation.box((size_m, size_m, 2 * size_m)).export(path)
