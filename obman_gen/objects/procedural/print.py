"""Made-up print: words from syllables, labels, screens, scales. sRGB bytes."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from obman_gen.objects.procedural.model import Color

ONSETS = [
    "b",
    "br",
    "c",
    "cr",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gl",
    "h",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "qu",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "z",
]
VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "io", "oo"]
CODAS = ["", "", "", "n", "r", "l", "s", "x", "nd", "lt", "m"]


def word(rng: np.random.Generator, syllables: int | None = None) -> str:
    """Make up a word that could be a brand."""
    count = syllables or int(rng.integers(1, 4))
    parts = [f"{rng.choice(ONSETS)}{rng.choice(VOWELS)}" for _ in range(count)]
    return "".join(parts) + str(rng.choice(CODAS))


def rgb(color: Color) -> tuple[int, int, int]:
    """Return a colour as bytes."""
    red, green, blue = (round(255 * min(max(value, 0.0), 1.0)) for value in color)
    return red, green, blue


class Sheet:
    """A sheet to print on. Coordinates are shares of its width and height, y down."""

    def __init__(self, width_px: int, height_px: int, color: Color):
        self.image = Image.new("RGB", (width_px, height_px), rgb(color))
        self._draw = ImageDraw.Draw(self.image)

    def pixels(self) -> np.ndarray:
        """Return what was printed, (height, width, 3)."""
        return np.asarray(self.image).copy()

    def box(self, x0: float, y0: float, x1: float, y1: float, color: Color, radius=0.0) -> None:
        """Fill a rectangle, its corners rounded by a share of the height."""
        box = self._place(x0, y0, x1, y1)
        if box is not None:
            self._draw.rounded_rectangle(box, radius * self.image.height, fill=rgb(color))

    def oval(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        """Fill an ellipse."""
        box = self._place(x0, y0, x1, y1)
        if box is not None:
            self._draw.ellipse(box, fill=rgb(color))

    def polygon(self, points: Sequence[tuple[float, float]], color: Color) -> None:
        """Fill a polygon."""
        width, height = self.image.size
        self._draw.polygon([(x * width, y * height) for x, y in points], fill=rgb(color))

    def stripes(self, count: int, lean: float, color: Color, share: float = 0.5) -> None:
        """Fill slanted stripes; ``lean`` is how far they lean over the height, in stripes."""
        for index in range(-2 - int(abs(lean)), count + 2 + int(abs(lean))):
            left, right = index / count, (index + share) / count
            top = lean / count
            self.polygon([(left, 1), (right, 1), (right + top, 0), (left + top, 0)], color)

    def wave(self, y: float, height: float, count: int, color: Color) -> None:
        """Fill everything below a wavy line."""
        x = np.linspace(0, 1, 97)
        line = y + height * np.sin(2 * np.pi * count * x)
        self.polygon([(0, 1), *zip(x.tolist(), line.tolist(), strict=True), (1, 1)], color)

    def text(
        self,
        x: float,
        y: float,
        height: float,
        text: str,
        color: Color,
        style: "Style | None" = None,
    ) -> None:
        """Print a line centred at (x, y), so many of the sheet's heights tall.

        ``style`` sets weight, slant and the widest it may become.
        """
        style = style or Style()
        size = max(6, int(height * self.image.height * 1.35))
        font = ImageFont.load_default(size)
        stroke = round(style.weight * size)
        left, top, right, bottom = font.getbbox(text, stroke_width=stroke)
        if right <= left or bottom <= top:
            return
        letters = Image.new("L", (int(right - left), int(bottom - top)), 0)
        ImageDraw.Draw(letters).text((-left, -top), text, 255, font, stroke_width=stroke)
        letters = _slanted(letters, style.slant)
        room = self.image.height if style.turned else self.image.width
        widest = style.widest * room
        width = int(max(1, min(widest, letters.width * style.stretch)))
        letters = letters.resize((width, letters.height))
        if style.turned:
            letters = letters.rotate(90, expand=True)
        place = (
            int(x * self.image.width - letters.width / 2),
            int(y * self.image.height - letters.height / 2),
        )
        self.image.paste(Image.new("RGB", letters.size, rgb(color)), place, letters)

    def small_print(
        self,
        box: tuple[float, float, float, float],
        color: Color,
        rng: np.random.Generator,
        lines=6,
    ) -> None:
        """Fill a box (x0, y0, x1, y1) with lines too small to read."""
        x0, y0, x1, y1 = box
        for line in range(lines):
            y = y0 + (line + 0.2) * (y1 - y0) / lines
            x, end = x0, x1 - rng.random() * 0.25 * (x1 - x0)
            while x < end:
                step = rng.uniform(0.02, 0.09) * (x1 - x0)
                self.box(x, y, min(x + step, end), y + 0.45 * (y1 - y0) / lines, color)
                x += step + 0.015 * (x1 - x0)

    def barcode(self, x0: float, y0: float, x1: float, y1: float, rng: np.random.Generator) -> None:
        """Print a barcode on white."""
        self.box(x0, y0, x1, y1, (1, 1, 1))
        bars = rng.random(40) < 0.5
        step = (x1 - x0) / 46
        for index in np.flatnonzero(bars):
            left = x0 + (index + 3) * step
            self.box(left, y0 + 0.1 * (y1 - y0), left + step, y1 - 0.15 * (y1 - y0), (0, 0, 0))

    def _place(self, x0, y0, x1, y1):
        width, height = self.image.size
        box = (int(x0 * width), int(y0 * height), int(x1 * width) - 1, int(y1 * height) - 1)
        return box if box[2] >= box[0] and box[3] >= box[1] else None


class Style:
    """How a line of text is set."""

    def __init__(self, weight=0.0, slant=0.0, stretch=1.0, widest=1.0, turned=False):
        """Weight and slant are shares of the letters' height; stretch is of their width."""
        self.weight, self.slant, self.stretch = weight, slant, stretch
        self.widest, self.turned = widest, turned


def _slanted(letters: Image.Image, slant: float) -> Image.Image:
    if not slant:
        return letters
    extra = int(abs(slant) * letters.height)
    wide = Image.new("L", (letters.width + extra, letters.height), 0)
    wide.paste(letters, (0, 0))
    return wide.transform(
        wide.size, Image.Transform.AFFINE, (1, slant, -slant * letters.height, 0, 1, 0)
    )
