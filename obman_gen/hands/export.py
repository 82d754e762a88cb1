"""Write models as pickles in MANO's and SMPL+H's own schema, for tools that read those."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from obman_gen.hands.asset import ModelAsset
from obman_gen.runfolder import write_atomically

ROOT_PARENT = np.iinfo(np.uint32).max
"""The parent of the root in the original files: -1 as an unsigned number."""


def export_models(
    right: ModelAsset, left: ModelAsset, body: ModelAsset, out: Path
) -> Iterator[Path]:
    """Write ``MANO_RIGHT.pkl``, ``MANO_LEFT.pkl`` and ``SMPLH_NEUTRAL.pkl``; yield their paths.

    The body's file has no place for the hand model's own betas: it has hands of mean shape.
    """
    hands = {"MANO_RIGHT.pkl": right, "MANO_LEFT.pkl": left}
    contents = {name: _schema(asset) | _hand_space(asset) for name, asset in hands.items()}
    contents["SMPLH_NEUTRAL.pkl"] = _schema(body) | {
        f"{key}{asset.side[0]}": value
        for asset in (left, right)
        for key, value in _hand_space(asset).items()
    }
    for name, content in contents.items():
        # Protocol 2 is what the original files have and what every reader takes.
        write_atomically(out / name, pickle.dumps(content, protocol=2))
        yield out / name


def _schema(asset: ModelAsset) -> dict[str, Any]:
    """Return the arrays that MANO's and SMPL+H's files share, by their names."""
    parents = np.array(asset.parents, np.int64)
    parents[0] = ROOT_PARENT
    return {
        "v_template": asset.template,
        "f": asset.faces.astype(np.uint32),
        "shapedirs": asset.shape_directions,
        "posedirs": asset.pose_directions,
        "J_regressor": sparse.csc_matrix(asset.joint_regressor),
        "weights": asset.weights,
        "kintree_table": np.stack([parents, np.arange(len(parents))]).astype(np.uint32),
        "J": asset.joint_regressor @ asset.template,
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }


def _hand_space(asset: ModelAsset) -> dict[str, Any]:
    return {"hands_mean": asset.hands_mean, "hands_components": asset.hands_components}
