"""BOP: scenes with ``scene_camera.json``, ``scene_gt.json``, masks, depth and models in mm."""

from pathlib import Path
from typing import Any

import numpy as np

from obman_gen.sample import OBJECT, SPLITS
from obman_gen.shards.exporters.meshes import ply_bytes
from obman_gen.shards.exporters.rows import (
    Row,
    Track,
    box_of,
    rows_of,
    split_scale,
    whole_folder,
    write_file,
    write_json,
    write_png,
)
from obman_gen.shards.manifest import Manifest

SCENE_SIZE = 1000
"""Images per scene, as in BOP's own synthetic data."""
DEPTH_SCALE = 0.1
"""Stored depth times this is millimetres."""
MM = 1000.0


def export_bop(run: Path, out: Path, track: Track | None = None) -> int:
    """Write ``SPLIT/SCENE/...`` and ``models/``; return the number of samples.

    A model is an object at one scale: BOP's poses are rigid. ``scene_hand.json`` beside BOP's
    files has each image's hand: MANO parameters and joints, metres, camera frame.
    """
    models = _Models()
    splits = [split for split in SPLITS if Manifest.require(run).of(split)]
    scenes = {split: _Scenes() for split in splits}
    with whole_folder(out) as folder:
        for row in rows_of(run, track):
            scenes[row.split].add(folder / row.split, row, models.number_of(folder, row))
        for split, written in scenes.items():
            written.close(folder / split)
        models.close(folder)
    return sum(written.count for written in scenes.values())


class _Models:
    """Numbers objects by id and scale, and writes each once."""

    def __init__(self):
        self._numbers: dict[tuple[str, float], int] = {}
        self._infos: dict[str, Any] = {}

    def number_of(self, folder: Path, row: Row) -> int:
        scale = row.number_of("object/scale")
        key = row.object_id, scale
        if key not in self._numbers:
            number = self._numbers[key] = len(self._numbers) + 1
            mesh = row.mesh()
            vertices = mesh.vertices.astype(np.float64) * scale * MM
            write_file(folder / "models" / f"obj_{number:06d}.ply", ply_bytes(vertices, mesh.faces))
            self._infos[str(number)] = _model_info(vertices) | {
                "object_id": row.object_id,
                "category": row.text("object/category"),
                "metres_per_unit": scale,
            }
        return self._numbers[key]

    def close(self, folder: Path) -> None:
        write_json(folder / "models" / "models_info.json", self._infos)


def _model_info(vertices_mm: np.ndarray) -> dict[str, float]:
    low, size = vertices_mm.min(axis=0), np.ptp(vertices_mm, axis=0)
    return {
        "diameter": diameter(vertices_mm),
        **{f"min_{axis}": float(value) for axis, value in zip("xyz", low, strict=True)},
        **{f"size_{axis}": float(value) for axis, value in zip("xyz", size, strict=True)},
    }


def diameter(points: np.ndarray) -> float:
    """Return the greatest distance between two points; only corners of the hull can have it."""
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    corners = points[ConvexHull(points, qhull_options="QJ").vertices]
    return float(pdist(corners[:: max(1, len(corners) // 3000)]).max())


class _Scenes:
    """The images of one split, a thousand to a scene."""

    def __init__(self):
        self.count = 0
        self._entries: dict[str, dict[str, Any]] = {}

    def add(self, folder: Path, row: Row, model: int) -> None:
        if self.count and self.count % SCENE_SIZE == 0:
            self.close(folder)
        scene, image = divmod(self.count, SCENE_SIZE)
        self._write(folder / f"{scene:06d}", f"{image:06d}", row)
        for name, entry in _entries(row, model).items():
            self._entries.setdefault(name, {})[str(image)] = entry
        self.count += 1

    def close(self, folder: Path) -> None:
        scene = (self.count - 1) // SCENE_SIZE
        for name, entries in self._entries.items():
            write_json(folder / f"{scene:06d}" / f"{name}.json", entries)
        self._entries = {}

    @staticmethod
    def _write(scene: Path, name: str, row: Row) -> None:
        write_file(scene / "rgb" / f"{name}.jpg", row.jpeg("ho"))
        write_png(scene / "depth" / f"{name}.png", row.array("depth/ho"))
        for folder, view in (("mask", "o"), ("mask_visib", "ho")):
            mask = row.array(f"segmentation/{view}") == OBJECT
            write_png(scene / folder / f"{name}_000000.png", mask.astype(np.uint8) * 255)


def _entries(row: Row, model: int) -> dict[str, Any]:
    rotation, translation_m, _ = split_scale(row.array("object/camera_from_object"))
    whole, seen = (row.array(f"segmentation/{view}") == OBJECT for view in ("o", "ho"))
    return {
        "scene_camera": {
            "cam_K": _flat(row.array("camera/intrinsics")),
            "depth_scale": DEPTH_SCALE,
        },
        "scene_gt": [
            {
                "cam_R_m2c": _flat(rotation),
                "cam_t_m2c": _flat(translation_m * MM),
                "obj_id": model,
            }
        ],
        "scene_gt_info": [
            {
                "bbox_obj": box_of(whole),
                "bbox_visib": box_of(seen),
                "px_count_all": int(whole.sum()),
                "px_count_valid": int((row.array("depth/ho")[whole] > 0).sum()),
                "px_count_visib": int(seen.sum()),
                "visib_fract": float(seen.sum() / max(whole.sum(), 1)),
            }
        ],
        "scene_hand": {
            "sample_id": row.sample_id,
            "joints_m": row.array("hand/joints").tolist(),
            **{
                name: row.array(f"hand/{name}").tolist()
                for name in ("global_orient", "pose", "betas", "translation")
            },
        },
    }


def _flat(values: np.ndarray) -> list[float]:
    return values.astype(np.float64).ravel().tolist()
