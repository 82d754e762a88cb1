"""Printed labels. u runs around the thing, 0.5 is its front."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural.print import Sheet, Style, word

WIDTH_PX = 768


def wine(rng: np.random.Generator) -> np.ndarray:
    """Print a wine label: cream paper in front, glass all around."""
    cream = fin.color(rng, (0.02, 0.16), (0.85, 1.0), (0.08, 0.15))
    if rng.random() < 0.2:
        cream = fin.color(rng, (0.2, 0.9), (0.05, 0.3))
    ink = fin.ink_on(cream)
    accent = fin.color(rng, (0.5, 0.9), (0.3, 0.7))
    sheet = Sheet(WIDTH_PX, 256, cream)
    sheet.box(0.24, 0.05, 0.76, 0.07, accent)
    sheet.box(0.24, 0.93, 0.76, 0.95, accent)
    sheet.text(0.5, 0.34, 0.16, word(rng).title(), ink, Style(0.01, rng.uniform(0, 0.3), 1.0, 0.3))
    sheet.text(0.5, 0.56, 0.08, str(rng.integers(1988, 2024)), accent, Style(widest=0.2))
    sheet.small_print(0.42, 0.68, 0.6, 0.88, ink, rng, 3)
    return sheet.pixels()


def band(rng: np.random.Generator) -> np.ndarray:
    """Print a band around: a name in front and behind, colour fields, small print."""
    base = fin.color(rng)
    ink = fin.ink_on(base)
    sheet = Sheet(WIDTH_PX, 192, base)
    accent = fin.color(rng, (0.3, 0.9), (0.5, 1.0))
    sheet.box(0, 0.0, 1, 0.1, accent)
    sheet.box(0, 0.9, 1, 1.0, accent)
    name = word(rng)
    name = name.upper() if rng.random() < 0.6 else name.title()
    style = Style(rng.uniform(0, 0.05), rng.choice([0, 0, 0.25]), 1.0, 0.34)
    sheet.text(0.5, 0.5, 0.42, name, ink, style)
    sheet.small_print(0.76, 0.2, 0.94, 0.8, ink, rng, 7)
    sheet.barcode(0.05, 0.25, 0.16, 0.75, rng)
    return sheet.pixels()
