"""What an evaluation says: one JSON file, one table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from obman_gen import metrics
from obman_gen.runfolder import write_atomically
from obman_gen.training.evaluation_measures import MM_PER_M, Measured

PROTOCOLS = {
    "hand_error": "mean over 21 joints, the root's zero included; both sides relative to the root",
    "_scale_translation": "after the best scale and translation",
    "_pa_rigid": "after the best rotation and translation",
    "_pa": "after the best similarity transform",
    "mesh_error": "mean over the vertices of the hand",
    "hand_f": "F-score of the hand's vertices at a distance, relative to the root",
    "hand_auc": "area under the share of correct joints, 20 thresholds from 0 to 50 mm",
    "object_chamfer_mm2": "ObMan: mean squared distance, both directions added, predicted "
    "vertices and 600 points of the true surface, relative to the hand's root",
    "object_chamfer_unit_sphere": "ObMan's object-only tables: the same, each cloud moved and "
    "scaled to the unit sphere, the predicted one as decoded; a pure number",
    "object_surface_chamfer_cm2": "Grasping Field and gSDF: the same between 30,000 points drawn "
    "on either surface; they report the median",
    "object_f": "F-score of those 30,000 points",
    "max_penetration_mm": "deepest vertex of the predicted hand in the predicted object, "
    "distance to its surface",
    "intersection_volume_cm3": "exact volume that predicted hand and object share",
    "obman_intersection_volume_cm3": "ObMan: 5 mm voxels of the object's surface in the hand",
    "simulation_displacement_mm": "ObMan: way of the object's centre in PyBullet, V-HACD parts",
    "baseline": "the same of one answer to all pictures: the mean joints of the run's training "
    "samples, and a sphere of their objects' mean size at their mean place",
    "contact_ratio": "share of predictions in which the hand is within 5 mm of the object",
}
"""What each name, or part of a name, means."""


@dataclass(frozen=True)
class Evaluation:
    """All samples of a split, measured."""

    checkpoint: Mapping[str, Any]
    """Path, sha256, epoch and step."""
    data: Mapping[str, Any]
    """Run, split, view and number of samples."""
    sample_ids: Sequence[str]
    measured: Sequence[Measured]

    def column(self, name: str) -> np.ndarray:
        """Return one measure of all samples."""
        return np.array([each.values[name] for each in self.measured])

    def summary(self) -> dict[str, dict[str, float]]:
        """Return mean, standard deviation (of the population) and median of every measure."""
        return {name: _spread(self.column(name)) for name in self.measured[0].values}

    def joint_errors_m(self) -> Float[np.ndarray, "sample 21"] | None:
        """Return the error of every joint; None where no hand is seen."""
        errors = [each.joint_errors_m for each in self.measured]
        return None if errors[0] is None else np.stack([row for row in errors if row is not None])

    def pck(self) -> metrics.PckCurve | None:
        """Return the curve of correct joints over all samples; None where no hand is seen."""
        errors_m = self.joint_errors_m()
        return None if errors_m is None else metrics.pck_curve(errors_m)

    def ranked(self) -> list[int]:
        """Return sample positions from the best to the worst by `ranked_by`, ties by position."""
        return np.argsort(self.column(self.ranked_by), kind="stable").tolist()

    @property
    def ranked_by(self) -> str:
        """The hand's error, or that of the object's shape where no hand is seen."""
        names = self.measured[0].values
        return "hand_error_mm" if "hand_error_mm" in names else "object_chamfer_unit_sphere"

    def save(self, path: Path) -> None:
        """Write everything, each sample's measures included, as JSON."""
        content = {
            "checkpoint": self.checkpoint,
            "data": self.data,
            "protocols": {**PROTOCOLS, "simulation": metrics.protocol_record()},
            "summary": self.summary(),
            **self._joints(),
            "samples": [
                {"sample_id": sample_id, **each.values}
                for sample_id, each in zip(self.sample_ids, self.measured, strict=True)
            ],
        }
        write_atomically(path, json.dumps(content, indent=1) + "\n")

    def _joints(self) -> dict[str, Any]:
        errors_m, curve = self.joint_errors_m(), self.pck()
        if errors_m is None or curve is None:
            return {}
        return {
            "hand_auc": curve.auc,
            "pck": {
                "thresholds_mm": (MM_PER_M * curve.thresholds_m).tolist(),
                "shares": curve.shares.tolist(),
            },
            "joint_errors_mm": (MM_PER_M * errors_m.mean(axis=0)).tolist(),
        }

    def table(self) -> str:
        """Return the summary as lines of text."""
        lines = [f"{'measure':34}{'mean':>12}{'deviation':>12}{'median':>12}"]
        lines += [
            f"{name:34}{row['mean']:12.4g}{row['deviation']:12.4g}{row['median']:12.4g}"
            for name, row in self.summary().items()
        ]
        curve = self.pck()
        if curve is not None:
            lines.append(f"{'hand_auc':34}{curve.auc:12.4g}")
        return "\n".join(lines)


def _spread(values: np.ndarray) -> dict[str, float]:
    return {
        "mean": float(values.mean()),
        "deviation": float(values.std()),
        "median": float(np.median(values)),
    }
