"""Painted patterns on ceramics. u runs around, v from foot to rim; rows go down from the rim."""

from collections.abc import Callable, Sequence

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural.model import Color
from obman_gen.objects.procedural.print import Sheet

SIZE_PX = (512, 192)


def ceramic(rng: np.random.Generator, base: Color) -> np.ndarray:
    """Paint a pattern on a ground colour."""
    paint = fin.color(rng, (0.5, 0.95), (0.15, 0.7))
    if rng.random() < 0.35:
        paint = fin.color(rng, (0.7, 0.95), (0.3, 0.65), (0.58, 0.66))
    make = PATTERNS[int(rng.integers(len(PATTERNS)))]
    return make(rng, base, paint)


def _rings(rng: np.random.Generator, base: Color, paint: Color) -> np.ndarray:
    sheet = Sheet(*SIZE_PX, base)
    y = rng.uniform(0.02, 0.1)
    for _ in range(int(rng.integers(1, 5))):
        width = rng.uniform(0.02, 0.14)
        sheet.box(0, y, 1, y + width, paint)
        y += width + rng.uniform(0.02, 0.12)
    return sheet.pixels()


def _dots(rng: np.random.Generator, base: Color, paint: Color) -> np.ndarray:
    sheet = Sheet(*SIZE_PX, base)
    columns, rows = int(rng.integers(10, 24)), int(rng.integers(2, 6))
    size, ratio = rng.uniform(0.2, 0.4) / columns, SIZE_PX[0] / SIZE_PX[1]
    for row in range(rows):
        for column in range(columns):
            x, y = (column + 0.5 * (row % 2) + 0.25) / columns, (row + 0.5) / rows
            sheet.oval(x - size, y - size * ratio, x + size, y + size * ratio, paint)
    return sheet.pixels()


def _leaves(rng: np.random.Generator, base: Color, paint: Color) -> np.ndarray:
    sheet = Sheet(*SIZE_PX, base)
    stem = rng.uniform(0.3, 0.55)
    sheet.box(0, stem - 0.012, 1, stem + 0.012, paint)
    count = int(rng.integers(12, 26))
    for index in range(count):
        x, up = (index + 0.5) / count, 1 - 2 * (index % 2)
        tip = stem - up * rng.uniform(0.18, 0.26)
        middle, half = (stem + tip) / 2, 0.4 / count
        lean = 0.5 / count
        sheet.polygon(
            [(x, stem), (x + lean - half, middle), (x + lean, tip), (x + lean + half, middle)],
            paint,
        )
    sheet.box(0, 0.0, 1, 0.05, paint)
    return sheet.pixels()


def _lattice(rng: np.random.Generator, base: Color, paint: Color) -> np.ndarray:
    sheet = Sheet(*SIZE_PX, base)
    count = int(rng.integers(8, 20))
    low, high = rng.uniform(0.05, 0.2), rng.uniform(0.5, 0.85)
    width = 0.12 / count
    for index in range(-1, count + 1):
        for lean in (-1, 1):
            x0, x1 = (index + 0.5) / count, (index + 0.5 + lean) / count
            sheet.polygon([(x0, high), (x0 + width, high), (x1 + width, low), (x1, low)], paint)
    sheet.box(0, low - 0.03, 1, low, paint)
    sheet.box(0, high, 1, high + 0.03, paint)
    return sheet.pixels()


def _stoneware(rng: np.random.Generator, base: Color, paint: Color) -> np.ndarray:
    return fin.speckled(rng, base, fin.shade(paint, 0.4), rng.uniform(0.005, 0.04))


def _dipped(rng: np.random.Generator, base: Color, paint: Color) -> np.ndarray:
    sheet = Sheet(*SIZE_PX, paint)
    sheet.wave(rng.uniform(0.35, 0.65), rng.uniform(0.01, 0.08), int(rng.integers(1, 7)), base)
    return sheet.pixels()


PATTERNS: Sequence[Callable[[np.random.Generator, Color, Color], np.ndarray]] = (
    _rings,
    _dots,
    _leaves,
    _lattice,
    _stoneware,
    _dipped,
)


def gingham(rng: np.random.Generator) -> np.ndarray:
    """Print checks, as on the lids of jam jars."""
    paint = np.array(fin.color(rng, (0.7, 0.95), (0.5, 0.8)))
    stripe = (np.arange(256) // 16) % 2
    share = (stripe[:, None] + stripe[None, :]) / 2
    pixels = 0.97 + share[..., None] * (paint - 0.97)
    return np.rint(pixels * 255).astype(np.uint8)
