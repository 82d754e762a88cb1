"""ObMan's folders: ``SPLIT/{rgb,rgb_hand,rgb_obj,segm,depth,meta}``, and the objects beside."""

from pathlib import Path
from typing import Any

import numpy as np

from obman_gen.sample import VIEWS, ObjectMesh
from obman_gen.shards.exporters import obman_layout as layout
from obman_gen.shards.exporters.meshes import obj_text
from obman_gen.shards.exporters.rows import (
    OPENGL_FROM_OPENCV,
    Row,
    Track,
    hand_in_opengl,
    rows_of,
    whole_folder,
    write_file,
    write_pickle,
    write_png,
)
from obman_gen.shards.schema import SIDES

SHAPENET = "ShapeNetCore.v2"


def export_obman(run: Path, out: Path, track: Track | None = None) -> int:
    """Write a run in ObMan's layout; return the number of samples.

    Images are copied byte for byte. Segmentation and depth take ObMan's channel order and
    encoding (`obman_layout`). Meta files have ObMan's keys in its world frame (y up, z towards
    the viewer), and ours: ``camera_intrinsics`` and the parameters that rebuild the hand
    (``hand_global_rot``, ``hand_pose``, ``hand_betas``, ``hand_trans``). Objects lie in
    ``ShapeNetCore.v2/`` with the surface points that ObMan's readers ask for.
    """
    count, known = 0, set[str]()
    with whole_folder(out) as folder:
        for row in rows_of(run, track):
            _write_sample(folder / row.split, row)
            if row.object_id not in known:
                known.add(row.object_id)
                _write_object(folder / SHAPENET / row.object_id / "models", row.mesh())
            count += 1
    return count


def _write_sample(folder: Path, row: Row) -> None:
    name = f"{row.number:08d}"
    for view in VIEWS:
        write_file(folder / layout.FOLDERS[view] / f"{name}.jpg", row.jpeg(view))
    side = SIDES[int(row.array("hand/side"))]
    segments = [
        layout.encode_segments(row.array(f"segmentation/{view}"), side)
        for view in layout.CHANNEL_VIEWS
    ]
    depths = {
        view: layout.encode_depth_levels(row.array(f"depth/{view}"))
        for view in layout.CHANNEL_VIEWS
    }
    write_png(folder / "segm" / f"{name}.png", np.stack(segments, axis=-1))
    channels = np.stack([image.levels for image in depths.values()], axis=-1)
    write_png(folder / "depth" / f"{name}.png", channels)
    ranges = {}
    for view, image in depths.items():
        ranges |= layout.depth_range_meta(view, image)
    write_pickle(folder / "meta" / f"{name}.pkl", _meta(row, side) | ranges)


def _meta(row: Row, side: str) -> dict[str, Any]:
    hand = hand_in_opengl(row)
    world_from_object = np.eye(4, dtype=np.float32)
    world_from_object[:3] = OPENGL_FROM_OPENCV @ row.array("object/camera_from_object")[:3]
    class_id, _, model_id = row.object_id.partition("/")
    return {
        "side": side,
        "coords_2d": row.array("hand/joints_2d"),
        "coords_3d": (row.array("hand/joints") @ OPENGL_FROM_OPENCV).astype(np.float32),
        "verts_3d": (row.array("hand/vertices") @ OPENGL_FROM_OPENCV).astype(np.float32),
        "hand_pose": row.array("hand/pose"),
        "mano_pose": row.array("hand/pose"),
        "pca_pose": row.array("hand/pca"),
        "hand_global_rot": hand.global_orient.astype(np.float32),
        "hand_trans": hand.translation.astype(np.float32),
        "hand_betas": row.array("hand/betas"),
        "pose": row.array("body/pose"),
        "shape": row.array("body/betas"),
        "trans": row.array("body/translation"),
        "z": float(row.array("hand/joints")[0, 2]),
        "camera_intrinsics": row.array("camera/intrinsics"),
        "affine_transform": world_from_object,
        "obj_scale": row.number_of("object/scale"),
        "obj_path": f"{SHAPENET}/{row.object_id}/models/model_normalized.obj",
        "obj_texture": row.text("scene/object_appearance"),
        "class_id": class_id,
        "sample_id": model_id,
        "obj_category": row.text("object/category"),
        "grasp_quality": row.number_of("grasp/quality"),
        "grasp_epsilon": row.number_of("grasp/epsilon"),
        "grasp_volume": row.number_of("grasp/volume"),
        "obj_visibility_ratio": row.number_of("visibility/object"),
        "bg_path": row.text("scene/background"),
        "body_tex": row.text("scene/skin"),
        "light": row.text("scene/light"),
    }


def _write_object(folder: Path, mesh: ObjectMesh) -> None:
    write_file(folder / "model_normalized.obj", obj_text(mesh.vertices, mesh.faces).encode())
    arrays = {"vertices": np.asarray(mesh.vertices), "faces": np.asarray(mesh.faces)}
    write_pickle(folder / "model_normalized.pkl", arrays)
    write_pickle(folder / "surface_points.pkl", np.asarray(mesh.surface_points))
