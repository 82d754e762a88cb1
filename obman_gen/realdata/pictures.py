"""Read the pictures and meshes of a dataset, and name the file that cannot be read."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import simplejpeg
from jaxtyping import Float, Shaped, UInt8
from PIL import Image

from obman_gen.arrays import Faces, Vertices
from obman_gen.errors import InputError
from obman_gen.objects.solids import surface_points
from obman_gen.objects.surface import Surface
from obman_gen.streams import RandomStreams

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

SMALLEST_M = 0.01
LARGEST_M = 2.0


def read_jpeg(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Return a JPEG's pixels, sRGB.

    Raises:
        InputError: if it is none, or breaks off.
    """
    try:
        return simplejpeg.decode_jpeg(path.read_bytes(), colorspace="RGB")
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a JPEG: {error}") from error


def read_colours(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Return a PNG's pixels, sRGB; an alpha channel is dropped.

    Raises:
        InputError: if it cannot be read.
    """
    return _opened(path, "RGB")


def read_levels(path: Path) -> Shaped[np.ndarray, "height width"]:
    """Return the values of a picture of one channel, of 8 or 16 bits, as they are stored.

    Raises:
        InputError: if it cannot be read or has several channels.
    """
    levels = _opened(path, None)
    if levels.ndim != 2:
        raise InputError(
            f"{path} cannot be read as a picture of one channel: its shape is {levels.shape}"
        )
    return levels


def _opened(path: Path, mode: str | None) -> Shaped[np.ndarray, "..."]:
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert(mode) if mode else picture)
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{path} cannot be read as a picture: {error}") from error


@dataclass(frozen=True)
class SolidModel:
    """An object's model in its own frame, metres."""

    vertices: Vertices
    faces: Faces
    points: Float[np.ndarray, "2048 3"]
    """Drawn evenly over the surface, the same ones every time."""

    @cached_property
    def tree(self) -> "cKDTree":
        """The vertices, for nearest neighbours."""
        from scipy.spatial import cKDTree

        return cKDTree(self.vertices)


@lru_cache(maxsize=64)
def read_model(path: Path, metres_per_unit: float) -> SolidModel:
    """Read an object's .ply or .off mesh.

    Raises:
        InputError: if it is no mesh, or of a size that no hand holds.
    """
    from pygraspit.errors import DescriptionError
    from pygraspit.formats.geometry import read_geometry

    try:
        geometry = read_geometry(path)
    except DescriptionError as error:
        raise InputError(str(error)) from error
    scaled = Surface(metres_per_unit * geometry.vertices, geometry.faces)
    size_m = float(np.ptp(scaled.vertices, axis=0).max())
    if not SMALLEST_M < size_m < LARGEST_M:
        raise InputError(
            f"{path} would be {size_m:.3g} m long, an object in a hand has {SMALLEST_M} m to "
            f"{LARGEST_M} m; a unit of its file is {metres_per_unit} m"
        )
    rng = RandomStreams(0, "surface points")("draw")
    return SolidModel(scaled.vertices, scaled.faces, surface_points(scaled, rng))
