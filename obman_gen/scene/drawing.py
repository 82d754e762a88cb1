"""What a renderer needs, and nothing else: surfaces, lamps, surroundings and a camera.

A `Scene` says what was drawn for a sample by name and parameter; a `Drawing` is the same
scene as arrays. Everything is in the camera frame (OpenCV axes), metres.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Integer, UInt8

from obman_gen.arrays import Faces, Vertices
from obman_gen.sample import Camera
from obman_gen.scene.sensor import Sensor

Pixels = UInt8[np.ndarray, "_ _ 3"]
LinearImage = Float32[np.ndarray, "_ _ 3"]
"""Scene-linear light, Rec. 709 primaries."""


@dataclass(frozen=True)
class Material:
    """How a surface scatters light: the parameters of a principled shader."""

    base_color: tuple[float, float, float] = (0.8, 0.8, 0.8)
    """Linear; multiplied with ``texture`` where there is one."""
    texture: Path | Pixels | None = None
    """sRGB image looked up by the part's ``uv``; a path is loaded once per process."""
    roughness: float = 0.5
    metallic: float = 0.0
    specular: float = 0.5
    transmission: float = 0.0
    coat: float = 0.0
    sheen: float = 0.0
    bump: Path | Pixels | None = None
    """Height image by the same ``uv``: black is 0, white is ``bump_height_m``."""
    bump_height_m: float = 0.0
    emission: float = 0.0
    """Strength of the light the surface gives off in its base colour, W/m^2/sr."""


@dataclass(frozen=True)
class Part:
    """One surface of a drawing."""

    name: str
    vertices: Vertices
    faces: Faces
    materials: tuple[Material, ...]
    segments: Integer[np.ndarray, "face"]
    """Segmentation value of each face; 0 marks a surface that is lit and seen but not labelled."""
    material_indices: Integer[np.ndarray, "face"] | None = None
    """Into ``materials``; None: all the first."""
    uv: Float[np.ndarray, "face 3 2"] | None = None
    """Per corner, v upwards."""
    sharp_angle_rad: float = np.pi
    """Edges bent more than this are shaded as creases."""
    in_views: frozenset[str] = frozenset({"ho", "h", "o"})
    """Renders this surface appears in."""


@dataclass(frozen=True)
class Lamp:
    """A light beside the surroundings. Powers as Cycles: W (area, point), W/m^2 (sun)."""

    kind: Literal["area", "point", "sun"]
    power: float
    color: tuple[float, float, float]
    """Linear, brightest channel 1."""
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    direction: tuple[float, float, float] = (0.0, 0.0, 1.0)
    """Where the light goes, camera frame."""
    size_m: float = 0.3
    """Edge of an area lamp, diameter of a point lamp; for a sun its angle in radians."""


@dataclass(frozen=True)
class Drawing:
    """Everything a picture is made of."""

    camera: Camera
    parts: tuple[Part, ...]
    environment: LinearImage
    """Light from everywhere: equirectangular, rows from camera-up to camera-down, the middle
    column along the viewing direction."""
    background: LinearImage
    """Seen where no surface is; the camera's resolution."""
    lamps: tuple[Lamp, ...] = field(default=())
    seed: int = 0
    """Of the renderer's sampling noise."""
    sensor: Sensor = field(default_factory=Sensor)
    hand_joints: Float[np.ndarray, "joint 3"] = field(default_factory=lambda: np.zeros((0, 3)))
    """Camera frame, metres: the points that the hand's own body must not hide."""

    def of_view(self, view: str) -> tuple[Part, ...]:
        """Return the parts that one of the three renders shows."""
        return tuple(part for part in self.parts if view in part.in_views)


def face_mask(part: Part, segment: int) -> Bool[np.ndarray, "face"]:
    """Return which faces carry a segmentation value."""
    return part.segments == segment
