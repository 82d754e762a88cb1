"""Where hands touch objects: a frequency per hand vertex, and the contact regions it gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float16, Int

from obman_gen.shards.statistics.distributions import rounded

CONTACT_DISTANCE_M = 0.004
"""A hand vertex this close to the object, or inside it, touches."""
FREQUENT = 0.08
"""Vertices that touch in at least this share of the grasps belong to a contact region."""
LEAST_SHARE = 0.2
"""Of a region that is touched too rarely, this most touched share stands in for it."""
PARTS = ("palm", "back", "thumb", "index", "middle", "ring", "little")


@dataclass(frozen=True)
class ContactCount:
    """How often each hand vertex touched, summed over any number of samples."""

    touches: Int[np.ndarray, "vertex"]
    sample_count: int = 0

    @classmethod
    def none(cls, vertex_count: int) -> "ContactCount":
        """Start a count."""
        return cls(np.zeros(vertex_count, np.int64))

    def with_samples(self, touching: Bool[np.ndarray, "sample vertex"]) -> "ContactCount":
        """Add samples, given which of their vertices touch."""
        return ContactCount(self.touches + touching.sum(axis=0), self.sample_count + len(touching))

    @property
    def frequency(self) -> Float[np.ndarray, "vertex"]:
        """Share of samples in which each vertex touches."""
        return self.touches / max(self.sample_count, 1)


def contact_regions(
    frequency: Float[np.ndarray, "vertex"], areas: Mapping[str, Int[np.ndarray, "_"]]
) -> dict[str, list[int]]:
    """Choose the vertices of each named area that grasps really use.

    An area's contact region are its vertices that touch in at least `FREQUENT` of the grasps.
    Where no grasp of a small dataset reaches an area, its most touched fifth is taken, and the
    whole area if nothing there ever touches: a region without vertices would be no region.
    """
    regions = {}
    for name, area in areas.items():
        levels = frequency[area]
        enough = FREQUENT
        if (levels >= enough).mean() < LEAST_SHARE:
            enough = min(enough, float(np.quantile(levels, 1 - LEAST_SHARE)))
        regions[name] = np.sort(area[levels >= enough]).tolist()
    return regions


def contact_mask(
    distances_m: Float16[np.ndarray, "sample vertex"] | Float[np.ndarray, "sample vertex"],
) -> Bool[np.ndarray, "sample vertex"]:
    """Return which hand vertices touch, given their signed distances to the object."""
    return distances_m <= np.asarray(CONTACT_DISTANCE_M, distances_m.dtype)


def parts_touching(
    touching: Bool[np.ndarray, "sample vertex"], areas: Mapping[str, Int[np.ndarray, "_"]]
) -> Int[np.ndarray, "part"]:
    """Count the samples in which any vertex of each of `PARTS` touches."""
    return np.array([touching[:, areas[name]].any(axis=1).sum() for name in PARTS])


def regions_document(
    hand_name: str, hand_sha256: str, count: ContactCount, regions: Mapping[str, list[int]]
) -> dict[str, Any]:
    """Return the content of ``contact_regions.json``, which training reads."""
    return {
        "format": "obman-gen contact regions 1",
        "hand_model": {"name": hand_name, "sha256": hand_sha256},
        "contact_distance_m": CONTACT_DISTANCE_M,
        "least_frequency": FREQUENT,
        "samples": count.sample_count,
        "contact_regions": dict(regions),
        "frequency": [rounded(share, 4) for share in count.frequency],
    }
