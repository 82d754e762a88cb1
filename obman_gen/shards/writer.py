"""Write shards: whole or not at all, and the same bytes for the same samples."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from obman_gen.registry import lookup
from obman_gen.runfolder import write_atomically
from obman_gen.sample import ObjectMesh, Sample
from obman_gen.shards.assembly import FILTERS, Assembly
from obman_gen.shards.attributes import ShardAttributes
from obman_gen.shards.manifest import ShardEntry


@dataclass(frozen=True)
class ShardsConfig:
    """How dense maps are compressed."""

    compression: str = "gzip"
    """``gzip``: any HDF5 tool reads it; ``blosc2``: faster to read, needs hdf5plugin."""

    def __post_init__(self):
        lookup(FILTERS, self.compression, "shard compression")


def write_shard(
    path: Path,
    samples: Iterable[Sample],
    meshes: Mapping[str, ObjectMesh],
    attributes: ShardAttributes,
    config: ShardsConfig | None = None,
) -> ShardEntry:
    """Write one shard and return its entry for the manifest.

    Samples are taken one by one and encoded at once, so a generator of 256 samples needs the
    memory of their compressed form, about 100 MB.

    Args:
        path: ``RUN/shards/SPLIT/NNNNN.h5``.
        samples: in the order of their ids, all of the same image size and hand model.
        meshes: by object id; those no sample shows are left out.
        attributes: of the file.
        config: how to compress.

    Raises:
        InputError: if the file cannot be written.
        ValueError: if a sample does not fit the schema or the other samples.
    """
    rows = Assembly(attributes.hand, (config or ShardsConfig()).compression)
    for sample in samples:
        rows.append(sample)
    if not rows.count:
        raise ValueError(f"{path} would hold no sample")
    data = rows.finish(meshes, attributes)
    write_atomically(path, data)
    return ShardEntry(
        path="/".join(path.parts[-3:]),
        split=attributes.split,
        count=rows.count,
        first_index=int(rows.first_id.rsplit("-", 1)[1]),
        byte_count=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
