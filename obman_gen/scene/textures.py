"""Images of materials, drawn from a generator: wood, plaster, tiles, cloth, print.

All return (H, W, 3) sRGB bytes. Those for repeating surfaces (cloth, tiles, planks, plaster)
tile without a seam.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float, Integer
from scipy import ndimage

from obman_gen.scene.color import encode_srgb
from obman_gen.scene.drawing import Pixels

Color = tuple[float, float, float]
"""Linear Rec. 709."""


def noise(
    rng: np.random.Generator, size_px: int, cells: int, octaves: int = 4, gain: float = 0.5
) -> Float[np.ndarray, "_ _"]:
    """Draw fractal noise in [0, 1] that tiles: random lattices, smoothly interpolated."""
    total, weight = np.zeros((size_px, size_px)), 1.0
    for octave in range(octaves):
        count = min(cells * 2**octave, size_px)
        _add_lattice(rng.random((count, count)), *_lattice_weights(size_px, count), weight, total)
        weight *= gain
    low, high = total.min(), total.max()
    return (total - low) / max(high - low, 1e-12)


@lru_cache(maxsize=64)
def _lattice_weights(
    size_px: int, count: int
) -> tuple[Integer[np.ndarray, "size 3"], Float[np.ndarray, "size 3"]]:
    """Return each pixel's three lattice points along one axis, and their weights: B-splines."""
    where = np.arange(size_px) * count / size_px
    nearest = np.rint(where).astype(int)
    offset = where - nearest
    weights = [0.5 * (0.5 - offset) ** 2, 0.75 - offset**2, 0.5 * (0.5 + offset) ** 2]
    return (nearest[:, None] + [-1, 0, 1]) % count, np.stack(weights, axis=1)


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _add_lattice(lattice, points, weights, scale, total):
    size_px, count = len(points), len(lattice)
    across = np.zeros((count, size_px))
    for row in range(count):
        for column in range(size_px):
            for tap in range(3):
                across[row, column] += weights[column, tap] * lattice[row, points[column, tap]]
    for row in range(size_px):
        for tap in range(3):
            share, lower = scale * weights[row, tap], across[points[row, tap]]
            for column in range(size_px):
                total[row, column] += share * lower[column]


def random_color(
    rng: np.random.Generator, value: tuple[float, float] = (0.15, 0.9), saturation: float = 0.6
) -> Color:
    """Draw a linear colour: any hue, brightness in a range, saturation up to a bound."""
    hue, chroma = rng.random() * 6, rng.random() ** 1.5 * saturation
    level = rng.uniform(*value)
    wheel = np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1
    encoded = level * (1 - chroma + chroma * np.clip(wheel, 0, 1))
    red, green, blue = (encoded**2.2).tolist()
    return red, green, blue


def mixed(low: Color, high: Color, share: np.ndarray) -> np.ndarray:
    """Blend two colours by a (H, W) share; linear light."""
    return np.array(low) + share[..., None] * (np.array(high) - np.array(low))


def plain(rng: np.random.Generator, size_px: int, color: Color | None = None) -> Pixels:
    """Draw paint: one colour, faint stains."""
    base = color or random_color(rng)
    stains = 0.94 + 0.12 * noise(rng, size_px, 3)
    grain = 0.985 + 0.03 * rng.random((size_px, size_px))
    return encode_srgb(np.array(base) * (stains * grain)[..., None])


def plaster(rng: np.random.Generator, size_px: int) -> Pixels:
    """Draw a light wall with a rough relief lit from one side."""
    relief = noise(rng, size_px, 24, octaves=5, gain=0.7)
    slope = relief - np.roll(relief, 1, axis=0)
    base = random_color(rng, (0.55, 0.95), 0.35)
    return encode_srgb(np.array(base) * np.clip(0.95 + 1.5 * slope, 0.5, 1.3)[..., None])


def wood(rng: np.random.Generator, size_px: int) -> Pixels:
    """Draw planks of wood: stretched rings, pores along the grain, dark joints."""
    planks = int(rng.integers(3, 8))
    rows, columns = np.mgrid[0:size_px, 0:size_px] / size_px
    plank = (rows * planks).astype(int)
    warp = noise(rng, size_px, 2, 3)
    rings = np.sin(
        2 * np.pi * (rng.uniform(6, 14) * rows + 1.6 * warp + rng.random(planks)[plank] * 7)
    )
    pores = ndimage.zoom(rng.random((size_px, max(size_px // 32, 1))), (1, 32), order=1)
    pores = pores[:size_px, :size_px]
    hue = np.array([1.0, rng.uniform(0.55, 0.72), rng.uniform(0.28, 0.48)])
    level = rng.uniform(0.12, 0.6) * (0.85 + 0.3 * rng.random(planks)[plank])
    shade = level * (0.9 + 0.12 * rings) * (0.9 + 0.2 * pores)
    joint = np.abs((rows * planks) % 1 - 0.5) > 0.49
    offset = rng.random(planks)[plank]
    butt = np.abs((columns + offset) % 1 - 0.5) > 0.4985
    shade = np.where(joint | butt, shade * 0.45, shade)
    return encode_srgb(hue * shade[..., None])


def tiles(rng: np.random.Generator, size_px: int) -> Pixels:
    """Draw square or brick tiles with grout."""
    count = int(rng.integers(3, 9))
    rows, columns = np.mgrid[0:size_px, 0:size_px] * count / size_px
    if rng.random() < 0.5:
        columns = (columns + 0.5 * (rows.astype(int) % 2)) % count
    width = rng.uniform(0.02, 0.06)
    grout = np.minimum(rows % 1, columns % 1) < width
    level = 0.85 + 0.25 * rng.random((count, count))[rows.astype(int), columns.astype(int) % count]
    body = np.array(random_color(rng, (0.3, 0.95), 0.3)) * level[..., None]
    body = body * (0.9 + 0.2 * noise(rng, size_px, 8))[..., None]
    return encode_srgb(np.where(grout[..., None], random_color(rng, (0.3, 0.8), 0.1), body))


def weave(rng: np.random.Generator, size_px: int) -> Float[np.ndarray, "_ _"]:
    """Return the shading of woven threads, around 1, with slubs."""
    slubs = ndimage.uniform_filter1d(rng.random((size_px, size_px)), 9, axis=1, mode="wrap")
    return _threads(size_px) + 0.25 * (slubs - 0.5)


@lru_cache(maxsize=4)
def _threads(size_px: int) -> Float[np.ndarray, "_ _"]:
    threads = size_px // 4
    rows, columns = np.mgrid[0:size_px, 0:size_px] * (2 * np.pi * threads / size_px)
    return 1 + 0.04 * (np.sin(rows) * np.cos(columns) + np.sin(columns + rows / 2))


def cloth(rng: np.random.Generator, size_px: int) -> Pixels:
    """Draw cloth: plain, striped, checked, dotted or melange."""
    kind = rng.choice(["plain", "plain", "stripes", "checks", "dots", "melange"])
    base = random_color(rng, (0.06, 0.95), 0.6)
    other = random_color(rng, (0.1, 0.95), 0.6)
    place = np.arange(size_px) / size_px * int(rng.integers(2, 9)) % 1
    band = (place < rng.uniform(0.1, 0.6)).astype(float)[:, None]
    if kind == "plain":
        share = np.zeros((1, 1))
    elif kind == "stripes":
        share = band
    elif kind == "checks":
        share = 0.5 * band + 0.5 * band.T
    elif kind == "dots":
        share = (np.hypot(place[:, None] - 0.5, place - 0.5) < 0.2).astype(float)
    else:
        share = 0.4 * (rng.random((size_px, size_px)) > 0.5)
    return encode_srgb(mixed(base, other, share) * weave(rng, size_px)[..., None])


def print_label(rng: np.random.Generator, size_px: int) -> Pixels:
    """Draw a printed sheet: fields of colour, discs and bars, lines like text."""
    image = np.ones((size_px, size_px, 3)) * random_color(rng, (0.2, 1.0), 0.8)
    rows, columns = np.mgrid[0:size_px, 0:size_px] / size_px
    for _ in range(int(rng.integers(3, 8))):
        top, left = rng.random(2)
        high, wide = rng.uniform(0.05, 0.6, 2)
        inside = (rows > top) & (rows < top + high) & (columns > left) & (columns < left + wide)
        if rng.random() < 0.3:
            inside = np.hypot(rows - top, columns - left) < high / 2
        image[inside] = random_color(rng, (0.1, 1.0), 0.9)
    for _ in range(int(rng.integers(2, 6))):
        _write_lines(rng, image)
    return encode_srgb(image * (0.96 + 0.06 * noise(rng, size_px, 4))[..., None])


def _write_lines(rng: np.random.Generator, image: np.ndarray) -> None:
    """Fill a block with rows of short dark or light bars, as print looks from afar."""
    size_px = len(image)
    ink = random_color(rng, (0.0, 0.25), 0.5) if rng.random() < 0.7 else (0.9, 0.9, 0.9)
    letter = max(2, int(size_px * rng.uniform(0.01, 0.05)))
    top, left = (rng.random(2) * 0.8 * size_px).astype(int)
    right = min(size_px, left + int(size_px * rng.uniform(0.2, 0.7)))
    for line in range(int(rng.integers(1, 6))):
        row = top + line * 2 * letter
        column = left
        while column < right:
            width = int(letter * rng.uniform(0.4, 0.8)) + 1
            if rng.random() < 0.82:
                image[row : row + letter, column : min(column + width, right)] = ink
            column += width + max(1, letter // 4)


def picture(rng: np.random.Generator, size_px: int) -> Pixels:
    """Draw what hangs on walls: soft bands of colour like a landscape, or a poster."""
    if rng.random() < 0.4:
        return print_label(rng, size_px)
    rows = np.arange(size_px)[:, None] / size_px + 0.25 * (noise(rng, size_px, 3) - 0.5)
    stops = np.sort(rng.random(4))
    image = np.ones((size_px, size_px, 3)) * random_color(rng)
    for stop in stops:
        image = np.where((rows > stop)[..., None], random_color(rng), image)
    return encode_srgb(image * (0.7 + 0.6 * noise(rng, size_px, 6, 5))[..., None])


TEXTURES: Mapping[str, Callable[[np.random.Generator, int], Pixels]] = {
    "plain": plain,
    "plaster": plaster,
    "wood": wood,
    "tiles": tiles,
    "cloth": cloth,
    "print": print_label,
    "picture": picture,
}
