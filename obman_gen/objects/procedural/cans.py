"""Cans and tins."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural import labels
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import curve, rounded_rectangle, slab, turned
from obman_gen.objects.procedural.vessels import cut_at, zones


def drink(rng: np.random.Generator) -> Model:
    """Make a drink can: printed wall, tapered ends, tab on the lid."""
    model = Model()
    aluminium = model.finish(fin.metal((0.83, 0.84, 0.85), 0.25))
    print_ = model.finish(fin.paper(labels.band(rng), 0.9))
    radius, height = 0.033, rng.uniform(0.112, 0.124)
    outer = curve(
        [
            (radius * 0.72, 0.0),
            (radius * 0.76, 0.001),
            (radius * 0.86, 0.006),
            (radius, 0.013),
            (radius, height - 0.018),
            (radius * 0.84, height - 0.004),
            (radius * 0.83, height - 0.002),
        ],
        44,
    )
    low, high = 0.009, height - 0.008
    outer = cut_at(outer, [low, high])
    rim = np.array(
        [
            (radius * 0.85, height - 0.0015),
            (radius * 0.85, height - 0.0003),
            (radius * 0.83, height),
            (radius * 0.81, height - 0.0003),
            (radius * 0.79, height - 0.0035),
            (radius * 0.75, height - 0.0035),
        ]
    )
    profile = np.concatenate([outer, rim])
    bands = zones(outer, aluminium, (low, high, print_)) + [aluminium] * len(rim)
    model.add(turned(profile, bands))
    tab = slab(rounded_rectangle(0.015, 0.024, 0.007), 0.0016, 0.0006, aluminium)
    model.add(tab.turned("x", -np.pi / 2).moved(y=height - 0.0037, z=0.004))
    return model


CONSTRUCTIONS = {"drink": drink}
