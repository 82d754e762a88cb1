"""How many faces a mesh file holds, from its first bytes: before a reader fills the memory."""

import json
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

STL_HEADER, STL_FACE = 84, 50
"""Bytes of a binary .stl file before its faces, and of each of them."""
GLB_HEADER = struct.Struct("<4sIIII")
"""Magic, version, length of the file; length and kind of the first chunk, which is JSON."""
TEXT_HEADER = 65536
CHUNK = 1 << 20


def declared_faces(path: Path) -> int:
    """Return how many faces a .ply, .off, .stl or .glb file says it has, 0 if it does not.

    Raises:
        OSError: if the file cannot be read.
    """
    return READERS[path.suffix.lower()](path)


def _ply(path: Path) -> int:
    return _first_number(path, rb"element\s+face\s+(\d+)")


def _off(path: Path) -> int:
    return _first_number(path, rb"OFF\s+(?:#[^\n]*\s+)*\d+\s+(\d+)")


def _first_number(path: Path, pattern: bytes) -> int:
    with path.open("rb") as file:
        found = re.search(pattern, file.read(TEXT_HEADER))
    return int(found[1]) if found else 0


def _stl(path: Path) -> int:
    """Read the count of a binary file, or count the faces of a text."""
    with path.open("rb") as file:
        head = file.read(STL_HEADER)
        count = struct.unpack("<I", head[-4:])[0] if len(head) == STL_HEADER else 0
        if path.stat().st_size == STL_HEADER + STL_FACE * count:
            return count
        return sum(chunk.count(b"endfacet") for chunk in iter(lambda: file.read(CHUNK), b""))


def _glb(path: Path) -> int:
    """Sum the triangles of all primitives, each mesh once."""
    with path.open("rb") as file:
        head = file.read(GLB_HEADER.size)
        if len(head) < GLB_HEADER.size:
            return 0
        text = file.read(GLB_HEADER.unpack(head)[3])
    try:
        content = json.loads(text)
        counts = [accessor["count"] for accessor in content.get("accessors", [])]
        primitives = [one for mesh in content.get("meshes", []) for one in mesh["primitives"]]
        corners = [one.get("indices", one["attributes"]["POSITION"]) for one in primitives]
        return sum(counts[number] for number in corners) // 3
    except (ValueError, LookupError, TypeError, AttributeError):
        return 0  # the reader will say what is wrong


READERS: Mapping[str, Callable[[Path], int]] = {
    ".ply": _ply,
    ".off": _off,
    ".stl": _stl,
    ".glb": _glb,
}
