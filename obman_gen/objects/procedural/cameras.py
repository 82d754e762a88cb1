"""Cameras. They stand upright and look towards +z; the front of the body is at z = 0."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural import screens
from obman_gen.objects.procedural.keypads import Key, Keypad, add_keys
from obman_gen.objects.procedural.labels import brand
from obman_gen.objects.procedural.model import Color, Finish, Model
from obman_gen.objects.procedural.print import Sheet, Style
from obman_gen.objects.procedural.rings import (
    circle,
    curve,
    rounded,
    rounded_rectangle,
    slab,
    superellipse,
    swept,
    turned,
)
from obman_gen.objects.procedural.shape import Shape

GLASS = Finish((0.02, 0.025, 0.06), roughness=0.05, coat=1.0)


def _forward(shape: Shape) -> Shape:
    """Turn something upright to look forward."""
    return shape.turned("x", np.pi / 2)


def _lens(
    model: Model, rng: np.random.Generator, size: tuple[float, float], skin: int, place=(0.0, 0.0)
) -> None:
    """Add a lens of a length and radius: mount, ribbed ring, coloured ring, bulging glass."""
    length, radius = size
    x, y = place
    rubber = model.finish(fin.rubber())
    glass = model.finish(GLASS)
    accents = (
        fin.metal((0.75, 0.75, 0.76), 0.25),
        fin.plastic((0.75, 0.08, 0.07), 0.5),
        fin.metal((0.85, 0.7, 0.35), 0.3),
    )
    accent = model.finish(accents[int(rng.integers(3))])
    inner = model.finish(fin.plastic((0.02, 0.02, 0.02), 0.2))
    profile = np.array(
        [
            (radius * 0.88, -0.003),
            (radius * 0.9, length * 0.2),
            (radius, length * 0.26),
            (radius, length * 0.9),
            (radius, length * 0.94),
            (radius, length),
            (radius * 0.92, length),
            (radius * 0.84, length - min(0.006, length * 0.4)),
            (radius * 0.66, length - min(0.007, length * 0.45)),
        ]
    )
    bands = [skin, skin, skin, accent, skin, skin, inner, inner]
    model.add(_forward(turned(profile, bands)).moved(x, y))
    if length > 0.02:
        model.add(
            _forward(_ribbed(radius * 1.03, length * 0.36, length * 0.28, rubber)).moved(x, y)
        )
    if length > 0.045:
        model.add(_forward(_ribbed(radius * 1.02, length * 0.7, length * 0.12, rubber)).moved(x, y))
    front = length - min(0.008, length * 0.5)
    dome = curve(
        [
            (radius * 0.7, front),
            (radius * 0.6, front + 0.002),
            (radius * 0.3, front + 0.0034),
            (radius * 0.02, front + 0.0038),
        ],
        12,
    )
    model.add(_forward(turned(dome, glass)).moved(x, y))


def _ribbed(radius: float, start: float, width: float, material: int) -> Shape:
    count = 96
    wave = np.where(np.arange(count) // 2 % 2, 0.0007, 0.0)
    unit = circle(count)

    def ring(ring_radius: float, _height: float):
        return unit * (ring_radius - wave)[:, None]

    profile = np.array(
        [
            (radius * 0.97, start),
            (radius, start + 0.0006),
            (radius, start + width),
            (radius * 0.97, start + width + 0.0006),
        ]
    )
    return turned(profile, material, outline=ring)


def _dial(model: Model, x: float, top: float, z: float, radius: float, material: int) -> None:
    """Add a knurled dial on the top plate."""
    count = 72
    wave = np.where(np.arange(count) % 2, 0.0004, 0.0)
    unit = circle(count)
    profile = np.array(
        [(radius * 0.96, -0.002), (radius, -0.0015), (radius, 0.004), (radius * 0.9, 0.0048)]
    )
    knob = turned(profile, material, outline=lambda r, _: unit * (r - wave)[:, None])
    model.add(knob.moved(x, top, z))


def _shutter(model: Model, x: float, top: float, z: float) -> None:
    chrome = model.finish(fin.metal((0.8, 0.8, 0.8), 0.2))
    model.add(
        turned(rounded([(0.007, -0.002), (0.007, 0.002), (0.004, 0.003)], 0.0008), chrome).moved(
            x, top, z
        )
    )
    model.add(
        turned(rounded([(0.0045, 0), (0.0045, 0.0045), (0.002, 0.0052)], 0.001), chrome).moved(
            x, top, z
        )
    )


def _plaque(model: Model, text: str, ground: Color, size: tuple[float, float]) -> int:
    """Enter a material with a name printed on it; return its number."""
    sheet = Sheet(int(128 * size[0] / size[1]), 128, ground)
    sheet.text(0.5, 0.5, 0.42, text, fin.ink_on(ground), Style(0.05, 0.0, 1.1, 0.85))
    return model.finish(fin.paper(sheet.pixels(), 0.4))


def _back(
    model: Model, rng: np.random.Generator, size: tuple[float, float], depth: float, color: Color
) -> None:
    """Add a screen and keys to the back, which is at z = -depth."""
    width, height = size
    part = model.part()
    black = part.finish(fin.plastic((0.02, 0.02, 0.022), 0.8))
    shown = part.finish(fin.paper(screens.viewfinder(rng), 1.0))
    pane = rounded_rectangle(width * 0.56, height * 0.62, 0.003)
    part.add(
        slab(pane, 0.0022, 0.0007, black, (black, shown)).moved(
            -width * 0.16, -height * 0.05, -0.0012
        )
    )
    key = circle(18) * 0.0036
    keys = [Key(width * 0.3, height * (0.2 - 0.17 * index), key, "") for index in (0, 3)]
    keys += [
        Key(width * 0.3, -height * 0.06, circle(32) * 0.0095, ""),
        Key(width * 0.3, -height * 0.06, circle(20) * 0.0042, "OK"),
    ]
    add_keys(part, keys[:3], Keypad(fin.shade(color, 1.15), fin.ink_on(color), 0.0, 0.0014, 0.3))
    add_keys(part, keys[3:], Keypad(fin.shade(color, 1.15), fin.ink_on(color), 0.0014, 0.001, 0.3))
    model.add(part.shape().turned("y", np.pi).moved(z=-depth))


def _lugs(model: Model, width: float, height: float, depth: float) -> None:
    """Add eyelets for a strap."""
    metal = model.finish(fin.metal((0.75, 0.75, 0.75), 0.3))
    angles = np.linspace(0, 2 * np.pi, 17)[:-1]
    for side in (-1, 1):
        path = np.stack(
            [
                side * (width / 2 + 0.002 + 0.0035 * np.cos(angles)),
                height * 0.36 + 0.0045 * np.sin(angles),
                0 * angles - depth / 2,
            ],
            axis=1,
        )
        model.add(swept(path, circle(8) * 0.0009, metal))


def reflex(rng: np.random.Generator) -> Model:
    """Make a single-lens reflex camera: grip, prism with a name, shoe, dials, lens."""
    model = Model()
    color = fin.grey(rng, 0.02, 0.06)
    black, gum = model.finish(fin.plastic(color, 0.2)), model.finish(fin.rubber())
    width, height, depth = (
        rng.uniform(0.125, 0.145),
        rng.uniform(0.078, 0.09),
        rng.uniform(0.042, 0.05),
    )
    model.add(slab(superellipse(width / 2, height / 2, 6, 72), depth, 0.009, black).moved(z=-depth))
    model.add(
        slab(superellipse(0.019, height * 0.47, 4, 48), 0.034, 0.013, gum).moved(
            -width / 2 + 0.02, -0.001, -0.012
        )
    )
    model.add(
        slab(rounded_rectangle(width * 0.5, height * 0.62, 0.012), 0.003, 0.001, gum).moved(
            width * 0.2, -height * 0.12, -0.0012
        )
    )
    prism = rng.uniform(0.044, 0.054)
    name = _plaque(model, brand(rng).upper(), color, (prism, 0.022))
    top = height / 2
    trapezoid = np.array(
        [
            (prism / 2 + 0.008, -0.012),
            (prism / 2 + 0.004, 0.004),
            (prism * 0.36, 0.02),
            (-prism * 0.36, 0.02),
            (-prism / 2 - 0.004, 0.004),
            (-prism / 2 - 0.008, -0.012),
        ]
    )
    hump = rounded(np.vstack([trapezoid, trapezoid[:2]]), 0.006, 4)[1:-2]
    model.add(slab(hump, depth + 0.006, 0.005, black, (black, name)).moved(0.006, top, -depth))
    shoe = model.finish(fin.metal((0.6, 0.6, 0.6), 0.35))
    model.add(
        slab(rounded_rectangle(0.02, 0.018, 0.001, 3), 0.0022, 0.0005, shoe)
        .turned("x", -np.pi / 2)
        .moved(0.006, top + 0.0192, -depth * 0.55)
    )
    eyepiece = slab(rounded_rectangle(0.03, 0.02, 0.006), 0.01, 0.003, gum)
    model.add(eyepiece.moved(0.006, top + 0.004, -depth - 0.007))
    _dial(model, width * 0.36, top - 0.001, -depth * 0.5, 0.0095, black)
    _shutter(model, -width / 2 + 0.02, top - 0.003, 0.004)
    _lens(model, rng, (rng.uniform(0.04, 0.085), rng.uniform(0.031, 0.037)), black, (0.006, -0.004))
    _back(model, rng, (width, height), depth, color)
    _lugs(model, width, height, depth)
    return model


def compact(rng: np.random.Generator) -> Model:
    """Make a pocket camera: flat body, short zoom lens, flash."""
    model = Model()
    color = fin.color(rng, (0.0, 0.85), (0.15, 0.95))
    finish = fin.metal(color, 0.3) if rng.random() < 0.6 else fin.plastic(color, 0.6)
    width, height, depth = (
        rng.uniform(0.092, 0.108),
        rng.uniform(0.055, 0.064),
        rng.uniform(0.02, 0.026),
    )
    skin = model.finish(finish)
    sheet = Sheet(512, int(512 * height / width), color)
    sheet.text(0.2, 0.16, 0.075, brand(rng), fin.ink_on(color), Style(0.03, widest=0.3))
    front = model.finish(Finish((1, 1, 1), 0.3, metallic=finish.metallic, texture=sheet.pixels()))
    model.add(
        slab(
            rounded_rectangle(width, height, rng.uniform(0.006, 0.014)),
            depth,
            0.005,
            skin,
            (skin, front),
        ).moved(z=-depth)
    )
    chrome = model.finish(fin.metal((0.78, 0.78, 0.8), 0.2))
    radius = rng.uniform(0.019, 0.023)
    x = width * rng.uniform(0.06, 0.16)
    model.add(
        _forward(
            turned(
                rounded([(radius * 1.15, -0.002), (radius * 1.15, 0.002), (radius, 0.003)], 0.0008),
                chrome,
            )
        ).moved(x, -0.003)
    )
    for step in range(2):
        reach = 0.008 + 0.009 * step
        barrel = rounded(
            [
                (radius * (0.96 - 0.1 * step), 0),
                (radius * (0.96 - 0.1 * step), reach),
                (radius * 0.6, reach),
            ],
            0.0008,
        )
        model.add(_forward(turned(barrel, skin if step else chrome)).moved(x, -0.003))
    _lens(model, rng, (0.0265, radius * 0.78), chrome, (x, -0.003))
    flash = model.finish(Finish((0.92, 0.93, 0.95), 0.15, specular=0.6, coat=0.5))
    model.add(
        slab(rounded_rectangle(0.016, 0.008, 0.002), 0.0016, 0.0005, flash).moved(
            width * 0.36, height * 0.33, -0.0008
        )
    )
    _shutter(model, -width * 0.3, height / 2 - 0.001, -depth / 2)
    _dial(model, -width * 0.1, height / 2 - 0.0005, -depth / 2, 0.007, chrome)
    _back(model, rng, (width, height), depth, color)
    return model


def rangefinder(rng: np.random.Generator) -> Model:
    """Make a classic camera: metal top, leather, windows, dials."""
    model = Model()
    silver = rng.random() < 0.7
    metal = model.finish(
        fin.metal((0.78, 0.78, 0.77), 0.3) if silver else fin.plastic((0.03, 0.03, 0.03), 0.4)
    )
    hue = (
        fin.color(rng, (0.4, 0.8), (0.12, 0.45), (0.02, 0.1))
        if rng.random() < 0.4
        else fin.grey(rng, 0.03, 0.07)
    )
    leather = model.finish(fin.paper(fin.leather(rng, hue), 0.25))
    black = model.finish(GLASS)
    width, height, depth = (
        rng.uniform(0.118, 0.138),
        rng.uniform(0.068, 0.08),
        rng.uniform(0.03, 0.036),
    )
    round_ends = superellipse(width / 2, depth / 2, 4.5, 72)
    for low, high, grow, material in (
        (-0.5, -0.4, 1.0, metal),
        (-0.41, 0.26, 0.985, leather),
        (0.25, 0.5, 1.0, metal),
    ):
        ends = round_ends * grow
        profile = rounded(
            [
                (0.97, low * height),
                (1.0, low * height + 0.001),
                (1.0, high * height - 0.001),
                (0.97, high * height),
            ],
            0.001,
        )
        body = turned(profile, material, outline=ends)
        model.add(body.moved(z=-depth / 2))
    top = height / 2
    for x, size in ((-0.34, 0.011), (0.02, 0.009), (0.33, 0.014)):
        window = slab(rounded_rectangle(size, 0.008, 0.0012, 4), 0.002, 0.0005, black)
        model.add(window.moved(x * width, top - 0.0095, -0.0012))
    name = _plaque(
        model, brand(rng), (0.78, 0.78, 0.77) if silver else (0.03, 0.03, 0.03), (0.03, 0.008)
    )
    model.add(
        slab(rounded_rectangle(0.03, 0.008, 0.001, 3), 0.001, 0.0003, metal, (metal, name)).moved(
            width * 0.17, top - 0.0095, -0.0008
        )
    )
    for x, radius in ((-0.38, 0.0085), (0.2, 0.0075), (0.38, 0.0095)):
        _dial(model, x * width, top - 0.0004, -depth / 2, radius, metal)
    _shutter(model, width * 0.29, top - 0.001, -depth / 2)
    shoe = slab(rounded_rectangle(0.019, 0.017, 0.001, 3), 0.002, 0.0005, metal)
    model.add(shoe.turned("x", -np.pi / 2).moved(-width * 0.05, top - 0.0005, -depth / 2))
    _lens(
        model,
        rng,
        (rng.uniform(0.022, 0.045), rng.uniform(0.023, 0.029)),
        metal,
        (0.0, -height * 0.1),
    )
    _lugs(model, width, height, depth)
    return model


def instant(rng: np.random.Generator) -> Model:
    """Make an instant camera: a chunky round body, big lens ring, flash, picture slot."""
    model = Model()
    color = fin.color(rng, (0.15, 0.6), (0.75, 1.0))
    width, height, depth = (
        rng.uniform(0.098, 0.118),
        rng.uniform(0.098, 0.118),
        rng.uniform(0.05, 0.06),
    )
    skin = model.finish(fin.plastic(color, 0.5))
    pale = model.finish(fin.plastic(fin.grey(rng, 0.85, 0.97), 0.4))
    dark = model.finish(fin.plastic(fin.grey(rng, 0.05, 0.2), 0.3))
    model.add(
        slab(
            superellipse(width / 2, height / 2, rng.uniform(3.2, 5.5), 72), depth, 0.018, skin
        ).moved(z=-depth)
    )
    radius = rng.uniform(0.03, 0.036)
    model.add(
        _forward(
            turned(
                rounded(
                    [(radius, -0.008), (radius, 0.006), (radius * 0.9, 0.01), (radius * 0.8, 0.01)],
                    0.003,
                ),
                pale,
            )
        ).moved(0, -height * 0.08)
    )
    _lens(model, rng, (0.022, radius * 0.72), dark, (0.0, -height * 0.08))
    flash = model.finish(Finish((0.92, 0.93, 0.95), 0.15, specular=0.6, coat=0.5))
    model.add(
        slab(rounded_rectangle(0.026, 0.015, 0.004), 0.006, 0.0015, flash).moved(
            width * 0.26, height * 0.34, -0.004
        )
    )
    model.add(
        slab(rounded_rectangle(0.014, 0.012, 0.003), 0.006, 0.001, dark).moved(
            -width * 0.3, height * 0.34, -0.004
        )
    )
    model.add(
        slab(circle(24) * 0.0075, 0.006, 0.002, pale).moved(-width * 0.36, -height * 0.06, -0.0035)
    )
    slot = slab(rounded_rectangle(width * 0.62, 0.006, 0.002, 4), 0.004, 0.001, dark)
    model.add(slot.turned("x", -np.pi / 2).moved(0, height / 2 - 0.003, -depth * 0.5))
    door = slab(superellipse(width * 0.42, height * 0.36, 5, 64), 0.004, 0.0014, pale)
    model.add(door.moved(0, -height * 0.06, -depth - 0.0022))
    model.add(
        slab(rounded_rectangle(0.016, 0.013, 0.003), 0.004, 0.001, dark).moved(
            -width * 0.3, height * 0.36, -depth - 0.0005
        )
    )
    name = _plaque(model, brand(rng), color, (0.04, 0.011))
    model.add(
        slab(rounded_rectangle(0.04, 0.011, 0.001, 3), 0.0012, 0.0003, skin, (skin, name)).moved(
            0, height * 0.34, -0.0008
        )
    )
    return model


def action(rng: np.random.Generator) -> Model:
    """Make a small action camera: a block with a lens in one corner."""
    model = Model()
    width, height, depth = (
        rng.uniform(0.06, 0.072),
        rng.uniform(0.045, 0.052),
        rng.uniform(0.026, 0.034),
    )
    color = fin.grey(rng, 0.04, 0.3)
    skin = model.finish(fin.rubber(color))
    sheet = Sheet(384, int(384 * height / width), fin.shade(color, 0.7))
    sheet.text(0.26, 0.8, 0.11, brand(rng).upper(), fin.ink_on(color), Style(0.05, widest=0.4))
    front = model.finish(fin.paper(sheet.pixels(), 0.3))
    model.add(
        slab(rounded_rectangle(width, height, 0.007), depth, 0.0045, skin, (skin, front)).moved(
            z=-depth
        )
    )
    black = model.finish(fin.plastic((0.02, 0.02, 0.02), 0.6))
    x, y = width * 0.22, height * 0.14
    model.add(
        slab(rounded_rectangle(0.026, 0.026, 0.006), 0.007, 0.0018, black).moved(x, y, -0.002)
    )
    _lens(model, rng, (0.009, 0.0115), black, (x, y))
    shown = model.finish(fin.paper(screens.liquid_crystal(rng), 0.9))
    model.add(
        slab(rounded_rectangle(0.02, 0.015, 0.001), 0.0014, 0.0004, black, (black, shown)).moved(
            -width * 0.24, height * 0.16, -0.0008
        )
    )
    red = model.finish(fin.plastic((0.8, 0.1, 0.1), 0.4))
    model.add(
        turned(rounded([(0.007, -0.001), (0.007, 0.0016), (0.004, 0.0022)], 0.0008), red).moved(
            -width * 0.2, height / 2 - 0.0004, -depth / 2
        )
    )
    _back(model, rng, (width, height), depth, color)
    return model


def twin(rng: np.random.Generator) -> Model:
    """Make a twin-lens camera: two lenses above one another, a hood, a crank."""
    model = Model()
    hue = fin.grey(rng, 0.03, 0.08)
    leather = model.finish(fin.paper(fin.leather(rng, hue), 0.25))
    metal = model.finish(fin.metal((0.72, 0.72, 0.72), 0.3))
    black = model.finish(fin.plastic((0.03, 0.03, 0.03), 0.3))
    width, height, depth = (
        rng.uniform(0.072, 0.08),
        rng.uniform(0.098, 0.11),
        rng.uniform(0.065, 0.075),
    )
    model.add(slab(rounded_rectangle(width, height, 0.006), depth, 0.004, leather).moved(z=-depth))
    plate = rounded_rectangle(width * 0.62, height * 0.84, 0.014)
    model.add(slab(plate, 0.009, 0.002, black).moved(0, 0, -0.003))
    model.add(
        slab(rounded_rectangle(width * 0.66, height * 0.88, 0.015), 0.004, 0.001, metal).moved(
            0, 0, -0.002
        )
    )
    for y in (0.22, -0.2):
        _lens(model, rng, (0.024, width * 0.25), metal, (0, y * height))
    hood = slab(rounded_rectangle(width * 0.92, depth * 0.86, 0.003), 0.03, 0.001, black)
    model.add(hood.turned("x", -np.pi / 2).moved(0, height / 2 - 0.001, -depth / 2))
    for y in (0.3, 0.05):
        knob = turned(rounded([(0.011, -0.001), (0.011, 0.008), (0.008, 0.009)], 0.001), metal)
        model.add(knob.turned("z", -np.pi / 2).moved(width / 2, y * height, -depth * 0.45))
    frame = slab(rounded_rectangle(width * 0.84, height * 0.86, 0.008), 0.003, 0.001, black)
    model.add(frame.moved(z=-depth - 0.0018))
    model.add(
        slab(circle(24) * 0.006, 0.002, 0.0006, metal).moved(0, -height * 0.1, -depth - 0.0028)
    )
    name = _plaque(model, brand(rng), (0.03, 0.03, 0.03), (0.032, 0.009))
    model.add(
        slab(rounded_rectangle(0.032, 0.009, 0.002, 4), 0.0016, 0.0004, black, (black, name)).moved(
            0, height * 0.43 - 0.0035, 0.0052
        )
    )
    return model


CONSTRUCTIONS = {
    "reflex": reflex,
    "compact": compact,
    "rangefinder": rangefinder,
    "instant": instant,
    "action": action,
    "twin": twin,
}
