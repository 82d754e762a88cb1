"""Are the stored bytes the ones that were written, and are they what the schema says?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from obman_gen.sample import VIEWS
from obman_gen.shards.assembly import crc32_of
from obman_gen.shards.checks.problem import Problem
from obman_gen.shards.encoding import decode_image
from obman_gen.shards.field import Field, bound_shape, numpy_dtype
from obman_gen.shards.manifest import ShardEntry
from obman_gen.shards.schema import ATTRIBUTES, FIELDS, MESH_FIELDS
from obman_gen.shards.shard_file import ShardFile


def check_schema(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    """Compare attributes, names, shapes and types with the schema, and ids with the manifest."""
    yield from _check_attributes(shard.attributes, entry)
    sizes: dict[str, int] = {"N": entry.count}
    known = set()
    for path, spec in _expected(shard):
        known.add(path)
        if path in shard:
            yield from _check_dataset(shard, entry, path, spec, sizes)
        elif not spec.optional:
            yield Problem(entry.path, "schema", f"dataset {path} is missing")
    for path in sorted(set(shard.paths) - known):
        yield Problem(entry.path, "schema", f"dataset {path} is not in the schema")


def _check_attributes(attributes: Mapping[str, Any], entry: ShardEntry) -> Iterator[Problem]:
    for name in ATTRIBUTES:
        if name not in attributes:
            yield Problem(entry.path, "schema", f"file attribute {name} is missing")
    for name in ("hand_model", "body_model", "config", "software"):
        if not isinstance(_json(attributes.get(name, "{}")), dict):
            yield Problem(entry.path, "schema", f"file attribute {name} is not a JSON object")
    if attributes.get("split") != entry.split:
        yield Problem(
            entry.path,
            "schema",
            f"says it is {attributes.get('split')}, the manifest says {entry.split}",
        )


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, TypeError):
        return None


def _expected(shard: ShardFile) -> Iterator[tuple[str, Field]]:
    for path, spec in FIELDS.items():
        if spec.per != "object":
            yield path, spec
    for object_id in shard.object_ids:
        for name, spec in MESH_FIELDS.items():
            yield f"meshes/{object_id}/{name}", spec


def _check_dataset(
    shard: ShardFile, entry: ShardEntry, path: str, spec: Field, sizes: dict[str, int]
) -> Iterator[Problem]:
    dtype, shape = shard.dtype(path), shard.shape(path)
    right_type = dtype.kind == "S" if spec.dtype == "str" else dtype == numpy_dtype(spec)
    if not right_type:
        yield Problem(entry.path, "schema", f"{path} has type {dtype}, need {spec.dtype}")
    if spec.per == "object":
        sizes = {}
    if len(shape) == len(spec.shape):
        for extent, have in zip(spec.shape, shape, strict=True):
            if isinstance(extent, str) and extent.isalpha() and extent != "B":
                sizes.setdefault(extent, have)
    wanted = bound_shape(spec, sizes)
    if len(shape) != len(wanted) or any(
        want not in (None, have) for want, have in zip(wanted, shape, strict=True)
    ):
        text = ", ".join("any" if size is None else str(size) for size in wanted)
        yield Problem(entry.path, "schema", f"{path} has shape {shape}, need ({text})")
    if spec.dense and shard.is_mapped(path):
        yield Problem(entry.path, "schema", f"{path} is not chunked")


def check_ids(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    """Compare sample ids with the split and the numbers the manifest gives."""
    for row in range(shard.count):
        wanted, found = f"{entry.split}-{entry.first_index + row:08d}", shard.text("sample_id", row)
        if found != wanted:
            yield Problem(entry.path, "sample id", f"row {row} is {found}, need {wanted}", found)


def check_images(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    """Check every image's checksum, decode it and look at its size."""
    height, width = shard.shape("depth/ho")[1:]
    for view in VIEWS:
        offset = shard.array(f"images/{view}/offset")
        size = shard.shape(f"images/{view}/bytes")[0]
        if offset[0] != 0 or offset[-1] != size or (np.diff(offset) <= 0).any():
            yield Problem(
                entry.path, "image offsets", f"images/{view}/offset does not rise to {size}"
            )
            return
    checksums = shard.array("crc32")
    for row in range(shard.count):
        jpegs = {view: shard.jpeg(view, row) for view in VIEWS}
        name = shard.text("sample_id", row)
        if crc32_of(jpegs.values()) != checksums[row]:
            yield Problem(entry.path, "image checksum", "crc32 of the images differs", name)
            continue
        for view, data in jpegs.items():
            wrong = _wrong_with_image(data, (height, width, 3))
            if wrong:
                yield Problem(entry.path, "image", f"{view} {wrong}", name)


def _wrong_with_image(data: np.ndarray, wanted: tuple[int, int, int]) -> str:
    try:
        shape = decode_image(data).shape
    except ValueError as error:
        return f"is no JPEG: {error}"
    return "" if shape == wanted else f"has shape {shape}, need {wanted}"


def unreadable_rows(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    """Name the samples whose dense maps fail HDF5's own checksum."""
    for path in shard.paths:
        if shard.is_mapped(path) or path not in FIELDS:
            continue
        for row in range(shard.count):
            try:
                shard.row(path, row)
            except OSError:
                name = shard.text("sample_id", row)
                yield Problem(entry.path, "map checksum", f"{path} cannot be read", name)
