"""Objects made from a seed: eight categories, several constructions of each."""

import re
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


def name_of(synset: str, seed: int, number: int) -> str:
    """Return the id of an object: ``SYNSET/sSEEDnNUMBER``."""
    return f"{synset}/s{seed}n{number:05d}"


def make(object_id: str) -> ModelFiles:
    """Make the object that `name_of` names."""
    synset, seed, number = _parts(object_id)
    build = CONSTRUCTIONS[synset][construction(synset, seed, number)]
    return build(RandomStreams(seed, object_id)("model")).files()


def construction(synset: str, seed: int, number: int) -> str:
    """Return how an object is built: each way once in every run of as many numbers."""
    names = sorted(CONSTRUCTIONS[synset])
    turn, place = divmod(number, len(names))
    order = RandomStreams(seed, synset)("construction", turn).permutation(len(names))
    return names[int(order[place])]


def _parts(object_id: str) -> tuple[str, int, int]:
    match = re.fullmatch(r"(\d{8})/s(\d+)n(\d+)", object_id)
    if match is None:
        raise ValueError(f"{object_id!r} does not name a procedural object")
    return match[1], int(match[2]), int(match[3])
