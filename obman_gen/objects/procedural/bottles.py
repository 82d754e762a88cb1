"""Bottles."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural import labels
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import curve, turned
from obman_gen.objects.procedural.vessels import cut_at, screw_cap, zones


def wine(rng: np.random.Generator) -> Model:
    """Make a wine bottle: dark glass, paper label, capsule."""
    model = Model()
    green = fin.color(rng, (0.5, 0.9), (0.05, 0.2), (0.12, 0.38))
    glass = model.finish(fin.glaze(green))
    label = model.finish(fin.paper(labels.wine(rng), 0.1))
    capsule = model.finish(fin.metal(fin.color(rng, (0.3, 0.9), (0.2, 0.7)), 0.35))
    height, radius = rng.uniform(0.28, 0.32), rng.uniform(0.036, 0.041)
    neck, shoulder = 0.0145, rng.uniform(0.58, 0.68) * height
    slope = rng.uniform(0.05, 0.16) * height
    body = curve(
        [
            (radius * 0.8, 0.002),
            (radius * 0.97, 0.0),
            (radius, 0.006),
            (radius, shoulder * 0.95),
            (radius * 0.9, shoulder + slope * 0.3),
            (neck * 1.15, shoulder + slope + 0.02),
            (neck, height * 0.86),
            (neck, height - 0.012),
        ],
        60,
    )
    low, high = 0.18 * height, rng.uniform(0.42, 0.52) * height
    top = height * 0.78
    outer = cut_at(np.unique(body, axis=0)[np.argsort(np.unique(body, axis=0)[:, 1])], [low, high])
    model.add(turned(outer, zones(outer, glass, (low, high, label))))
    foil = curve(
        [
            (neck + 0.0006, top),
            (neck + 0.0008, height - 0.016),
            (neck + 0.0022, height - 0.014),
            (neck + 0.0022, height - 0.004),
            (neck, height),
            (neck * 0.6, height + 0.0004),
        ],
        24,
    )
    model.add(turned(foil, capsule))
    return model


def water(rng: np.random.Generator) -> Model:
    """Make a bottle of water: clear ribbed plastic, printed band, ribbed cap."""
    model = Model()
    hue = rng.uniform(0.5, 0.62)
    plastic = model.finish(
        fin.clear(fin.color(rng, (0.02, 0.14), (0.9, 1.0), (hue, hue + 0.02)), 0.04)
    )
    label = model.finish(fin.paper(labels.band(rng), 0.7))
    cap = model.finish(fin.plastic(fin.color(rng, (0.0, 0.9), (0.5, 1.0), (0.45, 0.65)), 0.4))
    height, radius = rng.uniform(0.19, 0.24), rng.uniform(0.030, 0.036)
    shoulder, neck = 0.72 * height, 0.0125
    heights = np.linspace(0.006, shoulder, 70)
    low, high = rng.uniform(0.36, 0.42) * height, rng.uniform(0.56, 0.63) * height
    ribs = 0.0014 * np.sin(2 * np.pi * heights / rng.uniform(0.011, 0.016))
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
    outer = cut_at(np.concatenate([foot, side, dome]), [low, high])
    model.add(turned(outer, zones(outer, plastic, (low, high, label))))
    model.add(screw_cap(0.0148, 0.016, cap).moved(y=height - 0.016))
    return model


CONSTRUCTIONS = {"wine": wine, "water": water}
