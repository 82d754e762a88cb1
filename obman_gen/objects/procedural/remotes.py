"""Remote controls. They stand upright, the keys towards +z."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import rounded_rectangle, slab


def television(rng: np.random.Generator) -> Model:
    """Make a long remote full of rubber keys."""
    model = Model()
    case = model.finish(fin.plastic(fin.grey(rng, 0.03, 0.25), 0.35))
    keys = model.finish(fin.rubber(fin.grey(rng, 0.1, 0.6)))
    red = model.finish(fin.rubber((0.75, 0.08, 0.06)))
    width, height, depth = rng.uniform(0.042, 0.054), rng.uniform(0.17, 0.225), 0.019
    model.add(slab(rounded_rectangle(width, height, 0.008), depth, 0.005, case).moved(z=-depth))
    columns, pitch = 3, width / 3.6
    rows = int((height - 0.02) / (pitch * 0.95))
    for row in range(rows):
        for column in range(columns):
            key = slab(
                rounded_rectangle(pitch * 0.68, pitch * 0.5, 0.002),
                0.0028,
                0.0008,
                red if row == column == 0 else keys,
            )
            y = height / 2 - 0.013 - row * pitch * 0.95
            model.add(key.moved((column - 1) * pitch, y, -0.0012))
    return model


CONSTRUCTIONS = {"television": television}
