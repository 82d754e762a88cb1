"""Smooth random fields in space: what makes skin uneven, cloth crumpled, glaze mottled.

Gradient-free value noise on an integer lattice, hashed, so a field is a function of its seed
and the point alone.
"""

from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float

from obman_gen.arrays import Points


def field(
    points: Points, seed: int, period_m: float, octaves: int = 3, gain: float = 0.5
) -> Float[np.ndarray, "*batch"]:
    """Return fractal noise around 0, about in [-1, 1], with features of ``period_m``."""
    flat = np.ascontiguousarray(points.reshape(-1, 3), np.float64) / period_m
    out = np.zeros(len(flat))
    _fractal(flat, np.uint32(seed % 2**32), octaves, gain, out)
    return out.reshape(points.shape[:-1])


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _hash(x, y, z, seed):
    """Mix lattice coordinates to 32 bits (constants of Murmur3's finaliser)."""
    h = (
        seed
        ^ (np.uint32(x) * np.uint32(0x9E3779B1))
        ^ (np.uint32(y) * np.uint32(0x85EBCA77))
        ^ (np.uint32(z) * np.uint32(0xC2B2AE3D))
    )
    h = np.uint32(h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = np.uint32(h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return np.uint32(h ^ (h >> np.uint32(16)))


@numba.njit(cache=True)
@no_type_check
def _value(x, y, z, seed):
    ix, iy, iz = np.floor(x), np.floor(y), np.floor(z)
    fx, fy, fz = x - ix, y - iy, z - iz
    wx = fx * fx * (3 - 2 * fx)
    wy = fy * fy * (3 - 2 * fy)
    wz = fz * fz * (3 - 2 * fz)
    total = 0.0
    for dx in range(2):
        for dy in range(2):
            for dz in range(2):
                bits = _hash(np.int64(ix) + dx, np.int64(iy) + dy, np.int64(iz) + dz, seed)
                weight = (wx if dx else 1 - wx) * (wy if dy else 1 - wy) * (wz if dz else 1 - wz)
                total += weight * (np.float64(bits) / 2147483647.5 - 1)
    return total


@numba.njit(cache=True)
@no_type_check
def _fractal(points, seed, octaves, gain, out):
    for i in range(len(points)):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        weight, total = 1.0, 0.0
        for octave in range(octaves):
            total += weight * _value(x, y, z, np.uint32(seed + np.uint32(octave * 7919)))
            # An irrational step keeps the lattices of the octaves from lining up.
            x, y, z = 2.03 * x + 17.1, 2.03 * y - 3.7, 2.03 * z + 9.3
            weight *= gain
        out[i] = total
