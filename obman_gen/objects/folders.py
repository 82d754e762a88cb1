"""Bring a folder of the user's own meshes.

``FOLDER/CATEGORY/NAME.obj`` (or .ply .glb .stl .off, or a folder NAME with one mesh in it) and
``FOLDER/categories.csv`` with the columns ``category`` and either ``unit_m`` (metres per mesh
unit, when the meshes have their true size) or ``size_min_m`` and ``size_max_m`` (longest edge).
"""

import csv
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from obman_gen.errors import InputError, SampleRejected
from obman_gen.objects.config import ObjectsConfig
from obman_gen.objects.entry import ObjectEntry, by_hash, split_sequence
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


def entries(config: ObjectsConfig, folder: Path) -> list[ObjectEntry]:
    """List a folder's meshes.

    Raises:
        InputError: for a missing or wrong category file, or a category without a mesh.
    """
    result = []
    for row in _read_categories(folder / CATEGORY_FILE):
        if config.categories and row["category"] not in config.categories:
            continue
        result += _of_category(folder, row, config.per_category)
    if not result:
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


def _of_category(folder: Path, row: Mapping[str, Any], count: int) -> list[ObjectEntry]:
    name = row["category"]
    paths = _mesh_files(folder / name)
    if not paths:
        raise InputError(
            f"{folder / name} holds no mesh ({', '.join(SUFFIXES)}); take category {name} out "
            f"of {CATEGORY_FILE}, or put meshes there"
        )
    ids = by_hash(f"{_slug(name)}/{stem}" for stem in paths)
    return [
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


def _mesh_files(home: Path) -> dict[str, Path]:
    """Return mesh files by name: those of the folder, and single ones in folders below it."""
    found: dict[str, Path] = {}
    for name in sorted(list_folder(home)):
        path = home / name
        if path.suffix.lower() in SUFFIXES:
            _enter(found, _slug(path.stem), path)
        elif path.is_dir():
            inside = [p for p in sorted(path.rglob("*")) if p.suffix.lower() in SUFFIXES]
            if len(inside) == 1:
                _enter(found, _slug(name), inside[0])
    return found


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
        scene = trimesh.load_scene(source, process=False)
        mesh = scene.to_mesh() if scene.geometry else None
    except UNREADABLE as error:
        raise SampleRejected("unreadable_object", f"{source}: {error}") from error
    if mesh is None or len(mesh.faces) == 0:
        raise SampleRejected("unreadable_object", f"{source} holds no face")
    if len(mesh.faces) > max_faces:
        raise SampleRejected(
            "too_many_faces",
            f"{source} has {len(mesh.faces)} faces, allowed are {max_faces}; reduce it, or "
            "raise objects.max_faces",
        )
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
