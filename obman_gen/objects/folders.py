"""Bring a folder of the user's own meshes.

``FOLDER/CATEGORY/NAME.obj`` (or .ply .glb .stl .off, or a folder NAME with one mesh in it) and
``FOLDER/categories.csv`` with the columns ``category`` and either ``unit_m`` (metres per mesh
unit, when the meshes have their true size) or ``size_min_m`` and ``size_max_m`` (longest edge).
"""

import csv
import os
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from obman_gen.errors import InputError, SampleRejected
from obman_gen.objects.config import ObjectsConfig
from obman_gen.objects.entry import Listing, ObjectEntry, Problems, by_hash, split_sequence
from obman_gen.objects.headers import declared_faces
from obman_gen.objects.meshfile import require_few_faces
from obman_gen.objects.shapenet import list_folder
from obman_gen.runfolder import write_atomically

SUFFIXES = (".obj", ".ply", ".glb", ".stl", ".off")
CATEGORY_FILE = "categories.csv"
UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
)
"""What the readers behind trimesh raise on files that are not what their names say."""


def entries(config: ObjectsConfig, folder: Path) -> Listing:
    """List a folder's meshes, and what of them cannot be had.

    Raises:
        InputError: for a missing or wrong category file.
    """
    result = Listing([], {})
    rows = _read_categories(folder / CATEGORY_FILE)
    wanted = [row for row in rows if row["category"] in (config.categories or row["category"])]
    for row in wanted:
        found = _of_category(folder, row, config.per_category)
        result.entries.extend(found.entries)
        result.problems.update(found.problems)
    if not wanted:
        raise InputError(
            f"{folder / CATEGORY_FILE} lists none of objects.categories "
            f"{', '.join(config.categories)}"
        )
    return result


def _read_categories(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}; it must list a category per line, with "
            "the columns category, and unit_m or size_min_m and size_max_m"
        ) from error
    return [_category(row, f"{path}:{number}") for number, row in enumerate(rows, start=2)]


def _category(row: Mapping[str, str | None], where: str) -> dict[str, Any]:
    name = (row.get("category") or "").strip()
    if not name or not re.fullmatch(r"[\w .-]+", name) or name.startswith("."):
        raise InputError(f"{where}: the column category must name a folder, got {name!r}")
    try:
        sizes = {key: float(row.get(key) or 0) for key in ("unit_m", "size_min_m", "size_max_m")}
    except ValueError as error:
        raise InputError(f"{where}: sizes must be numbers of metres: {error}") from error
    known = sizes["unit_m"] > 0
    ranged = 0 < sizes["size_min_m"] <= sizes["size_max_m"]
    if not (known or ranged):
        raise InputError(
            f"{where}: category {name} needs unit_m, or 0 < size_min_m <= size_max_m, got "
            f"{sizes['unit_m']:g}, {sizes['size_min_m']:g} and {sizes['size_max_m']:g}"
        )
    return {"category": name, **sizes}


def _of_category(folder: Path, row: Mapping[str, Any], count: int) -> Listing:
    name = row["category"]
    try:
        paths, problems = _mesh_files(folder / name)
    except SampleRejected as problem:
        return Listing([], {name: problem})
    if not paths:
        problems[name] = SampleRejected(
            "empty_category",
            f"{folder / name} holds no mesh ({', '.join(SUFFIXES)}); take category {name} out "
            f"of {CATEGORY_FILE}, or put meshes there",
        )
    ids = by_hash(f"{_slug(name)}/{stem}" for stem in paths)
    entries = [
        ObjectEntry(
            object_id,
            name,
            split,
            "folder",
            str(paths[object_id.partition("/")[2]].resolve()),
            row["unit_m"],
            (row["size_min_m"], row["size_max_m"]),
        )
        for object_id, split in zip(ids[: count or None], split_sequence(), strict=False)
    ]
    return Listing(entries, problems)


def _mesh_files(home: Path) -> tuple[dict[str, Path], Problems]:
    """Return mesh files by name: those of the folder, and single ones in folders below it.

    Raises:
        SampleRejected: ``unreadable_folder``.
    """
    found: dict[str, Path] = {}
    problems: Problems = {}
    for name in sorted(list_folder(home)):
        try:
            path = _mesh_file(home / name)
        except OSError as error:
            problems[f"{_slug(home.name)}/{_slug(name)}"] = SampleRejected(
                "unreadable_object", f"{error.filename}: {error.strerror}"
            )
            continue
        if path is not None:
            _enter(found, _slug(path.stem if path.parent == home else name), path)
    return found, problems


def _mesh_file(path: Path) -> Path | None:
    """Return a mesh file itself, or the only one below a folder."""
    if not path.is_dir():
        return path if path.suffix.lower() in SUFFIXES else None
    inside = [
        Path(folder, name)
        for folder, _, names in os.walk(path, onerror=_refuse)
        for name in names
        if Path(name).suffix.lower() in SUFFIXES
    ]
    return inside[0] if len(inside) == 1 else None


def _refuse(error: OSError) -> None:
    raise error


def _enter(found: dict[str, Path], name: str, path: Path) -> None:
    if name in found:
        raise InputError(f"{path} and {found[name]} would have the same name; rename one")
    found[name] = path


def _slug(name: str) -> str:
    """Make a name that can stand in an object id: letters, digits, dots, dashes."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.") or "object"


def convert(source: Path, target: Path, max_faces: int) -> None:
    """Write a .ply, .glb, .stl or .off mesh as .obj with its colours and textures.

    Raises:
        SampleRejected: ``unreadable_object`` or ``too_many_faces``.
    """
    import trimesh
    from trimesh.exchange.obj import export_obj

    try:
        require_few_faces(source, declared_faces(source), max_faces)
        scene = trimesh.load_scene(source, process=False)
        mesh = scene.to_mesh() if scene.geometry else None
    except UNREADABLE as error:
        kind = source.suffix.lower()
        raise SampleRejected(
            "unreadable_object", f"{source} cannot be read as {kind}: {error}"
        ) from error
    if mesh is None or len(mesh.faces) == 0:
        raise SampleRejected("unreadable_object", f"{source} holds no face")
    require_few_faces(source, len(mesh.faces), max_faces)
    text, side_files = export_obj(
        _with_texture(mesh), include_normals=False, return_texture=True, mtl_name="model.mtl"
    )
    for name, content in side_files.items():
        write_atomically(target.parent / name, content)
    write_atomically(target, text)


def _with_texture(mesh):
    """Turn colours of vertices or faces into a texture, which .obj files can carry."""
    from trimesh.visual import ColorVisuals, TextureVisuals

    if not isinstance(mesh.visual, ColorVisuals) or not mesh.visual.defined:
        return mesh
    colors = np.asarray(mesh.visual.face_colors)[:, :3]
    palette, index = np.unique(colors, axis=0, return_inverse=True)
    width = int(np.ceil(np.sqrt(len(palette))))
    pixels = np.zeros((width * width, 3), np.uint8)
    pixels[: len(palette)] = palette
    row, column = np.divmod(index.reshape(-1), width)
    middle = np.stack([(column + 0.5) / width, 1 - (row + 0.5) / width], axis=1)
    # Every face gets corners of its own, as they carry its colour.
    split = mesh.copy()
    split.unmerge_vertices()
    split.visual = TextureVisuals(
        uv=np.repeat(middle, 3, axis=0),
        image=Image.fromarray(pixels.reshape(width, width, 3)),
    )
    return split
