"""What one scores without looking at the picture: the mean of the training samples."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from obman_gen import metrics
from obman_gen.errors import InputError
from obman_gen.reconstruction.sphere import icosphere
from obman_gen.shards import Manifest, SampleReader
from obman_gen.shards.schema import SIDES
from obman_gen.training.evaluation_measures import MM2_PER_M2, MM_PER_M, Case, some_points
from obman_gen.training.sources import is_run, open_source

MOST_SAMPLES = 2000
"""Training samples that the means are taken of, evenly spread over the split."""
FIELDS = ("hand/joints", "hand/side", "object/surface_points")


class Baseline(NamedTuple):
    """The same answer to every picture, metres, relative to the root joint, camera axes."""

    joints: Float[np.ndarray, "21 3"]
    """The mean of each joint, which has the least mean squared error of all constant hands."""
    object_points: Float[np.ndarray, "point 3"]
    """An icosphere at the mean centre, with the mean root mean square radius."""

    @classmethod
    def of(cls, where: Path | str, root_joint: int, side: str) -> "Baseline | None":
        """Take the means over the data's training split; None if it has none."""
        reader = training_samples(where)
        if reader is None:
            return None
        chosen = np.unique(np.linspace(0, len(reader) - 1, MOST_SAMPLES).astype(int))
        joints, centres, radii = [], [], []
        for index in chosen:
            sample = reader[int(index)]
            mirror = np.array([-1.0 if SIDES[int(sample["hand/side"])] != side else 1.0, 1, 1])
            root = sample["hand/joints"][root_joint].astype(np.float64)
            points = (sample["object/surface_points"] - root) * mirror
            joints.append((sample["hand/joints"] - root) * mirror)
            centres.append(points.mean(axis=0))
            radii.append(np.sqrt(((points - centres[-1]) ** 2).sum(axis=1).mean()))
        sphere = icosphere(3).vertices.astype(np.float64)
        place = np.mean(centres, axis=0)
        return cls(np.mean(joints, axis=0), place + float(np.mean(radii)) * sphere)

    def values(self, case: Case, rng: np.random.Generator, image: str) -> Mapping[str, float]:
        """Measure this answer to one case, as `evaluation_measures.measure` does a model's."""
        values = {}
        if "h" in image:
            error_m = metrics.end_point_error(self.joints, case.true.hand_joints, root_index=None)
            values["baseline_hand_error_mm"] = MM_PER_M * error_m
        if image == "ho":
            points = some_points(case.surface_points, rng)
            chamfer_m2 = metrics.chamfer_distance(self.object_points, points)
            values["baseline_object_chamfer_mm2"] = MM2_PER_M2 * chamfer_m2
        return values


def training_samples(where: Path | str) -> Any:
    """Return the training samples of the data, or None if they have no such split."""
    if is_run(where):
        has_some = Manifest.require(where).count("train")
        return SampleReader(where, "train", fields=FIELDS) if has_some else None
    try:
        return open_source(where, "train")
    except InputError:  # what is measured need not be trained on
        return None
