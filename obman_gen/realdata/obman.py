"""Read ObMan as its authors distribute it, or as `obman-gen export --format obman` writes it."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from obman_gen.arrays import transform_points
from obman_gen.assets import GATED
from obman_gen.errors import InputError, SampleRejected
from obman_gen.hands.unpickle import read_array, read_pickle
from obman_gen.objects.meshfile import read_mesh
from obman_gen.objects.solids import POINT_COUNT, surface_points
from obman_gen.realdata.pictures import read_jpeg
from obman_gen.realdata.sample import AnnotatedImage
from obman_gen.registry import lookup
from obman_gen.sample import SPLITS, VIEWS, ObjectMesh
from obman_gen.shards.exporters import obman_layout as layout
from obman_gen.shards.exporters.obman import SHAPENET
from obman_gen.shards.exporters.rows import OPENGL_FROM_OPENCV
from obman_gen.streams import RandomStreams

MAX_FACES = 2_000_000
FARTHEST_OF_MEDIAN = 20
_NEEDED = ("side", "coords_2d", "coords_3d", "affine_transform", "class_id", "sample_id")


class ObMan:
    """One split of an ObMan folder; a sequence of `AnnotatedImage`.

    Its labels live in a world frame with y up and z towards the viewer; here they are in the
    camera frame. Numbers of missing renders are skipped, so an index is not a file number.

    Points of an object's surface are those of ``surface_points.pkl`` beside its model, which a
    script of ObMan's authors and our export write. Without it they are drawn evenly over the whole
    mesh: of models with insides, inside, too.
    """

    def __init__(
        self, root: Path | str, split: str, image: str = "ho", objects: Path | str | None = None
    ):
        """Open a split.

        Args:
            root: the folder that holds ``train``, ``val`` and ``test``.
            split: one of them.
            image: ``ho``, ``h`` or ``o``: which of the three renders.
            objects: ShapeNetCore.v2's folder; None: the one in ``root``, else
                OBMAN_GEN_SHAPENET, else objects are left out.

        Raises:
            InputError: if the folder is not ObMan's.
        """
        lookup(dict.fromkeys(SPLITS), split, "split")
        self.view = lookup({view: view for view in VIEWS}, image, "image")
        self.folder = Path(root) / split
        self.split = split
        self.objects = _objects_folder(Path(root), objects)
        self._metas = sorted((self.folder / "meta").glob("*.pkl"))
        if not self._metas:
            raise InputError(
                f"{self.folder} has no meta/*.pkl; ObMan's root is the folder with "
                f"{', '.join(SPLITS)} in it"
            )

    def __len__(self) -> int:
        return len(self._metas)

    def __getitem__(self, index: int) -> AnnotatedImage:
        path = self._metas[index]
        meta = read_meta(path)
        mesh = self._mesh(meta)
        camera_from_object = np.eye(4)
        camera_from_object[:3] = OPENGL_FROM_OPENCV @ np.asarray(meta["affine_transform"])[:3]
        vertices = meta.get("verts_3d")
        return AnnotatedImage(
            sample_id=f"{self.split}-{path.stem}",
            image=self._image(path.stem),
            intrinsics=np.asarray(meta.get("camera_intrinsics", layout.INTRINSICS), np.float64),
            side=meta["side"],
            joints=_in_camera(meta["coords_3d"]),
            joints_2d=np.asarray(meta["coords_2d"], np.float64),
            vertices=None if vertices is None else _in_camera(vertices),
            pose=_pose(meta),
            segmentation=self._segmentation(path.stem, meta["side"]),
            depth_m=self._depth(path.stem, meta),
            object_id=f"{meta['class_id']}/{meta['sample_id']}",
            category=str(meta.get("obj_category", "")),
            camera_from_object=camera_from_object,
            **_placed(mesh, camera_from_object),
        )

    def __iter__(self):
        return (self[index] for index in range(len(self)))

    def _image(self, name: str) -> UInt8[np.ndarray, "height width 3"]:
        return read_jpeg(self.folder / layout.FOLDERS[self.view] / f"{name}.jpg")

    def _channel(self, folder: str, name: str) -> UInt8[np.ndarray, "height width"] | None:
        path = self.folder / folder / f"{name}.png"
        if not path.exists():
            return None
        try:
            with Image.open(path) as picture:
                return np.asarray(picture)[..., layout.CHANNEL_VIEWS.index(self.view)]
        except (OSError, IndexError) as error:
            raise InputError(f"{path} cannot be read as a colour PNG: {error}") from error

    def _segmentation(self, name: str, side: str) -> np.ndarray | None:
        channel = self._channel("segm", name)
        return None if channel is None else layout.decode_segments(channel, side)

    def _depth(self, name: str, meta: dict[str, Any]) -> Float[np.ndarray, "height width"] | None:
        channel = self._channel("depth", name)
        if channel is None or f"{layout.PREFIXES[self.view]}_min" not in meta:
            return None
        return layout.decode_depth_levels(layout.depth_of_meta(self.view, meta, channel))

    def _mesh(self, meta: dict[str, Any]) -> ObjectMesh | None:
        if self.objects is None:
            return None
        folder = self.objects / str(meta["class_id"]) / str(meta["sample_id"]) / "models"
        return _object_mesh(folder)


def read_meta(path: Path) -> dict[str, Any]:
    """Read a meta file without running anything in it.

    Raises:
        InputError: if it is no pickle of plain data, or lacks what every ObMan file has.
    """
    meta = read_pickle(path)
    missing = [key for key in _NEEDED if key not in meta]
    if missing:
        raise InputError(f"{path} has no {', '.join(missing)}: is it a meta file of ObMan?")
    return meta


def _objects_folder(root: Path, given: Path | str | None) -> Path | None:
    if given is not None:
        if not Path(given).is_dir():
            raise InputError(f"{given} is not a folder; objects needs ShapeNetCore.v2's")
        return Path(given)
    beside = root / SHAPENET
    if beside.is_dir():
        return beside
    shapenet = os.environ.get(GATED["shapenet"])
    return Path(shapenet) if shapenet else None


def _in_camera(points_world: Any) -> Float[np.ndarray, "point 3"]:
    return np.asarray(points_world, np.float64) @ OPENGL_FROM_OPENCV


def _pose(meta: dict[str, Any]) -> Float[np.ndarray, "45"] | None:
    """Return the fingers' pose; files exist whose ``hand_pose`` begins with the wrist."""
    pose = meta.get("hand_pose")
    return None if pose is None else np.asarray(pose, np.float64).ravel()[-45:]


def _placed(mesh: ObjectMesh | None, camera_from_object: np.ndarray) -> dict[str, Any]:
    if mesh is None:
        return {}
    return {
        "object_vertices": transform_points(camera_from_object, mesh.vertices),
        "object_faces": mesh.faces,
        "object_points": transform_points(camera_from_object, mesh.surface_points),
    }


@lru_cache(maxsize=64)
def _object_mesh(folder: Path) -> ObjectMesh | None:
    """Return an object's mesh with points of its surface, or None where there is no file."""
    path = folder / "model_normalized.obj"
    if not path.exists():
        return None
    try:
        mesh = read_mesh(path, MAX_FACES)
    except SampleRejected as rejected:
        raise InputError(f"object {path}: {rejected.detail}") from rejected
    stored = folder / "surface_points.pkl"
    rng = RandomStreams(0, "surface points")("draw")
    points = _stored_points(stored, rng) if stored.exists() else surface_points(mesh, rng)
    return ObjectMesh(mesh.vertices, mesh.faces, points)


def _stored_points(path: Path, rng: np.random.Generator) -> Float[np.ndarray, "2048 3"]:
    """Return `POINT_COUNT` of a file's points, the same ones every time, all if there are so many.

    As ObMan's loaders do, leave out points that are absurdly far away.
    """
    points = read_array(path)
    if points.ndim != 2 or points.shape[1:] != (3,) or points.dtype.kind != "f":
        raise InputError(f"{path} holds {points.dtype} {points.shape}, need points (n, 3)")
    distances = np.linalg.norm(points, axis=1)
    points = (
        points[distances <= FARTHEST_OF_MEDIAN * np.median(distances)] if len(points) else points
    )
    if not len(points):
        raise InputError(f"{path} has no point of a surface")
    if len(points) == POINT_COUNT:
        return points.astype(np.float64)
    chosen = rng.choice(len(points), POINT_COUNT, replace=len(points) < POINT_COUNT)
    return points[chosen].astype(np.float64)
