"""Grasp files: one JSON per object and scale, with mano_grasp's keys and ours.

A tool made for mano_grasp finds what it knows in every entry of ``grasps`` (``body``,
``pose``, ``dofs``, ``contacts``, ``epsilon``, ``volume``, ``link_in_contact``, ``quality``,
``mano_trans``, ``mano_pose``); the refined hand and its measures stand beside them.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from obman_gen.errors import InputError
from obman_gen.runfolder import write_atomically
from obman_gen.sample import Grasp, GraspMeasures, HandParameters

FORMAT = "obman-gen grasps 1"


@dataclass(frozen=True)
class StoredGrasp:
    """A grasp with the plan it came from."""

    grasp: Grasp
    plan: Mapping[str, Any]
    """mano_grasp's keys: the robot hand before refinement, metres."""
    measures_before: GraspMeasures
    """Of the planned hand's skin, before refinement."""


def grasp_path(folder: Path, object_id: str, metres_per_unit: float) -> Path:
    """Return ``FOLDER/SYNSET_ID_SCALE.json``, the scale in metres per raw unit."""
    return folder / f"{object_id.replace('/', '_')}_{metres_per_unit:.6f}.json"


def save_grasps(
    path: Path,
    object_id: str,
    metres_per_unit: float,
    hand_name: str,
    grasps: Sequence[StoredGrasp],
) -> None:
    """Write one file, atomically; an object without grasps has one, too."""
    content = {
        "format": FORMAT,
        "object_id": object_id,
        "metres_per_unit": metres_per_unit,
        "hand_model": hand_name,
        "grasps": [_entry(stored) for stored in grasps],
    }
    write_atomically(path, json.dumps(content, indent=1, sort_keys=True) + "\n")


def load_grasps(path: Path) -> list[Grasp]:
    """Read the refined grasps of a file.

    Raises:
        InputError: naming the file and what is wrong with it.
    """
    return _load(path, _grasp)


def load_planned(path: Path) -> list[Grasp]:
    """Read the same grasps as they were planned, before refinement.

    Raises:
        InputError: naming the file and what is wrong with it.
    """
    return _load(path, _planned)


def _load(path: Path, make: Callable[[str, float, Mapping[str, Any]], Grasp]) -> list[Grasp]:
    try:
        content = json.loads(path.read_text())
        if content["format"] != FORMAT:
            raise InputError(f"{path} has format {content['format']!r}, need {FORMAT!r}")
        return [
            make(content["object_id"], content["metres_per_unit"], entry)
            for entry in content["grasps"]
        ]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not JSON: {error}; delete it and run grasp again") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is not a grasp file: {error!r}") from error


def _entry(stored: StoredGrasp) -> dict[str, Any]:
    hand = stored.grasp.hand
    return {
        **stored.plan,
        "refined": {
            "global_orient": hand.global_orient.tolist(),
            "pose": hand.pose.tolist(),
            "betas": hand.betas.tolist(),
            "translation": hand.translation.tolist(),
            "side": hand.side,
        },
        "measures": _measures_to_json(stored.grasp.measures),
        "measures_before": _measures_to_json(stored.measures_before),
    }


def _grasp(object_id: str, metres_per_unit: float, entry: Mapping[str, Any]) -> Grasp:
    refined = entry["refined"]
    hand = HandParameters(
        **{
            name: np.asarray(refined[name], float)
            for name in ("global_orient", "pose", "betas", "translation")
        },
        side=refined["side"],
    )
    return Grasp(object_id, metres_per_unit, hand, _measures_from_json(entry["measures"]))


def _planned(object_id: str, metres_per_unit: float, entry: Mapping[str, Any]) -> Grasp:
    refined = entry["refined"]
    hand = HandParameters(
        global_orient=np.asarray(entry["mano_pose"][:3], float),
        pose=np.asarray(entry["mano_pose"][3:], float),
        betas=np.asarray(refined["betas"], float),
        translation=np.asarray(entry["mano_trans"], float).ravel(),
        side=refined["side"],
    )
    return Grasp(object_id, metres_per_unit, hand, _measures_from_json(entry["measures_before"]))


def _measures_to_json(measures: GraspMeasures) -> dict[str, float | None]:
    """Write NaN, which JSON lacks, as null."""
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(measures).items()
    }


def _measures_from_json(values: Mapping[str, Any]) -> GraspMeasures:
    numbers: dict[str, Any] = {
        name: math.nan if value is None else value for name, value in values.items()
    }
    return GraspMeasures(**numbers)
