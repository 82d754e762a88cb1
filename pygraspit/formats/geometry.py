"""Triangle surfaces from any geometry file GraspIt! takes, and from trimesh."""

from pathlib import Path

import numpy as np

from pygraspit.errors import DescriptionError
from pygraspit.formats.inventor import read_inventor
from pygraspit.model import BodyModel, Geometry

INVENTOR_SUFFIXES = (".iv", ".wrl", ".vrml")
MESH_SUFFIXES = (".off", ".ply", ".obj", ".stl")


def read_geometry(path: str | Path, kind: str | None = None) -> Geometry:
    """Read the triangles of a file, in its own unit.

    Args:
        path: .iv, .wrl, .off, .ply, .obj or .stl.
        kind: "Inventor", "off" or "ply", as body XML says; None: by the file's suffix.

    Raises:
        DescriptionError: naming file and reason.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if not path.is_file():
        raise DescriptionError(f"{path}: there is no such file")
    if suffix in INVENTOR_SUFFIXES or (kind == "Inventor" and suffix not in MESH_SUFFIXES):
        return read_inventor(path)
    if suffix in MESH_SUFFIXES or kind in ("off", "ply"):
        return _read_mesh(path, (kind if kind in ("off", "ply") else suffix[1:]))
    raise DescriptionError(
        f"{path}: {suffix or kind!r} is none of {', '.join(INVENTOR_SUFFIXES + MESH_SUFFIXES)}"
    )


def _read_mesh(path: Path, file_type: str) -> Geometry:
    import trimesh

    try:
        with path.open("rb") as stream:
            mesh = trimesh.load(stream, file_type=file_type, process=False, force="mesh")
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise DescriptionError(f"{path}: not a {file_type} file: {error}") from None
    if len(getattr(mesh, "faces", ())) == 0:
        raise DescriptionError(f"{path}: holds no triangles")
    return _from_mesh(mesh)


def _from_mesh(mesh) -> Geometry:
    return Geometry(np.array(mesh.vertices, np.float64), np.array(mesh.faces, np.int64))


def body_from_trimesh(mesh, name: str, material: str = "wood", mm_per_unit: float = 1.0):
    """Return the `BodyModel` of a trimesh mesh.

    Args:
        mesh: a `trimesh.Trimesh`.
        name: of the body.
        material: one of `pygraspit.materials.MATERIALS`.
        mm_per_unit: 1000 for a mesh in metres.
    """
    geometry = _from_mesh(mesh)
    return BodyModel(name, Geometry(geometry.vertices * mm_per_unit, geometry.faces), material)
