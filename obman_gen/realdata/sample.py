"""The common sample type of foreign datasets: an image and whatever is known about it."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Integer, UInt8

from obman_gen.shards.schema import SIDES


@dataclass(frozen=True)
class AnnotatedImage:
    """One image. All geometry is in the camera frame (OpenCV axes), metres; None: not known."""

    sample_id: str
    image: UInt8[np.ndarray, "height width 3"]
    """sRGB."""
    intrinsics: Float[np.ndarray, "3 3"] | None = None
    """Pixels."""
    side: Literal["right", "left"] = "right"
    joints: Float[np.ndarray, "21 3"] | None = None
    """Wrist, then thumb to little finger, each base to tip."""
    joints_2d: Float[np.ndarray, "21 2"] | None = None
    """Pixels."""
    vertices: Float[np.ndarray, "vertex 3"] | None = None
    """Of MANO; in exports of ours, of the hand model that they were made with."""
    pose: Float[np.ndarray, "45"] | None = None
    """Finger rotation vectors relative to the flat hand, MANO's joint order."""
    segmentation: UInt8[np.ndarray, "height width"] | None = None
    """0 background, 1 hand, 2 rest of the body, 3 object."""
    depth_m: Float[np.ndarray, "height width"] | None = None
    """z-depth; ``inf`` where there is no surface."""
    object_id: str = ""
    category: str = ""
    object_vertices: Float[np.ndarray, "point 3"] | None = None
    object_faces: Integer[np.ndarray, "face 3"] | None = None
    object_points: Float[np.ndarray, "sampled 3"] | None = None
    """Of the object's surface."""
    camera_from_object: Float[np.ndarray, "4 4"] | None = None
    """Scale included."""
    box: Float[np.ndarray, "4"] | None = None
    """Left, top, right and bottom of hand and object, pixels, where an annotator drew it."""
    own_hand_vertices: Float[np.ndarray, "own 3"] | None = None
    """Of a hand mesh that is not MANO's, in the dataset's own topology."""
    own_hand_faces: Integer[np.ndarray, "own_face 3"] | None = None

    def fields(self) -> dict[str, Any]:
        """Return what is known under the names that `SampleReader` uses for our own samples.

        What our samples do not have (`box`, meshes of other hands) is left out.
        """
        named = {
            "sample_id": self.sample_id,
            "image": self.image,
            "camera/intrinsics": self.intrinsics,
            "hand/side": np.uint8(SIDES.index(self.side)),
            "hand/joints": self.joints,
            "hand/joints_2d": self.joints_2d,
            "hand/vertices": self.vertices,
            "hand/pose": self.pose,
            "object/id": self.object_id or None,
            "object/category": self.category or None,
            "object/surface_points": self.object_points,
            "object/camera_from_object": self.camera_from_object,
        }
        return {name: value for name, value in named.items() if value is not None}
