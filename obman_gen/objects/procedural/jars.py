"""Jars."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural import labels
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import curve, turned
from obman_gen.objects.procedural.vessels import cut_at, screw_cap, zones


def jam(rng: np.random.Generator) -> Model:
    """Make a jam jar: glass full of something, paper label, metal lid."""
    model = Model()
    filling = fin.color(rng, (0.6, 0.95), (0.15, 0.7), (-0.05, 0.16))
    glass = model.finish(fin.glaze(filling))
    label = model.finish(fin.paper(labels.band(rng), 0.2))
    lid = model.finish(fin.metal(fin.color(rng, (0.0, 0.8), (0.5, 0.9)), 0.35))
    radius, height = rng.uniform(0.031, 0.039), rng.uniform(0.085, 0.12)
    mouth = radius * rng.uniform(0.82, 0.92)
    outer = curve(
        [
            (radius * 0.82, 0.0),
            (radius * 0.95, 0.001),
            (radius, 0.006),
            (radius, height * 0.7),
            (radius * 0.97, height * 0.76),
            (mouth, height * 0.86),
            (mouth, height - 0.004),
        ],
        40,
    )
    low, high = 0.16 * height, 0.6 * height
    outer = cut_at(outer, [low, high])
    model.add(turned(outer, zones(outer, glass, (low, high, label))))
    model.add(screw_cap(mouth * 1.05, height * 0.14, lid, ribs=0).moved(y=height * 0.86))
    return model


CONSTRUCTIONS = {"jam": jam}
