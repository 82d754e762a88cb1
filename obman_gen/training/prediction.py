"""Reconstruct hand and object from one's own pictures."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from obman_gen.errors import InputError
from obman_gen.reconstruction import ReconstructionModel
from obman_gen.reconstruction.model import Prediction
from obman_gen.runfolder import write_atomically
from obman_gen.training.checkpoints import load_model
from obman_gen.training.config import TrainConfig
from obman_gen.training.crop import Crop
from obman_gen.training.evaluation_measures import HandAndObject, contact_values
from obman_gen.training.evaluation_pictures import overlay

FOCAL_PER_SIDE = 480 / 256
"""Focal length over the picture's longer side, where it is not known: that of our renders."""
LEAST_PX = 32
"""Least side of a picture that is looked at."""
MIRROR = np.array([-1.0, 1.0, 1.0])
MIRROR_TURN = np.array([1.0, -1.0, -1.0])
"""What a mirror in x does to points, and to rotation vectors."""


@dataclass(frozen=True)
class View:
    """Where the hand is in a picture, and what took it."""

    box_px: tuple[float, float, float, float] | None = None
    """Left, top, width and height of the box around the hand; None: the picture is cropped to
    its central square."""
    focal_px: float | None = None
    """None: `FOCAL_PER_SIDE` times the longer side."""
    side: str = "right"
    box_factor: float | None = None
    """Side of what is looked at over the box's longer one; None: as trained, for a box around the
    hand's joints."""
    matrix: Float[np.ndarray, "3 3"] | None = None
    """The camera's, where it is known; the focal length is then in it."""

    def __post_init__(self):
        if self.box_px is not None and not min(self.box_px[2:]) > 0:
            raise InputError(f"--box needs a positive width and height, got {self.box_px}")
        if self.focal_px is not None and not 0 < self.focal_px < math.inf:
            raise InputError(f"--focal must be positive and finite, got {self.focal_px}")

    def intrinsics(self, width_px: int, height_px: int) -> Float[np.ndarray, "3 3"]:
        """Return the picture's matrix; unless known, its principal point is in the middle."""
        if self.matrix is not None:
            return self.matrix
        focal_px = self.focal_px or FOCAL_PER_SIDE * max(width_px, height_px)
        return np.array([[focal_px, 0, width_px / 2], [0, focal_px, height_px / 2], [0, 0, 1.0]])

    def crop(self, picture: np.ndarray, config: TrainConfig, model_side: str) -> Crop:
        """Return what the network looks at; pictures of the other hand are mirrored."""
        height_px, width_px, _ = picture.shape
        self._require_inside(width_px, height_px)
        if self.box_px is None:
            centre, side_px = np.array([width_px, height_px]) / 2, float(min(width_px, height_px))
        else:
            left, top, width, height = self.box_px
            centre = np.array([left + width / 2, top + height / 2])
            factor = self.box_factor or config.augment.crop_factor
            side_px = factor * max(width, height)
        mirrored = self.side != model_side
        return Crop.around(centre, side_px, config.image_px, mirrored=mirrored)

    def _require_inside(self, width_px: int, height_px: int) -> None:
        if self.box_px is None:
            return
        left, top, width, height = self.box_px
        if left >= width_px or top >= height_px or left + width <= 0 or top + height <= 0:
            raise InputError(
                f"--box {','.join(f'{value:g}' for value in self.box_px)} lies outside the picture "
                f"of {width_px} x {height_px} pixels"
            )


@dataclass(frozen=True)
class Reconstruction:
    """What is predicted from one picture, in its camera frame."""

    shape: HandAndObject
    hand_faces: np.ndarray
    record: dict[str, Any]
    """Parameters and measures, ready for JSON."""
    overlay: UInt8[np.ndarray, "height width 3"]

    def save(self, folder: Path, name: str) -> None:
        """Write ``NAME_hand.ply``, ``NAME_object.ply``, ``NAME.json``, ``NAME_overlay.png``."""
        import trimesh
        from trimesh.exchange.ply import export_ply

        folder.mkdir(parents=True, exist_ok=True)
        meshes = {
            "hand": (self.shape.hand_vertices, self.hand_faces),
            "object": (self.shape.object_vertices, self.shape.object_faces),
        }
        for kind, (vertices, faces) in meshes.items():
            mesh = trimesh.Trimesh(vertices, faces, process=False)
            write_atomically(folder / f"{name}_{kind}.ply", export_ply(mesh))
        write_atomically(folder / f"{name}.json", json.dumps(self.record, indent=1) + "\n")
        Image.fromarray(self.overlay).save(folder / f"{name}_overlay.png")


def read_picture(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Read a picture, upright as its camera noted.

    Raises:
        InputError: if it cannot be read, or is too small to see a hand in.
    """
    try:
        with Image.open(path) as image:
            picture = np.array(ImageOps.exif_transpose(image).convert("RGB"))
    except FileNotFoundError as error:
        raise InputError(f"picture {path} does not exist") from error
    except (UnidentifiedImageError, OSError) as error:
        raise InputError(f"{path} is not a readable picture: {error}") from error
    height_px, width_px, _ = picture.shape
    if min(height_px, width_px) < LEAST_PX:
        raise InputError(
            f"{path} is {width_px} x {height_px} pixels, need {LEAST_PX} or more each way"
        )
    return picture


def parse_box(text: str | None) -> tuple[float, float, float, float] | None:
    """Read ``LEFT,TOP,WIDTH,HEIGHT``."""
    if text is None:
        return None
    try:
        left, top, width, height = numbers = [float(part) for part in text.split(",")]
        if not all(map(math.isfinite, numbers)):
            raise ValueError(text)
    except ValueError as error:
        raise InputError(f"--box takes LEFT,TOP,WIDTH,HEIGHT in pixels, got {text!r}") from error
    return left, top, width, height


def predict_files(images: Sequence[Path], checkpoint: Path, view: View, out: Path) -> Iterator[str]:
    """Reconstruct pictures one by one and say what was written.

    Raises:
        InputError: if the checkpoint or a picture cannot be read.
    """
    names = [path.stem for path in images]
    if len(set(names)) < len(names):
        raise InputError(f"two pictures have one name: {', '.join(sorted(names))}; rename one")
    model, info = load_model(checkpoint)
    for path in images:
        if not path.is_file():
            raise InputError(f"picture {path} does not exist")
    for path in images:
        made = reconstruct(read_picture(path), view, model, info.config)
        source = {"picture": str(path), "checkpoint": str(checkpoint), "epoch": info.epoch}
        replace(made, record={**source, **made.record}).save(out, path.stem)
        yield f"{path}: {out / path.stem}_hand.ply, _object.ply, .json, _overlay.png"


def reconstruct(
    picture: UInt8[np.ndarray, "height width 3"],
    view: View,
    model: ReconstructionModel,
    config: TrainConfig,
) -> Reconstruction:
    """Predict hand and object in the camera frame of a picture, metres.

    Without the true focal length the place is only as good as the assumed one; shape, pose and
    the object relative to the hand do not depend on it.
    """
    height_px, width_px, _ = picture.shape
    intrinsics = view.intrinsics(width_px, height_px)
    crop = view.crop(picture, config, model.hand.side)
    image = torch.from_numpy(np.array(crop.cut(picture)).transpose(2, 0, 1)[None])
    prediction = Prediction._make(tensor.cpu() for tensor in model.predict(image))
    of_crop = torch.from_numpy(crop.intrinsics(intrinsics)[None].astype(np.float32))
    root = model.root_in_camera(prediction, of_crop, config.image_px)[0]

    def placed(points: torch.Tensor) -> np.ndarray:
        # The turn is orthogonal: its inverse is its transpose.
        return (points[0] + root).numpy().astype(np.float64) @ crop.crop_from_camera

    mirrored = view.side != model.hand.side
    shape = HandAndObject(
        placed(prediction.hand_vertices),
        placed(prediction.hand_joints),
        placed(prediction.object_points),
        _faced(model.object_faces, mirrored=mirrored),
    )
    hand_faces = _faced(model.hand.faces, mirrored=mirrored)
    record = {
        "hand": {"side": view.side, **_parameters(model, prediction, root, mirrored=mirrored)},
        "joints_m": shape.hand_joints.tolist(),
        "intrinsics_px": intrinsics.tolist(),
        "crop_from_image": crop.crop_from_image.tolist(),
        "hand_model": {"name": model.hand.name, "sha256": model.hand.sha256},
        "measures": contact_values(shape, model.hand, simulate=False),
    }
    drawn = overlay(picture, shape, model.hand, intrinsics)
    return Reconstruction(shape, hand_faces, record, drawn)


def _faced(faces: np.ndarray, *, mirrored: bool) -> np.ndarray:
    """Keep faces looking outwards: a mirror turns them round."""
    return faces[:, ::-1] if mirrored else faces


def _parameters(
    model: ReconstructionModel, prediction: Prediction, root: torch.Tensor, *, mirrored: bool
) -> dict[str, list[float]]:
    """Return MANO parameters that give the vertices in the picture's camera frame."""
    device = next(model.parameters()).device
    there = Prediction._make(tensor.to(device) for tensor in prediction)
    found = {name: value[0].cpu().numpy() for name, value in model.hand_parameters(there).items()}
    found["translation"] = found["translation"] + root.numpy()
    if mirrored:
        found["translation"] = found["translation"] * MIRROR
        for name in ("global_orient", "pose"):
            found[name] = (found[name].reshape(-1, 3) * MIRROR_TURN).ravel()
    return {name: np.asarray(value, np.float64).tolist() for name, value in found.items()}
