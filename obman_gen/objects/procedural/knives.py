"""Knives. They lie along x, the blade to the right, its edge down."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural.model import Model
from obman_gen.objects.procedural.rings import superellipse, turned
from obman_gen.objects.procedural.shape import Shape, loft


def blade(
    x: np.ndarray, spine: np.ndarray, edge: np.ndarray, thickness: float, material: int
) -> Shape:
    """Return a ground blade between its spine and its edge, heights over x."""
    rings = []
    for index, place in enumerate(x):
        top, bottom = spine[index], edge[index]
        share = np.array([0.0, 0.25, 0.93, 1.0, 1.0, 0.93, 0.25, 0.0])
        half = thickness / 2 * np.array([0.12, 0.8, 1.0, 0.75, -0.75, -1.0, -0.8, -0.12])
        taper = 1 - 0.55 * index / len(x)
        y = bottom + share * (top - bottom)
        rings.append(np.stack([np.full(8, place), y, half * taper], axis=1))
    return loft(np.array(rings), material)


def chef(rng: np.random.Generator) -> Model:
    """Make a chef's knife: broad blade, bolster, riveted handle."""
    model = Model()
    steel = model.finish(fin.brushed(rng, (0.72, 0.73, 0.75), across=True))
    bright = model.finish(fin.metal((0.8, 0.8, 0.8), 0.25))
    dark = rng.random() < 0.6
    grip = model.finish(fin.plastic(fin.grey(rng, 0.02, 0.08), 0.3) if dark else fin.wood(rng))
    length, width = rng.uniform(0.15, 0.22), rng.uniform(0.038, 0.05)
    t = np.linspace(0, 1, 32)
    spine = width * 0.5 - 0.012 * t**3
    edge = -width * 0.5 + (width - 0.013) * np.clip(t - 0.25, 0, 1) ** 2.2 / 0.75**2.2
    model.add(blade(length * t, spine, np.minimum(edge, spine - 0.0008), 0.0024, steel))
    handle = rng.uniform(0.11, 0.125)
    along = np.linspace(0, 1, 24)
    rings = []
    for s in along:
        belly = 0.0125 + 0.002 * np.sin(np.pi * s) - 0.0022 * np.sin(2 * np.pi * s)
        round_ = np.sqrt(max(1 - (2 * s - 1) ** 12, 0.06))
        outline = superellipse(0.0085 * round_, belly * round_, 3.0, 20)
        place = np.full(20, 0.004 - (1 - s) * handle)
        rings.append(np.stack([place, outline[:, 1] + 0.004, -outline[:, 0]], axis=1))
    model.add(loft(np.array(rings), grip))
    rivet = np.array([(0.0038, -0.0092), (0.0038, 0.0092)])
    for share in (0.25, 0.5, 0.75):
        model.add(turned(rivet, bright).turned("x", np.pi / 2).moved(-share * handle, 0.004))
    return model


CONSTRUCTIONS = {"chef": chef}
