"""Read an object's mesh as it will be rendered, and refuse what cannot be held."""

from pathlib import Path

import numpy as np

from obman_gen.errors import SampleRejected
from obman_gen.objects.solids import LARGEST_COORDINATE
from obman_gen.objects.surface import Surface

FLATTEST = 1e-4
"""Longest over second longest extent: a line cannot be held."""


def read_mesh(path: Path, max_faces: int) -> Surface:
    """Read an .obj file's vertices and faces, equal to those that are rendered.

    Raises:
        SampleRejected: ``unreadable_object``, ``too_many_faces``, ``too_few_faces`` or
            ``object_extent``.
    """
    from obman_gen.scene.wavefront import read_obj

    content = read_bytes(path)
    require_few_faces(path, content.count(b"\nf ") + content.startswith(b"f "), max_faces)
    del content
    try:
        textured = read_obj(path)
    except (ValueError, IndexError) as error:
        raise SampleRejected("unreadable_object", f"{path} is no .obj file: {error}") from error
    mesh = Surface(textured.vertices, textured.faces)
    _require_extent(mesh, path)
    return mesh


def require_few_faces(path: Path, count: int, most: int) -> None:
    """Refuse what would take minutes and gigabytes.

    Raises:
        SampleRejected: ``too_many_faces``.
    """
    if count > most:
        raise SampleRejected(
            "too_many_faces",
            f"{path} has {count} faces, allowed are {most}; reduce it, or raise objects.max_faces",
        )


def read_bytes(path: Path) -> bytes:
    """Read a file whole.

    Raises:
        SampleRejected: ``unreadable_object``.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise SampleRejected("unreadable_object", f"{path}: {error.strerror}") from error


def _require_extent(mesh: Surface, path: Path) -> None:
    used = mesh.vertices[mesh.faces].reshape(-1, 3)
    if len(mesh.faces) < 4:
        raise SampleRejected(
            "too_few_faces", f"{path} has {len(mesh.faces)} faces, a solid has at least 4"
        )
    largest = float(np.abs(used).max())
    extents = np.sort(np.ptp(used, axis=0))
    if largest > LARGEST_COORDINATE or not extents[1] > FLATTEST * extents[2]:
        raise SampleRejected(
            "object_extent",
            f"{path} reaches out to {largest:.3g} and measures "
            f"{' x '.join(f'{extent:.3g}' for extent in extents)} units; it is garbage or a line",
        )
