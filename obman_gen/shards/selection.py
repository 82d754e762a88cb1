"""Which samples of a split are wanted."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Shaped


@dataclass(frozen=True)
class Where:
    """Conditions that all must hold; None, or empty: no condition.

    A sample whose measure was not taken (NaN) meets no condition on it.
    """

    categories: Collection[str] = ()
    object_ids: Collection[str] = ()
    max_penetration_m: float | None = None
    max_displacement_m: float | None = None
    min_quality: float | None = None
    min_object_visible: float | None = None
    min_hand_visible: float | None = None

    def mask(
        self, column: Callable[[str], Shaped[np.ndarray, "sample"]], count: int
    ) -> Bool[np.ndarray, "sample"]:
        """Return which of ``count`` samples meet the conditions, given columns by path."""
        keep = np.ones(count, bool)
        for path, chosen in (("object/category", self.categories), ("object/id", self.object_ids)):
            if chosen:
                keep &= np.isin(column(path), sorted(chosen))
        at_most = (
            ("grasp/max_penetration_m", self.max_penetration_m),
            ("grasp/simulation_displacement_m", self.max_displacement_m),
        )
        for path, limit in at_most:
            if limit is not None:
                keep &= column(path) <= limit
        at_least = (
            ("grasp/quality", self.min_quality),
            ("visibility/object", self.min_object_visible),
            ("visibility/hand", self.min_hand_visible),
        )
        for path, limit in at_least:
            if limit is not None:
                keep &= column(path) >= limit
        return keep
