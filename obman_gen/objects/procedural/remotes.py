"""Remote controls. They stand upright, the keys towards +z."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural import screens
from obman_gen.objects.procedural.keypads import Key, Keypad, add_keys
from obman_gen.objects.procedural.labels import brand
from obman_gen.objects.procedural.model import Color, Model
from obman_gen.objects.procedural.print import Sheet, Style
from obman_gen.objects.procedural.rings import circle, rounded_rectangle, slab, superellipse
from obman_gen.objects.procedural.shape import Shape

SIGNAL: tuple[Color, ...] = (
    (0.78, 0.1, 0.08),
    (0.1, 0.55, 0.2),
    (0.85, 0.7, 0.08),
    (0.1, 0.25, 0.7),
)
POWER: Color = SIGNAL[0]
WORDS = ("MENU", "EXIT", "INFO", "BACK", "HOME", "MUTE", "AV", "TXT", "EPG", "OK", "SET", "TV")


def _case(
    model: Model, rng: np.random.Generator, size: tuple[float, float, float], radius: float
) -> tuple[Color, Sheet, int]:
    """Add a case with its front at z = 0; return its colour, its front print and its material."""
    width, height, depth = size
    color = fin.grey(rng, 0.02, 0.16) if rng.random() < 0.65 else fin.grey(rng, 0.55, 0.93)
    if rng.random() < 0.12:
        color = fin.color(rng, (0.3, 0.8), (0.15, 0.7))
    skin = model.finish(fin.plastic(color, 0.4))
    sheet = Sheet(int(768 * width / height), 768, color)
    ink = fin.ink_on(color)
    sheet.text(0.5, 0.955, 0.016, brand(rng), ink, Style(0.03, 0.0, 1.0, 0.5))
    front = model.finish(fin.paper(sheet.pixels(), 0.5))
    outline = rounded_rectangle(width, height, radius)
    model.add(slab(outline, depth, depth * 0.3, skin, (skin, front)).moved(z=-depth))
    window = model.finish(fin.plastic((0.12, 0.01, 0.02), 1.0))
    eye = slab(rounded_rectangle(width * 0.4, depth * 0.4, 0.002), 0.004, 0.001, window)
    model.add(eye.turned("x", -np.pi / 2).moved(0, height / 2 - 0.0034, -depth * 0.5))
    return color, sheet, front


def _keypad(rng: np.random.Generator, case: Color, base: float = 0.0) -> Keypad:
    dark = case[0] < 0.4
    color = fin.grey(rng, 0.16, 0.4) if dark else fin.grey(rng, 0.25, 0.75)
    if rng.random() < 0.25:
        color = fin.grey(rng, 0.03, 0.9)
    return Keypad(color, fin.ink_on(color), base, rng.uniform(0.0012, 0.0024))


def _row(y: float, columns: int, pitch: float, outline, legends, color=None) -> list[Key]:
    return [
        Key((column - (columns - 1) / 2) * pitch, y, outline, str(legend), color)
        for column, legend in zip(range(columns), legends, strict=True)
    ]


def _cross(y: float, reach: float) -> list[Key]:
    """Return a direction pad: a round middle and four arrows about it."""
    small = superellipse(reach * 0.3, reach * 0.24, 3, 20)
    tall = superellipse(reach * 0.24, reach * 0.3, 3, 20)
    return [
        Key(0.0, y, circle(24) * reach * 0.36, "OK"),
        Key(0.0, y + reach * 0.74, small, "up"),
        Key(0.0, y - reach * 0.74, small, "down"),
        Key(-reach * 0.74, y, tall, "left"),
        Key(reach * 0.74, y, tall, "right"),
    ]


def television(rng: np.random.Generator) -> Model:
    """Make a television's remote: power, digits, direction pad, coloured keys."""
    model = Model()
    width, height = rng.uniform(0.042, 0.054), rng.uniform(0.17, 0.225)
    case, _, _ = _case(
        model, rng, (width, height, rng.uniform(0.016, 0.024)), rng.uniform(0.005, 0.014)
    )
    pitch = width / 3.5
    step = height / 19
    shapes = (
        rounded_rectangle(pitch * 0.7, step * 0.62, 0.002, 4),
        superellipse(pitch * 0.36, step * 0.33, 2.0, 20),
    )
    key = shapes[int(rng.integers(2))]
    small = rounded_rectangle(pitch * 0.6, step * 0.4, 0.0015, 4)
    top = height / 2
    keys = [
        Key(-pitch, top - 1.2 * step, key, "power", POWER),
        Key(pitch, top - 1.2 * step, key, "AV"),
    ]
    for row in range(4):
        legends = [str(3 * row + column + 1) for column in range(3)] if row < 3 else ["-", "0", "+"]
        keys += _row(top - (2.6 + row) * step, 3, pitch, key, legends)
    keys += _cross(top - 8.9 * step, min(pitch * 1.35, 2.1 * step))
    keys += _row(top - 6.6 * step, 3, pitch, small, rng.choice(WORDS, 3, replace=False))
    keys += [
        Key((index - 1.5) * pitch * 0.78, top - 11.9 * step, small * [0.95, 1.0], "", color)
        for index, color in enumerate(SIGNAL)
    ]
    for row in range(int(rng.integers(2, 5))):
        keys += _row(top - (13.1 + row) * step, 3, pitch, key, rng.choice(WORDS, 3, replace=False))
    add_keys(model, keys, _keypad(rng, case))
    return model


def streaming(rng: np.random.Generator) -> Model:
    """Make a short slim remote: a direction ring and a few round keys."""
    model = Model()
    width, height = rng.uniform(0.034, 0.04), rng.uniform(0.125, 0.15)
    case, _, _ = _case(
        model, rng, (width, height, rng.uniform(0.012, 0.017)), width * rng.uniform(0.25, 0.49)
    )
    top, reach = height / 2, width * 0.4
    ring_color = fin.shade(case, 0.6) if case[0] > 0.4 else fin.shade(case, 1.15)
    ring = model.finish(fin.plastic(ring_color, 0.5))
    center = top - 0.036
    model.add(slab(circle(48) * reach, 0.0022, 0.0008, ring).moved(0, center, -0.001))
    knob = circle(24) * 0.0042
    keys = [
        Key(-width * 0.24, top - 0.01, knob, "power", POWER if rng.random() < 0.5 else None),
        Key(0, center, circle(32) * reach * 0.5, ""),
    ]
    rows = int(rng.integers(2, 5))
    for row in range(rows):
        y = center - reach - 0.012 - row * 0.0135
        keys += _row(
            y, 2, width * 0.44, knob, rng.choice(["left", "up", "+", "-", "down", "right"], 2)
        )
    brands = rounded_rectangle(width * 0.36, 0.006, 0.002, 4)
    y = center - reach - 0.012 - rows * 0.0135
    keys += [
        Key(side * width * 0.22, y, brands, brand(rng)[:5], fin.color(rng)) for side in (-1, 1)
    ]
    add_keys(model, keys, _keypad(rng, case))
    return model


def climate(rng: np.random.Generator) -> Model:
    """Make an air conditioner's remote: a display over a few large keys."""
    model = Model()
    width, height = rng.uniform(0.046, 0.058), rng.uniform(0.13, 0.165)
    depth = rng.uniform(0.015, 0.02)
    color = fin.grey(rng, 0.8, 0.96)
    skin = model.finish(fin.plastic(color, 0.5))
    model.add(
        slab(rounded_rectangle(width, height, rng.uniform(0.006, 0.016)), depth, 0.005, skin).moved(
            z=-depth
        )
    )
    dark = model.finish(fin.plastic(fin.grey(rng, 0.05, 0.3), 0.8))
    screen = model.finish(fin.paper(screens.liquid_crystal(rng), 0.8))
    top = height / 2
    shown = (width * 0.72, height * 0.27)
    middle = top - 0.008 - shown[1] / 2
    model.add(
        slab(
            rounded_rectangle(shown[0] + 0.005, shown[1] + 0.005, 0.003), 0.003, 0.0008, dark
        ).moved(0, middle, -0.0022)
    )
    model.add(
        slab(rounded_rectangle(*shown, 0.001), 0.002, 0.0003, dark, (dark, screen)).moved(
            0, middle, -0.0008
        )
    )
    y = middle - shown[1] / 2 - 0.016
    wide = rounded_rectangle(width * 0.34, 0.011, 0.005, 6)
    keys = [
        Key(side * width * 0.21, y, wide, text, tint)
        for side, text, tint in ((-1, "power", (0.9, 0.45, 0.1)), (1, "MODE", None))
    ]
    tall = rounded_rectangle(width * 0.34, 0.013, 0.006, 6)
    keys += [Key(-width * 0.21, y - 0.018, tall, "up"), Key(-width * 0.21, y - 0.033, tall, "down")]
    keys += [Key(width * 0.21, y - 0.017, wide, "FAN"), Key(width * 0.21, y - 0.031, wide, "SWING")]
    small = rounded_rectangle(width * 0.22, 0.007, 0.003, 5)
    if y - 0.05 > -top + 0.01:
        keys += _row(y - 0.048, 3, width * 0.29, small, ("TIMER", "SLEEP", "ECO"))
    add_keys(model, keys, Keypad(fin.grey(rng, 0.7, 0.9), (0.15, 0.15, 0.2), 0.0, 0.0016))
    return model


def curved(rng: np.random.Generator) -> Model:
    """Make a waisted universal remote with a belly for the hand."""
    model = Model()
    width, height = rng.uniform(0.05, 0.058), rng.uniform(0.19, 0.23)
    depth = rng.uniform(0.02, 0.026)
    case, _, _ = _case(model, rng, (width, height, depth), 0.016)
    pitch, step, top = width / 4.0, height / 18, height / 2
    bean = superellipse(pitch * 0.36, step * 0.3, 2.5, 18)
    keys = [Key(0, top - 1.1 * step, circle(20) * step * 0.42, "power", POWER)]
    for row in range(3):
        keys += _row(
            top - (2.4 + row * 0.9) * step,
            4,
            pitch * 0.92,
            bean,
            rng.choice(WORDS, 4, replace=False),
        )
    keys += _cross(top - 7.2 * step, step * 1.9)
    rocker = rounded_rectangle(pitch * 0.6, step * 1.5, pitch * 0.28, 6)
    keys += [
        Key(side * pitch * 1.3, top - 10.4 * step, rocker, text)
        for side, text in ((-1, "VOL"), (1, "CH"))
    ]
    for row in range(4):
        legends = [str(3 * row + column + 1) for column in range(3)] if row < 3 else ["*", "0", "#"]
        keys += _row(top - (12.2 + row) * step, 3, pitch * 0.95, bean, legends)
    add_keys(model, keys, _keypad(rng, case))
    return _bowed(model, width, height, depth, rng)


def _bowed(model: Model, width: float, height: float, depth: float, rng) -> Model:
    """Narrow the middle and thicken the back below the middle."""
    waist, belly = rng.uniform(0.08, 0.2), rng.uniform(0.2, 0.45)

    def bend(shape: Shape) -> Shape:
        x, y, z = shape.vertices.T
        t = y / height
        narrow = 1 - waist * np.cos(np.pi * np.clip((t + 0.08) * 1.3, -0.5, 0.5)) ** 2
        bulge = 1 + belly * np.exp(-(((t + 0.22) / 0.2) ** 2))
        back = np.where(z < -0.2 * depth, z * bulge, z)
        return shape.bent(np.stack([x * narrow, y, back], axis=1))

    model.reshape(bend)
    return model


def box(rng: np.random.Generator) -> Model:
    """Make a small flat remote, as lamps and players come with: a grid of flush keys."""
    model = Model()
    width, height = rng.uniform(0.038, 0.046), rng.uniform(0.085, 0.13)
    case, _, _ = _case(model, rng, (width, height, rng.uniform(0.007, 0.011)), 0.003)
    columns = int(rng.choice([3, 4]))
    pitch = width * 0.88 / columns
    round_ = rng.random() < 0.6
    key = (
        circle(20) * pitch * 0.38
        if round_
        else rounded_rectangle(pitch * 0.74, pitch * 0.6, 0.0015, 4)
    )
    rows = int((height - 0.02) / pitch)
    many = rng.random() < 0.5
    keys = []
    for row in range(rows):
        legends = rng.choice([*WORDS, "1", "2", "3", "+", "-", "up", "down"], columns)
        color = None if not many else fin.color(rng, (0.5, 0.9), (0.4, 0.9))
        keys += _row(height / 2 - 0.011 - row * pitch, columns, pitch, key, legends, color)
    keys[0] = keys[0]._replace(legend="power", color=POWER)
    add_keys(model, keys, _keypad(rng, case))
    return model


CONSTRUCTIONS = {
    "television": television,
    "streaming": streaming,
    "climate": climate,
    "curved": curved,
    "box": box,
}
