"""Bottles."""

from collections.abc import Sequence

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural import labels
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import (
    Outline,
    Profile,
    circle,
    curve,
    rounded,
    slab,
    superellipse,
    tube,
    turned,
)
from obman_gen.objects.procedural.vessels import cut_at, rising, screw_cap, zones


def _body(
    model: Model,
    outer: Profile,
    skin: int,
    label: tuple[float, float, int],
    outline: Outline | None = None,
) -> None:
    """Add a turned body with a label zone (low, high, material)."""
    outer = cut_at(outer, label[:2])
    model.add(turned(outer, zones(outer, skin, label), outline=outline))


def wine(rng: np.random.Generator) -> Model:
    """Make a wine bottle: dark glass, paper label, capsule."""
    model = Model()
    glass_color = fin.color(rng, (0.5, 0.9), (0.04, 0.2), (0.12, 0.38))
    height, radius = rng.uniform(0.28, 0.32), rng.uniform(0.036, 0.041)
    neck, shoulder = 0.0145, rng.uniform(0.56, 0.68) * height
    slope = rng.uniform(0.04, 0.18) * height
    low, high = 0.16 * height, rng.uniform(0.42, 0.5) * height
    glass = model.finish(fin.glaze(glass_color))
    print_ = labels.front_paper(rng, radius, high - low, glass_color)
    label = model.finish(fin.paper(print_, 0.2))
    capsule = model.finish(fin.metal(fin.color(rng, (0.3, 0.9), (0.2, 0.7)), 0.35))
    outer = rising(
        [(radius * 0.86, 0.0), (radius, 0.005), (radius, shoulder * 0.96)],
        [(radius * 0.9, shoulder + slope * 0.3), (neck * 1.15, shoulder + slope + 0.02)],
        [(neck, height * 0.86), (neck, height - 0.012)],
    )
    _body(model, outer, glass, (low, high, label))
    foil = [
        (neck + 0.0006, height * rng.uniform(0.74, 0.8)),
        (neck + 0.0007, height - 0.016),
        (neck + 0.0024, height - 0.014),
        (neck + 0.0024, height - 0.003),
        (neck + 0.0005, height),
    ]
    model.add(turned(rounded(foil, 0.001), capsule))
    return model


def beer(rng: np.random.Generator) -> Model:
    """Make a beer bottle: brown or green glass, two labels, crown cap."""
    model = Model()
    hue = (0.05, 0.09) if rng.random() < 0.7 else (0.3, 0.4)
    glass_color = fin.color(rng, (0.75, 0.95), (0.12, 0.3), hue)
    height, radius = rng.uniform(0.19, 0.25), rng.uniform(0.029, 0.033)
    neck, shoulder = 0.0125, rng.uniform(0.5, 0.62) * height
    low, high = 0.13 * height, shoulder * 0.9
    glass = model.finish(fin.glaze(glass_color))
    label = model.finish(fin.paper(labels.around(rng, radius, high - low), 0.4))
    collar = model.finish(fin.paper(labels.around(rng, neck * 1.3, 0.03), 0.4))
    crown = model.finish(fin.metal(fin.color(rng, (0.0, 0.9), (0.4, 0.9)), 0.3))
    outer = rising(
        [(radius * 0.88, 0.0), (radius, 0.004), (radius, shoulder)],
        [(radius * 0.8, shoulder + 0.12 * height), (neck * 1.2, height * 0.83)],
        [(neck, height - 0.02), (neck, height - 0.004)],
    )
    outer = cut_at(outer, [low, high, height * 0.78, height * 0.88])
    bands = zones(outer, glass, (low, high, label), (height * 0.78, height * 0.88, collar))
    model.add(turned(outer, bands))
    model.add(screw_cap(0.0155, 0.006, crown, 21, 0.0016).moved(y=height - 0.006))
    return model


def water(rng: np.random.Generator) -> Model:
    """Make a bottle of water: clear ribbed plastic, printed band, ribbed cap."""
    model = Model()
    tint = fin.color(rng, (0.02, 0.25), (0.9, 1.0), (0.45, 0.62))
    height, radius = rng.uniform(0.19, 0.24), rng.uniform(0.030, 0.036)
    shoulder, neck = 0.72 * height, 0.0125
    low, high = rng.uniform(0.36, 0.42) * height, rng.uniform(0.56, 0.63) * height
    plastic = model.finish(fin.clear(tint, 0.18))
    label = model.finish(fin.paper(labels.around(rng, radius, high - low), 0.7))
    cap = model.finish(fin.plastic(fin.color(rng, (0.0, 0.9), (0.5, 1.0)), 0.4))
    heights = np.linspace(0.006, shoulder, 60)
    ribs = 0.0006 * np.sin(2 * np.pi * heights / rng.uniform(0.018, 0.03))
    ribs[(heights > low - 0.004) & (heights < high + 0.004)] = 0
    side = np.stack([radius + ribs, heights], axis=1)
    dome = curve(
        [
            (radius, shoulder),
            (radius * 0.93, shoulder + 0.02),
            (neck, height - 0.022),
            (neck, height - 0.014),
        ],
        16,
    )[1:]
    foot = np.array([(radius * 0.75, 0.0), (radius * 0.92, 0.001)])
    _body(model, np.concatenate([foot, side, dome]), plastic, (low, high, label))
    model.add(screw_cap(0.0148, 0.016, cap).moved(y=height - 0.016))
    return model


def soda(rng: np.random.Generator) -> Model:
    """Make a soft drink bottle: coloured contents, waist, wide label."""
    model = Model()
    drink = fin.color(rng, (0.7, 0.95), (0.08, 0.8), (-0.02, 0.2))
    height, radius = rng.uniform(0.2, 0.27), rng.uniform(0.03, 0.04)
    low, high = 0.42 * height, rng.uniform(0.6, 0.66) * height
    skin = model.finish(fin.glaze(drink))
    label = model.finish(fin.paper(labels.around(rng, radius, high - low), 0.7))
    cap = model.finish(fin.plastic(fin.color(rng, (0.6, 0.95), (0.3, 0.95)), 0.4))
    waist = rng.uniform(0.8, 0.97)
    outer = rising(
        [(radius * 0.7, 0.0), (radius * 0.9, 0.003), (radius, 0.02), (radius, 0.14 * height)],
        [(radius * waist, 0.32 * height), (radius, low), (radius, high)],
        [(radius * 0.82, 0.78 * height), (0.013, 0.91 * height), (0.0125, height - 0.012)],
    )
    _body(model, outer, skin, (low, high, label))
    model.add(screw_cap(0.0148, 0.017, cap).moved(y=height - 0.017))
    return model


def _oval(rng: np.random.Generator) -> Outline:
    return superellipse(1.0, rng.uniform(0.45, 0.8), rng.uniform(2.0, 3.2))


def shampoo(rng: np.random.Generator) -> Model:
    """Make a shampoo bottle: oval, opaque, with a flat or tapered cap it can stand on."""
    model = Model()
    base = fin.color(rng, (0.0, 0.85), (0.35, 1.0))
    height, radius = rng.uniform(0.17, 0.23), rng.uniform(0.03, 0.042)
    low, high = 0.12 * height, rng.uniform(0.6, 0.7) * height
    skin = model.finish(fin.plastic(base, 0.7))
    label = model.finish(fin.paper(labels.around(rng, radius * 0.8, high - low), 0.7))
    cap = model.finish(fin.plastic(fin.color(rng, (0.0, 0.9), (0.2, 1.0)), 0.6))
    outline = _oval(rng)
    shoulder = rng.uniform(0.74, 0.8) * height
    outer = rising(
        [(radius * 0.9, 0.0), (radius, 0.006), (radius * rng.uniform(0.9, 1.08), 0.4 * height)],
        [(radius, high), (radius * 0.92, shoulder), (radius * 0.55, shoulder + 0.014)],
    )
    _body(model, outer, skin, (low, high, label), outline)
    lid = rounded(
        [
            (radius * 0.62, shoulder + 0.006),
            (radius * 0.66, shoulder + 0.008),
            (radius * rng.uniform(0.5, 0.66), height),
            (radius * 0.3, height),
        ],
        0.003,
    )
    model.add(turned(lid, cap, outline=outline))
    return model


def pump(rng: np.random.Generator) -> Model:
    """Make a soap dispenser: a body with a pump and spout."""
    model = Model()
    height, radius = rng.uniform(0.12, 0.16), rng.uniform(0.028, 0.036)
    low, high = 0.16 * height, 0.72 * height
    clear = rng.random() < 0.3
    base = fin.color(rng, (0.1, 0.7), (0.6, 1.0))
    skin = model.finish(fin.clear(base) if clear else fin.plastic(base, 0.6))
    label = model.finish(fin.paper(labels.around(rng, radius, high - low), 0.6))
    head = model.finish(fin.plastic(fin.grey(rng, 0.05, 0.98), 0.5))
    outline = None if rng.random() < 0.5 else superellipse(1.0, 0.9, 3.5)
    outer = rising(
        [(radius * 0.88, 0.0), (radius, 0.005), (radius, height * 0.82)],
        [(radius * 0.8, height * 0.93), (0.014, height), (0.0135, height + 0.004)],
    )
    _body(model, outer, skin, (low, high, label), outline)
    model.add(screw_cap(0.0165, 0.016, head).moved(y=height + 0.001))
    stem = np.array([(0.004, height + 0.014), (0.004, height + 0.036)])
    model.add(turned(stem, head))
    top = height + 0.036
    button = rounded(
        [(0.009, top - 0.004), (0.0115, top), (0.011, top + 0.011), (0.006, top + 0.012)], 0.002
    )
    model.add(turned(button, head))
    along = curve(
        [(0.0, top + 0.007), (0.02, top + 0.008), (0.036, top + 0.004), (0.04, top - 0.003)], 14
    )
    path = np.stack([along[:, 0], along[:, 1], np.zeros(14)], axis=1)
    model.add(tube(path, 0.0042, head))
    return model


def trigger(rng: np.random.Generator) -> Model:
    """Make a spray bottle: oval tank, trigger head, nozzle."""
    model = Model()
    height, radius = rng.uniform(0.17, 0.2), rng.uniform(0.036, 0.042)
    low, high = 0.14 * height, 0.6 * height
    tank = model.finish(fin.plastic(fin.color(rng, (0.1, 0.9), (0.5, 1.0)), 0.5))
    label = model.finish(fin.paper(labels.around(rng, radius * 0.85, high - low), 0.6))
    head = model.finish(fin.plastic(fin.color(rng, (0.0, 0.9), (0.3, 1.0)), 0.5))
    lever = model.finish(fin.plastic(fin.color(rng, (0.0, 0.9), (0.3, 1.0)), 0.5))
    outer = rising(
        [(radius * 0.92, 0.0), (radius, 0.006), (radius, 0.45 * height)],
        [
            (radius * 0.93, high + 0.008),
            (radius * 0.5, 0.78 * height),
            (0.013, 0.9 * height),
            (0.013, height),
        ],
    )
    _body(model, outer, tank, (low, high, label), superellipse(1.0, 0.62, 2.4))
    model.add(screw_cap(0.0165, 0.018, head).moved(y=height - 0.008))
    side = [
        (-0.03, 0.03),
        (-0.028, 0.012),
        (-0.006, -0.002),
        (0.01, -0.002),
        (0.016, 0.012),
        (0.046, 0.018),
        (0.046, 0.034),
        (0.0, 0.04),
    ]
    model.add(_plate(side, 0.022, head).moved(y=height + 0.01))
    pull = [
        (0.024, -0.02),
        (0.037, -0.036),
        (0.042, -0.034),
        (0.03, -0.012),
        (0.02, 0.016),
        (0.012, 0.016),
    ]
    model.add(_plate(pull, 0.012, lever).moved(y=height + 0.012))
    nozzle = np.array([(0.007, 0.044), (0.0085, 0.046), (0.0085, 0.055), (0.006, 0.056)])
    model.add(turned(nozzle, lever).turned("z", -np.pi / 2).moved(y=height + 0.036))
    return model


def _plate(points: Sequence[Sequence[float]], thickness: float, material: int):
    """Return a rounded plate in the xy plane from an outline in either sense."""
    closed = np.array([*points, points[0], points[1]])
    outline = rounded(closed, 0.004, 3)[1:-1]
    x, y = outline.T
    if (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() < 0:
        outline = outline[::-1]
    return slab(outline, thickness, 0.0015, material).moved(z=-thickness / 2)


def flask(rng: np.random.Generator) -> Model:
    """Make an insulated steel flask with a screwed lid and perhaps a loop."""
    model = Model()
    height, radius = rng.uniform(0.21, 0.28), rng.uniform(0.033, 0.039)
    painted = rng.random() < 0.65
    coat = fin.plastic(fin.color(rng, (0.2, 0.9), (0.15, 0.9)), 0.25)
    skin = model.finish(coat if painted else fin.brushed(rng, (0.75, 0.75, 0.77)))
    steel = model.finish(fin.metal((0.8, 0.8, 0.8), 0.28))
    lid = model.finish(fin.plastic(fin.grey(rng, 0.03, 0.3), 0.3))
    logo = model.finish(_logo(rng, coat.color if painted else (0.7, 0.7, 0.72), radius))
    top = height * 0.84
    outer = rising(
        [(radius * 0.93, 0.0), (radius, 0.004), (radius, top - 0.03)],
        [(radius * 0.96, top - 0.016), (radius * 0.78, top), (radius * 0.76, top + 0.012)],
    )
    low, high = 0.45 * height, 0.62 * height
    outer = cut_at(outer, [0.004, 0.012, low, high])
    model.add(turned(outer, zones(outer, skin, (0.0, 0.012, steel), (low, high, logo))))
    model.add(screw_cap(radius * 0.84, height - top - 0.002, lid, 40).moved(y=top + 0.002))
    if rng.random() < 0.5:
        bow = np.linspace(0, np.pi, 20)
        path = np.stack(
            [np.cos(bow) * radius * 0.6, height - 0.004 + np.sin(bow) * 0.022, 0 * bow], axis=1
        )
        model.add(tube(path, 0.0032, lid))
    return model


def _logo(rng: np.random.Generator, base, radius: float) -> fin.Finish:
    sheet = labels.sheet_for(radius, 0.04, base)
    sheet.text(0.5, 0.5, 0.4, labels.brand(rng), fin.ink_on(base), labels.style(rng, 0.2))
    return fin.paper(sheet.pixels(), 0.4)


def spirits(rng: np.random.Generator) -> Model:
    """Make a square bottle of sauce or spirits: amber contents, paper label, stopper."""
    model = Model()
    liquid = fin.color(rng, (0.7, 0.95), (0.2, 0.75), (0.02, 0.12))
    height, radius = rng.uniform(0.19, 0.26), rng.uniform(0.033, 0.042)
    shoulder, neck = rng.uniform(0.6, 0.7) * height, rng.uniform(0.012, 0.015)
    low, high = 0.12 * height, shoulder * 0.9
    glass = model.finish(fin.glaze(liquid))
    label = model.finish(fin.paper(labels.front_paper(rng, radius, high - low, liquid), 0.2))
    cap = model.finish(
        fin.plastic(fin.grey(rng, 0.02, 0.12), 0.5) if rng.random() < 0.6 else fin.wood(rng)
    )
    square = superellipse(1.0, rng.uniform(0.6, 1.0), rng.uniform(4, 9))

    def outline(ring_radius: float, y: float) -> Outline:
        share = float(np.clip((y - shoulder) / (0.1 * height), 0, 1))
        return ring_radius * ((1 - share) * square + share * circle())

    outer = rising(
        [(radius * 0.95, 0.0), (radius, 0.005), (radius, shoulder)],
        [(radius * 0.8, shoulder + 0.03 * height), (neck * 1.05, shoulder + 0.11 * height)],
        [(neck, height * 0.9)],
    )
    outer = cut_at(outer, [low, high])
    model.add(turned(outer, zones(outer, glass, (low, high, label)), outline=outline))
    model.add(
        screw_cap(neck * 1.2, height * 0.14, cap, int(rng.choice([0, 40]))).moved(y=height * 0.86)
    )
    return model


def dropper(rng: np.random.Generator) -> Model:
    """Make a medicine bottle: amber or blue glass, ribbed collar, rubber bulb."""
    model = Model()
    hue = (0.04, 0.08) if rng.random() < 0.6 else (0.58, 0.64)
    glass_color = fin.color(rng, (0.8, 0.95), (0.15, 0.4), hue)
    height, radius = rng.uniform(0.07, 0.095), rng.uniform(0.018, 0.024)
    low, high = 0.12 * height, 0.7 * height
    glass = model.finish(fin.glaze(glass_color))
    label = model.finish(fin.paper(labels.around(rng, radius, high - low), 0.3))
    collar = model.finish(fin.plastic(fin.grey(rng, 0.02, 0.9), 0.4))
    bulb = model.finish(fin.rubber(fin.grey(rng, 0.03, 0.6)))
    outer = rising(
        [(radius * 0.9, 0.0), (radius, 0.003), (radius, height * 0.78)],
        [(radius * 0.85, height * 0.86), (radius * 0.5, height * 0.93), (radius * 0.5, height)],
    )
    _body(model, outer, glass, (low, high, label))
    model.add(screw_cap(radius * 0.62, 0.015, collar).moved(y=height - 0.006))
    top = height + 0.008
    bulge = [
        (radius * 0.34, top),
        (radius * 0.42, top + 0.012),
        (radius * 0.36, top + 0.024),
        (radius * 0.1, top + 0.03),
    ]
    model.add(turned(curve(bulge, 14), bulb))
    return model


def milk(rng: np.random.Generator) -> Model:
    """Make a jug with a handle, as milk and detergents come in."""
    model = Model()
    base = fin.color(rng, (0.0, 0.9), (0.55, 1.0))
    height, radius = rng.uniform(0.2, 0.26), rng.uniform(0.042, 0.05)
    low, high = 0.1 * height, 0.48 * height
    skin = model.finish(fin.plastic(base, 0.4))
    label = model.finish(fin.paper(labels.around(rng, radius * 0.9, high - low), 0.6))
    cap = model.finish(fin.plastic(fin.color(rng), 0.5))
    outer = rising(
        [(radius * 0.9, 0.0), (radius, 0.008), (radius, 0.52 * height)],
        [(radius * 0.75, 0.72 * height), (0.02, 0.88 * height), (0.019, height - 0.01)],
    )
    _body(model, outer, skin, (low, high, label), superellipse(1.0, 0.72, 3.0))
    bow = curve(
        [
            (radius * 0.86, 0.5 * height),
            (radius * 1.35, 0.6 * height),
            (radius * 1.25, 0.8 * height),
            (0.016, 0.87 * height),
        ],
        24,
    )
    path = np.stack([bow[:, 0], bow[:, 1], np.zeros(len(bow))], axis=1)
    model.add(tube(path, 0.0095, skin, 14))
    model.add(screw_cap(0.0225, 0.018, cap).moved(y=height - 0.016))
    return model


CONSTRUCTIONS = {
    "wine": wine,
    "beer": beer,
    "water": water,
    "soda": soda,
    "shampoo": shampoo,
    "pump": pump,
    "trigger": trigger,
    "flask": flask,
    "spirits": spirits,
    "dropper": dropper,
    "milk": milk,
}
