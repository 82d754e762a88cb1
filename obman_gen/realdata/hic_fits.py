"""MANO hands fitted to HIC's, as its authors distribute them: vertices and joints per frame."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from obman_gen.errors import InputError
from obman_gen.hands.files import MANO_TIPS
from obman_gen.hands.orders import FINGERS, HO3D, MANOPTH
from obman_gen.hands.unpickle import read_pickle

FITS = "IJCV16___Results_MANO___parms_for___joints21"
_VERTICES, _JOINTS = "v", "J_transformed___j21"
_ORDERS = (
    MANOPTH,
    HO3D,
    ("wrist", *(f"{f}{k}" for f in FINGERS for k in (1, 2, 3)), *(f"{f}4" for f in FINGERS)),
)
"""The page of the fits does not say which order theirs is: the one with the shortest bones."""
_TIP_M = 0.01
"""How far a joint called a tip may be from the vertex that is one."""


class Fit(NamedTuple):
    """One fitted right hand, camera frame, metres."""

    vertices: Float[np.ndarray, "778 3"]
    joints: Float[np.ndarray, "21 3"]
    """Our order."""


def fit_folder(root: Path, sequence: int) -> Path:
    """Return the folder of the right hand's fits of a sequence.

    Raises:
        InputError: if it is not there.
    """
    folder = root / FITS / f"IJCV16___fakeGT___IJCV___{sequence:02d}___Model_Hand_R___ncomps45"
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not there; unpack HIC's MANO fits in its root, or leave out mano_fits"
        )
    return folder


def read_fit(path: Path) -> Fit:
    """Read one frame's fit, without running anything in the file.

    Raises:
        InputError: if it lacks vertices or joints, is not in metres in front of the camera, or
            its joints are in no order that is known.
    """
    content = read_pickle(path)
    vertices, joints = (_points(path, content, *of) for of in ((_VERTICES, 778), (_JOINTS, 21)))
    if not 0.1 < np.median(vertices[:, 2]) < 5:
        raise InputError(
            f"{path}: the hand would be {np.median(vertices[:, 2]):.3g} m in front of the camera, "
            "need 0.1 m to 5 m; are its numbers metres?"
        )
    ordered = min((joints[_from(order)] for order in _ORDERS), key=_bones_m)
    gaps_m = np.linalg.norm(ordered[4::4] - vertices[list(MANO_TIPS["right"])], axis=1)
    if gaps_m.max() > _TIP_M:
        raise InputError(
            f"{path}: its joints are in no known order, a tip is {gaps_m.max():.3g} m from its "
            "vertex"
        )
    return Fit(vertices, ordered)


def _points(path: Path, content: dict, key: str, count: int) -> Float[np.ndarray, "point 3"]:
    points = np.asarray(content.get(key, ()))
    if points.shape != (count, 3) or points.dtype.kind != "f" or not np.isfinite(points).all():
        raise InputError(f"{path}: {key!r} must be {count} x 3 finite numbers, got {points.shape}")
    return points.astype(np.float64)


def _from(order: tuple[str, ...]) -> list[int]:
    return [order.index(name) for name in MANOPTH]


def _bones_m(joints: Float[np.ndarray, "21 3"]) -> float:
    fingers = joints[1:].reshape(5, 4, 3)
    return float(np.linalg.norm(np.diff(fingers, axis=1), axis=-1).sum())
