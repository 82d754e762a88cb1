"""Prepare one object: files, closed surface, planning surface, convex parts, points, sizes.

What depends on the mesh alone is stored once per content, under ``solids/HASH.npz``; what
belongs to the object, under ``SYNSET/ID/object.json``.
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from obman_gen.errors import InputError, SampleRejected
from obman_gen.objects import folders, solids
from obman_gen.objects.config import ObjectsConfig
from obman_gen.objects.entry import ObjectEntry, to_line, write_table
from obman_gen.objects.meshfile import read_bytes, read_mesh
from obman_gen.objects.sizes import SPREAD, draw_scales, require_holdable
from obman_gen.objects.solids import MassProperties
from obman_gen.objects.surface import Surface, outer_surface
from obman_gen.runfolder import write_atomically
from obman_gen.sample import ObjectMesh, Split
from obman_gen.streams import RandomStreams
from pygraspit.sdf import PADDING, SignedDistanceGrid, bake

VERSION = 1
"""Of the preparation: solids made by another are made again."""
MODEL = "models/model_normalized.obj"


@dataclass(frozen=True)
class PreparedObject:
    """Everything the later stages need of an object. Raw units but for ``scales``."""

    object_id: str
    category: str
    split: Split
    path: Path
    """The .obj file that is rendered."""
    mesh: ObjectMesh
    """As rendered."""
    surface: Surface
    """Closed, for physics and exact distances."""
    planning_surface: Surface
    """The same with about 1,500 faces at most."""
    convex_parts: Sequence[Surface]
    distance: SignedDistanceGrid
    mass: MassProperties
    """Of the volume inside ``surface``, at density 1."""
    scales: tuple[float, ...]
    """Metres per raw unit, smallest first."""


def prepare(entry: ObjectEntry, objects_folder: Path, config: ObjectsConfig, seed: int) -> None:
    """Make an object's files and solids.

    Raises:
        SampleRejected: if the mesh is no good, under the rule it breaks.
    """
    home = objects_folder / entry.object_id
    size = _bring(entry, home, config)
    path = _mesh_path(entry, objects_folder)
    key = _key(path, config)
    arrays = _solids(path, _solids_path(objects_folder, key), config)
    extents = np.ptp(arrays["mesh_vertices"][arrays["mesh_faces"]].reshape(-1, 3), axis=0)
    scales = _scales(entry, size, float(extents.max()), config, seed)
    require_holdable(float(extents.max()), scales)
    record = {
        "entry": entry.to_json(),
        "solids": key,
        "extents": [float(extent) for extent in extents],
        "volume": float(arrays["volume"]),
        "scales": scales,
    }
    write_atomically(home / "object.json", to_line(record))


def is_prepared(entry: ObjectEntry, objects_folder: Path, config: ObjectsConfig) -> bool:
    """Tell whether `prepare` has been done for this entry, this mesh and this configuration."""
    record = _record(objects_folder, entry.object_id)
    if record is None or record["entry"] != json.loads(to_line(entry.to_json())):
        return False
    if len(record["scales"]) != config.scales_per_object:
        return False
    try:
        key = _key(_mesh_path(entry, objects_folder), config)
    except SampleRejected:
        return False
    return record["solids"] == key and _solids_path(objects_folder, key).exists()


def read_scales(objects_folder: Path, object_id: str) -> tuple[float, ...]:
    """Read a prepared object's sizes alone: metres per raw unit, smallest first.

    Raises:
        InputError: if the object is not there.
    """
    return tuple(_required_record(objects_folder, object_id)["scales"])


def load_prepared(objects_folder: Path, object_id: str) -> PreparedObject:
    """Read a prepared object.

    Raises:
        InputError: if it is not there, not readable, or its solids are none.
    """
    record = _required_record(objects_folder, object_id)
    path = _solids_path(objects_folder, record["solids"])
    try:
        # np.load itself leaves a truncated file open
        with path.open("rb") as file, np.load(file) as stored:
            arrays = dict(stored)
        prepared = _prepared(record, arrays, objects_folder)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise InputError(
            f"{path} cannot be read: {error}; delete it and run `obman-gen objects` again"
        ) from error
    shapes = [prepared.surface, prepared.planning_surface, *prepared.convex_parts]
    if not (all(map(solids.is_solid, shapes)) and np.isfinite(prepared.distance.values).all()):
        raise InputError(
            f"{path} holds no solid that could be held; delete it and run `obman-gen objects` again"
        )
    return prepared


def _required_record(objects_folder: Path, object_id: str) -> Mapping[str, Any]:
    record = _record(objects_folder, object_id)
    if record is None:
        raise InputError(
            f"{objects_folder / object_id} holds no prepared object; run `obman-gen objects`"
        )
    return record


def _prepared(
    record: Mapping[str, Any], arrays: Mapping[str, np.ndarray], objects_folder: Path
) -> PreparedObject:
    entry = ObjectEntry.from_json(record["entry"])
    return PreparedObject(
        entry.object_id,
        entry.category,
        entry.split,
        _mesh_path(entry, objects_folder),
        ObjectMesh(arrays["mesh_vertices"], arrays["mesh_faces"], arrays["surface_points"]),
        Surface(arrays["surface_vertices"], arrays["surface_faces"]),
        Surface(arrays["planning_vertices"], arrays["planning_faces"]),
        _unpacked(arrays),
        SignedDistanceGrid(
            arrays["distance_values"],
            arrays["distance_origin"],
            float(arrays["distance_spacing"]),
        ),
        MassProperties(float(arrays["volume"]), arrays["mass_center"], arrays["inertia"]),
        tuple(record["scales"]),
    )


def write_objects_table(path: Path, entries: Sequence[ObjectEntry]) -> None:
    """Write ``objects.csv``: the prepared entries and what was found about them."""
    records = [(entry, _record(path.parent, entry.object_id)) for entry in entries]
    write_table(path, [(entry, record) for entry, record in records if record is not None])


def _record(objects_folder: Path, object_id: str) -> Mapping[str, Any] | None:
    try:
        return json.loads((objects_folder / object_id / "object.json").read_text())
    except (OSError, json.JSONDecodeError):
        return None


def _bring(entry: ObjectEntry, home: Path, config: ObjectsConfig) -> float:
    """Put the object's own files in place; return metres per unit, 0 where unknown."""
    if entry.source == "procedural":
        from obman_gen.objects.procedural import make

        model = make(entry.object_id)
        for name, content in model.files.items():
            write_atomically(home / name, content)
        return model.metres_per_unit
    if not entry.path.endswith(".obj"):
        folders.convert(Path(entry.path), home / MODEL, config.max_faces)
    return entry.metres_per_unit


def _mesh_path(entry: ObjectEntry, objects_folder: Path) -> Path:
    if entry.path.endswith(".obj"):
        return Path(entry.path)
    return objects_folder / entry.object_id / MODEL


def _key(path: Path, config: ObjectsConfig) -> str:
    """Hash everything that decides the solids."""
    settings = (VERSION, config.surface_resolution, config.convex_threshold, config.max_faces)
    digest = hashlib.sha256(repr(settings).encode())
    digest.update(read_bytes(path))
    return digest.hexdigest()[:32]


def _solids_path(objects_folder: Path, key: str) -> Path:
    return objects_folder / "solids" / f"{key}.npz"


def _scales(
    entry: ObjectEntry, metres_per_unit: float, extent: float, config: ObjectsConfig, seed: int
) -> list[float]:
    count = config.scales_per_object
    if metres_per_unit > 0 and count == 1:
        return [float(f"{metres_per_unit:.6f}")]
    if metres_per_unit > 0:
        low, high = (metres_per_unit * share for share in SPREAD)
    else:
        low, high = (size / extent for size in entry.size_range_m)
    rng = RandomStreams(seed, entry.object_id)("scale")
    return list(draw_scales(rng, low, high, count))


def _solids(path: Path, stored: Path, config: ObjectsConfig) -> dict[str, np.ndarray]:
    """Load the solids of a mesh, or make and store them."""
    if stored.exists():
        with np.load(stored) as file:
            return dict(file)
    arrays = make_solids(path, config)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_atomically(stored, buffer.getvalue())
    return arrays


def make_solids(path: Path, config: ObjectsConfig) -> dict[str, np.ndarray]:
    """Compute everything about a mesh that later stages look up.

    Raises:
        SampleRejected: see `read_mesh` and `outer_surface`.
    """
    mesh = read_mesh(path, config.max_faces)
    whole = outer_surface(mesh.vertices, mesh.faces, config.surface_resolution)
    surface = solids.simplified(whole, solids.PHYSICS_FACES)
    planning = solids.simplified(surface, solids.PLANNING_FACES)
    parts = solids.convex_parts(planning, config.convex_threshold)
    grid = bake(surface.vertices, surface.faces, solids.sdf_resolution(surface, PADDING), PADDING)
    mass = solids.mass_properties(surface)
    points = solids.surface_points(surface, RandomStreams(0, "surface points")("draw"))
    return {
        "mesh_vertices": mesh.vertices,
        "mesh_faces": mesh.faces.astype(np.int32),
        "surface_points": points,
        "surface_vertices": surface.vertices,
        "surface_faces": surface.faces.astype(np.int32),
        "planning_vertices": planning.vertices,
        "planning_faces": planning.faces.astype(np.int32),
        "parts_vertices": np.concatenate([part.vertices for part in parts]),
        "parts_faces": np.concatenate([part.faces for part in parts]).astype(np.int32),
        "parts_counts": np.array([(len(part.vertices), len(part.faces)) for part in parts]),
        "distance_values": grid.values,
        "distance_origin": grid.origin,
        "distance_spacing": np.array(grid.spacing),
        "volume": np.array(mass.volume),
        "mass_center": mass.center,
        "inertia": mass.inertia,
    }


def _unpacked(arrays: Mapping[str, np.ndarray]) -> list[Surface]:
    vertex_ends, face_ends = np.cumsum(arrays["parts_counts"], axis=0).T
    vertices = np.split(arrays["parts_vertices"], vertex_ends[:-1])
    faces = np.split(arrays["parts_faces"], face_ends[:-1])
    return [Surface(v, f) for v, f in zip(vertices, faces, strict=True)]
