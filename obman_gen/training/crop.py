"""The square crop that the network sees, and the camera that would have taken it.

A crop is an affine map of pixels; turning or mirroring it goes with turning or mirroring the
camera frame. The crop's intrinsics are then exact: points of the new frame, projected with
them, land where the map puts the old pixels.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image


@dataclass(frozen=True)
class Crop:
    """Where the network looks."""

    crop_from_image: Float[np.ndarray, "3 3"]
    """Takes homogeneous pixels of the picture to pixels of the crop; centres at halves."""
    crop_from_camera: Float[np.ndarray, "3 3"]
    """Takes directions and points of the picture's camera frame to the crop's: a turn about
    the optical axis, and for mirrored crops a reflection."""
    size_px: int

    @classmethod
    def around(
        cls,
        centre_px: Float[np.ndarray, "2"],
        side_px: float,
        size_px: int,
        angle_rad: float = 0.0,
        *,
        mirrored: bool = False,
    ) -> "Crop":
        """Return the crop of a square.

        Args:
            centre_px: its centre, pixels of the picture.
            side_px: its side, pixels of the picture.
            size_px: its side, pixels of the crop.
            angle_rad: turn of the content, from x to y: clockwise as seen.
            mirrored: exchange left and right, before the turn.
        """
        cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
        crop_from_camera = np.eye(3)
        crop_from_camera[:2, :2] = [[cosine, -sine], [sine, cosine]]
        if mirrored:
            crop_from_camera = crop_from_camera @ np.diag([-1.0, 1.0, 1.0])
        crop_from_image = np.eye(3)
        crop_from_image[:2, :2] = size_px / side_px * crop_from_camera[:2, :2]
        crop_from_image[:2, 2] = size_px / 2 - crop_from_image[:2, :2] @ centre_px
        return cls(crop_from_image, crop_from_camera, size_px)

    def intrinsics(self, of_image: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "3 3"]:
        """Return the crop's intrinsics; upper triangular if the picture's pixels are square."""
        return self.crop_from_image @ of_image @ self.crop_from_camera.T

    def pixels(self, of_image: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
        """Return where pixels of the picture are in the crop."""
        return of_image @ self.crop_from_image[:2, :2].T + self.crop_from_image[:2, 2]

    def points(self, in_camera: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """Return points of the picture's camera frame in the crop's."""
        return in_camera @ self.crop_from_camera.T

    def shows(self, width_px: int, height_px: int) -> Bool[np.ndarray, "size size"]:
        """Tell which pixels of the crop lie in a picture of this size."""
        image_from_crop, centres = (
            np.linalg.inv(self.crop_from_image),
            np.arange(self.size_px) + 0.5,
        )
        x, y = (
            row[0] * centres + row[1] * centres[:, None] + row[2] for row in image_from_crop[:2]
        )
        return (x >= 0) & (x < width_px) & (y >= 0) & (y < height_px)

    def cut(self, picture: UInt8[np.ndarray, "height width 3"]) -> Image.Image:
        """Return the pixels of the crop; black outside the picture."""
        image, reduced_from_image = Image.fromarray(picture), np.eye(3)
        # Bilinear sampling skips pixels when it shrinks by more than 2: average first.
        shrinks = 1 / np.sqrt(abs(np.linalg.det(self.crop_from_image[:2, :2])))
        factor = int(shrinks + 1e-6)
        if factor >= 2:
            image = image.reduce(factor)
            reduced_from_image[:2] /= factor
        source_from_crop = reduced_from_image @ np.linalg.inv(self.crop_from_image)
        return image.transform(
            (self.size_px, self.size_px),
            Image.Transform.AFFINE,
            tuple(source_from_crop[:2].ravel()),
            resample=Image.Resampling.BILINEAR,
        )


def box_square(points_px: Float[np.ndarray, "point 2"]) -> tuple[Float[np.ndarray, "2"], float]:
    """Return centre and longer side of the box around points, pixels, the side at least 1."""
    low, high = points_px.min(axis=0), points_px.max(axis=0)
    return (low + high) / 2, max(float((high - low).max()), 1.0)
