"""From root-relative metres to the camera frame and to pixels, given the crop's intrinsics.

A crop with known intrinsics fixes the hand's place: its root is seen at some pixel, and its
depth follows from how large a hand of known size appears. The network predicts both relative
to the crop, which makes them independent of the focal length.
"""

import torch
from jaxtyping import Float

CROP_WIDTH_M = 0.33
"""What a crop of 2.2 times the box around a hand's joints usually spans at the hand's depth."""
NEAREST_M = 0.05


def focal_length(intrinsics: Float[torch.Tensor, "batch 3 3"]) -> Float[torch.Tensor, "batch"]:
    """Return the focal length in pixels, the geometric mean of both axes, whatever the turn."""
    return torch.linalg.det(intrinsics[:, :2, :2]).abs().sqrt()


def root_in_camera(
    numbers: Float[torch.Tensor, "batch 3"],
    intrinsics: Float[torch.Tensor, "batch 3 3"],
    image_px: int,
) -> Float[torch.Tensor, "batch 3"]:
    """Return the root joint in the camera frame, metres.

    Args:
        numbers: its place in the crop in half sides from the centre, then the logarithm of
            its depth over the depth at which the crop spans `CROP_WIDTH_M`.
        intrinsics: of the crop, pixels.
        image_px: side of the crop.
    """
    pixels = image_px / 2 * (1 + numbers[:, :2])
    depth = focal_length(intrinsics) * CROP_WIDTH_M / image_px * numbers[:, 2].exp()
    homogeneous = torch.cat([pixels, torch.ones_like(pixels[:, :1])], dim=1)
    rays = torch.linalg.solve(intrinsics, homogeneous[..., None])[..., 0]
    return depth[:, None] * rays


def project(
    points_camera: Float[torch.Tensor, "batch point 3"],
    intrinsics: Float[torch.Tensor, "batch 3 3"],
) -> Float[torch.Tensor, "batch point 2"]:
    """Return pixel coordinates; points nearer than 5 cm are taken to be at 5 cm."""
    homogeneous = points_camera @ intrinsics.mT
    return homogeneous[..., :2] / homogeneous[..., 2:].clamp_min(NEAREST_M)
