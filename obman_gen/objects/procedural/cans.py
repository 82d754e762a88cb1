"""Cans and tins."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural import labels
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import (
    Outline,
    curve,
    evenly,
    inset,
    lying,
    rounded,
    rounded_rectangle,
    slab,
    tube,
    turned,
)
from obman_gen.objects.procedural.shape import loft
from obman_gen.objects.procedural.vessels import cut_at, rising, screw_cap, zones

ALUMINIUM = (0.83, 0.84, 0.85)
TINPLATE = (0.74, 0.74, 0.73)


def _beverage(rng: np.random.Generator, radius: float, height: float) -> Model:
    """Make a drink can: printed wall, tapered ends, tab on the lid."""
    model = Model()
    bare = model.finish(fin.metal(ALUMINIUM, 0.25))
    low, high = 0.008, height - 0.011
    print_ = model.finish(fin.printed_metal(labels.around(rng, radius, high - low)))
    pull = bare
    if rng.random() < 0.3:
        pull = model.finish(fin.metal(fin.color(rng, (0.4, 0.9), (0.4, 0.9)), 0.3))
    neck = radius * 0.82
    outer = rising(
        [(radius * 0.72, 0.0), (radius * 0.77, 0.001), (radius * 0.88, 0.006)],
        [(radius, 0.013), (radius, height - 0.017), (neck * 1.02, height - 0.004)],
        [(neck, height - 0.002)],
    )
    outer = cut_at(outer, [low, high])
    rim = np.array(
        [
            (neck + 0.0008, height - 0.0015),
            (neck + 0.0008, height - 0.0003),
            (neck, height),
            (neck - 0.0008, height - 0.0003),
            (neck - 0.0016, height - 0.0042),
            (neck - 0.004, height - 0.0044),
            (neck - 0.005, height - 0.0032),
        ]
    )
    bands = zones(outer, bare, (low, high, print_)) + [bare] * len(rim)
    model.add(turned(np.concatenate([outer, rim]), bands))
    lid = height - 0.0032
    tab = slab(rounded_rectangle(0.0155, 0.025, 0.007), 0.0016, 0.0006, pull)
    model.add(tab.turned("x", -np.pi / 2).moved(y=lid - 0.0002, z=0.003))
    rivet = np.array([(0.0034, lid - 0.0004), (0.0032, lid + 0.0024)])
    model.add(turned(rivet, bare).moved(z=0.001))
    dark = model.finish(fin.metal(fin.shade(ALUMINIUM, 0.75), 0.35))
    mouth = slab(rounded_rectangle(0.017, 0.02, 0.0085), 0.0009, 0.0004, dark)
    model.add(mouth.turned("x", -np.pi / 2).moved(y=lid - 0.0004, z=-0.0135))
    return model


def drink(rng: np.random.Generator) -> Model:
    """Make a 330 or 500 ml can."""
    return _beverage(rng, 0.033, float(rng.choice([0.115, 0.122, 0.168])))


def slim(rng: np.random.Generator) -> Model:
    """Make a slim can."""
    return _beverage(rng, float(rng.uniform(0.0265, 0.029)), float(rng.uniform(0.13, 0.157)))


def food(rng: np.random.Generator) -> Model:
    """Make a tin of food: paper label or bare ribs between two rims."""
    model = Model()
    radius, height = rng.uniform(0.033, 0.05), rng.uniform(0.07, 0.125)
    tin = model.finish(fin.metal(TINPLATE, 0.3))
    low, high = 0.005, height - 0.005
    labelled = rng.random() < 0.8
    wall = model.finish(fin.paper(labels.around(rng, radius, high - low), 0.5)) if labelled else tin
    heights = np.linspace(low, high, 70)
    inside = (heights > 0.3 * height) & (heights < 0.7 * height)
    depth = 0.0004 if labelled else 0.0011
    ribs = depth * np.sin(2 * np.pi * heights / 0.006) * inside
    side = np.stack([radius + ribs, heights], axis=1)
    rim = radius + 0.0014
    foot = rounded([(rim - 0.003, 0), (rim, 0), (rim, 0.0035), (radius, low)], 0.0008)[:-1]
    head = rounded(
        [
            (rim, high + 0.0015),
            (rim, height),
            (rim - 0.0032, height),
            (rim - 0.0032, height - 0.004),
            (radius * 0.86, height - 0.0042),
            (radius * 0.84, height - 0.0034),
            (radius * 0.6, height - 0.0034),
        ],
        0.0008,
    )
    bands = [tin] * len(foot) + [wall] * (len(side) - 1) + [tin] * len(head)
    model.add(turned(np.concatenate([foot, side, head]), bands))
    if rng.random() < 0.6:
        _ring_pull(model, tin, radius * 0.45, height - 0.0036)
    return model


def _ring_pull(model: Model, material: int, reach: float, height: float) -> None:
    angles = np.linspace(0, 2 * np.pi, 25)[:-1]
    rings = []
    for angle in angles:
        way = np.array([np.cos(angle), 0, np.sin(angle)])
        section = np.linspace(0, 2 * np.pi, 9)[:-1]
        rings.append(
            way * (0.0085 + 0.0016 * np.cos(section))[:, None]
            + np.array([0, 1, 0]) * (0.0009 * np.sin(section))[:, None]
        )
    ring = loft(np.array(rings), material, closed=True)
    model.add(ring.moved(y=height + 0.0012, z=reach - 0.006))
    tongue = slab(rounded_rectangle(0.009, 0.014, 0.004), 0.0014, 0.0005, material)
    model.add(tongue.turned("x", -np.pi / 2).moved(y=height, z=reach + 0.004))


def tuna(rng: np.random.Generator) -> Model:
    """Make a flat round tin with a printed wall and lid."""
    model = Model()
    radius, height = rng.uniform(0.038, 0.05), rng.uniform(0.028, 0.042)
    tin = model.finish(fin.metal(TINPLATE, 0.28))
    wall = model.finish(fin.printed_metal(labels.around(rng, radius, height)))
    lid = model.finish(fin.printed_metal(labels.disc(rng)))
    profile = rounded(
        [
            (radius * 0.9, 0),
            (radius, 0.001),
            (radius, 0.006),
            (radius, height - 0.004),
            (radius + 0.0014, height - 0.003),
            (radius + 0.0014, height),
            (radius - 0.002, height),
            (radius - 0.002, height - 0.003),
            (radius * 0.9, height - 0.003),
        ],
        0.0012,
    )
    middles = (profile[1:, 1] + profile[:-1, 1]) / 2
    outward = np.arange(len(middles)) < len(middles) * 0.5
    bands = [
        wall if 0.002 < y < height - 0.005 and out else tin
        for y, out in zip(middles, outward, strict=True)
    ]
    model.add(turned(profile, bands, (tin, lid)))
    if rng.random() < 0.7:
        _ring_pull(model, tin, radius * 0.5, height - 0.003)
    return model


def sardine(rng: np.random.Generator) -> Model:
    """Make a flat tin with round corners and a ring pull."""
    model = Model()
    width, depth = rng.uniform(0.1, 0.112), rng.uniform(0.058, 0.066)
    height = rng.uniform(0.021, 0.03)
    tin = model.finish(fin.metal(TINPLATE if rng.random() < 0.5 else (0.86, 0.7, 0.38), 0.28))
    lid = model.finish(fin.printed_metal(labels.plate(rng, width / depth)))
    outline = rounded_rectangle(width, depth, 0.019, 8)
    levels = [
        (0.003, 0.0),
        (0.001, 0.001),
        (0.0008, height - 0.004),
        (-0.0012, height - 0.003),
        (-0.0014, height - 0.0008),
        (-0.0006, height),
        (0.0008, height - 0.0006),
        (0.0014, height - 0.0024),
    ]
    rings = np.array([lying(inset(outline, amount), y) for amount, y in levels])
    model.add(loft(rings, tin, (tin, lid)))
    ring_height = height - 0.0026
    angles = np.linspace(0, 2 * np.pi, 21)
    path = np.stack(
        [width * 0.3 + 0.008 * np.cos(angles), 0 * angles + ring_height, 0.008 * np.sin(angles)],
        axis=1,
    )
    model.add(tube(path[:-1], 0.0012, tin, 8))
    tongue = slab(rounded_rectangle(0.016, 0.009, 0.004), 0.0014, 0.0005, tin)
    model.add(tongue.turned("x", -np.pi / 2).moved(width * 0.38, ring_height - 0.0006))
    return model


def spray(rng: np.random.Generator) -> Model:
    """Make a spray can: printed tube, domed shoulder, cap or nozzle."""
    model = Model()
    radius, height = rng.uniform(0.023, 0.033), rng.uniform(0.13, 0.19)
    tin = model.finish(fin.metal(TINPLATE, 0.25))
    low, high = 0.004, height * 0.82
    wall = model.finish(fin.printed_metal(labels.around(rng, radius, high - low)))
    cap = model.finish(fin.plastic(fin.color(rng, (0.0, 0.95), (0.1, 1.0)), 0.5))
    outer = rising(
        [(radius * 0.9, 0.0), (radius * 1.03, 0.001), (radius, low), (radius, high)],
        [(radius * 1.03, high + 0.002), (radius * 0.98, high + 0.004)],
        [(radius * 0.7, high + 0.014), (radius * 0.45, high + 0.018)],
        count=60,
    )
    outer = cut_at(outer, [low, high])
    model.add(turned(outer, zones(outer, tin, (low, high, wall))))
    if rng.random() < 0.6:
        lid = screw_cap(radius * 0.94, height - high - 0.003, cap, 0)
        model.add(lid.moved(y=high + 0.003))
    else:
        nozzle = [(0.006, high + 0.016), (0.0065, high + 0.03), (0.004, high + 0.033)]
        model.add(turned(rounded(nozzle, 0.002), cap))
    return model


def paint(rng: np.random.Generator) -> Model:
    """Make a small paint tin: lid with a groove, wire bail."""
    model = Model()
    radius, height = rng.uniform(0.042, 0.055), rng.uniform(0.095, 0.13)
    tin = model.finish(fin.metal(TINPLATE, 0.3))
    low, high = 0.006, height - 0.008
    wall = model.finish(fin.paper(labels.around(rng, radius, high - low), 0.5))
    profile = rounded(
        [
            (radius * 0.96, 0),
            (radius + 0.001, 0),
            (radius + 0.001, low),
            (radius, low),
            (radius, high),
            (radius + 0.0016, high),
            (radius + 0.0016, height),
            (radius * 0.9, height),
            (radius * 0.88, height - 0.003),
            (radius * 0.8, height - 0.003),
            (radius * 0.78, height),
            (radius * 0.5, height),
        ],
        0.0008,
    )
    bands = [
        wall if low < y < high and index < len(profile) / 2 else tin
        for index, y in enumerate((profile[1:, 1] + profile[:-1, 1]) / 2)
    ]
    model.add(turned(profile, bands))
    angles = np.linspace(0, np.pi, 40)
    reach = radius + 0.003
    drop = rng.uniform(-0.9, 0.9) * radius
    path = np.stack(
        [
            reach * np.cos(angles),
            high - 0.012 + np.sin(angles) * np.sqrt(reach**2 - drop**2) * 0.9,
            np.sin(angles) * drop,
        ],
        axis=1,
    )
    model.add(tube(path, 0.0016, tin, 8))
    for side in (-1, 1):
        ear = turned(np.array([(0.006, -0.001), (0.006, 0.003)]), tin)
        model.add(ear.turned("z", -side * np.pi / 2).moved(side * radius, high - 0.012))
    return model


def caddy(rng: np.random.Generator) -> Model:
    """Make a square tin for tea or biscuits with a slip lid."""
    model = Model()
    radius, height = rng.uniform(0.034, 0.042), rng.uniform(0.1, 0.15)
    body = model.finish(fin.printed_metal(labels.around(rng, radius * 1.2, height * 0.76)))
    lid = model.finish(fin.metal(fin.color(rng, (0.2, 0.9), (0.2, 0.8)), 0.3))
    outline = rounded_rectangle(2, 2, 0.3, 8)
    # Begin in the middle of the right side, so that the seam comes to the middle of the back.
    outline = np.concatenate([[[1.0, 0.0]], outline, [[1.0, -1e-6]]])
    square: Outline = evenly(outline, 80)
    split = height * 0.78
    profile = rounded(
        [(radius * 0.97, 0), (radius, 0.001), (radius, split), (radius * 0.9, split + 0.001)], 0.001
    )
    model.add(turned(profile, body, outline=square))
    cover = rounded(
        [
            (radius * 0.9, split - 0.001),
            (radius * 1.025, split - 0.001),
            (radius * 1.025, height),
            (radius * 0.5, height + 0.001),
        ],
        0.003,
    )
    model.add(turned(cover, lid, outline=square))
    if rng.random() < 0.5:
        knob = curve(
            [
                (0.006, height),
                (0.005, height + 0.004),
                (0.009, height + 0.01),
                (0.004, height + 0.014),
            ],
            12,
        )
        model.add(turned(knob, lid))
    return model


CONSTRUCTIONS = {
    "drink": drink,
    "slim": slim,
    "food": food,
    "tuna": tuna,
    "sardine": sardine,
    "spray": spray,
    "paint": paint,
    "caddy": caddy,
}
