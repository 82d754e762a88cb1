"""Bowls."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import curve, turned
from obman_gen.objects.procedural.vessels import lined


def cereal(rng: np.random.Generator) -> Model:
    """Make a round ceramic bowl, glazed inside in another colour."""
    model = Model()
    radius, height = rng.uniform(0.065, 0.085), rng.uniform(0.05, 0.075)
    outside = model.finish(fin.glaze(fin.color(rng, (0.0, 0.8), (0.3, 0.97))))
    inside = model.finish(fin.glaze(fin.color(rng, (0.0, 0.4), (0.6, 0.98))))
    foot = radius * rng.uniform(0.42, 0.55)
    outer = curve(
        [
            (foot * 0.92, 0.0),
            (foot, 0.001),
            (foot * 1.02, 0.005),
            (radius * 0.72, height * 0.25),
            (radius * 0.94, height * 0.62),
            (radius, height),
        ],
        32,
    )
    inner = lined(outer, rng.uniform(0.004, 0.006), 0.009)
    profile = np.concatenate([outer, inner])
    bands = [outside] * (len(outer) + 1) + [inside] * (len(inner) - 2)
    model.add(turned(profile, bands))
    return model


CONSTRUCTIONS = {"cereal": cereal}
