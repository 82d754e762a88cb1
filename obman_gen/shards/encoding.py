"""How pictures and dense maps become stored numbers, and back."""

import numpy as np
import simplejpeg
from jaxtyping import Float, Int8, UInt8, UInt16

JPEG_QUALITY = 95
DEPTH_UNITS_PER_M = 10_000
"""Depth is stored in tenths of a millimetre; 0 means no surface."""
DEPTH_MAX_M = 65535 / DEPTH_UNITS_PER_M
NORMAL_UNITS = 127

ImageBytes = UInt8[np.ndarray, "_"]


def encode_image(image: UInt8[np.ndarray, "height width 3"]) -> bytes:
    """Compress an sRGB image: JPEG, quality 95, no chroma subsampling."""
    return simplejpeg.encode_jpeg(
        np.ascontiguousarray(image), quality=JPEG_QUALITY, colorspace="RGB", colorsubsampling="444"
    )


def decode_image(
    data: bytes | ImageBytes, out: UInt8[np.ndarray, "height width 3"] | None = None
) -> UInt8[np.ndarray, "height width 3"]:
    """Decode a JPEG to sRGB, into ``out`` if given. The same bytes give the same pixels."""
    return simplejpeg.decode_jpeg(data, colorspace="RGB", buffer=out)


def encode_depth(depth_m: Float[np.ndarray, "height width"]) -> UInt16[np.ndarray, "height width"]:
    """Quantise z-depth to 0.1 mm; pixels without a surface (``inf``) become 0.

    Raises:
        ValueError: if a surface is nearer than half a step or farther than 6.5535 m.
    """
    hit = np.isfinite(depth_m)
    units = np.rint(np.where(hit, depth_m, 1.0) * DEPTH_UNITS_PER_M)
    if units.min() < 1 or units.max() > 65535:
        low, high = depth_m[hit].min(), depth_m[hit].max()
        raise ValueError(f"depth spans {low} to {high} m, need 0.0001 to {DEPTH_MAX_M} m")
    return np.where(hit, units, 0).astype(np.uint16)


def decode_depth(
    stored: UInt16[np.ndarray, "*batch height width"],
) -> Float[np.ndarray, "*batch height width"]:
    """Return z-depth in metres, float32; ``inf`` where there is no surface."""
    depth_m = stored.astype(np.float32) / np.float32(DEPTH_UNITS_PER_M)
    depth_m[stored == 0] = np.inf
    return depth_m


def encode_normals(
    normals: Float[np.ndarray, "height width 3"],
) -> Int8[np.ndarray, "height width 3"]:
    """Quantise unit normals to 1/127; no surface is the zero vector."""
    return np.rint(np.clip(normals, -1, 1) * NORMAL_UNITS).astype(np.int8)


def decode_normals(
    stored: Int8[np.ndarray, "*batch height width 3"],
) -> Float[np.ndarray, "*batch height width 3"]:
    """Return normals as float32; not exactly of unit length."""
    return stored.astype(np.float32) / np.float32(NORMAL_UNITS)
