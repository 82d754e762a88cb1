"""Cut an object into convex parts as ObMan's evaluation does: V-HACD, as shipped in PyBullet."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from obman_gen.metrics.bullet import pybullet, silenced
from obman_gen.metrics.surfaces import Faces, Vertices, require_surface

OBMAN_VHACD = {
    "resolution": 1000,
    "concavity": 0.001,
    "planeDownsampling": 4,
    "convexhullDownsampling": 4,
    "alpha": 0.05,
    "beta": 0.0,
    "pca": 0,
    "mode": 0,
    "maxNumVerticesPerCH": 64,
    "minVolumePerCH": 0.0001,
}
"""ObMan's parameters of V-HACD 2. The resolution is in voxels altogether: about 10 per edge."""


def vhacd_parts(vertices: Vertices, faces: Faces) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return convex parts of a surface, (vertices, faces) each, by V-HACD with ObMan's settings.

    Takes about 0.1 s for a convex object and several seconds for one with holes. A surface in
    which V-HACD finds nothing, because it is thinner than its voxels, comes back as one part:
    PyBullet takes each part's convex hull.

    Raises:
        ValueError: if the mesh has no surface or is not finite.
    """
    require_surface(vertices, faces, "object")
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "object.obj"), Path(folder, "parts.obj")
        write_obj(source, [(vertices, faces)], np.zeros(3))
        bullet = pybullet()
        with silenced():
            bullet.vhacd(str(source), str(result), str(Path(folder, "log.txt")), **OBMAN_VHACD)
        found = _read_parts(result.read_text().splitlines())
    return found or [(np.asarray(vertices, np.float64), np.asarray(faces))]


def write_obj(path: Path, parts: Iterable[tuple[np.ndarray, np.ndarray]], centre) -> Path:
    """Write parts as groups of one file, relative to a centre."""
    text, start = [], 1
    for number, (vertices, faces) in enumerate(parts):
        text.append(f"o part{number}\n")
        relative = np.asarray(vertices, np.float64) - centre
        text.append("v %.9g %.9g %.9g\n" * len(vertices) % tuple(relative.ravel().tolist()))
        text.append("f %d %d %d\n" * len(faces) % tuple((faces + start).ravel().tolist()))
        start += len(vertices)
    path.write_text("".join(text))
    return path


def _read_parts(lines: Iterable[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Read V-HACD's file: groups of ``v`` and ``f`` lines, corners counted from the first."""
    groups: list[tuple[list, list]] = []
    for line in lines:
        kind, *values = line.split() or [""]
        if kind == "o":
            groups.append(([], []))
        elif kind == "v":
            groups[-1][0].append([float(value) for value in values])
        elif kind == "f":
            groups[-1][1].append([int(value) for value in values])
    starts = np.cumsum([1] + [len(vertices) for vertices, _ in groups])
    return [
        (np.array(vertices), np.array(faces) - start)
        for (vertices, faces), start in zip(groups, starts, strict=False)
    ]
