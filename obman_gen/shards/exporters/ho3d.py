"""HO-3D: ``SPLIT/SEQUENCE/{rgb,depth,seg,meta}``, OpenGL axes, MANO's joint order."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8, UInt16
from scipy.spatial.transform import Rotation

from obman_gen.sample import HAND, OBJECT, ObjectMesh
from obman_gen.shards.exporters.meshes import obj_text
from obman_gen.shards.exporters.rows import (
    OPENGL_FROM_OPENCV,
    Row,
    Track,
    hand_in_opengl,
    rows_of,
    split_scale,
    whole_folder,
    write_file,
    write_pickle,
    write_png,
)
from obman_gen.shards.schema import SIDES
from obman_gen.shards.statistics.contact import CONTACT_DISTANCE_M

SPLIT_FOLDERS = {"train": "train", "val": "val", "test": "evaluation"}
SEQUENCE_SIZE = 1000
DEPTH_SCALE_M = 0.00012498664727900177
"""HO-3D's metres per depth unit."""
FROM_OURS = np.array([0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3, 4, 8, 12, 16, 20])
"""HO-3D's joints as rows of ours: MANO's 16 (wrist, index, middle, little, ring, thumb), then
the tips from thumb to little finger."""


def export_ho3d(run: Path, out: Path, track: Track | None = None) -> int:
    """Write a run in HO-3D's layout; return the number of samples.

    ``handPose`` is relative to the flat hand, as HO-3D's. A model is an object at one scale,
    metres. Lists ``train.txt``, ``val.txt`` and ``evaluation.txt`` name ``SEQUENCE/FRAME``.
    """
    frames: dict[str, list[str]] = {}
    known = set[str]()
    with whole_folder(out) as folder:
        for row in rows_of(run, track):
            split = SPLIT_FOLDERS[row.split]
            lines = frames.setdefault(split, [])
            sequence, frame = divmod(len(lines), SEQUENCE_SIZE)
            name = f"OG{sequence:04d}/{frame:04d}"
            lines.append(name)
            model = _model_name(row)
            if model not in known:
                known.add(model)
                _write_model(folder / "models" / model, row.mesh(), row.number_of("object/scale"))
            _write_frame(folder / split, name, row, model)
        for split, lines in frames.items():
            write_file(folder / f"{split}.txt", ("\n".join(lines) + "\n").encode())
    return sum(len(lines) for lines in frames.values())


def _model_name(row: Row) -> str:
    return f"{row.object_id.replace('/', '_')}_{row.number_of('object/scale'):.6f}"


def _write_model(folder: Path, mesh: ObjectMesh, scale: float) -> None:
    vertices = mesh.vertices.astype(np.float64) * scale
    write_file(folder / "textured_simple.obj", obj_text(vertices, mesh.faces).encode())


def _write_frame(folder: Path, name: str, row: Row, model: str) -> None:
    sequence, _, frame = name.partition("/")
    base = folder / sequence
    write_file(base / "rgb" / f"{frame}.jpg", row.jpeg("ho"))
    write_png(base / "depth" / f"{frame}.png", encode_ho3d_depth(row.array("depth/ho")))
    segmentation = row.array("segmentation/ho")
    colors = np.zeros((*segmentation.shape, 3), np.uint8)
    colors[segmentation == HAND, 0] = 255  # HO-3D: hand red, object green
    colors[segmentation == OBJECT, 1] = 255
    write_png(base / "seg" / f"{frame}.png", colors)
    write_pickle(base / "meta" / f"{frame}.pkl", _meta(row, model))


def _meta(row: Row, model: str) -> dict[str, Any]:
    hand = hand_in_opengl(row)
    rotation, translation_m, scale = split_scale(row.array("object/camera_from_object"))
    turned = OPENGL_FROM_OPENCV @ rotation
    moved = OPENGL_FROM_OPENCV @ translation_m
    corners = _corners(row.mesh().vertices.astype(np.float64) * scale)
    joints = row.array("hand/joints") @ OPENGL_FROM_OPENCV
    return {
        "camMat": row.array("camera/intrinsics").astype(np.float64),
        "handPose": np.concatenate([hand.global_orient, row.array("hand/pose")]),
        "handTrans": hand.translation,
        "handBeta": row.array("hand/betas").astype(np.float64),
        "handJoints3D": joints[FROM_OURS].astype(np.float64),
        "handVertContact": row.array("hand/object_distance") <= CONTACT_DISTANCE_M,
        "handBoundingBox": _box(row.array("hand/joints_2d")),
        "side": SIDES[int(row.array("hand/side"))],
        "objName": model,
        "objLabel": row.text("object/category"),
        "objRot": Rotation.from_matrix(turned).as_rotvec()[:, None],
        "objTrans": moved,
        "objCorners3DRest": corners,
        "objCorners3D": corners @ turned.T + moved,
    }


def encode_ho3d_depth(
    stored: UInt16[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "height width 3"]:
    """Pack depth as HO-3D does: low byte in red, high byte in green."""
    units = np.rint(stored / 10_000 / DEPTH_SCALE_M).astype(np.uint16)
    return np.stack([units & 255, units >> 8, np.zeros_like(units)], axis=-1).astype(np.uint8)


def _corners(vertices_m: Float[np.ndarray, "vertex 3"]) -> Float[np.ndarray, "8 3"]:
    ends = np.stack([vertices_m.min(axis=0), vertices_m.max(axis=0)])
    which = (np.arange(8)[:, None] >> np.arange(3)) & 1
    return ends[which, np.arange(3)]


def _box(joints_px: np.ndarray) -> list[float]:
    low, high = joints_px.min(axis=0), joints_px.max(axis=0)
    return [float(value) for value in (*low, *high)]
