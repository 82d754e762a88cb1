"""Put a shard together in memory, sample by sample."""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np

from obman_gen.sample import VIEWS, ObjectMesh, Sample
from obman_gen.shards.attributes import HandFacts, ShardAttributes, file_attributes, fixed_text
from obman_gen.shards.encoding import encode_image
from obman_gen.shards.field import Field, bound_shape, numpy_dtype
from obman_gen.shards.schema import FIELDS, MESH_FIELDS, SAMPLE_FIELDS

_GROWTH = 1 << 24
_DEFLATE_LEVEL = 3
"""The highest that matches a run of equal bytes with the run before it, not with the byte before.

A decoder copies the latter byte after byte, each waiting for the last: at level 4, maps of which
much is empty take two to three times as long to read, for 0.6 % fewer bytes in the shard.
"""


def _gzip() -> dict[str, Any]:
    return {
        "compression": "gzip",
        "compression_opts": _DEFLATE_LEVEL,
        "shuffle": True,
        "fletcher32": True,
    }


def _blosc2() -> dict[str, Any]:
    import hdf5plugin

    filters = hdf5plugin.Blosc2(cname="zstd", clevel=5, filters=hdf5plugin.Blosc2.SHUFFLE)
    return {**filters, "fletcher32": True}


FILTERS: Mapping[str, Callable[[], dict[str, Any]]] = {"gzip": _gzip, "blosc2": _blosc2}


@dataclass
class Assembly:
    """A shard being assembled in memory: dense maps already compressed, the rest as lists."""

    hand: HandFacts
    compression: str
    """A key of `FILTERS`."""
    count: int = 0
    first_id: str = ""
    values: dict[str, list] = field(default_factory=dict)
    jpegs: dict[str, list[bytes]] = field(default_factory=lambda: {view: [] for view in VIEWS})
    dense: dict[str, h5py.Dataset] = field(default_factory=dict)

    def __post_init__(self):
        # In memory: nothing on disk to clean up if the process dies, and hashed as written.
        self.file = h5py.File(
            "shard",
            "w",
            driver="core",
            backing_store=False,
            block_size=_GROWTH,
            libver=("earliest", "v110"),
        )

    def append(self, sample: Sample) -> None:
        """Encode one sample."""
        self.first_id = self.first_id or sample.sample_id
        for view in VIEWS:
            self.jpegs[view].append(encode_image(sample.views[view].image))
        for spec in SAMPLE_FIELDS.values():
            if spec.path == "normals/ho" and sample.views["ho"].normals is None:
                continue
            value = self._value(spec, sample)
            if spec.dense:
                self._append_dense(spec, value, sample.sample_id)
            else:
                self.values.setdefault(spec.path, []).append(value)
        self.count += 1

    def _value(self, spec: Field, sample: Sample) -> Any:
        if spec.path == "hand/pca":
            return self.hand.pca(sample.hand.pose)
        if spec.path == "crc32":
            return crc32_of(self.jpegs[view][-1] for view in VIEWS)
        assert spec.value is not None, f"{spec.path} has no rule for its value"
        return spec.value(sample)

    def _append_dense(self, spec: Field, value: np.ndarray, sample_id: str) -> None:
        if spec.path not in self.dense:
            self.dense[spec.path] = self._create_dense(spec, value.shape)
        dataset = self.dense[spec.path]
        if len(dataset) != self.count:
            raise ValueError(f"{sample_id} has {spec.path}, the samples before it have not")
        if value.shape != dataset.shape[1:]:
            raise ValueError(
                f"{sample_id}: {spec.path} has shape {value.shape}, earlier samples have "
                f"{dataset.shape[1:]}"
            )
        dataset.resize(self.count + 1, axis=0)
        dataset[self.count] = value

    def _create_dense(self, spec: Field, shape: tuple[int, ...]) -> h5py.Dataset:
        dataset = self.file.create_dataset(
            spec.path,
            shape=(0, *shape),
            maxshape=(None, *shape),
            chunks=(1, *shape),
            dtype=numpy_dtype(spec),
            track_times=False,
            **FILTERS[self.compression](),
        )
        _describe(dataset, spec)
        return dataset

    def finish(self, meshes: Mapping[str, ObjectMesh], attributes: ShardAttributes) -> bytes:
        """Write everything but the dense maps and return the file's bytes."""
        for spec in SAMPLE_FIELDS.values():
            if not spec.dense:
                self._write(spec, spec.path, _column(spec, self.values[spec.path]))
        for view in VIEWS:
            jpegs = self.jpegs[view]
            lengths = [0, *(len(data) for data in jpegs)]
            data = np.frombuffer(b"".join(jpegs), np.uint8)
            self._write(FIELDS[f"images/{view}/bytes"], f"images/{view}/bytes", data)
            offsets = np.cumsum(lengths, dtype=np.int64)
            self._write(FIELDS[f"images/{view}/offset"], f"images/{view}/offset", offsets)
        self._write(FIELDS["hand/faces"], "hand/faces", self.hand.faces)
        self._write_meshes(meshes)
        self._require_complete()
        self.file.attrs.update(file_attributes(attributes))
        self.file.flush()
        data = self.file.id.get_file_image()
        self.file.close()
        return data

    def _write(self, spec: Field, path: str, array: np.ndarray) -> None:
        is_text = spec.dtype == "str"
        dtype = h5py.string_dtype("utf-8", array.dtype.itemsize) if is_text else numpy_dtype(spec)
        data = np.ascontiguousarray(array, dtype)
        _describe(self.file.create_dataset(path, data=data, track_times=False), spec)

    def _write_meshes(self, meshes: Mapping[str, ObjectMesh]) -> None:
        for object_id in sorted(set(self.values["object/id"])):
            if object_id not in meshes:
                raise ValueError(f"no mesh is given for object {object_id}, which a sample shows")
            for name, spec in MESH_FIELDS.items():
                array = getattr(meshes[object_id], name)
                self._write(spec, f"meshes/{object_id}/{name}", array)

    def _require_complete(self) -> None:
        for path, dataset in self.dense.items():
            if len(dataset) != self.count:
                raise ValueError(f"only {len(dataset)} of {self.count} samples have {path}")
        vertex_count = len(self.values["hand/vertices"][0])
        if self.hand.faces.max() >= vertex_count:
            raise ValueError(f"hand/faces name more than the {vertex_count} hand vertices")


def crc32_of(jpegs: Iterable[Any]) -> int:
    """Return the checksum of a sample's images (bytes or arrays), in the order of `VIEWS`."""
    checksum = 0
    for data in jpegs:
        checksum = zlib.crc32(data, checksum)
    return checksum


def _column(spec: Field, values: list) -> np.ndarray:
    """Stack rows; strings get the length of the longest."""
    if spec.dtype == "str":
        encoded = [value.encode() for value in values]
        return np.array(encoded, dtype=f"S{max(1, *map(len, encoded), 1)}")
    try:
        column = np.stack([np.asarray(value, numpy_dtype(spec)) for value in values])
    except ValueError as error:
        raise ValueError(f"{spec.path}: samples disagree in shape: {error}") from error
    wanted = bound_shape(spec, {"N": len(values)})
    fits = column.ndim == len(wanted) and all(
        want in (None, have) for want, have in zip(wanted, column.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{spec.path} has shape {column.shape}, need {spec.shape}")
    return column


def _describe(dataset: h5py.Dataset, spec: Field) -> None:
    """Let the file explain itself to whoever opens it with another tool."""
    for name in ("unit", "frame", "meaning"):
        text = getattr(spec, name)
        if text:
            dataset.attrs[name] = fixed_text(text)
