"""Objects made from a seed: eight categories, several constructions of each."""

from collections.abc import Callable, Mapping

import numpy as np

from obman_gen.objects.procedural import (
    bottles,
    bowls,
    cameras,
    cans,
    jars,
    knives,
    phones,
    remotes,
)
from obman_gen.objects.procedural.model import Model, ModelFiles
from obman_gen.streams import RandomStreams

Construction = Callable[[np.random.Generator], Model]

CONSTRUCTIONS: Mapping[str, Mapping[str, Construction]] = {
    "02876657": bottles.CONSTRUCTIONS,
    "02880940": bowls.CONSTRUCTIONS,
    "02946921": cans.CONSTRUCTIONS,
    "03593526": jars.CONSTRUCTIONS,
    "03624134": knives.CONSTRUCTIONS,
    "02992529": phones.CONSTRUCTIONS,
    "02942699": cameras.CONSTRUCTIONS,
    "04074963": remotes.CONSTRUCTIONS,
}
"""By synset, then by name."""


def make(synset: str, streams: RandomStreams) -> ModelFiles:
    """Make one object: draw a construction of the category, then draw it."""
    choices = CONSTRUCTIONS[synset]
    name = str(streams("construction").choice(sorted(choices)))
    return choices[name](streams("model")).files()
