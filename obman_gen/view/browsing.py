"""What the viewer shows of a run: which samples match, and one sample made visible."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from obman_gen.arrays import transform_points
from obman_gen.sample import VIEWS
from obman_gen.shards.figures.hand import heat_colors
from obman_gen.shards.whole_run import WholeRun
from obman_gen.view import overlay

ANY = "any"
REACH_M = 0.02
"""Distance to the object at which a hand vertex has the colour of bare skin."""
DIMMED = 0.82
"""Of all colours: the viewer's lights are strong."""
IMAGE_PX = 512
FACTS = {
    "object": ("object/id", "", 1.0),
    "category": ("object/category", "", 1.0),
    "epsilon": ("grasp/epsilon", "", 1.0),
    "penetration": ("grasp/max_penetration_m", " mm", 1e3),
    "displacement": ("grasp/simulation_displacement_m", " mm", 1e3),
    "intersection": ("grasp/intersection_volume_m3", " cm³", 1e6),
    "object visible": ("visibility/object", " %", 100.0),
    "hand visible": ("visibility/hand", " %", 100.0),
    "skin": ("scene/skin", "", 1.0),
    "body pose": ("scene/body_pose", "", 1.0),
}
"""Label to field, unit and the factor to it."""
_FIELDS = (
    "sample_id",
    *(f"images/{view}" for view in VIEWS),
    *(f"segmentation/{view}" for view in VIEWS),
    "depth",
    "hand/vertices",
    "hand/joints",
    "hand/joints_2d",
    "hand/object_distance",
    "object/camera_from_object",
    "camera/intrinsics",
    *(field for field, _, _ in FACTS.values()),
)


@dataclass(frozen=True)
class Filter:
    """Which samples are wanted."""

    split: str = ANY
    category: str = ANY
    max_penetration_mm: float = np.inf
    min_object_visible: float = 0.0
    """Fraction."""


@dataclass(frozen=True)
class Solid:
    """A mesh in the camera frame, metres, with a colour per vertex."""

    vertices: Float[np.ndarray, "vertex 3"]
    faces: Int[np.ndarray, "face 3"]
    colors: UInt8[np.ndarray, "vertex 3"]
    is_smooth: bool = False


@dataclass(frozen=True)
class Sight:
    """One sample, ready to be shown."""

    sample_id: str
    hand: Solid
    thing: Solid
    joints: Float[np.ndarray, "21 3"]
    intrinsics: Float[np.ndarray, "3 3"]
    facts: dict[str, str]
    sample: dict[str, Any]

    @property
    def middle(self) -> Float[np.ndarray, "3"]:
        """Mean of the hand's vertices, camera frame."""
        return self.hand.vertices.mean(axis=0)

    def picture(self, view: str, joints: bool, outlines: bool) -> UInt8[np.ndarray, "h w 3"]:
        """Return an image (``ho``, ``h``, ``o``), or the ``segmentation`` or ``depth`` of ho."""
        image = self._plain(view)
        if outlines and view in VIEWS:
            image = overlay.with_outlines(image, self.sample[f"segmentation/{view}"])
        if joints:
            return overlay.with_joints(image, self.sample["hand/joints_2d"], IMAGE_PX)
        return image

    def _plain(self, view: str) -> np.ndarray:
        if view == "segmentation":
            return overlay.segments(self.sample["segmentation/ho"])
        if view == "depth":
            return overlay.depths(self.sample["depth/ho"], self.sample["segmentation/ho"])
        return self.sample[f"images/{view}"]


PICTURES = (*VIEWS, "segmentation", "depth")


class Browser:
    """A run that is looked at: small columns in memory, samples read one at a time."""

    def __init__(self, run: Path):
        """Open a run.

        Raises:
            InputError: if the run has no finished shard.
        """
        self._whole = WholeRun(run, _FIELDS)
        # Viewers of several browsers read at once; the reader keeps a list of open shards.
        self._lock = threading.Lock()
        self.faces = self._whole.readers[0].hand_faces()
        self.splits = np.repeat(self._whole.splits, [len(part) for part in self._whole.readers])
        self.ids = self._whole.column("sample_id")
        self.categories = self._whole.column("object/category")
        self._penetrations_mm = 1e3 * self._whole.column("grasp/max_penetration_m")
        self._visible = self._whole.column("visibility/object")

    def __len__(self) -> int:
        return len(self._whole)

    def matching(self, wanted: Filter) -> Int[np.ndarray, "sample"]:
        """Return the indices of the samples that pass a filter.

        A sample whose penetration was not measured passes only where any penetration does.
        """
        keep = self._visible >= wanted.min_object_visible
        if np.isfinite(wanted.max_penetration_mm):
            keep &= self._penetrations_mm <= wanted.max_penetration_mm
        if wanted.split != ANY:
            keep &= self.splits == wanted.split
        if wanted.category != ANY:
            keep &= self.categories == wanted.category
        return np.flatnonzero(keep)

    def find(self, sample_id: str) -> int | None:
        """Return the index of a sample by its id, or None."""
        found = np.flatnonzero(self.ids == sample_id)
        return int(found[0]) if len(found) else None

    def sight(self, index: int) -> Sight:
        """Read one sample."""
        with self._lock:
            sample, mesh = self._whole[index], self._whole.mesh(index)
        placed = transform_points(sample["object/camera_from_object"], mesh.vertices)
        paint = np.tile(np.array([[112, 132, 158]], np.uint8), (len(placed), 1))
        colors = contact_colors(sample["hand/object_distance"])
        return Sight(
            sample_id=sample["sample_id"],
            hand=Solid(sample["hand/vertices"], self.faces, colors, is_smooth=True),
            thing=Solid(placed, mesh.faces, paint),
            joints=sample["hand/joints"],
            intrinsics=sample["camera/intrinsics"],
            facts={label: _fact(sample, *field) for label, field in FACTS.items()},
            sample=sample,
        )


def contact_colors(distances_m: Float[np.ndarray, "vertex"]) -> UInt8[np.ndarray, "vertex 3"]:
    """Colour hand vertices: skin out of reach, orange close, red touching, purple inside."""
    near = 1 - np.clip(distances_m.astype(np.float64), 0, REACH_M) / REACH_M
    levels = np.where(distances_m < 0, 1.0, 0.75 * near)
    return np.rint(255 * (heat_colors(levels) * DIMMED)).astype(np.uint8)


def _fact(sample: dict[str, Any], field: str, unit: str, factor: float) -> str:
    value = sample[field]
    if isinstance(value, str):
        return value
    return "not measured" if np.isnan(value) else f"{float(value) * factor:.3g}{unit}"
