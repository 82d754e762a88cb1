"""Bowls. All are open: what is inside them is outside of the material."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural import patterns
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import Outline, Profile, circle, curve, superellipse, turned
from obman_gen.objects.procedural.vessels import lined


def _add(
    model: Model,
    outer: Profile,
    skins: tuple[int, int, int],
    wall: tuple[float, float],
    outline=None,
) -> None:
    """Add a bowl.

    Args:
        model: to add to.
        outer: profile of the outside, foot to rim.
        skins: materials of outside, rim and inside.
        wall: thickness, and height of the inner floor.
        outline: see `turned`.
    """
    thickness, floor = wall
    inner = lined(outer, thickness, floor)
    outside, rim, inside = skins
    rim_bands = 4
    bands = [outside] * (len(outer) - 1) + [rim] * rim_bands
    bands += [inside] * (len(inner) - rim_bands)
    model.add(turned(np.concatenate([outer, inner]), bands, outline=outline))


def _rounded_outer(rng: np.random.Generator, radius: float, height: float) -> Profile:
    foot = radius * rng.uniform(0.4, 0.58)
    belly = rng.uniform(0.66, 0.8)
    return curve(
        [
            (foot * 0.94, 0.0),
            (foot, 0.0012),
            (foot * 1.01, rng.uniform(0.004, 0.008)),
            (radius * belly, height * 0.27),
            (radius * 0.94, height * 0.62),
            (radius, height),
        ],
        30,
    )


def _glazes(model: Model, rng: np.random.Generator) -> tuple[int, int, int]:
    """Enter glazes for outside, rim and inside."""
    base = fin.color(rng, (0.0, 0.75), (0.25, 0.97))
    outside = model.finish(fin.glaze(base))
    if rng.random() < 0.45:
        outside = model.finish(fin.glazed_print(patterns.ceramic(rng, base)))
    inner = base if rng.random() < 0.4 else fin.color(rng, (0.0, 0.35), (0.75, 0.98))
    inside = model.finish(fin.glaze(inner))
    rim = inside
    if rng.random() < 0.3:
        rim = model.finish(fin.glaze(fin.color(rng, (0.3, 0.9), (0.1, 0.6))))
    return outside, rim, inside


def cereal(rng: np.random.Generator) -> Model:
    """Make a round ceramic bowl on a low foot."""
    model = Model()
    radius, height = rng.uniform(0.062, 0.085), rng.uniform(0.048, 0.075)
    outer = _rounded_outer(rng, radius, height)
    _add(model, outer, _glazes(model, rng), (rng.uniform(0.004, 0.006), 0.011))
    return model


def ramen(rng: np.random.Generator) -> Model:
    """Make a tall flaring bowl on a foot ring."""
    model = Model()
    radius, height = rng.uniform(0.075, 0.1), rng.uniform(0.068, 0.085)
    foot = radius * rng.uniform(0.38, 0.46)
    outer = curve(
        [
            (foot * 0.9, 0.0),
            (foot, 0.0015),
            (foot * 0.95, 0.012),
            (foot * 1.1, 0.016),
            (radius * 0.78, height * 0.5),
            (radius * 0.9, height * 0.8),
            (radius, height),
        ],
        32,
    )
    _add(model, outer, _glazes(model, rng), (0.005, 0.022))
    return model


def pasta(rng: np.random.Generator) -> Model:
    """Make a flat bowl with a broad rim."""
    model = Model()
    radius, height = rng.uniform(0.095, 0.118), rng.uniform(0.036, 0.05)
    well = radius * rng.uniform(0.64, 0.74)
    outer = curve(
        [
            (well * 0.66, 0.0),
            (well * 0.7, 0.002),
            (well * 0.9, height * 0.35),
            (well, height * 0.78),
            (well * 1.12, height * 0.9),
            (radius, height),
        ],
        32,
    )
    _add(model, outer, _glazes(model, rng), (0.004, 0.008))
    return model


def steel(rng: np.random.Generator) -> Model:
    """Make a mixing bowl of thin steel with a rolled rim."""
    model = Model()
    radius, height = rng.uniform(0.075, 0.115), rng.uniform(0.06, 0.085)
    skin = model.finish(fin.brushed(rng, (0.8, 0.8, 0.81)))
    mirror = model.finish(fin.metal((0.82, 0.82, 0.83), 0.16))
    base = radius * 0.5
    outer = curve(
        [
            (base * 0.9, 0.0),
            (base, 0.001),
            (radius * 0.78, height * 0.3),
            (radius * 0.95, height * 0.75),
            (radius * 0.98, height * 0.94),
            (radius * 1.04, height * 0.97),
            (radius * 1.05, height),
        ],
        34,
    )
    _add(model, outer, (skin, mirror, skin), (0.0022, 0.004))
    return model


def wooden(rng: np.random.Generator) -> Model:
    """Make a thick turned bowl of wood."""
    model = Model()
    radius, height = rng.uniform(0.065, 0.105), rng.uniform(0.05, 0.08)
    skin = model.finish(fin.wood(rng))
    base = radius * rng.uniform(0.5, 0.68)
    outer = curve(
        [
            (base * 0.96, 0.0),
            (base, 0.002),
            (radius * 0.9, height * 0.35),
            (radius, height * 0.7),
            (radius * 0.97, height),
        ],
        28,
    )
    _add(model, outer, (skin, skin, skin), (rng.uniform(0.007, 0.011), 0.013))
    return model


def fluted(rng: np.random.Generator) -> Model:
    """Make a bowl with petals: its rim runs in waves."""
    model = Model()
    radius, height = rng.uniform(0.065, 0.095), rng.uniform(0.042, 0.065)
    petals = int(rng.integers(6, 13))
    depth = rng.uniform(0.03, 0.09) * min(1.0, 8 / petals)
    unit, count = circle(96), 96
    wave = np.abs(np.cos(petals / 2 * 2 * np.pi * np.arange(count) / count))

    def outline(ring_radius: float, y: float) -> Outline:
        share = float(np.clip((y - 0.006) / (0.6 * height), 0, 1))
        return unit * (ring_radius * (1 - depth * share * (1 - wave)))[:, None]

    outer = _rounded_outer(rng, radius, height)
    _add(model, outer, _glazes(model, rng), (0.0045, 0.011), outline)
    return model


def square(rng: np.random.Generator) -> Model:
    """Make a square bowl with round corners."""
    model = Model()
    radius, height = rng.uniform(0.06, 0.08), rng.uniform(0.042, 0.06)
    exponent = rng.uniform(3.0, 6.0)
    outline = superellipse(1.0, 1.0, exponent, 64)
    outer = curve(
        [
            (radius * 0.7, 0.0),
            (radius * 0.74, 0.0015),
            (radius * 0.88, height * 0.3),
            (radius, height),
        ],
        26,
    )
    _add(model, outer, _glazes(model, rng), (0.005, 0.009), outline)
    return model


def rice(rng: np.random.Generator) -> Model:
    """Make a small deep bowl with a high foot, painted."""
    model = Model()
    radius, height = rng.uniform(0.054, 0.064), rng.uniform(0.055, 0.068)
    base = fin.color(rng, (0.0, 0.3), (0.8, 0.98))
    outside = model.finish(fin.glazed_print(patterns.ceramic(rng, base)))
    inside = model.finish(fin.glaze(base))
    foot = radius * 0.42
    outer = curve(
        [
            (foot * 0.9, 0.0),
            (foot, 0.0015),
            (foot * 0.92, 0.009),
            (foot * 1.15, 0.013),
            (radius * 0.84, height * 0.45),
            (radius * 0.98, height * 0.8),
            (radius, height),
        ],
        32,
    )
    _add(model, outer, (outside, inside, inside), (0.0038, 0.018))
    return model


def plastic(rng: np.random.Generator) -> Model:
    """Make a plastic bowl: straight sides, a turned-out rim."""
    model = Model()
    radius, height = rng.uniform(0.06, 0.09), rng.uniform(0.05, 0.075)
    skin = model.finish(fin.plastic(fin.color(rng, (0.4, 0.95), (0.4, 1.0)), 0.4))
    base = radius * rng.uniform(0.62, 0.75)
    outer = curve(
        [
            (base * 0.95, 0.0),
            (base, 0.0015),
            (base * 1.06, 0.01),
            (radius * 0.94, height * 0.92),
            (radius * 0.96, height * 0.95),
            (radius * 1.03, height * 0.97),
            (radius * 1.04, height),
        ],
        30,
    )
    _add(model, outer, (skin, skin, skin), (0.0028, 0.005))
    return model


CONSTRUCTIONS = {
    "cereal": cereal,
    "ramen": ramen,
    "pasta": pasta,
    "steel": steel,
    "wooden": wooden,
    "fluted": fluted,
    "square": square,
    "rice": rice,
    "plastic": plastic,
}
