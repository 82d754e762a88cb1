"""What a shard says about the run and the models it came from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from jaxtyping import Float, Integer

from obman_gen.sample import Split
from obman_gen.shards.schema import FORMAT, SCHEMA_VERSION


@dataclass(frozen=True)
class HandFacts:
    """What a shard stores of its hand model."""

    name: str
    sha256: str
    faces: Integer[np.ndarray, "face 3"]
    hands_mean: Float[np.ndarray, "45"]
    hands_components: Float[np.ndarray, "45 45"]
    """Rows are principal components."""

    @classmethod
    def of(cls, hand_model: Any) -> "HandFacts":
        """Take them from an `obman_gen.hands.HandModel`."""
        return cls(
            hand_model.name,
            hand_model.sha256,
            np.asarray(hand_model.faces, np.int32),
            np.asarray(hand_model.hands_mean, np.float64),
            np.asarray(hand_model.hands_components, np.float64),
        )

    def pca(self, pose: Float[np.ndarray, "45"]) -> Float[np.ndarray, "45"]:
        """Return ``components^-1 (pose - mean)``."""
        return np.linalg.solve(self.hands_components.T, pose - self.hands_mean)


@dataclass(frozen=True)
class ShardAttributes:
    """What a shard says about the run it belongs to."""

    split: Split
    seed: int
    config: Mapping[str, Any]
    """The run's resolved configuration."""
    software: Mapping[str, str]
    """Versions of what made it."""
    hand: HandFacts
    body_name: str
    body_sha256: str


def file_attributes(attributes: ShardAttributes) -> dict[str, Any]:
    """Return the attributes as HDF5 takes them."""
    models = {
        "hand_model": {"name": attributes.hand.name, "sha256": attributes.hand.sha256},
        "body_model": {"name": attributes.body_name, "sha256": attributes.body_sha256},
    }
    documents = {"config": attributes.config, "software": attributes.software, **models}
    return {
        "format": fixed_text(FORMAT),
        "schema_version": np.int32(SCHEMA_VERSION),
        "split": fixed_text(attributes.split),
        "seed": np.int64(attributes.seed),
        **{
            name: fixed_text(json.dumps(document, sort_keys=True))
            for name, document in documents.items()
        },
    }


def fixed_text(text: str) -> np.ndarray:
    """Return a fixed-length string: variable-length ones live in a heap of their own."""
    data = text.encode()
    return np.array(data, dtype=h5py.string_dtype("utf-8", max(1, len(data))))
