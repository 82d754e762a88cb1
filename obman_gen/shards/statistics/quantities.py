"""The scalar quantities of every sample, in the units people quote them in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from obman_gen.sample import SPLITS
from obman_gen.shards.statistics.distributions import describe, rounded

Columns = Mapping[str, np.ndarray]
"""A row per sample, by field path, and what `table` derives from fields (names without ``/``)."""


@dataclass(frozen=True)
class Quantity:
    """A column, its name and its unit."""

    column: str
    label: str
    unit: str = ""
    factor: float = 1.0
    """Takes stored units to shown ones."""


QUANTITIES: Mapping[str, Quantity] = {
    "epsilon": Quantity("grasp/epsilon", "Epsilon"),
    "volume": Quantity("grasp/volume", "Volume"),
    "quality": Quantity("grasp/quality", "Quality score"),
    "links_in_contact": Quantity("grasp/links_in_contact", "Links in contact"),
    "max_penetration_mm": Quantity("grasp/max_penetration_m", "Greatest penetration", "mm", 1e3),
    "intersection_volume_cm3": Quantity(
        "grasp/intersection_volume_m3", "Intersection volume", "cm³", 1e6
    ),
    "simulation_displacement_mm": Quantity(
        "grasp/simulation_displacement_m", "Simulation displacement", "mm", 1e3
    ),
    "contact_share": Quantity("contact_share", "Hand surface in contact", "%", 100),
    "object_size_mm": Quantity("object_size_m", "Longest side of the object", "mm", 1e3),
    "wrist_distance_m": Quantity("wrist_distance_m", "Depth of the wrist", "m"),
    "hand_size_px": Quantity("hand_size_px", "Hand's size in the image", "px"),
    "visibility_hand": Quantity("visibility/hand", "Visible share of the hand", "%", 100),
    "visibility_object": Quantity("visibility/object", "Visible share of the object", "%", 100),
}


def describe_quantities(columns: Columns) -> dict[str, Any]:
    """Describe every quantity over all samples, with mean and median per split."""
    return {name: _described(columns, quantity) for name, quantity in QUANTITIES.items()}


def _described(columns: Columns, quantity: Quantity) -> dict[str, Any]:
    values = columns[quantity.column].astype(np.float64) * quantity.factor
    by_split = {}
    for split in SPLITS:
        of_split = values[columns["split"] == split]
        of_split = of_split[np.isfinite(of_split)]
        if len(of_split):
            by_split[split] = {
                "count": len(of_split),
                "mean": rounded(of_split.mean()),
                "p50": rounded(np.median(of_split)),
            }
    return describe(values, quantity.unit, quantity.label) | {"splits": by_split}


def joint_square_px(joints_2d: Float[np.ndarray, "sample 21 2"]) -> Float[np.ndarray, "sample"]:
    """Return the longer side of the box around each hand's joints in the image."""
    return (joints_2d.max(axis=1) - joints_2d.min(axis=1)).max(axis=1)
