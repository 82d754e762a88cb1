"""What a dataset holds, as numbers: everything that ends up in ``stats.json``."""

from pathlib import Path
from typing import Any

import numpy as np

from obman_gen.hands import HandModel
from obman_gen.shards.statistics.contact import CONTACT_DISTANCE_M, PARTS
from obman_gen.shards.statistics.counting import count_shared, count_splits
from obman_gen.shards.statistics.distributions import rounded, shares
from obman_gen.shards.statistics.pictures import Picture, describe_pictures, look_at
from obman_gen.shards.statistics.poses import describe_poses
from obman_gen.shards.statistics.quantities import Columns, describe_quantities
from obman_gen.shards.statistics.table import Table
from obman_gen.shards.statistics.table import read_table as read_table
from obman_gen.shards.statistics.viewpoints import (
    count_directions,
    directions_to_camera,
    evenness,
)
from obman_gen.shards.whole_run import WholeRun, evenly

FORMAT = "obman-gen statistics 1"
PICTURES = 240
"""Images that are decoded to describe what images look like."""


def describe_run(run: Path, table: Table, hand: HandModel) -> dict[str, Any]:
    """Return the statistics of a run; equal runs give equal statistics."""
    columns = table.columns
    views = count_directions(directions_to_camera(columns["hand/global_orient"], columns["wrist"]))
    return {
        "format": FORMAT,
        "samples": len(table),
        "bytes": sum(entry.byte_count for entry in table.shards),
        "seed": table.attributes["seed"],
        "hand_model": {"name": hand.name, "sha256": hand.sha256},
        "splits": count_splits(columns),
        "shared_between_splits": count_shared(columns),
        "categories": shares(columns["object/category"]),
        "quantities": describe_quantities(columns),
        "hand_pose": describe_poses(columns["hand/pose"], columns["object/category"]),
        "contact": {
            "distance_m": CONTACT_DISTANCE_M,
            "samples": table.contact.sample_count,
            "touching_share": {
                part: rounded(share, 4)
                for part, share in zip(PARTS, table.part_touches, strict=True)
            },
        },
        "viewpoints": {"evenness": rounded(evenness(np.array(views["counts"])), 4), **views},
        "appearance": _appearance(columns),
        "images": describe_pictures(read_pictures(run, PICTURES)),
    }


def read_pictures(run: Path, count: int) -> list[Picture]:
    """Measure images of hand and object, evenly spaced over all samples of a run."""
    whole = WholeRun(run, ("images/ho", "segmentation/ho"))
    chosen = (whole[index] for index in evenly(len(whole), count))
    return [look_at(sample["images/ho"], sample["segmentation/ho"]) for sample in chosen]


def _appearance(columns: Columns) -> dict[str, Any]:
    return {
        "skins": len(np.unique(columns["skin_name"])),
        "backgrounds": shares(columns["background_kind"]),
        "lights": shares(columns["light_rig"]),
        "body_poses": len(np.unique(columns["scene/body_pose"])),
    }
