"""Write a tiny folder in HIC's layout, with a made-up hand, object, motion and pictures."""

import pickle
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from obman_gen.hands.files import MANO_TIPS
from obman_gen.hands.orders import MANOPTH

POSES = 11
"""Frames 0 to 9 after the rest pose: 9 train and 1 val."""
OBJECTS = {15: "Ball", 19: "Ball", 20: "Cube", 21: "Cube"}
BONES = (
    "Lower Arm R",
    *(f"RFing.{f}_{place}" for f in range(4) for place in ("Hand", "0", "1", "2")),
    *(f"RFing.4_{place}" for place in ("Hand", "0", "1")),
)
FITS = "IJCV16___Results_MANO___parms_for___joints21"


def write_hic(root: Path) -> dict:
    """Write all four sequences; return by sequence the truth in metres, as dictionaries."""
    truth = {}
    for sequence, name in OBJECTS.items():
        rng = np.random.default_rng(sequence)
        truth[sequence] = {
            "hand": write_model(root, sequence, "Hand_R", BONES, rng),
            "object": write_model(root, sequence, f"Object_{name}", ("Bone001",), rng),
            "fits": [write_fit(root, sequence, frame, rng) for frame in range(POSES - 1)],
        }
        for frame in range(POSES - 1):
            write_picture(root, sequence, frame, shade=(sequence, frame, 90))
    return truth


def write_model(root, sequence, name, bones, rng):
    """Write the .OFF, .SKEL, .MOTION and .SKIN of a model of about 0.1 m."""
    mesh = trimesh.creation.icosphere(subdivisions=1, radius=50.0)
    transforms_mm = np.array([[random_pose(rng) for _ in bones] for _ in range(POSES)])
    lengths_mm = rng.uniform(15, 80, len(bones)).round(4)
    weights = rng.uniform(0, 1, (len(mesh.vertices), len(bones))).round(4)
    stem = root / "Models" / f"{sequence:02d}" / f"Model_{name}"
    stem.parent.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".OFF").write_text(off_text(mesh))
    stem.with_suffix(".SKEL").write_text(skel_text(bones, lengths_mm), newline="\r\n")
    stem.with_suffix(".MOTION").write_text(motion_text(bones, transforms_mm))
    skin = f"{len(bones)}\n{' '.join(bones)} \n" + rows_text(weights)
    stem.with_suffix(".SKIN").write_text(skin)
    metres = transforms_mm.copy()
    metres[..., :3, 3] /= 1000
    return {
        "transforms": metres,
        "lengths": lengths_mm / 1000,
        "weights": weights / weights.sum(axis=1, keepdims=True),
        "vertices": np.asarray(mesh.vertices) / 1000,
    }


def random_pose(rng):
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    pose = np.eye(4)
    pose[:3, :3] = (rotation * np.linalg.det(rotation)).round(7)
    pose[:3, 3] = rng.uniform((-100, -100, 500), (100, 100, 700)).round(4)
    return pose


def off_text(mesh):
    faces = "".join(f"3 {a} {b} {c}\n" for a, b, c in mesh.faces)
    vertices = "".join(f"{x:.7f} {y:.7f} {z:.7f}\n" for x, y, z in mesh.vertices)
    return f"OFF\n{len(mesh.vertices)} {len(mesh.faces)} 0\n{vertices}{faces}"


def skel_text(bones, lengths_mm):
    parents = ("Root_NULL_Bone_0", *bones[:-1])
    lines = [
        f"{parent}\n{bone}\n{length}\n"
        for parent, bone, length in zip(parents, bones, lengths_mm, strict=True)
    ]
    return f"{POSES}\n\n" + "".join(lines)


def motion_text(bones, transforms_mm):
    blocks = []
    for at, bone in enumerate(bones):
        rows = [np.append(pose[:3, :3].ravel(), pose[:3, 3]) for pose in transforms_mm[:, at]]
        blocks.append(f"{bone}\n" + rows_text(rows))
    return "".join(blocks)


def rows_text(rows):
    return "".join(" ".join(f"{x:.7g}" for x in row) + " \n" for row in rows)


def write_picture(root, sequence, frame, shade):
    path = root / f"{sequence:02d}" / "1" / "rgb" / f"{frame:03d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (640, 480), shade).save(path, compress_level=1)


def write_fit(root, sequence, frame, rng, order=MANOPTH):
    """Write a fit whose joints are listed in ``order``; return vertices and joints (ours)."""
    joints = made_up_hand(rng)
    vertices = joints[0] + rng.uniform(-0.08, 0.08, (778, 3))
    vertices[list(MANO_TIPS["right"])] = joints[4::4] + 0.002
    fit = {
        "pose": np.zeros(48),
        "trans": np.zeros(3),
        "betas": np.zeros(10),
        "v": vertices,
        "J_transformed___j21": joints[[MANOPTH.index(name) for name in order]],
    }
    folder = f"IJCV16___fakeGT___IJCV___{sequence:02d}___Model_Hand_R___ncomps45"
    path = root / FITS / folder / f"{frame:03d}.pkl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(fit, protocol=2))
    return {"vertices": vertices, "joints": joints}


def made_up_hand(rng):
    """Return 21 joints: fingers 20 mm apart, bones of 25 to 35 mm."""
    joints = np.zeros((21, 3))
    for finger in range(5):
        base = np.array([0.02 * finger, 0.09, 0.0])
        steps = np.cumsum(rng.uniform(0.025, 0.035, 4)) - 0.025
        joints[1 + 4 * finger : 5 + 4 * finger] = base + np.outer(steps, (0, 1, 0))
    return joints + np.array([0.0, 0.0, 0.6])
