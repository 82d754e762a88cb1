"""Knives. They lie along x, the blade to the right, its edge down; x = 0 is the blade's root."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import rounded, slab, superellipse, turned
from obman_gen.objects.procedural.shape import Shape, loft

STEPS = 40


class Blade(NamedTuple):
    """Side view of a blade."""

    x: Float[np.ndarray, "step"]
    spine: Float[np.ndarray, "step"]
    """Height of the upper side."""
    edge: Float[np.ndarray, "step"]


def ground(blade: Blade, thickness: float, material: int, bevel: float = 0.3) -> Shape:
    """Return a blade as a solid: full at the spine, ground to a thin edge.

    ``bevel`` is the share of its height over which it thins.
    """
    rings = []
    count = len(blade.x)
    share = np.array([0.0, bevel, 0.94, 1.0, 1.0, 0.94, bevel, 0.0])
    half = thickness / 2 * np.array([-0.16, -1.0, -1.0, -0.7, 0.7, 1.0, 1.0, 0.16])
    for index in range(count):
        top = blade.spine[index]
        bottom = min(blade.edge[index], top - 0.0012)
        taper = 1 - 0.5 * (index / count) ** 2
        y = bottom + share * (top - bottom)
        rings.append(np.stack([np.full(8, blade.x[index]), y, half * taper], axis=1))
    return loft(np.array(rings), material)


def grip(
    x: tuple[float, float],
    half_height: Float[np.ndarray, "step"],
    half_depth: float,
    material: int,
    center: float = 0.0,
    exponent: float = 2.6,
) -> Shape:
    """Return a handle along x whose half heights are given at equal steps, ends rounded."""
    count = len(half_height)
    share = np.linspace(0, 1, count)
    # Rounded ends: an ellipse over the first and last tenth.
    off = np.clip(np.minimum(share, 1 - share) / 0.07, 0.08, 1)
    round_ = np.sqrt(1 - (1 - off) ** 2)
    rings = []
    for place, half, soft in zip(np.linspace(*x, count), half_height, round_, strict=True):
        outline = superellipse(half_depth * (0.4 + 0.6 * soft), half * soft, exponent, 24)
        rings.append(np.stack([np.full(24, place), outline[:, 1] + center, -outline[:, 0]], axis=1))
    return loft(np.array(rings), material)


def _steel(model: Model, rng: np.random.Generator) -> int:
    return model.finish(fin.brushed(rng, (0.74, 0.75, 0.77), across=True))


def _grip_finish(rng: np.random.Generator) -> fin.Finish:
    kind = rng.random()
    if kind < 0.4:
        return fin.plastic(fin.grey(rng, 0.02, 0.1), 0.3)
    if kind < 0.75:
        return fin.wood(rng, upright=True)
    return fin.plastic(fin.color(rng, (0.1, 0.95), (0.3, 0.95)), 0.4)


def _rivets(model: Model, places: list[float], half_depth: float, center: float) -> None:
    brass = fin.metal((0.84, 0.72, 0.45) if len(places) % 2 else (0.8, 0.8, 0.8), 0.25)
    metal = model.finish(brass)
    reach = half_depth + 0.0004
    rivet = rounded([(0.002, -reach), (0.0034, -reach), (0.0034, reach), (0.002, reach)], 0.0004)
    for place in places:
        model.add(turned(rivet, metal).turned("x", np.pi / 2).moved(place, center))


def _swell(rng: np.random.Generator, half: float, count: int = 28) -> np.ndarray:
    """Return half heights of a comfortable handle: a belly, a waist, a thicker end."""
    s = np.linspace(0, 1, count)
    return half * (
        1
        + rng.uniform(0.05, 0.2) * np.sin(np.pi * s)
        + rng.uniform(-0.2, 0.2) * np.cos(2 * np.pi * s)
    )


def _kitchen(rng: np.random.Generator, blade: Blade, thickness: float, length: float) -> Model:
    """Put together a blade, a bolster and a riveted or moulded handle."""
    model = Model()
    model.add(ground(blade, thickness, _steel(model, rng)))
    finish = _grip_finish(rng)
    half = rng.uniform(0.0105, 0.0135)
    depth = rng.uniform(0.0075, 0.0095)
    center = float(blade.spine[0]) - half * 1.05
    material = model.finish(finish)
    model.add(
        grip((-length, 0.003), _swell(rng, half), depth, material, center, rng.uniform(2.2, 3.4))
    )
    if rng.random() < 0.55:
        bolster = model.finish(fin.metal((0.78, 0.78, 0.79), 0.22))
        sizes = half * np.array([1.0, 1.06, 1.06, 0.95])
        model.add(grip((-0.006, 0.008), sizes, depth * 1.04, bolster, center))
    if rng.random() < 0.6:
        _rivets(model, [-share * length for share in (0.2, 0.5, 0.8)], depth, center)
    return model


def chef(rng: np.random.Generator) -> Model:
    """Make a chef's knife: broad, its edge curving up to the point."""
    length, width = rng.uniform(0.16, 0.22), rng.uniform(0.036, 0.05)
    t = np.linspace(0, 1, STEPS)
    spine = width * 0.4 - width * 0.28 * t**3
    edge = -width * 0.6 + (width * 0.72) * np.clip((t - 0.3) / 0.7, 0, 1) ** 2.3
    return _kitchen(rng, Blade(length * t, spine, edge), 0.0025, rng.uniform(0.11, 0.13))


def santoku(rng: np.random.Generator) -> Model:
    """Make a santoku: straight edge, the spine falling to the point."""
    length, width = rng.uniform(0.15, 0.18), rng.uniform(0.042, 0.05)
    t = np.linspace(0, 1, STEPS)
    spine = width * 0.35 - width * 0.92 * np.clip((t - 0.72) / 0.28, 0, 1) ** 2.2
    edge = -width * 0.65 + 0.05 * width * t**2
    return _kitchen(rng, Blade(length * t, spine, edge), 0.0022, rng.uniform(0.11, 0.13))


def cleaver(rng: np.random.Generator) -> Model:
    """Make a cleaver: a tall rectangle."""
    length, width = rng.uniform(0.14, 0.18), rng.uniform(0.065, 0.085)
    t = np.linspace(0, 1, STEPS)
    spine = width * 0.25 - 0.006 * np.clip((t - 0.93) / 0.07, 0, 1) ** 2
    edge = -width * 0.75 + 0.004 * t**2 + 0.008 * np.clip((t - 0.93) / 0.07, 0, 1) ** 2
    return _kitchen(rng, Blade(length * t, spine, edge), 0.003, rng.uniform(0.11, 0.125))


def paring(rng: np.random.Generator) -> Model:
    """Make a small kitchen knife."""
    length, width = rng.uniform(0.075, 0.105), rng.uniform(0.018, 0.024)
    t = np.linspace(0, 1, STEPS)
    spine = width * 0.45 - width * 0.4 * t**2.5
    edge = -width * 0.55 + width * 0.6 * t**3.2
    return _kitchen(rng, Blade(length * t, spine, edge), 0.0018, rng.uniform(0.095, 0.11))


def bread(rng: np.random.Generator) -> Model:
    """Make a bread knife: long, even, toothed."""
    length, width = rng.uniform(0.19, 0.23), rng.uniform(0.028, 0.034)
    t = np.linspace(0, 1, 161)
    teeth = 0.0014 * np.abs(np.sin(np.pi * t * length / 0.0085))
    spine = width * 0.45 - width * 0.35 * np.clip((t - 0.8) / 0.2, 0, 1) ** 2
    edge = -width * 0.5 - teeth + width * 0.45 * np.clip((t - 0.85) / 0.15, 0, 1) ** 2
    return _kitchen(rng, Blade(length * t, spine, edge), 0.002, rng.uniform(0.11, 0.125))


def steak(rng: np.random.Generator) -> Model:
    """Make a steak knife: narrow, pointed."""
    length, width = rng.uniform(0.105, 0.125), rng.uniform(0.016, 0.02)
    t = np.linspace(0, 1, STEPS)
    spine = width * 0.45 + width * 0.12 * np.sin(np.pi * t) - width * 0.1 * t
    edge = -width * 0.5 + width * 0.85 * t**4
    return _kitchen(rng, Blade(length * t, spine, edge), 0.0018, rng.uniform(0.095, 0.11))


def table(rng: np.random.Generator) -> Model:
    """Make a table knife of one piece of steel, or with a coloured handle."""
    model = Model()
    mirror = model.finish(fin.metal((0.8, 0.8, 0.81), 0.2))
    blade_length, width = rng.uniform(0.095, 0.115), rng.uniform(0.018, 0.022)
    t = np.linspace(0, 1, STEPS)
    tip = np.sqrt(np.clip(1 - np.clip((t - 0.88) / 0.12, 0, 1) ** 2, 0, 1))
    neck = 0.45 + 0.55 * np.clip(t / 0.2, 0, 1) ** 0.7
    spine = width * 0.45 * neck * (0.25 + 0.75 * tip)
    edge = -width * 0.55 * neck * tip
    model.add(ground(Blade(blade_length * t, spine, edge), 0.002, mirror, 0.5))
    handle = rng.uniform(0.095, 0.11)
    colored = rng.random() < 0.35
    material = model.finish(_grip_finish(rng)) if colored else mirror
    s = np.linspace(0, 1, 30)
    half = 0.0055 + rng.uniform(0.002, 0.005) * (1 - s) ** 1.5
    model.add(grip((-handle, 0.006), half, rng.uniform(0.0035, 0.0055), material, 0.0, 2.4))
    return model


def hunting(rng: np.random.Generator) -> Model:
    """Make a hunting knife: clipped point, cross guard, ribbed handle."""
    model = Model()
    length, width = rng.uniform(0.11, 0.16), rng.uniform(0.026, 0.034)
    t = np.linspace(0, 1, STEPS)
    spine = width * 0.5 - width * rng.uniform(0.4, 0.7) * np.clip((t - 0.6) / 0.4, 0, 1) ** 1.3
    edge = -width * 0.5 + width * 0.65 * np.clip((t - 0.55) / 0.45, 0, 1) ** 2.4
    dark = rng.random() < 0.3
    steel = model.finish(fin.metal((0.12, 0.12, 0.13), 0.45)) if dark else _steel(model, rng)
    model.add(ground(Blade(length * t, spine, edge), 0.0042, steel))
    metal = model.finish(
        fin.metal((0.82, 0.68, 0.4) if rng.random() < 0.5 else (0.6, 0.6, 0.6), 0.3)
    )
    handle = rng.uniform(0.1, 0.118)
    s = np.linspace(0, 1, 60)
    ribbed = rng.random() < 0.6
    half = 0.0125 + 0.0012 * np.sin(np.pi * s) + ribbed * 0.0009 * np.sin(2 * np.pi * s * 12)
    material = model.finish(_grip_finish(rng))
    model.add(grip((-handle, 0.0), half, 0.0105, material, 0.0, 2.2))
    guard = np.full(6, width * rng.uniform(0.55, 0.85))
    model.add(grip((-0.003, 0.004), guard, 0.0085, metal, 0.0, 4.0))
    model.add(grip((-handle - 0.008, -handle + 0.004), np.full(8, 0.0135), 0.0115, metal, 0.0, 2.4))
    return model


def folding(rng: np.random.Generator) -> Model:
    """Make an opened pocket knife: scales over a liner, a pivot, a short blade."""
    model = Model()
    length, width = rng.uniform(0.07, 0.09), rng.uniform(0.017, 0.023)
    t = np.linspace(0, 1, STEPS)
    spine = width * 0.45 - width * 0.42 * t**2.2
    edge = -width * 0.5 + width * 0.55 * t**3
    model.add(ground(Blade(length * t, spine, edge), 0.0026, _steel(model, rng)))
    handle = rng.uniform(0.092, 0.112)
    colors = (
        fin.plastic(fin.color(rng, (0.85, 0.95), (0.55, 0.75), (-0.02, 0.02)), 0.6),
        fin.wood(rng, upright=True),
        fin.plastic(fin.grey(rng, 0.03, 0.1), 0.2),
    )
    scale = model.finish(colors[int(rng.integers(3))])
    liner = model.finish(fin.metal((0.75, 0.75, 0.76), 0.3))
    half = _swell(rng, width * 0.62)
    x = (-handle, 0.008)
    model.add(grip(x, half * 0.94, 0.0042, liner, 0.0, 5.0))
    for side in (-1, 1):
        model.add(grip(x, half, 0.0026, scale, 0.0, 3.0).moved(z=side * 0.0045))
    _rivets(model, [0.0, -handle * 0.9], 0.0068, 0.0)
    return model


def cutter(rng: np.random.Generator) -> Model:
    """Make a snap-off cutter: flat case, slider, scored blade."""
    model = Model()
    body = model.finish(fin.plastic(fin.color(rng, (0.6, 0.95), (0.5, 1.0)), 0.4))
    dark = model.finish(fin.plastic(fin.grey(rng, 0.03, 0.12), 0.3))
    steel = _steel(model, rng)
    length, half = rng.uniform(0.13, 0.155), rng.uniform(0.0105, 0.013)
    s = np.linspace(0, 1, 24)
    shape = half * (1 - 0.35 * np.clip((s - 0.8) / 0.2, 0, 1))
    model.add(grip((-length, 0.0), shape, 0.0065, body, 0.0, 6.0))
    reach, low, high = rng.uniform(0.02, 0.045), -half * 0.62, half * 0.62
    x = np.array([-0.02, reach - (high - low) * 0.55, reach - 0.0008, reach])
    edge = np.array([low, low, high - 0.0025, high - 0.0014])
    model.add(ground(Blade(x, np.full(4, high), edge), 0.0009, steel, 0.25))
    slider = slab(superellipse(0.013, 0.0055, 4, 24), 0.006, 0.0015, dark)
    model.add(slider.moved(-length * rng.uniform(0.25, 0.5), 0.0, 0.0045))
    model.add(
        grip((-length - 0.006, -length + 0.012), np.full(8, half * 1.02), 0.0067, dark, 0.0, 6.0)
    )
    return model


CONSTRUCTIONS = {
    "chef": chef,
    "santoku": santoku,
    "cleaver": cleaver,
    "paring": paring,
    "bread": bread,
    "steak": steak,
    "table": table,
    "hunting": hunting,
    "folding": folding,
    "cutter": cutter,
}
