"""Cellphones. They stand upright, the screen towards +z."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural import screens
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import circle, rounded_rectangle, slab


def smart(rng: np.random.Generator) -> Model:
    """Make a smartphone: a glass slab, a metal frame, cameras on the back."""
    model = Model()
    width, height, depth = rng.uniform(0.066, 0.078), rng.uniform(0.138, 0.164), 0.008
    back = fin.color(rng, (0.0, 0.7), (0.05, 0.95))
    frame = model.finish(fin.metal(fin.shade(back, 0.9), 0.3))
    rear = model.finish(fin.glaze(back))
    glass = model.finish(fin.paper(screens.home(rng, width / height), 1.0))
    black = model.finish(fin.plastic((0.015, 0.015, 0.017), 1.0))
    radius = rng.uniform(0.006, 0.012)
    outline = rounded_rectangle(width, height, radius)
    model.add(slab(outline, depth, 0.0022, frame, (rear, glass)))
    island = rounded_rectangle(0.028, 0.028, 0.006)
    place = (-width / 2 + 0.018, height / 2 - 0.018)
    model.add(slab(island, 0.0016, 0.0006, rear).moved(-place[0] - 0.028 * 0, place[1], -0.0014))
    for dx, dy in ((-0.006, 0.006), (0.006, 0.006), (-0.006, -0.006)):
        lens = slab(circle(24) * 0.0048, 0.002, 0.0005, black)
        model.add(lens.moved(-place[0] + dx, place[1] + dy, -0.0022))
    model.add(
        slab(rounded_rectangle(0.0018, 0.018, 0.0008), 0.003, 0.0005, frame).moved(
            width / 2, 0.02, 0.0025
        )
    )
    return model


CONSTRUCTIONS = {"smart": smart}
