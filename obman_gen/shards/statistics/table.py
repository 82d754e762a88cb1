"""Read what statistics need from every shard, once, without any image."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from obman_gen.hands import HandModel
from obman_gen.sample import SPLITS
from obman_gen.shards.manifest import Manifest, ShardEntry
from obman_gen.shards.shard_file import ShardFile
from obman_gen.shards.statistics.contact import PARTS, ContactCount, contact_mask, parts_touching
from obman_gen.shards.statistics.quantities import Columns, joint_square_px

FIELDS = (
    "sample_id",
    "hand/global_orient",
    "hand/pose",
    "object/id",
    "object/category",
    "object/scale",
    "grasp/epsilon",
    "grasp/volume",
    "grasp/quality",
    "grasp/max_penetration_m",
    "grasp/intersection_volume_m3",
    "grasp/simulation_displacement_m",
    "grasp/links_in_contact",
    "visibility/hand",
    "visibility/object",
    "scene/skin",
    "scene/background",
    "scene/body_pose",
    "scene/light",
)


@dataclass(frozen=True)
class Table:
    """A row per sample of the whole run, in the manifest's order, and contact counts."""

    columns: Columns
    contact: ContactCount
    """Of the training split; of all samples where a run has no training split."""
    part_touches: Float[np.ndarray, "part"]
    """Share of the same samples in which each of `PARTS` touches."""
    shards: tuple[ShardEntry, ...]
    attributes: dict
    """Of the first shard."""

    def __len__(self) -> int:
        return len(self.columns["sample_id"])


def read_table(run: Path, hand: HandModel) -> Table:
    """Read the columns of every finished shard.

    Raises:
        InputError: if the run has no shard, or one cannot be read.
    """
    manifest = Manifest.require(run)
    counted = "train" if manifest.of("train") else manifest.entries[0].split
    parts: list[dict[str, np.ndarray]] = []
    contact, touches = ContactCount.none(len(hand.template)), np.zeros(len(PARTS))
    sizes: dict[str, float] = {}
    for entry, shard in _shards(run, manifest):
        touching = contact_mask(shard.array("hand/object_distance"))
        parts.append(_columns_of(shard, entry.split, touching, sizes))
        if entry.split == counted:
            contact = contact.with_samples(touching)
            touches += parts_touching(touching, hand.regions)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    attributes = ShardFile(run / manifest.entries[0].path).attributes
    return Table(
        columns, contact, touches / max(contact.sample_count, 1), manifest.entries, attributes
    )


def _shards(run: Path, manifest: Manifest) -> Iterator[tuple[ShardEntry, ShardFile]]:
    for split in SPLITS:
        for entry in manifest.of(split):
            yield entry, ShardFile(run / entry.path)


def _columns_of(
    shard: ShardFile, split: str, touching: np.ndarray, sizes: dict[str, float]
) -> dict[str, np.ndarray]:
    columns = {path: _column(shard, path) for path in FIELDS}
    for object_id in set(columns["object/id"].tolist()) - sizes.keys():
        vertices = shard.array(f"meshes/{object_id}/vertices")
        sizes[object_id] = float(np.ptp(vertices, axis=0).max())
    units = np.array([sizes[object_id] for object_id in columns["object/id"].tolist()])
    joints = shard.array("hand/joints")
    return columns | {
        "skin_name": np.array([text.partition("+")[0] for text in columns["scene/skin"].tolist()]),
        "background_name": names_in(columns["scene/background"], "name"),
        "background_kind": names_in(columns["scene/background"], "kind", "other"),
        "light_rig": names_in(columns["scene/light"], "rig", "other"),
        "split": np.full(shard.count, split),
        "wrist": np.array(joints[:, 0]),
        "wrist_distance_m": np.array(joints[:, 0, 2]),
        "hand_size_px": joint_square_px(shard.array("hand/joints_2d")),
        "object_size_m": units * columns["object/scale"],
        "contact_share": touching.mean(axis=1),
    }


def names_in(texts: np.ndarray, key: str, otherwise: str | None = None) -> np.ndarray:
    """Return one entry of each JSON object; a text without it stands for itself."""
    known: dict[str, str] = {}
    for text in texts.tolist():
        if text not in known:
            content = json.loads(text) if text.startswith("{") else {}
            known[text] = str(content.get(key, otherwise or text))
    return np.array([known[text] for text in texts.tolist()])


def _column(shard: ShardFile, path: str) -> np.ndarray:
    values = np.array(shard.array(path))
    return np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values
