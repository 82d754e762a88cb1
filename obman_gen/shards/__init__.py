"""The dataset on disk: schema, writer, manifest, readers, verification.

Light to import: torch is loaded when `HandObjectDataset` is first asked for.
"""

from typing import TYPE_CHECKING, Any

from obman_gen.shards.attributes import HandFacts as HandFacts
from obman_gen.shards.attributes import ShardAttributes as ShardAttributes
from obman_gen.shards.manifest import Manifest as Manifest
from obman_gen.shards.manifest import ShardEntry as ShardEntry
from obman_gen.shards.manifest import shard_path as shard_path
from obman_gen.shards.reader import SampleReader as SampleReader
from obman_gen.shards.selection import Where as Where
from obman_gen.shards.shard_file import ShardFile as ShardFile
from obman_gen.shards.writer import ShardsConfig as ShardsConfig
from obman_gen.shards.writer import write_shard as write_shard

if TYPE_CHECKING:
    from obman_gen.shards.dataset import HandObjectDataset as HandObjectDataset


def __getattr__(name: str) -> Any:
    if name == "HandObjectDataset":
        from obman_gen.shards.dataset import HandObjectDataset

        return HandObjectDataset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
