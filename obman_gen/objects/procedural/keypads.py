"""Keys and what is printed on them."""

from typing import NamedTuple

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural.model import Color, Model
from obman_gen.objects.procedural.print import Sheet, Style
from obman_gen.objects.procedural.rings import Outline, slab

CELLS = 8
"""Cells of a key atlas along each edge."""


class Key(NamedTuple):
    """One key on a panel that faces +z."""

    x: float
    y: float
    outline: Outline
    legend: str = ""
    color: Color | None = None
    """None: the keypad's."""


class Keypad(NamedTuple):
    """How the keys of a panel look and stand out."""

    color: Color
    ink: Color
    base: float
    """Height of the panel."""
    rise: float
    gloss: float = 0.1


def add_keys(model: Model, keys: list[Key], pad: Keypad) -> None:
    """Add keys; their legends come from one printed image."""
    sheet = Sheet(CELLS * 64, CELLS * 64, pad.color)
    printed = model.finish(fin.paper(sheet.pixels(), pad.gloss))
    sides: dict[Color, int] = {}
    cells: dict[tuple[str, Color], int] = {}
    for key in keys:
        color = key.color or pad.color
        if color not in sides:
            sides[color] = model.finish(fin.plastic(color, pad.gloss))
        cell = cells.setdefault((key.legend, color), len(cells) % CELLS**2)
        _print(sheet, cell, key.legend, color, pad.ink if key.color is None else fin.ink_on(color))
        solid = slab(key.outline, pad.rise + 0.0012, 0.0006, sides[color], (sides[color], printed))
        row, column = divmod(cell, CELLS)
        u, v = column / CELLS, 1 - (row + 1) / CELLS
        solid = solid.printed_from(printed, (u, v, u + 1 / CELLS, v + 1 / CELLS))
        model.add(solid.moved(key.x, key.y, pad.base - 0.0012))
    model.refinish(printed, fin.paper(sheet.pixels(), pad.gloss))


def _print(sheet: Sheet, cell: int, legend: str, color: Color, ink: Color) -> None:
    row, column = divmod(cell, CELLS)
    x, y, size = column / CELLS, row / CELLS, 1 / CELLS
    sheet.box(x, y, x + size, y + size, color)
    if legend == "power":
        sheet.oval(x + 0.3 * size, y + 0.3 * size, x + 0.7 * size, y + 0.7 * size, ink)
        sheet.oval(x + 0.37 * size, y + 0.37 * size, x + 0.63 * size, y + 0.63 * size, color)
        sheet.box(x + 0.46 * size, y + 0.2 * size, x + 0.54 * size, y + 0.5 * size, ink)
    elif legend in ARROWS:
        corners = ARROWS[legend]
        sheet.polygon([(x + a * size, y + b * size) for a, b in corners], ink)
    elif legend:
        style = Style(0.02, 0.0, 1.0, 0.8 * size)
        height = 0.5 if len(legend) < 3 else 0.34
        sheet.text(x + size / 2, y + size / 2, height * size, legend, ink, style)


ARROWS = {
    "up": [(0.5, 0.25), (0.75, 0.7), (0.25, 0.7)],
    "down": [(0.5, 0.75), (0.75, 0.3), (0.25, 0.3)],
    "left": [(0.25, 0.5), (0.7, 0.25), (0.7, 0.75)],
    "right": [(0.75, 0.5), (0.3, 0.25), (0.3, 0.75)],
}
