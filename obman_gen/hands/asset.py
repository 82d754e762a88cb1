"""What a skinned model file holds: MANO's and SMPL+H's arrays, and a few of our own.

Every array is in the model's rest frame, metres. ``vertex`` and ``joint`` counts are free:
nothing in this project assumes 778 vertices, and fingertips, pads and the open wrist are
stored with the model instead of as well-known vertex numbers.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from obman_gen.errors import InputError
from obman_gen.sample import Side

BETAS_COUNT = 10


@dataclass(frozen=True)
class SkinAtlas:
    """Where each face's corners lie in the skin texture."""

    uv: Float[np.ndarray, "corner 2"]
    """In [0, 1], v upwards."""
    faces: Integer[np.ndarray, "face 3"]
    """Rows of ``uv``, face by face as the model's own faces."""


@dataclass(frozen=True)
class ModelAsset:
    """A linear-blend-skinned model with shape space and pose correctives."""

    name: str
    sha256: str
    """Of the file it came from."""
    template: Float[np.ndarray, "vertex 3"]
    faces: Integer[np.ndarray, "face 3"]
    shape_directions: Float[np.ndarray, "vertex 3 10"]
    """Metres per unit of beta."""
    pose_directions: Float[np.ndarray, "vertex 3 feature"]
    """Metres per unit of ``R - I`` of joints 1.., row-major: feature = 9 * (joint count - 1)."""
    joint_regressor: Float[np.ndarray, "joint vertex"]
    weights: Float[np.ndarray, "vertex joint"]
    parents: Integer[np.ndarray, "joint"]
    """-1 for the root, else an earlier joint."""
    side: Side = "right"
    hands_mean: Float[np.ndarray, "45"] = field(default_factory=lambda: np.zeros(45))
    hands_components: Float[np.ndarray, "45 45"] = field(default_factory=lambda: np.eye(45))
    """Rows are principal components: pose = mean + coefficients @ components."""
    tip_ids: Integer[np.ndarray, "tip"] = field(default_factory=lambda: np.zeros(0, int))
    """Vertices at the fingertips, thumb first; a body lists the left hand's after the right's."""
    pad_ids: Integer[np.ndarray, "tip"] = field(default_factory=lambda: np.zeros(0, int))
    """Vertices in the middle of the fingertips' pads, thumb first."""
    joint_limits_rad: Float[np.ndarray, "45 2"] = field(
        default_factory=lambda: np.tile([-np.pi, np.pi], (45, 1))
    )
    pose_templates: Float[np.ndarray, "pose 45"] = field(default_factory=lambda: np.zeros((0, 45)))
    """Natural hand postures the pose prior mixes."""
    regions: Mapping[str, Integer[np.ndarray, "member"]] = field(default_factory=dict)
    hand_vertex_ids: Integer[np.ndarray, "hand_vertex"] = field(
        default_factory=lambda: np.zeros(0, int)
    )
    """On a body: its vertices that are the right hand's, in the hand model's order."""
    hand_shape_directions: Float[np.ndarray, "some_vertex 3 hand_beta"] = field(
        default_factory=lambda: np.zeros((0, 3, 0))
    )
    """On a body: metres per unit of the hand model's betas, all its vertices."""
    atlas: SkinAtlas | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        vertex_count, joint_count = len(self.template), len(self.parents)
        expected = {
            "shape_directions": (vertex_count, 3, BETAS_COUNT),
            "pose_directions": (vertex_count, 3, 9 * (joint_count - 1)),
            "joint_regressor": (joint_count, vertex_count),
            "weights": (vertex_count, joint_count),
        }
        for name, shape in expected.items():
            actual = getattr(self, name).shape
            if actual != shape:
                raise InputError(f"{self.name}: {name} has shape {actual}, need {shape}")
        self._require_sane()

    def _require_sane(self):
        for name in ("template", "shape_directions", "pose_directions", "joint_regressor"):
            if not np.isfinite(getattr(self, name)).all():
                raise InputError(f"{self.name}: {name} holds values that are not finite")
        if self.faces.min() < 0 or self.faces.max() >= len(self.template):
            raise InputError(
                f"{self.name}: faces name vertex {int(self.faces.max())}, "
                f"but there are {len(self.template)}"
            )
        if not np.allclose(self.weights.sum(axis=1), 1, atol=1e-3):
            raise InputError(f"{self.name}: the skinning weights of some vertex do not sum to 1")
        if any(parent >= joint for joint, parent in enumerate(self.parents)):
            raise InputError(f"{self.name}: some joint stands before its parent")


_SPARSE = ("pose_directions", "joint_regressor", "weights", "hand_shape_directions")
"""Mostly zero: stored as (flat index, value) pairs, which compress several times better."""
_PLAIN = (
    "template",
    "faces",
    "shape_directions",
    "parents",
    "hands_mean",
    "hands_components",
    "tip_ids",
    "pad_ids",
    "joint_limits_rad",
    "pose_templates",
    "hand_vertex_ids",
)


def save_asset(path: Path, asset: ModelAsset) -> None:
    """Write an asset as one compressed npz whose bytes depend on its content alone."""
    arrays: dict[str, np.ndarray] = {name: _compact(getattr(asset, name)) for name in _PLAIN}
    for name in _SPARSE:
        dense = np.round(getattr(asset, name), STORED_DECIMALS)
        flat = np.flatnonzero(dense)
        arrays[f"{name}.shape"] = np.array(dense.shape)
        arrays[f"{name}.index"] = np.diff(flat, prepend=0).astype(np.int32)
        arrays[f"{name}.value"] = _compact(dense.reshape(-1)[flat])
    for name, members in asset.regions.items():
        arrays[f"region.{name}"] = np.asarray(members, np.int32)
    if asset.atlas is not None:
        arrays["atlas.uv"] = asset.atlas.uv.astype(np.float32)
        arrays["atlas.faces"] = asset.atlas.faces.astype(np.int32)
    about = {"name": asset.name, "side": asset.side, "provenance": dict(asset.provenance)}
    arrays["about"] = np.frombuffer(json.dumps(about, sort_keys=True).encode(), np.uint8)
    # numpy stamps every member 1980-01-01, so equal arrays give equal bytes.
    np.savez_compressed(path, **arrays)


def load_asset(path: Path) -> ModelAsset:
    """Read an asset written by `save_asset`.

    Raises:
        InputError: if the file is not one.
    """
    data = path.read_bytes()
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(arrays["about"].tobytes())
        values: dict[str, Any] = {name: _widen(arrays[name]) for name in _PLAIN}
        for name in _SPARSE:
            values[name] = _densify(arrays, name)
        for name in ("weights", "joint_regressor"):  # storing has rounded their shares
            values[name] /= values[name].sum(axis=1, keepdims=True)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(f"{path} is not a model asset of this version: {error}") from error
    regions = {
        name.removeprefix("region."): members.astype(np.int64)
        for name, members in sorted(arrays.items())
        if name.startswith("region.")
    }
    atlas = None
    if "atlas.uv" in arrays:
        atlas = SkinAtlas(arrays["atlas.uv"].astype(np.float64), _widen(arrays["atlas.faces"]))
    return ModelAsset(
        name=about["name"],
        sha256=hashlib.sha256(data).hexdigest(),
        side=about["side"],
        provenance=about["provenance"],
        regions=regions,
        atlas=atlas,
        **values,
    )


STORED_DECIMALS = 7
"""0.1 micrometre. Without it the last bits, which differ between linear algebra libraries and
thread counts, would give a rebuilt model another hash."""


def _compact(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "f":
        return (np.round(array, STORED_DECIMALS) + 0.0).astype(np.float32)  # no negative zeros
    return array.astype(np.int32)


def _widen(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64 if array.dtype.kind == "f" else np.int64)


def _densify(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    shape = tuple(arrays[f"{name}.shape"])
    dense = np.zeros(int(np.prod(shape)))
    dense[np.cumsum(arrays[f"{name}.index"].astype(np.int64))] = arrays[f"{name}.value"]
    return dense.reshape(shape)
