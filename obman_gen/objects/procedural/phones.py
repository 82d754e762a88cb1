"""Cellphones. They stand upright, the screen towards +z."""

from itertools import pairwise

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural import screens
from obman_gen.objects.procedural.keypads import Key, Keypad, add_keys
from obman_gen.objects.procedural.labels import brand
from obman_gen.objects.procedural.model import Color, Finish, Model
from obman_gen.objects.procedural.print import Sheet, Style
from obman_gen.objects.procedural.rings import (
    Outline,
    circle,
    rounded_rectangle,
    slab,
    superellipse,
    tube,
)

BLACK = Finish((0.015, 0.015, 0.018), roughness=0.12, coat=0.5)
DIGITS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")
LETTERS = "QWERTYUIOPASDFGHJKLZXCVBNM"


def _buttons(model: Model, material: int, width: float, depth: float, height: float) -> None:
    """Add volume and power keys on the right edge."""
    for y, length in ((0.2 * height, 0.018), (0.06 * height, 0.009)):
        key = slab(rounded_rectangle(depth * 0.35, length, 0.0008, 4), 0.0016, 0.0005, material)
        model.add(key.turned("y", np.pi / 2).moved(width / 2 - 0.0009, y, depth / 2))


def _lens(model: Model, x: float, y: float, radius: float, ring: int, glass: int) -> None:
    """Add a lens on the back, z = 0, looking towards -z."""
    model.add(slab(circle(28) * radius, 0.0016, 0.0004, ring).moved(x, y, -0.0026))
    model.add(slab(circle(28) * radius * 0.72, 0.0012, 0.0003, glass).moved(x, y, -0.0029))


def smart(rng: np.random.Generator) -> Model:
    """Make a smartphone: a glass slab in a frame, cameras on an island behind."""
    model = Model()
    width, height = rng.uniform(0.066, 0.078), rng.uniform(0.138, 0.164)
    depth = rng.uniform(0.0074, 0.0088)
    back = fin.color(rng, (0.0, 0.7), (0.05, 0.95))
    frame = model.finish(fin.metal(fin.shade(back, 0.9), 0.3))
    rear = model.finish(_back_cover(rng, back, width / height))
    glass = model.finish(fin.paper(screens.smartphone(rng, width / height), 1.0))
    black = model.finish(BLACK)
    outline = rounded_rectangle(width, height, rng.uniform(0.006, 0.012))
    model.add(slab(outline, depth, 0.0024, frame, (rear, glass)))
    _island(model, rng, (width, height), rear, black)
    _buttons(model, frame, width, depth, height)
    port = slab(rounded_rectangle(0.009, 0.0026, 0.0012, 5), 0.001, 0.0003, black)
    model.add(port.turned("x", np.pi / 2).moved(0, -height / 2 + 0.0005, depth / 2))
    return model


def _island(model: Model, rng: np.random.Generator, size, rear: int, black: int) -> None:
    width, height = size
    steel = model.finish(fin.metal((0.7, 0.7, 0.72), 0.25))
    kind = int(rng.integers(4))
    # Seen from behind, the island stands at the upper left.
    x, y = width / 2 - 0.018, height / 2 - 0.018
    if kind == 0:
        shape = rounded_rectangle(0.029, 0.03, 0.007)
        lenses = [(-0.0065, 0.0065), (0.0065, 0.0065), (0.0, -0.006)]
    elif kind == 1:
        shape, lenses = rounded_rectangle(0.016, 0.042, 0.008), [(0, 0.013), (0, 0.0), (0, -0.013)]
        x, y = width / 2 - 0.012, height / 2 - 0.025
    elif kind == 2:
        shape, x, y = circle(40) * 0.021, 0.0, height / 2 - 0.028
        lenses = [(0.009, 0.0), (-0.009, 0.0), (0.0, 0.009), (0.0, -0.009)]
    else:
        shape, x, y = rounded_rectangle(width * 0.86, 0.019, 0.0095), 0.0, height / 2 - 0.022
        lenses = [(-0.018, 0), (0.0, 0), (0.018, 0)]
    panel = rear if rng.random() < 0.5 else black
    model.add(slab(shape, 0.0016, 0.0006, panel).moved(x, y, -0.0014))
    for dx, dy in lenses:
        _lens(model, x + dx, y + dy, 0.0056 if len(lenses) < 4 else 0.0042, steel, black)
    light = model.finish(fin.plastic((0.95, 0.92, 0.8), 0.6))
    model.add(
        slab(circle(16) * 0.002, 0.001, 0.0003, light).moved(
            x - 0.0085, y - 0.0085 * (kind == 0), -0.0018
        )
    )


def _back_cover(rng: np.random.Generator, color: Color, aspect: float) -> Finish:
    sheet = Sheet(int(512 * aspect), 512, color)
    ink = fin.shade(color, 0.75) if sum(color) > 1.2 else fin.shade(color, 1.5)
    sheet.text(0.5, rng.uniform(0.45, 0.85), 0.035, brand(rng), ink, Style(0.02, widest=0.5))
    if rng.random() < 0.3:
        return fin.paper(sheet.pixels(), 0.3)
    return fin.glazed_print(sheet.pixels())


def _panel(rng: np.random.Generator, color: Color, aspect: float) -> np.ndarray:
    sheet = Sheet(int(512 * aspect), 512, color)
    ink = fin.ink_on(color)
    sheet.text(0.5, 0.05, 0.03, brand(rng), ink, Style(0.03, widest=0.6))
    sheet.box(0.38, 0.018, 0.62, 0.024, fin.shade(color, 0.4), 0.003)
    return sheet.pixels()


def _rear(
    model: Model, rng: np.random.Generator, color: Color, size: tuple[float, float], z: float
) -> int:
    """Add a lens to the back at height z; return the material of a back with a name on it."""
    width, height = size
    if rng.random() < 0.8:
        steel, black = model.finish(fin.metal((0.7, 0.7, 0.72), 0.3)), model.finish(BLACK)
        lens = model.part()
        _lens(lens, 0.0, height * 0.36, width * 0.11, steel, black)
        model.add(lens.shape().moved(z=z + 0.0008))
    return model.finish(_back_cover(rng, color, width / height))


def _digits(width: float, top: float, step: float, round_: bool) -> list[Key]:
    """Return call keys, a pad and twelve digits below y = top."""
    pitch = width * 0.88 / 3
    key = superellipse(pitch * 0.42, step * 0.36, 2.2 if round_ else 5, 22)
    keys = [
        Key((index % 3 - 1) * pitch, top - (3.1 + index // 3) * step, key, legend)
        for index, legend in enumerate(DIGITS)
    ]
    side = superellipse(pitch * 0.36, step * 0.34, 3.0, 22)
    keys += [
        Key(-pitch, top - 0.5 * step, side, ""),
        Key(pitch, top - 0.5 * step, side, ""),
        Key(-pitch, top - 1.7 * step, side, "up", (0.12, 0.55, 0.2)),
        Key(pitch, top - 1.7 * step, side, "down", (0.75, 0.12, 0.1)),
        Key(0, top - 1.1 * step, superellipse(pitch * 0.42, step * 0.75, 2.6, 24), "OK"),
    ]
    return keys


def bar(rng: np.random.Generator) -> Model:
    """Make a bar telephone: a small display over keys, perhaps an aerial."""
    model = Model()
    width, height = rng.uniform(0.043, 0.052), rng.uniform(0.1, 0.128)
    depth = rng.uniform(0.012, 0.019)
    color = _shell(rng)
    shell = model.finish(fin.plastic(color, 0.5))
    front = model.finish(fin.paper(_panel(rng, fin.shade(color, 0.85), width / height), 0.5))
    outline = superellipse(width / 2, height / 2, rng.uniform(3.5, 8.0), 72)
    rear = _rear(model, rng, color, (width, height), -depth)
    model.add(slab(outline, depth, depth * 0.33, shell, (rear, front)).moved(z=-depth))
    shown = (width * 0.74, height * rng.uniform(0.25, 0.34))
    middle = height / 2 - 0.012 - shown[1] / 2
    _display(model, rng, shown, middle, 0.0)
    top = middle - shown[1] / 2 - 0.003
    step = (top + height / 2 - 0.006) / 6.6
    keys = _digits(width, top, step, rng.random() < 0.5)
    add_keys(model, keys, _pad(rng, color, 0.0))
    if rng.random() < 0.35:
        rod = np.array([(0, -0.004, 0), (0, 0.018, 0), (0, 0.024, 0)]) * [1, 1, 1]
        dark = model.finish(fin.rubber())
        model.add(tube(rod, 0.0042, dark, 16).moved(width * 0.32, height / 2 - 0.004, -depth / 2))
    return model


def _shell(rng: np.random.Generator) -> Color:
    kind = rng.random()
    if kind < 0.4:
        return fin.grey(rng, 0.03, 0.2)
    if kind < 0.65:
        return fin.grey(rng, 0.6, 0.92)
    return fin.color(rng, (0.3, 0.9), (0.2, 0.9))


def _pad(rng: np.random.Generator, shell: Color, base: float) -> Keypad:
    color = fin.grey(rng, 0.05, 0.3) if sum(shell) > 1.2 else fin.grey(rng, 0.2, 0.9)
    return Keypad(color, fin.ink_on(color), base, rng.uniform(0.0008, 0.0014), 0.3)


def _display(
    model: Model, rng: np.random.Generator, size: tuple[float, float], y: float, base: float
) -> None:
    """Add a black window with a display in it on the panel at z = base."""
    black = model.finish(BLACK)
    shown = model.finish(fin.paper(screens.small(rng), 0.9))
    width, height = size
    window = rounded_rectangle(width + 0.004, height + 0.005, 0.003)
    model.add(slab(window, 0.0016, 0.0005, black).moved(0, y, base - 0.001))
    pane = rounded_rectangle(width, height, 0.0012)
    model.add(slab(pane, 0.001, 0.0002, black, (black, shown)).moved(0, y, base - 0.0002))


def flip(rng: np.random.Generator) -> Model:
    """Make an opened folding telephone: keys below, display above, a hinge."""
    model = Model()
    width, half = rng.uniform(0.046, 0.052), rng.uniform(0.084, 0.096)
    depth = rng.uniform(0.009, 0.012)
    color = _shell(rng)
    shell = model.finish(fin.plastic(color, 0.6))
    front = model.finish(fin.paper(_panel(rng, fin.shade(color, 0.8), width / half), 0.4))
    lower, upper = model.part(), model.part()
    outline = superellipse(width / 2, half / 2, 6.0, 64)
    rear = _rear(upper, rng, color, (width, half), -depth)
    upper.reshape(lambda shape: shape.moved(y=half / 2))
    for leaf in (lower, upper):
        leaf.add(slab(outline, depth, depth * 0.4, shell, (rear, front)).moved(0, half / 2, -depth))
    step = (half - 0.012) / 6.8
    add_keys(
        lower,
        [key._replace(y=key.y + half - 0.006) for key in _digits(width, 0, step, True)],
        _pad(rng, color, 0.0),
    )
    _display(upper, rng, (width * 0.76, half * 0.62), half * 0.54, 0.0)
    opening = rng.uniform(0.25, 0.6)
    model.add(lower.shape().moved(y=-half))
    model.add(upper.shape().turned("x", opening))
    hinge = np.array([(-width * 0.36, 0, 0), (0, 0, 0), (width * 0.36, 0, 0)])
    model.add(tube(hinge, depth * 0.62, shell, 24).moved(z=-depth * 0.55))
    return model


def slider(rng: np.random.Generator) -> Model:
    """Make a telephone whose display slides up from its keys."""
    model = Model()
    width, height = rng.uniform(0.046, 0.053), rng.uniform(0.092, 0.105)
    color = _shell(rng)
    shell = model.finish(fin.plastic(color, 0.6))
    dark = model.finish(fin.plastic(fin.shade(color, 0.5), 0.4))
    outline = superellipse(width / 2, height / 2, 7.0, 64)
    thick, travel = rng.uniform(0.007, 0.0085), height * rng.uniform(0.42, 0.5)
    rear = _rear(model, rng, fin.shade(color, 0.5), (width, height), -thick)
    model.add(slab(outline, thick, 0.0025, dark, (rear, dark)).moved(z=-thick))
    model.add(slab(outline, thick, 0.0025, shell).moved(0, travel, -0.0004))
    _display(model, rng, (width * 0.8, height * 0.6), travel + height * 0.09, thick - 0.0004)
    side = superellipse(width * 0.12, 0.0035, 3, 20)
    keys = [
        Key(x * width * 0.3, travel - height * 0.33, side, text, tint)
        for x, text, tint in ((-1, "up", (0.12, 0.55, 0.2)), (1, "down", (0.75, 0.12, 0.1)))
    ]
    keys.append(Key(0, travel - height * 0.34, superellipse(0.008, 0.0075, 2.5, 24), "OK"))
    pad = _pad(rng, color, thick - 0.0004)
    add_keys(model, keys, pad)
    step = (travel - 0.008) / 4.2
    pitch = width * 0.88 / 3
    key = superellipse(pitch * 0.42, step * 0.36, 4, 22)
    low = -height / 2 + travel - 0.004
    digits = [
        Key((i % 3 - 1) * pitch, low - (0.6 + i // 3) * step, key, legend)
        for i, legend in enumerate(DIGITS)
    ]
    add_keys(model, digits, pad._replace(base=0.0))
    return model


def typewriter(rng: np.random.Generator) -> Model:
    """Make a broad telephone with a display and a full keyboard."""
    model = Model()
    width, height = rng.uniform(0.06, 0.068), rng.uniform(0.105, 0.118)
    depth = rng.uniform(0.011, 0.014)
    color = fin.grey(rng, 0.02, 0.14) if rng.random() < 0.7 else _shell(rng)
    shell = model.finish(fin.plastic(color, 0.5))
    trim = model.finish(fin.metal((0.75, 0.75, 0.76), 0.25))
    outline = superellipse(width / 2, height / 2, 5.0, 72)
    rear = _rear(model, rng, color, (width, height), -depth)
    model.add(slab(outline, depth, depth * 0.34, shell, (rear, shell)).moved(z=-depth))
    model.add(
        slab(
            superellipse(width / 2 + 0.0007, height / 2 + 0.0007, 5.0, 72),
            depth * 0.3,
            0.0006,
            trim,
        ).moved(z=-depth * 0.68)
    )
    middle = height * 0.2
    _display(model, rng, (width * 0.8, height * 0.42), middle, 0.0)
    pitch, step = width * 0.9 / 10, height * 0.068
    top = middle - height * 0.25 - step * 1.9
    key = superellipse(pitch * 0.42, step * 0.38, 3.5, 18)
    keys = [Key(0, top + step * 1.15, superellipse(0.0055, 0.0052, 2.2, 24), "")]
    for index, letter in enumerate(LETTERS):
        row, column = (
            (0, index) if index < 10 else ((1, index - 10) if index < 19 else (2, index - 19))
        )
        count = (10, 9, 7)[row]
        keys.append(Key((column - (count - 1) / 2) * pitch, top - row * step, key, letter))
    keys.append(Key(0, top - 3 * step, superellipse(pitch * 2.2, step * 0.34, 4, 24), ""))
    calls = superellipse(pitch * 0.8, step * 0.36, 3.0, 20)
    keys += [
        Key(x * pitch * 3.2, top + step * 1.15, calls, text, tint)
        for x, text, tint in ((-1, "up", (0.12, 0.5, 0.2)), (1, "down", (0.7, 0.12, 0.1)))
    ]
    add_keys(model, keys, _pad(rng, color, 0.0))
    return model


def rugged(rng: np.random.Generator) -> Model:
    """Make a smartphone in a ribbed rubber case."""
    model = Model()
    width, height = rng.uniform(0.076, 0.084), rng.uniform(0.152, 0.166)
    depth = rng.uniform(0.012, 0.015)
    accent = model.finish(fin.rubber(fin.color(rng, (0.5, 0.95), (0.4, 0.95))))
    skin = model.finish(fin.rubber(fin.grey(rng, 0.03, 0.12)))
    glass = model.finish(fin.paper(screens.smartphone(rng, width / height), 1.0))
    black = model.finish(BLACK)
    model.add(slab(_chamfered(width, height, 0.014), depth, 0.003, skin))
    model.add(
        slab(
            rounded_rectangle(width * 0.9, height * 0.93, 0.006),
            0.002,
            0.0004,
            black,
            (black, glass),
        ).moved(z=depth - 0.0012)
    )
    for x in (-1, 1):
        for y in (-1, 1):
            bumper = slab(superellipse(0.009, 0.011, 4, 24), depth * 0.92, 0.003, accent)
            model.add(
                bumper.moved(x * (width / 2 - 0.0085), y * (height / 2 - 0.0105), depth * 0.03)
            )
    for index in range(5):
        rib = slab(rounded_rectangle(0.003, 0.012, 0.001, 4), 0.0024, 0.0008, skin)
        for side in (-1, 1):
            model.add(rib.moved(side * width * 0.3, (index - 2) * 0.016, -0.0012))
    steel = model.finish(fin.metal((0.6, 0.6, 0.62), 0.3))
    for y in (0.045, 0.03):
        _lens(model, 0.0, y, 0.0065, steel, black)
    _buttons(model, accent, width, depth, height)
    return model


def _chamfered(width: float, height: float, cut: float) -> Outline:
    x, y = width / 2, height / 2
    corners = [
        (x, y - cut),
        (x - cut, y),
        (cut - x, y),
        (-x, y - cut),
        (-x, cut - y),
        (cut - x, -y),
        (x - cut, -y),
        (x, cut - y),
    ]
    closed = np.array([*corners, corners[0]], float)
    pieces = [np.linspace(a, b, 6, endpoint=False) for a, b in pairwise(closed)]
    return np.concatenate(pieces)


CONSTRUCTIONS = {
    "smart": smart,
    "bar": bar,
    "flip": flip,
    "slider": slider,
    "typewriter": typewriter,
    "rugged": rugged,
}
