"""Read .obj and .mtl files as ShapeNet ships them: geometry, texture coordinates, materials.

Hostile input is the rule: faces twice with opposite winding, polygons, missing textures,
material names without a definition, `l` lines, empty groups, negative indices.
"""

import itertools
import logging
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Integer

from obman_gen.arrays import distinct_rows
from obman_gen.errors import SampleRejected
from obman_gen.scene.drawing import Material

logger = logging.getLogger(__name__)

DEFAULT_MATERIAL = Material(base_color=(0.6, 0.6, 0.6))


@dataclass(frozen=True)
class TexturedMesh:
    """Triangles with materials, in the file's own units."""

    vertices: Float[np.ndarray, "vertex 3"]
    faces: Integer[np.ndarray, "face 3"]
    uv: Float[np.ndarray, "face 3 2"] | None
    material_indices: Integer[np.ndarray, "face"]
    materials: tuple[Material, ...]


def read_obj(path: Path) -> TexturedMesh:
    """Read an .obj file and the .mtl files it names; polygons become fans of triangles.

    Exact copies of a face, whatever their winding, are dropped: ShapeNet doubles its faces,
    and twins would cancel each other's shading normals.

    Raises:
        SampleRejected: ``unreadable_object`` if the file has no face, or a word for a number.
    """
    records = _Records()
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            records.take_all(lines)
    except OSError as error:
        raise SampleRejected("unreadable_object", f"{path}: {error.strerror}") from error
    if not records.faces or not records.vertices:
        raise SampleRejected("unreadable_object", f"{path} holds no face")
    try:
        mesh = records.mesh(path)
    except (ValueError, OverflowError) as error:
        raise SampleRejected("unreadable_object", f"{path}: {error}") from error
    return _drop_twins(mesh, path)


def read_corners(path: Path) -> Float[np.ndarray, "face 3 2"] | None:
    """Return the texture coordinates of an .obj's triangles in the file's order, if it has any."""
    records = _Records()
    with path.open(encoding="utf-8", errors="replace") as lines:
        records.take_all(lines)
    corners, _ = records.triangles()
    return _corner_uvs(_numbers(records.uvs, 2), corners[..., 1])


class _Records:
    """The lines of an .obj file, sorted by kind while they are read."""

    def __init__(self):
        self.vertices: list[str] = []
        self.uvs: list[str] = []
        self.faces: list[str] = []
        self.face_materials: list[int] = []
        self.seen: list[tuple[int, int]] = []
        """Vertices and texture coordinates before each face: what negative indices count from."""
        self.material_names: dict[str, int] = {}
        self.libraries: list[str] = []
        self.current = -1

    def take_all(self, lines: Iterable[str]) -> None:
        """File all lines, those of one kind in a row at once."""
        for start, block in itertools.groupby(lines, key=lambda line: line[:2]):
            if start == "v ":
                self.vertices += [line[2:] for line in block]
            elif start == "vt":
                self.uvs += [line[3:] for line in block if line[2:3] == " "]
            elif start == "f ":
                self._take_faces([line[2:].strip() for line in block])
            else:
                for line in block:
                    self._take(line)

    def _take(self, line: str) -> None:
        """File one line of any form."""
        kind, _, rest = line.strip().partition(" ")
        if kind == "v":
            self.vertices.append(rest)
        elif kind == "vt":
            self.uvs.append(rest)
        elif kind == "f":
            self._take_faces([rest])
        elif kind == "usemtl":
            self.current = self.material_names.setdefault(rest.strip(), len(self.material_names))
        elif kind == "mtllib":
            self.libraries.append(rest.strip())

    def _take_faces(self, rows: list[str]) -> None:
        if self.current < 0:
            self.current = self.material_names.setdefault("", len(self.material_names))
        self.faces += rows
        self.face_materials += [self.current] * len(rows)
        self.seen += [(len(self.vertices), len(self.uvs))] * len(rows)

    def triangles(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (triangle, corner, vertex and texture index) and each triangle's face."""
        corners = _plain_triangles(self.faces)
        if corners is not None:
            return corners, np.arange(len(corners))
        found: list[tuple[tuple[int, int], ...]] = []
        owners: list[int] = []
        for face, (rest, counts) in enumerate(zip(self.faces, self.seen, strict=True)):
            polygon = [_corner(word, counts) for word in rest.split()]
            for second, third in itertools.pairwise(polygon[1:]):
                found.append((polygon[0], second, third))
                owners.append(face)
        return np.array(found, int).reshape(-1, 3, 2), np.array(owners, int)

    def mesh(self, path: Path) -> TexturedMesh:
        """Build the arrays once every line is read."""
        vertices = _numbers(self.vertices, 3)
        corners, owners = self.triangles()
        inside = (corners[..., 0] >= 0) & (corners[..., 0] < len(vertices))
        keep = inside.all(axis=1) & np.isfinite(vertices[np.where(inside, corners[..., 0], 0)]).all(
            axis=(1, 2)
        )
        definitions: dict[str, Material] = {}
        for name in self.libraries:
            definitions |= read_mtl(path.parent / name)
        return TexturedMesh(
            vertices,
            corners[keep, :, 0],
            _corner_uvs(_numbers(self.uvs, 2), corners[keep, :, 1]),
            np.array(self.face_materials, int)[owners[keep]],
            tuple(definitions.get(name, DEFAULT_MATERIAL) for name in self.material_names),
        )


_ONE_FORM = re.compile(r"\d+ \d+ \d+|\d+(/\d+){1,2} \d+(/\d+){1,2} \d+(/\d+){1,2}")


def _plain_triangles(faces: list[str]) -> np.ndarray | None:
    """Parse faces at once if all are triangles of positive indices in one form, else None.

    The forms are those of the first face: ``1 2 3``, ``1/1 2/2 3/3`` or ``1/1/1 2/2/2 3/3/3``.
    """
    if not faces or not _ONE_FORM.fullmatch(faces[0]):
        return None
    slashes = faces[0].count("/")
    text = " ".join(faces)
    if "-" in text or "//" in text or {face.count("/") for face in faces} != {slashes}:
        return None
    if {face.count(" ") for face in faces} != {2}:
        return None
    numbers = _parsed(text.replace("/", " "), np.int64)
    if numbers.max() == np.iinfo(np.int64).max:  # where numbers too large for it end up
        raise ValueError("a face names a corner beyond all counting")
    indices = numbers.reshape(len(faces), 3, 1 + slashes // 3)
    texture = indices[..., 1] if slashes else np.zeros(indices.shape[:2], np.int64)
    return np.stack([indices[..., 0], texture], axis=-1) - 1


def _corner(word: str, counts: tuple[int, int]) -> tuple[int, int]:
    position, _, rest = word.partition("/")
    texture = rest.partition("/")[0]
    return (
        _from_zero(int(position), counts[0]),
        _from_zero(int(texture), counts[1]) if texture else -1,
    )


def _from_zero(index: int, count: int) -> int:
    return index - 1 if index > 0 else count + index


def _parsed(text: str, kind: type) -> np.ndarray:
    """Parse numbers in a row, three times as fast as word by word."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        try:
            return np.fromstring(text, kind, sep=" ")
        except DeprecationWarning as error:  # how it says that it stopped at a word
            raise ValueError("a word stands where a number should") from error


def _numbers(rows: list[str], width: int) -> np.ndarray:
    """Parse rows of numbers, keeping the first ``width`` of each."""
    if not rows:
        return np.zeros((0, width))
    values = _parsed(" ".join(rows), np.float64)
    if len(values) % len(rows) == 0 and len(values) // len(rows) >= width:
        return values.reshape(len(rows), -1)[:, :width]
    return np.array([(row.split() + ["0"] * width)[:width] for row in rows], dtype=np.float64)


def _corner_uvs(uvs: np.ndarray, indices: np.ndarray) -> np.ndarray | None:
    known = (indices >= 0) & (indices < len(uvs))
    if not known.any():
        return None
    corner_uvs = uvs[np.where(known, indices, 0)]
    corner_uvs[~known | ~np.isfinite(corner_uvs).all(axis=2)] = 0
    return corner_uvs


def _drop_twins(mesh: TexturedMesh, path: Path) -> TexturedMesh:
    """Weld equal positions, then keep the first of the faces with the same three corners."""
    first, welded = distinct_rows(mesh.vertices)
    positions, faces = mesh.vertices[first], welded[mesh.faces]
    proper = (
        (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    )
    first, _ = distinct_rows(np.sort(faces, axis=1))
    keep = np.sort(first[proper[first]])
    if not len(keep):
        raise SampleRejected(
            "unreadable_object",
            f"{path}: every face has zero area, or a corner that is not there or not finite",
        )
    return replace(
        mesh,
        vertices=positions,
        faces=faces[keep],
        uv=None if mesh.uv is None else mesh.uv[keep],
        material_indices=mesh.material_indices[keep],
    )


def read_mtl(path: Path) -> dict[str, Material]:
    """Read a material library; a missing one is empty, as the object still has a shape."""
    if not path.is_file():
        logger.info("material library %s is missing", path)
        return {}
    materials: dict[str, Material] = {}
    name = ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, rest = line.strip().partition(" ")
        if key == "newmtl":
            name = rest.strip()
            materials[name] = Material()
        elif name and rest:
            materials[name] = _with_statement(materials[name], key, rest.strip(), path.parent)
    return materials


def _with_statement(material: Material, key: str, rest: str, folder: Path) -> Material:
    """Apply one line of a material; lines of other kinds, or without numbers, change nothing."""
    if key == "map_Kd":
        texture = folder / rest.rsplit(maxsplit=1)[-1].replace("\\", "/")
        if not texture.is_file():
            logger.info("texture %s is missing", texture)
            return material
        return replace(material, texture=texture, base_color=(1.0, 1.0, 1.0))
    if key not in _STATEMENTS:
        return material
    try:
        values = [float(word) for word in rest.split()[:3]]
    except ValueError:
        return material
    return _STATEMENTS[key](material, values)


def _with_diffuse(material: Material, values: list[float]) -> Material:
    if len(values) < 3 or material.texture is not None:
        return material
    red, green, blue = (min(max(value, 0.0), 1.0) ** 2.2 for value in values)
    return replace(material, base_color=(red, green, blue))


def _with_opacity(material: Material, values: list[float]) -> Material:
    return replace(material, transmission=0.9 if values[0] < 0.9 else 0.0)


_STATEMENTS = {
    "Kd": _with_diffuse,
    "Ks": lambda material, values: replace(material, specular=min(max(*values, 0.0), 1.0)),
    # A Phong exponent n has the highlight of this roughness.
    "Ns": lambda material, values: replace(
        material, roughness=(2 / (max(values[0], 0.0) + 2)) ** 0.25
    ),
    # The physical extension of the format, which our own objects use.
    "Pr": lambda material, values: replace(material, roughness=min(max(values[0], 0.0), 1.0)),
    "Pm": lambda material, values: replace(material, metallic=min(max(values[0], 0.0), 1.0)),
    "Pc": lambda material, values: replace(material, coat=min(max(values[0], 0.0), 1.0)),
    "d": _with_opacity,
    "Tr": lambda material, values: _with_opacity(material, [1 - values[0]]),
}
