"""Cameras. They stand upright and look towards +z."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import rounded, rounded_rectangle, slab, turned


def lens(length: float, radius: float, model: Model, body: int, glass: int):
    """Return a lens along +z from z = 0: barrel, rings, a bulging front glass."""
    barrel = rounded(
        [
            (radius * 0.7, -0.002),
            (radius * 0.86, -0.002),
            (radius * 0.86, length * 0.2),
            (radius, length * 0.24),
            (radius, length),
            (radius * 0.9, length),
            (radius * 0.8, length - 0.004),
            (radius * 0.75, length - 0.004),
        ],
        0.001,
    )
    model.add(turned(barrel, body).turned("x", np.pi / 2))
    dome = np.array(
        [
            (radius * 0.76, length - 0.006),
            (radius * 0.76, length - 0.0035),
            (radius * 0.5, length - 0.002),
            (radius * 0.2, length - 0.0014),
        ]
    )
    model.add(turned(dome, glass).turned("x", np.pi / 2))


def slr(rng: np.random.Generator) -> Model:
    """Make a single-lens reflex camera: grip, prism hump, lens."""
    model = Model()
    black = model.finish(fin.plastic(fin.grey(rng, 0.02, 0.06), 0.25))
    gum = model.finish(fin.rubber())
    glass = model.finish(fin.glaze((0.03, 0.03, 0.06)))
    width, height, depth = rng.uniform(0.12, 0.14), rng.uniform(0.085, 0.1), 0.045
    model.add(slab(rounded_rectangle(width, height, 0.012), depth, 0.006, black).moved(z=-depth))
    model.add(
        slab(rounded_rectangle(0.032, height * 0.94, 0.012), 0.03, 0.01, gum).moved(
            -width / 2 + 0.018, z=-0.012
        )
    )
    model.add(
        slab(rounded_rectangle(0.045, 0.026, 0.008), depth * 0.9, 0.006, black).moved(
            0.008, height / 2 + 0.006, -depth * 0.95
        )
    )
    lens(rng.uniform(0.05, 0.08), rng.uniform(0.031, 0.036), model, black, glass)
    return model


CONSTRUCTIONS = {"slr": slr}
