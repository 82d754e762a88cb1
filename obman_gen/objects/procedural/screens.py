"""What displays show."""

import numpy as np
from PIL import Image, ImageDraw

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural.print import Sheet, Style, word

HEIGHT_PX = 640


def smartphone(rng: np.random.Generator, aspect: float) -> np.ndarray:
    """Show a smartphone's front: black border, camera hole; off, or one of several screens."""
    width = int(HEIGHT_PX * aspect)
    sheet = Sheet(width, HEIGHT_PX, (0.01, 0.01, 0.012))
    if rng.random() > 0.3:
        margin = round(0.022 * HEIGHT_PX)
        shown = Sheet(width - 2 * margin, HEIGHT_PX - 2 * margin, (1, 1, 1))
        SHOWN[int(rng.integers(len(SHOWN)))](shown, rng)
        sheet.image.paste(shown.image, (margin, margin), _rounded_mask(shown.image.size, margin))
    if rng.random() < 0.6:
        hole = 0.012
        sheet.oval(0.5 - hole / aspect, 0.04 - hole, 0.5 + hole / aspect, 0.04 + hole, (0, 0, 0))
    else:
        sheet.box(0.36, 0.02, 0.64, 0.055, (0, 0, 0), 0.015)
    return sheet.pixels()


def _rounded_mask(size: tuple[int, int], radius: int) -> Image.Image:
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius, fill=255)
    return mask


def _status(sheet: Sheet, rng: np.random.Generator, ink) -> None:
    sheet.text(0.13, 0.028, 0.02, f"{rng.integers(0, 24)}:{rng.integers(0, 60):02d}", ink)
    sheet.box(0.84, 0.02, 0.93, 0.036, ink, 0.004)


def _wallpaper(sheet: Sheet, rng: np.random.Generator) -> None:
    width, height = sheet.image.size
    low, high = np.array(fin.color(rng)), np.array(fin.color(rng))
    rows = np.linspace(0, 1, height)[:, None, None]
    waves = 0.25 * fin.noise(rng, (height, width), 45)[..., None]
    picture = low + np.clip(rows + waves, 0, 1) * (high - low)
    sheet.image.paste(Image.fromarray(np.rint(picture * 255).astype(np.uint8)))


def _home(sheet: Sheet, rng: np.random.Generator) -> None:
    """Show icons over a picture."""
    _wallpaper(sheet, rng)
    _status(sheet, rng, (1, 1, 1))
    ratio = sheet.image.width / sheet.image.height
    for row in range(int(rng.integers(3, 7))):
        for column in range(4):
            x, y = 0.08 + column * 0.23, 0.1 + row * 0.125
            tile = fin.color(rng, (0, 0.9), (0.5, 1.0))
            sheet.box(x, y, x + 0.16, y + 0.16 * ratio, tile, 0.016)
            inner = 0.045
            sheet.oval(
                x + inner,
                y + inner * ratio,
                x + 0.16 - inner,
                y + (0.16 - inner) * ratio,
                (1, 1, 1),
            )
    sheet.box(0.03, 0.87, 0.97, 0.98, fin.grey(rng, 0.6, 0.9), 0.03)
    for column in range(4):
        x = 0.08 + column * 0.23
        sheet.box(x, 0.89, x + 0.16, 0.89 + 0.16 * ratio, fin.color(rng), 0.016)


def _lock(sheet: Sheet, rng: np.random.Generator) -> None:
    """Show the time over a picture."""
    _wallpaper(sheet, rng)
    sheet.text(0.5, 0.2, 0.085, f"{rng.integers(0, 24)}:{rng.integers(0, 60):02d}", (1, 1, 1))
    sheet.text(0.5, 0.29, 0.024, f"{word(rng, 2)} {rng.integers(1, 29)}", (1, 1, 1))
    for index in range(int(rng.integers(0, 3))):
        y = 0.5 + 0.13 * index
        sheet.box(0.06, y, 0.94, y + 0.11, (0.93, 0.93, 0.94), 0.02)
        sheet.small_print((0.22, y + 0.02, 0.9, y + 0.095), (0.2, 0.2, 0.22), rng, 3)
        sheet.box(0.09, y + 0.025, 0.18, y + 0.075, fin.color(rng), 0.01)


def _chat(sheet: Sheet, rng: np.random.Generator) -> None:
    """Show messages from both sides."""
    theme = fin.color(rng)
    sheet.box(0, 0, 1, 0.1, theme)
    _status(sheet, rng, fin.ink_on(theme))
    sheet.text(0.4, 0.072, 0.03, word(rng, 2).title(), fin.ink_on(theme))
    y = 0.13
    while y < 0.86:
        high, mine = rng.uniform(0.05, 0.13), rng.random() < 0.5
        x = 0.34 if mine else 0.05
        paper = fin.shade(theme, 2.5) if mine else (0.92, 0.92, 0.93)
        sheet.box(x, y, x + 0.6, y + high, paper, 0.02)
        sheet.small_print(
            (x + 0.05, y + 0.015, x + 0.56, y + high - 0.01),
            (0.25, 0.25, 0.28),
            rng,
            max(1, int(high / 0.03)),
        )
        y += high + 0.02
    sheet.box(0.04, 0.92, 0.96, 0.975, (0.88, 0.88, 0.9), 0.025)


def _feed(sheet: Sheet, rng: np.random.Generator) -> None:
    """Show pictures with lines of text."""
    _status(sheet, rng, (0.1, 0.1, 0.1))
    sheet.text(0.3, 0.08, 0.035, word(rng, 2).title(), (0.1, 0.1, 0.1), Style(0.03))
    y = 0.13
    while y < 0.95:
        sheet.oval(0.05, y, 0.13, y + 0.037, fin.color(rng))
        sheet.small_print((0.17, y + 0.005, 0.6, y + 0.035), (0.4, 0.4, 0.42), rng, 2)
        sheet.box(0.0, y + 0.05, 1.0, y + 0.3, fin.color(rng, (0.2, 0.7), (0.4, 0.95)))
        sheet.oval(0.3, y + 0.1, 0.7, y + 0.28, fin.color(rng, (0.2, 0.7), (0.4, 0.95)))
        y += 0.34


SHOWN = (_home, _lock, _chat, _feed)


def liquid_crystal(rng: np.random.Generator) -> np.ndarray:
    """Show a grey-green display: a temperature, symbols."""
    sheet = Sheet(320, 256, (0.62, 0.68, 0.6))
    ink = (0.1, 0.13, 0.12)
    sheet.text(0.42, 0.55, 0.42, str(rng.integers(16, 31)), ink, Style(0.03, widest=0.6))
    sheet.text(0.78, 0.42, 0.16, "°C", ink, Style(widest=0.2))
    for index in range(4):
        if rng.random() < 0.7:
            sheet.box(0.08 + 0.2 * index, 0.08, 0.2 + 0.2 * index, 0.16, ink, 0.02)
    for index in range(int(rng.integers(1, 6))):
        sheet.box(0.72 + 0.045 * index, 0.85 - 0.05 * index, 0.75 + 0.045 * index, 0.9, ink)
    return sheet.pixels()


def small(rng: np.random.Generator, base=None) -> np.ndarray:
    """Show the display of an older telephone: bars, a clock, a line of menu."""
    paper = base or fin.color(rng, (0.2, 0.7), (0.6, 0.95), (0.2, 0.6))
    sheet = Sheet(240, 256, paper)
    ink = fin.ink_on(paper)
    for index in range(4):
        sheet.box(0.05 + 0.04 * index, 0.12 - 0.025 * index, 0.08 + 0.04 * index, 0.14, ink)
    sheet.box(0.82, 0.05, 0.94, 0.13, ink)
    sheet.text(0.5, 0.38, 0.2, f"{rng.integers(0, 24)}:{rng.integers(0, 60):02d}", ink)
    sheet.text(0.5, 0.62, 0.1, "Menu", ink)
    sheet.box(0.0, 0.86, 1.0, 1.0, fin.shade(paper, 0.7))
    return sheet.pixels()


def viewfinder(rng: np.random.Generator) -> np.ndarray:
    """Show the back of a camera: dark, or a landscape with a focus frame."""
    sheet = Sheet(320, 240, (0.02, 0.02, 0.024))
    if rng.random() < 0.5:
        return sheet.pixels()
    sheet.box(0.02, 0.02, 0.98, 0.98, fin.color(rng, (0.3, 0.6), (0.7, 1.0), (0.52, 0.62)))
    sheet.wave(0.55, 0.08, 2, fin.color(rng, (0.3, 0.8), (0.25, 0.6), (0.2, 0.5)))
    sheet.wave(0.75, 0.04, 3, fin.color(rng, (0.3, 0.8), (0.2, 0.5), (0.08, 0.4)))
    for x in (0.4, 0.58):
        for y in (0.38, 0.58):
            sheet.box(x, y, x + 0.02, y + 0.05, (0.2, 0.95, 0.3))
    sheet.small_print((0.05, 0.9, 0.5, 0.96), (1, 1, 1), rng, 1)
    return sheet.pixels()
