"""The values that flow between stages: frozen, complete when made, refused when wrong.

Order of appearance: an object is prepared (`obman_gen.objects`), held by a hand (`Grasp`),
put before a camera (`obman_gen.scene.Scene`), rendered (`View` three times) and stored
(`Sample`, one row of a shard).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32, Integer, UInt8

from obman_gen.arrays import Transform

Split = Literal["train", "val", "test"]
Side = Literal["right", "left"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
VIEWS = ("ho", "h", "o")
"""Hand and object, hand only, object only: three renders of one scene."""

BACKGROUND, HAND, BODY, OBJECT = range(4)
"""Segmentation values: nothing, the annotated hand, the rest of the body, the object."""


@dataclass(frozen=True)
class HandParameters:
    """MANO parameters: `HandModel` given these returns the hand's vertices in their frame."""

    global_orient: Float[np.ndarray, "3"]
    """Rotation vector of the wrist, radians."""
    pose: Float[np.ndarray, "45"]
    """Finger rotation vectors relative to the flat template hand, in MANO's joint order."""
    betas: Float[np.ndarray, "10"]
    translation: Float[np.ndarray, "3"]
    """Metres, added after posing; the rotation is about the model's own wrist joint."""
    side: Side = "right"

    def __post_init__(self):
        _require_finite(self)


@dataclass(frozen=True)
class BodyParameters:
    """SMPL+H parameters: `BodyModel` given these returns the body's vertices in their frame."""

    pose: Float[np.ndarray, "156"]
    """Global rotation vector and 51 joint rotation vectors, radians, SMPL+H joint order."""
    betas: Float[np.ndarray, "10"]
    translation: Float[np.ndarray, "3"]

    def __post_init__(self):
        _require_finite(self)


@dataclass(frozen=True)
class GraspMeasures:
    """How good a grasp is. NaN where a measure was not taken."""

    epsilon: float
    """Radius of the largest origin-centred ball in the L1 grasp wrench space, -1 if unstable."""
    volume: float
    """Volume of that 6-D wrench space."""
    quality: float
    """mano_grasp's score: |(epsilon, volume)|, weighted by palm contact and touching links."""
    max_penetration_m: float = float("nan")
    intersection_volume_m3: float = float("nan")
    simulation_displacement_m: float = float("nan")
    links_in_contact: int = 0
    """Bones of MANO's 16, the palm's among them, whose skin touches the object."""
    fingers_in_contact: int = 0
    """Of five, the thumb among them."""
    palm_in_contact: bool = False
    directions_held: float = float("nan")
    """In how many of six directions gravity may pull without the hand losing the object."""


@dataclass(frozen=True)
class Grasp:
    """A hand holding an object, in the object's own frame at its metric scale."""

    object_id: str
    """``SYNSET/ID``."""
    metres_per_unit: float
    """Scale of the object: raw mesh units times this are metres."""
    hand: HandParameters
    """In the object frame: scaled object vertices and posed hand vertices share it."""
    measures: GraspMeasures

    def __post_init__(self):
        if not self.metres_per_unit > 0:
            raise ValueError(
                f"metres_per_unit of {self.object_id!r} must be positive, "
                f"got {self.metres_per_unit}"
            )


@dataclass(frozen=True)
class Camera:
    """A pinhole camera, OpenCV axes (x right, y down, z forward), pixel centres at .5."""

    intrinsics: Float[np.ndarray, "3 3"]
    """Pixels."""
    width_px: int
    height_px: int

    def project(self, points_camera: Float[np.ndarray, "*batch 3"]) -> np.ndarray:
        """Return (*batch, 2) pixel coordinates of points in the camera frame, metres."""
        homogeneous = points_camera @ self.intrinsics.T
        return homogeneous[..., :2] / homogeneous[..., 2:]


@dataclass(frozen=True)
class View:
    """One rendered image and its exact, un-antialiased ground truth."""

    image: UInt8[np.ndarray, "height width 3"]
    """sRGB."""
    depth_m: Float32[np.ndarray, "height width"]
    """z-depth; ``inf`` where there is no surface."""
    segmentation: UInt8[np.ndarray, "height width"]
    normals: Float32[np.ndarray, "height width 3"] | None = None
    """Unit surface normals in the camera frame, zero where there is no surface."""


@dataclass(frozen=True)
class SceneNames:
    """Names, or JSON, of what was drawn for a sample: enough to render it again."""

    skin: str
    background: str
    object_appearance: str
    body_pose: str
    light: str


@dataclass(frozen=True)
class ObjectMesh:
    """An object as rendered, in its raw units; stored once per shard."""

    vertices: Float[np.ndarray, "vertex 3"]
    faces: Integer[np.ndarray, "face 3"]
    surface_points: Float[np.ndarray, "2048 3"]


@dataclass(frozen=True)
class Sample:
    """One row of a shard: three views of one scene and everything known about it."""

    sample_id: str
    """``train-00000042``."""
    views: Mapping[str, View]
    """Keyed by `VIEWS`."""
    camera: Camera
    hand: HandParameters
    """In the camera frame."""
    hand_vertices: Float[np.ndarray, "vertex 3"]
    """Camera frame, metres."""
    hand_joints: Float[np.ndarray, "21 3"]
    hand_object_distance: Float[np.ndarray, "vertex"]
    """Signed distance of each hand vertex to the object, metres, negative inside."""
    body: BodyParameters
    """In the camera frame."""
    object_id: str
    category: str
    camera_from_object: Transform
    """Takes raw mesh units to metres in the camera frame, scale included."""
    object_scale: float
    """Metres per raw unit."""
    measures: GraspMeasures
    visibility_object: float
    """Visible fraction of its own silhouette, in [0, 1]."""
    visibility_hand: float
    scene: SceneNames


def _require_finite(parameters: HandParameters | BodyParameters) -> None:
    for spec in fields(parameters):
        value = getattr(parameters, spec.name)
        if isinstance(value, np.ndarray) and not np.isfinite(value).all():
            raise ValueError(f"{type(parameters).__name__}.{spec.name} holds {value.tolist()}")
