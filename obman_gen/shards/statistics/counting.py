"""How many samples, grasps and objects there are, by split and category."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from obman_gen.sample import SPLITS
from obman_gen.shards.statistics.poses import row_keys
from obman_gen.shards.statistics.quantities import Columns


def grasp_keys(columns: Columns) -> np.ndarray:
    """Number the grasps: equal numbers are one object at one scale in one finger pose."""
    _, object_numbers = np.unique(columns["object/id"], return_inverse=True)
    rows = np.column_stack(
        [object_numbers.astype(np.float32), columns["object/scale"], columns["hand/pose"]]
    )
    return np.unique(row_keys(rows), return_inverse=True)[1]


def count_splits(columns: Columns) -> dict[str, Any]:
    """Count by split, and within it by category, in alphabetical order."""
    numbered = {
        "grasps": grasp_keys(columns),
        "objects": columns["object/id"],
        "skins": columns["skin_name"],
        "backgrounds": columns["background_name"],
        "body_poses": columns["scene/body_pose"],
        "finger_poses": row_keys(columns["hand/pose"]),
    }
    numbered = {what: np.unique(names, return_inverse=True)[1] for what, names in numbered.items()}
    categories = columns["object/category"].astype(str)
    counted = {}
    for split in SPLITS:
        of_split = columns["split"] == split
        if of_split.any():
            counted[split] = _counts(numbered, of_split) | {
                "categories": {
                    str(name): _counts(numbered, of_split & (categories == name))
                    for name in np.unique(categories[of_split])
                }
            }
    return counted


def _counts(numbered: Mapping[str, np.ndarray], chosen: np.ndarray) -> dict[str, int]:
    return {"samples": int(chosen.sum())} | {
        what: int(np.count_nonzero(np.bincount(numbers[chosen])))
        for what, numbers in numbered.items()
    }


def count_shared(columns: Columns) -> dict[str, int]:
    """Count the names that occur in more than one split; a clean dataset has none."""
    paths = {
        "objects": "object/id",
        "skins": "skin_name",
        "backgrounds": "background_name",
        "body_poses": "scene/body_pose",
    }
    return {what: _in_several(columns[path], columns["split"]) for what, path in paths.items()}


def _in_several(names: np.ndarray, splits: np.ndarray) -> int:
    pairs = np.unique(np.column_stack([names.astype(str), splits.astype(str)]), axis=0)
    return int((np.unique(pairs[:, 0], return_counts=True)[1] > 1).sum())
