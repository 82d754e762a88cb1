"""How ObMan's files encode labels: one place for both directions.

Channels of its segmentation and depth images are, as OpenCV reads them, the whole scene, the
hand alone, the object alone; PIL reads them in the opposite order.

Its 8-bit depth runs from 1 (near) to 255 (far), 0 is no surface. The renderer that made ObMan
stored the near value as ``depth_max`` and the far one as ``depth_min``, and the loaders people
use cancel that by their formula, ``min`` and ``max`` swapped. Files written here have the same
swap, so that those loaders read true depth.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8, UInt16

from obman_gen.sample import BACKGROUND, BODY, HAND, OBJECT

CHANNEL_VIEWS = ("o", "h", "ho")
"""Views in the order of PIL's channels."""
PREFIXES = {"ho": "depth", "h": "hand_depth", "o": "obj_depth"}
"""View to the beginning of its two meta keys."""
FOLDERS = {"ho": "rgb", "h": "rgb_hand", "o": "rgb_obj"}
INTRINSICS = np.array([[480.0, 0, 128], [0, 480, 128], [0, 0, 1]])
"""Of every original ObMan image."""

OBJECT_VALUE, BODY_VALUE = 100, 1
HAND_VALUES = {"right": (22, 24), "left": (21, 23)}
"""SMPL's part numbers of wrist and hand; a body's parts are 1 to 24."""


class DepthImage(NamedTuple):
    """One channel of a depth image and the range it spans, metres."""

    levels: UInt8[np.ndarray, "height width"]
    near_m: float
    far_m: float


def encode_segments(
    segmentation: UInt8[np.ndarray, "height width"], side: str
) -> UInt8[np.ndarray, "height width"]:
    """Turn our segmentation values into ObMan's."""
    table = np.zeros(4, np.uint8)
    table[[BACKGROUND, HAND, BODY, OBJECT]] = 0, HAND_VALUES[side][1], BODY_VALUE, OBJECT_VALUE
    return table[segmentation]


def decode_segments(
    values: UInt8[np.ndarray, "height width"], side: str
) -> UInt8[np.ndarray, "height width"]:
    """Turn ObMan's segmentation values into ours; the other hand is body."""
    ours = np.full(values.shape, BODY, np.uint8)
    ours[values == 0] = BACKGROUND
    ours[np.isin(values, HAND_VALUES[side])] = HAND
    ours[values == OBJECT_VALUE] = OBJECT
    return ours


def encode_depth_levels(stored: UInt16[np.ndarray, "height width"]) -> DepthImage:
    """Quantise our stored depth (0.1 mm, 0 no surface) to ObMan's 255 levels."""
    seen = stored > 0
    if not seen.any():
        return DepthImage(np.zeros(stored.shape, np.uint8), 0.0, 0.0)
    depth_m = stored.astype(np.float64) / 10_000
    near_m, far_m = float(depth_m[seen].min()), float(depth_m[seen].max())
    share = (depth_m - near_m) / max(far_m - near_m, 1e-12)
    levels = np.where(seen, 1 + np.rint(254 * share), 0).astype(np.uint8)
    return DepthImage(levels, near_m, far_m)


def decode_depth_levels(image: DepthImage) -> Float[np.ndarray, "height width"]:
    """Return depth in metres, ``inf`` where there is no surface."""
    share = (image.levels.astype(np.float32) - 1) / 254
    depth_m = image.near_m + share * (image.far_m - image.near_m)
    return np.where(image.levels > 0, depth_m, np.inf).astype(np.float32)


def depth_range_meta(view: str, image: DepthImage) -> dict[str, float]:
    """Return the two meta entries of a view's depth, swapped as ObMan has them."""
    return {f"{PREFIXES[view]}_min": image.far_m, f"{PREFIXES[view]}_max": image.near_m}


def depth_of_meta(view: str, meta: dict, levels: UInt8[np.ndarray, "height width"]) -> DepthImage:
    """Undo `depth_range_meta`."""
    far_m, near_m = (float(meta[f"{PREFIXES[view]}_{end}"]) for end in ("min", "max"))
    return DepthImage(levels, near_m, far_m)
