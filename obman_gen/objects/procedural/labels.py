"""Printed labels that go around things. The middle of the image is the thing's front."""

from collections.abc import Callable, Sequence

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural.model import Color
from obman_gen.objects.procedural.print import Sheet, Style, word

WIDTH_PX = 768
FRONT = 0.27
"""Widest a front text may be, as a share of the way around: more runs out of sight."""


def sheet_for(radius: float, height: float, base: Color) -> Sheet:
    """Return an unprinted label for a cylinder, with square pixels."""
    return Sheet(WIDTH_PX, int(np.clip(WIDTH_PX * height / (2 * np.pi * radius), 48, 640)), base)


def around(rng: np.random.Generator, radius: float, height: float) -> np.ndarray:
    """Print a product label: one of several layouts, in front and again behind."""
    base, accent, third = fin.color(rng), fin.color(rng, (0.0, 0.9), (0.5, 1.0)), fin.color(rng)
    if rng.random() < 0.35:
        base = fin.color(rng, (0.0, 0.12), (0.85, 1.0))
    sheet = sheet_for(radius, height, base)
    layout = LAYOUTS[int(rng.integers(len(LAYOUTS)))]
    layout(sheet, rng, (base, accent, third))
    ink = fin.ink_on(base)
    sheet.small_print((0.80, 0.12, 0.95, 0.85), ink, rng, 8)
    sheet.barcode(0.06, 0.25, 0.16, 0.75, rng)
    return sheet.pixels()


def brand(rng: np.random.Generator) -> str:
    """Make up a short name."""
    name = word(rng, int(rng.integers(1, 3)))
    return name.upper() if rng.random() < 0.55 else name.title()


def style(rng: np.random.Generator, widest: float = FRONT) -> Style:
    """Draw how a name is set."""
    return Style(
        rng.uniform(0.0, 0.06), float(rng.choice([0, 0, 0.25])), rng.uniform(0.85, 1.15), widest
    )


def _bands(sheet: Sheet, rng: np.random.Generator, colors: Sequence[Color]) -> None:
    base, accent, _ = colors
    edge = rng.uniform(0.05, 0.16)
    sheet.box(0, 0, 1, edge, accent)
    sheet.box(0, 1 - edge, 1, 1, accent)
    sheet.text(0.5, 0.45, 0.3, brand(rng), fin.ink_on(base), style(rng))
    sheet.text(0.5, 0.72, 0.1, word(rng).lower(), fin.ink_on(base), Style(widest=0.2))


def _badge(sheet: Sheet, rng: np.random.Generator, colors: Sequence[Color]) -> None:
    _, accent, third = colors
    sheet.oval(0.34, 0.12, 0.66, 0.88, fin.shade(accent, 0.6))
    sheet.oval(0.35, 0.15, 0.65, 0.85, accent)
    sheet.text(0.5, 0.46, 0.24, brand(rng), fin.ink_on(accent), style(rng, 0.22))
    sheet.box(0.42, 0.62, 0.58, 0.66, third)


def _slanted(sheet: Sheet, rng: np.random.Generator, colors: Sequence[Color]) -> None:
    base, accent, _ = colors
    sheet.stripes(int(rng.integers(3, 9)), rng.uniform(-2, 2), accent, rng.uniform(0.2, 0.6))
    sheet.box(0.34, 0.3, 0.66, 0.7, base, 0.1)
    sheet.text(0.5, 0.5, 0.26, brand(rng), fin.ink_on(base), style(rng))


def _wavy(sheet: Sheet, rng: np.random.Generator, colors: Sequence[Color]) -> None:
    base, accent, third = colors
    count = int(rng.integers(1, 5))
    sheet.wave(0.58, rng.uniform(0.05, 0.15), count, third)
    sheet.wave(0.66, rng.uniform(0.05, 0.12), count, accent)
    sheet.text(0.5, 0.3, 0.28, brand(rng), fin.ink_on(base), style(rng))


def _fruit(sheet: Sheet, rng: np.random.Generator, colors: Sequence[Color]) -> None:
    _, accent, third = colors
    ratio = sheet.image.width / sheet.image.height
    for _ in range(int(rng.integers(5, 11))):
        size = rng.uniform(0.02, 0.05)
        x, y = rng.uniform(0.32, 0.66), rng.uniform(0.6, 0.86)
        sheet.oval(x - size, y - size * ratio, x + size, y + size * ratio, fin.shade(accent, 0.75))
        glint = size * 0.75
        sheet.oval(x - glint, y - glint * ratio, x + glint * 0.8, y + glint * ratio * 0.7, accent)
    sheet.box(0, 0, 1, 0.46, third)
    sheet.text(0.5, 0.24, 0.26, brand(rng), fin.ink_on(third), style(rng))


def _tall(sheet: Sheet, rng: np.random.Generator, colors: Sequence[Color]) -> None:
    _, accent, third = colors
    sheet.box(0.36, 0, 0.64, 1, accent)
    sheet.box(0.36, 0, 0.38, 1, third)
    setting = Style(0.03, 0.0, 1.0, 0.86, turned=True)
    sheet.text(0.52, 0.5, 0.26, brand(rng), fin.ink_on(accent), setting)


LAYOUTS: Sequence[Callable[[Sheet, np.random.Generator, Sequence[Color]], None]] = (
    _bands,
    _badge,
    _slanted,
    _wavy,
    _fruit,
    _tall,
)


def front_paper(rng: np.random.Generator, radius: float, height: float, glass: Color) -> np.ndarray:
    """Print a paper label that covers the front half; behind it is glass."""
    sheet = sheet_for(radius, height, glass)
    paper = fin.color(rng, (0.02, 0.16), (0.85, 1.0), (0.08, 0.15))
    if rng.random() < 0.25:
        paper = fin.color(rng, (0.2, 0.9), (0.05, 0.4))
    ink, accent = fin.ink_on(paper), fin.color(rng, (0.5, 0.9), (0.3, 0.7))
    half = rng.uniform(0.2, 0.33)
    sheet.box(0.5 - half, 0.0, 0.5 + half, 1.0, paper)
    sheet.box(0.5 - half, 0.05, 0.5 + half, 0.07, accent)
    sheet.box(0.5 - half, 0.93, 0.5 + half, 0.95, accent)
    if rng.random() < 0.5:
        sheet.oval(0.46, 0.1, 0.54, 0.3, accent)
    sheet.text(0.5, 0.42, 0.17, brand(rng), ink, style(rng, 0.24))
    sheet.text(0.5, 0.62, 0.08, str(rng.integers(1988, 2024)), accent, Style(widest=0.15))
    sheet.small_print((0.43, 0.72, 0.58, 0.88), ink, rng, 3)
    return sheet.pixels()


def disc(rng: np.random.Generator) -> np.ndarray:
    """Print a round lid."""
    base, accent = fin.color(rng), fin.color(rng, (0.0, 0.9), (0.5, 1.0))
    sheet = Sheet(256, 256, base)
    sheet.oval(0.06, 0.06, 0.94, 0.94, accent)
    sheet.oval(0.12, 0.12, 0.88, 0.88, base)
    sheet.text(0.5, 0.36, 0.2, brand(rng), fin.ink_on(base), style(rng, 0.66))
    return sheet.pixels()


def plate(rng: np.random.Generator, aspect: float) -> np.ndarray:
    """Print an oblong lid."""
    base, accent, third = fin.color(rng), fin.color(rng), fin.color(rng, (0.0, 0.4), (0.7, 1.0))
    sheet = Sheet(int(256 * aspect), 256, base)
    sheet.box(0.05, 0.08, 0.95, 0.92, third, 0.1)
    sheet.wave(0.66, 0.06, 3, accent)
    sheet.text(0.42, 0.34, 0.24, brand(rng), fin.ink_on(third), style(rng, 0.6))
    return sheet.pixels()
