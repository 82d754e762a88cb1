"""Jars and lidded pots."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural import labels, patterns
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import Outline, circle, curve, rounded, tube, turned
from obman_gen.objects.procedural.vessels import cut_at, rising, screw_cap, zones


def _filling(rng: np.random.Generator) -> fin.Finish:
    """Return what a jar may hold: jam, honey, pickles, nut butter, cream."""
    hues = ((-0.04, 0.04), (0.06, 0.12), (0.15, 0.28), (0.04, 0.09), (0.08, 0.14))
    hue = hues[int(rng.integers(len(hues)))]
    base = fin.color(rng, (0.5, 0.95), (0.2, 0.75), hue)
    if rng.random() < 0.25:
        spots = fin.speckled(rng, base, fin.shade(base, 1.6), rng.uniform(0.1, 0.3))
        return fin.glazed_print(spots)
    return fin.glaze(base)


def _lid(rng: np.random.Generator, model: Model) -> int:
    if rng.random() < 0.4:
        return model.finish(
            fin.metal((0.85, 0.72, 0.42) if rng.random() < 0.5 else (0.8, 0.8, 0.8))
        )
    if rng.random() < 0.25:
        return model.finish(fin.paper(patterns.gingham(rng), 0.5))
    return model.finish(fin.plastic(fin.color(rng, (0.0, 0.9), (0.1, 1.0)), 0.6))


def jam(rng: np.random.Generator) -> Model:
    """Make a jam jar: glass full of something, paper label, twist-off lid."""
    model = Model()
    radius, height = rng.uniform(0.030, 0.042), rng.uniform(0.075, 0.125)
    mouth = radius * rng.uniform(0.8, 0.93)
    low, high = 0.16 * height, 0.62 * height
    contents = model.finish(_filling(rng))
    label = model.finish(fin.paper(labels.around(rng, radius, high - low), 0.3))
    lid = _lid(rng, model)
    outer = rising(
        [(radius * 0.84, 0.0), (radius * 0.96, 0.001), (radius, 0.006), (radius, height * 0.68)],
        [(radius * 0.97, height * 0.76), (mouth, height * 0.86), (mouth, height - 0.004)],
    )
    outer = cut_at(outer, [low, high])
    model.add(turned(outer, zones(outer, contents, (low, high, label))))
    top = 0.13 * height
    model.add(
        screw_cap(mouth * 1.06, top, lid, int(rng.choice([0, 0, 70])), 0.0005).moved(y=height - top)
    )
    return model


def honey(rng: np.random.Generator) -> Model:
    """Make a six- or eight-sided jar."""
    model = Model()
    radius, height = rng.uniform(0.032, 0.04), rng.uniform(0.075, 0.105)
    sides = int(rng.choice([6, 8]))
    contents = model.finish(_filling(rng))
    low, high = 0.2 * height, 0.62 * height
    label = model.finish(fin.paper(labels.around(rng, radius, high - low), 0.3))
    lid = _lid(rng, model)
    shoulder = 0.72 * height
    angles = 2 * np.pi * np.arange(48) / 48
    # Distance of a polygon's side from its middle, its corners blunted.
    local = (angles + np.pi / sides) % (2 * np.pi / sides) - np.pi / sides
    facet = np.minimum(np.cos(np.pi / sides) / np.cos(local), 0.985)

    def outline(ring_radius: float, y: float) -> Outline:
        share = float(np.clip((y - shoulder) / (0.14 * height), 0, 1))
        return circle(48) * (ring_radius * ((1 - share) * facet + share))[:, None]

    mouth = radius * 0.8
    outer = rising(
        [(radius * 0.9, 0.0), (radius, 0.004), (radius, shoulder)],
        [(mouth * 1.04, shoulder + 0.12 * height), (mouth, height - 0.004)],
    )
    outer = cut_at(outer, [low, high])
    model.add(turned(outer, zones(outer, contents, (low, high, label)), outline=outline))
    model.add(screw_cap(mouth * 1.06, 0.013, lid, 0).moved(y=height - 0.013))
    return model


def preserving(rng: np.random.Generator) -> Model:
    """Make a clear jar with visible contents and a clip or screw band."""
    model = Model()
    radius, height = rng.uniform(0.036, 0.05), rng.uniform(0.1, 0.17)
    glass = model.finish(fin.clear(fin.color(rng, (0.0, 0.12), (0.95, 1.0), (0.3, 0.6)), 0.1))
    contents = model.finish(_filling(rng))
    steel = model.finish(fin.metal((0.78, 0.76, 0.7), 0.3))
    mouth = radius * 0.84
    outer = rising(
        [(radius * 0.88, 0.0), (radius, 0.006), (radius, height * 0.74)],
        [(mouth, height * 0.86), (mouth, height - 0.002)],
    )
    model.add(turned(outer, glass))
    wall, level = 0.0028, height * rng.uniform(0.5, 0.78)
    inside = curve(
        [
            (radius * 0.84, 0.006),
            (radius - wall, 0.011),
            (radius - wall, level * 0.9),
            (radius - wall, min(level, height * 0.76)),
        ],
        20,
    )
    model.add(turned(inside, contents))
    if rng.random() < 0.5:
        model.add(screw_cap(mouth * 1.07, 0.017, steel, 60).moved(y=height - 0.014))
        return model
    lid = [
        (mouth * 0.95, height - 0.006),
        (mouth * 1.1, height - 0.004),
        (mouth * 1.1, height + 0.005),
        (mouth * 0.85, height + 0.009),
        (mouth * 0.3, height + 0.011),
    ]
    model.add(turned(rounded(lid, 0.003), glass))
    _clip(model, steel, mouth * 1.12, height)
    return model


def _clip(model: Model, steel: int, reach: float, height: float) -> None:
    """Add the wire that holds a lid down."""
    angles = np.linspace(0, 2 * np.pi, 40)[:-1]
    ring = np.stack(
        [reach * np.cos(angles), 0 * angles + height - 0.012, reach * np.sin(angles)], axis=1
    )
    model.add(tube(ring, 0.0012, steel, 8))
    over = [
        (reach + 0.001, height - 0.014),
        (reach + 0.004, height),
        (reach * 0.8, height + 0.012),
        (0.0, height + 0.0125),
    ]
    half = curve(over, 16)
    for sign in (-1, 1):
        path = np.stack([0 * half[:, 0] + sign * 0.011, half[:, 1], half[:, 0]], axis=1)
        model.add(tube(path, 0.0014, steel, 8))
    lever = np.array(
        [
            (0.0, height - 0.012, reach + 0.002),
            (0.0, height - 0.02, reach + 0.006),
            (0.0, height - 0.04, reach + 0.005),
        ]
    )
    model.add(tube(lever, 0.002, steel, 8))


def cookie(rng: np.random.Generator) -> Model:
    """Make a ceramic storage jar with a knobbed lid."""
    model = Model()
    radius, height = rng.uniform(0.048, 0.075), rng.uniform(0.1, 0.16)
    base = fin.color(rng, (0.0, 0.6), (0.4, 0.97))
    painted = rng.random() < 0.65
    low, high = 0.08 * height, 0.8 * height
    skin = model.finish(fin.glaze(base))
    wall = model.finish(fin.glazed_print(patterns.ceramic(rng, base))) if painted else skin
    lid = (
        model.finish(fin.glaze(fin.shade(base, 0.8)))
        if rng.random() < 0.6
        else model.finish(fin.wood(rng))
    )
    bulge = rng.uniform(0.95, 1.12)
    mouth = radius * rng.uniform(0.86, 0.96)
    outer = rising(
        [(radius * 0.82, 0.0), (radius * 0.88, 0.002), (radius * bulge, height * 0.4)],
        [(radius, high), (mouth, height * 0.97), (mouth, height)],
    )
    outer = cut_at(outer, [low, high])
    model.add(turned(outer, zones(outer, skin, (low, high, wall))))
    dome = curve(
        [
            (mouth * 0.96, height - 0.002),
            (mouth * 1.06, height),
            (mouth * 1.05, height + 0.005),
            (mouth * 0.6, height + 0.016),
            (0.01, height + 0.02),
            (0.009, height + 0.025),
            (0.015, height + 0.034),
            (0.012, height + 0.042),
            (0.004, height + 0.044),
        ],
        36,
    )
    model.add(turned(dome, lid))
    return model


def ginger(rng: np.random.Generator) -> Model:
    """Make a ginger jar: high shoulders, painted, a cap of the same ware."""
    model = Model()
    radius, height = rng.uniform(0.045, 0.062), rng.uniform(0.12, 0.18)
    base = fin.color(rng, (0.0, 0.2), (0.85, 0.98))
    wall = model.finish(fin.glazed_print(patterns.ceramic(rng, base)))
    plain = model.finish(fin.glaze(base))
    foot, mouth = radius * rng.uniform(0.55, 0.7), radius * rng.uniform(0.42, 0.55)
    outer = rising(
        [(foot * 0.94, 0.0), (foot, 0.002), (foot * 1.02, 0.008), (radius * 0.88, height * 0.4)],
        [(radius, height * 0.68), (radius * 0.86, height * 0.85), (mouth * 1.1, height * 0.95)],
        [(mouth, height)],
    )
    low, high = 0.008, 0.9 * height
    outer = cut_at(outer, [low, high])
    model.add(turned(outer, zones(outer, plain, (low, high, wall))))
    cap = curve(
        [
            (mouth * 1.15, height * 0.955),
            (mouth * 1.24, height * 0.96),
            (mouth * 1.22, height * 1.05),
            (mouth * 0.8, height * 1.1),
            (mouth * 0.12, height * 1.12),
        ],
        24,
    )
    model.add(turned(cap, plain))
    return model


def cream(rng: np.random.Generator) -> Model:
    """Make a cosmetics jar: low, heavy, with a broad cap."""
    model = Model()
    radius, height = rng.uniform(0.028, 0.04), rng.uniform(0.026, 0.04)
    base = fin.color(rng, (0.0, 0.4), (0.75, 1.0))
    frosted = rng.random() < 0.3
    skin = model.finish(fin.clear(base, 0.25) if frosted else fin.glaze(base))
    label = model.finish(fin.paper(labels.around(rng, radius, height * 0.7), 0.7))
    lids = (
        fin.metal((0.85, 0.75, 0.5), 0.2),
        fin.metal((0.8, 0.8, 0.82), 0.2),
        fin.plastic(fin.grey(rng, 0.02, 0.95), 0.9),
    )
    lid = model.finish(lids[int(rng.integers(3))])
    outer = rising(
        [(radius * 0.9, 0.0), (radius, 0.003), (radius, height), (radius * 0.85, height + 0.003)]
    )
    low, high = 0.15 * height, 0.85 * height
    outer = cut_at(outer, [low, high])
    model.add(turned(outer, zones(outer, skin, (low, high, label))))
    model.add(
        screw_cap(radius * rng.uniform(0.97, 1.03), rng.uniform(0.014, 0.02), lid, 0).moved(
            y=height + 0.001
        )
    )
    return model


def spice(rng: np.random.Generator) -> Model:
    """Make a slender spice jar with a shaker cap."""
    model = Model()
    radius, height = rng.uniform(0.02, 0.025), rng.uniform(0.085, 0.11)
    powder = model.finish(
        fin.glazed_print(
            fin.speckled(
                rng, fin.color(rng, (0.5, 0.9), (0.25, 0.7), (0.0, 0.28)), (0.15, 0.1, 0.05), 0.2
            )
        )
    )
    low, high = 0.2 * height, 0.68 * height
    label = model.finish(fin.paper(labels.around(rng, radius, high - low), 0.4))
    cap = model.finish(fin.plastic(fin.color(rng, (0.0, 0.9), (0.05, 0.9)), 0.4))
    outer = rising(
        [(radius * 0.92, 0.0), (radius, 0.003), (radius, height * 0.8)],
        [(radius * 0.82, height * 0.88), (radius * 0.82, height * 0.92)],
    )
    outer = cut_at(outer, [low, high])
    model.add(turned(outer, zones(outer, powder, (low, high, label))))
    model.add(screw_cap(radius * 0.97, height * 0.2, cap, 40).moved(y=height * 0.86))
    return model


CONSTRUCTIONS = {
    "jam": jam,
    "honey": honey,
    "preserving": preserving,
    "cookie": cookie,
    "ginger": ginger,
    "cream": cream,
    "spice": spice,
}
