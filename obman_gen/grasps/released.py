"""ObMan's released ``shapenet_grasps``: one JSON per object and scale, made by mano_grasp.

A file holds ``object_cat`` (synset), ``object_id``, ``object_scale`` (millimetres per raw
unit) and ``grasps``, best first: ``mano_pose`` (48: wrist, then fingers relative to the flat
hand, MANO's joint order), ``mano_trans`` (metres, in a list of its own), ``dofs`` of the robot
hand, ``quality``, ``epsilon`` and ``volume``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from obman_gen.errors import InputError
from obman_gen.grasps.hand_surface import MM_PER_M
from obman_gen.sample import Grasp, GraspMeasures, HandParameters

MIDDLE_FLEXIONS = np.array([2, 5, 8, 11, 15])
"""DOFs of ManoHand that bend the middle joints of index, middle, ring, little and thumb."""
REST_FLEXIONS_RAD = np.deg2rad([10.5, 6.5, 8.0, 2.2, 0.0])
"""How far those joints are bent where the DOFs are zero."""
MOST_FLEXION_RAD = np.deg2rad(94.0)
"""Grasps with a joint bent further were left out of ObMan."""


@dataclass(frozen=True)
class ReleasedGrasp:
    """A grasp as ObMan used it, and its entry as it stands in the file."""

    grasp: Grasp
    """With the planner's measures only."""
    entry: Mapping[str, Any]
    is_over_flexed: bool


@dataclass(frozen=True)
class ReleasedFile:
    """The grasps of one object at one scale."""

    object_id: str
    """``SYNSET/ID``."""
    metres_per_unit: float
    grasps: tuple[ReleasedGrasp, ...]
    """Best first."""


def read_released(path: Path) -> ReleasedFile:
    """Read one file.

    Raises:
        InputError: naming the file and what is wrong with it.
    """
    try:
        content = json.loads(path.read_text())
        object_id = f"{content['object_cat']}/{content['object_id']}"
        scale = float(content["object_scale"]) / MM_PER_M
        grasps = tuple(_read(object_id, scale, entry) for entry in content["grasps"])
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(f"{path} is not a file of ObMan's shapenet_grasps: {error!r}") from error
    return ReleasedFile(object_id, scale, grasps)


def _read(object_id: str, metres_per_unit: float, entry: Mapping[str, Any]) -> ReleasedGrasp:
    pose = _numbers(entry, "mano_pose", 48)
    hand = HandParameters(
        global_orient=pose[:3],
        pose=pose[3:],
        betas=np.zeros(10),
        translation=_numbers(entry, "mano_trans", 3),
    )
    measures = GraspMeasures(
        epsilon=float(entry["epsilon"]),
        volume=float(entry["volume"]),
        quality=float(entry["quality"]),
    )
    flexions = _numbers(entry, "dofs", 16)[MIDDLE_FLEXIONS] + REST_FLEXIONS_RAD
    over_flexed = bool((flexions > MOST_FLEXION_RAD).any())
    return ReleasedGrasp(Grasp(object_id, metres_per_unit, hand, measures), entry, over_flexed)


def _numbers(entry: Mapping[str, Any], name: str, count: int) -> Float[np.ndarray, "_"]:
    """Return a list of numbers, which may stand in a list of its own."""
    numbers = np.asarray(entry[name], np.float64).ravel()
    if len(numbers) != count:
        raise ValueError(f"{name} has {len(numbers)} numbers, need {count}")
    return numbers
