"""Ground truth made visible: joints, masks and dense maps as pictures."""

import numpy as np
from jaxtyping import Float, Int8, UInt8, UInt16
from PIL import Image, ImageDraw

from obman_gen.sample import BODY, HAND, OBJECT

RGB = UInt8[np.ndarray, "height width 3"]
SquareRGB = UInt8[np.ndarray, "size size 3"]

FINGER_COLORS = ((230, 60, 70), (245, 160, 40), (80, 190, 90), (60, 150, 240), (180, 90, 220))
"""Thumb to little finger."""
SEGMENT_COLORS = np.array([[24, 26, 30], [240, 150, 60], [92, 112, 150], [60, 180, 150]], np.uint8)
"""By segmentation value: background, hand, body, object."""
_SMOOTHING = 3
_NEAR_FAR = np.array([[252, 250, 200], [250, 160, 70], [180, 50, 110], [60, 20, 90], [8, 6, 24]])


def with_joints(image: RGB, joints_px: Float[np.ndarray, "21 2"], size_px: int) -> SquareRGB:
    """Resize a square image and draw the hand's skeleton over it, one colour per finger."""
    drawn_px = size_px * _SMOOTHING
    canvas = Image.fromarray(image).resize((drawn_px, drawn_px), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(canvas)
    points = joints_px * (drawn_px / image.shape[0])
    width = max(1, round(drawn_px / 130))
    for finger, color in enumerate(FINGER_COLORS):
        chain = points[[0, *range(1 + 4 * finger, 5 + 4 * finger)]]
        pen.line([tuple(point) for point in chain.tolist()], fill=color, width=width, joint="curve")
        for x, y in chain[1:].tolist():
            pen.ellipse((x - width, y - width, x + width, y + width), fill=color)
    return np.asarray(canvas.resize((size_px, size_px), Image.Resampling.LANCZOS))


def with_outlines(image: RGB, segmentation: UInt8[np.ndarray, "height width"]) -> RGB:
    """Draw the rims of hand and object over an image."""
    outlined = image.copy()
    for part in (HAND, OBJECT):
        outlined[_rim(segmentation == part)] = SEGMENT_COLORS[part]
    return outlined


def _rim(mask: np.ndarray) -> np.ndarray:
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


def segments(segmentation: UInt8[np.ndarray, "height width"]) -> RGB:
    """Colour a segmentation: hand orange, body blue-grey, object green."""
    return SEGMENT_COLORS[np.minimum(segmentation, OBJECT)]


def depths(stored: UInt16[np.ndarray, "height width"], segmentation) -> RGB:
    """Colour stored depth: the hand's and object's range from light (near) to dark (far)."""
    units = stored.astype(np.float64)
    subject = (stored > 0) & (segmentation != BODY)
    seen = subject if subject.any() else stored > 0
    if not seen.any():
        return np.zeros((*stored.shape, 3), np.uint8)
    near, far = np.percentile(units[seen], (1, 99))
    at = np.clip((units - near) / max(far - near, 1.0), 0, 1) * (len(_NEAR_FAR) - 1)
    steps = np.arange(len(_NEAR_FAR))
    color = np.stack([np.interp(at, steps, channel) for channel in _NEAR_FAR.T], axis=-1)
    color[stored == 0] = SEGMENT_COLORS[0]
    return np.rint(color).astype(np.uint8)


def normals(stored: Int8[np.ndarray, "height width 3"]) -> RGB:
    """Colour normals: x red, y green, z blue, each from -1 to 1; towards the camera is bluish."""
    color = (stored.astype(np.int16) * np.array([1, -1, -1], np.int16) + 127).astype(np.uint8)
    color[~stored.any(axis=2)] = SEGMENT_COLORS[0]
    return color
