"""A procedural object under construction, and its files in ShapeNet's layout."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from obman_gen.objects.procedural.shape import Shape, merged

Color = tuple[float, float, float]
"""sRGB, 0 to 1."""


@dataclass(frozen=True)
class Finish:
    """What a part is made of: a line of the material library."""

    color: Color = (0.8, 0.8, 0.8)
    roughness: float = 0.4
    metallic: float = 0.0
    specular: float = 0.5
    coat: float = 0.0
    opacity: float = 1.0
    texture: UInt8[np.ndarray, "_ _ 3"] | None = None


class ModelFiles(NamedTuple):
    """An object's files, and its size."""

    files: dict[str, bytes]
    """By name below the object's folder."""
    metres_per_unit: float


class Model:
    """Collects shapes and the materials they use."""

    def __init__(self):
        self._shapes: list[Shape] = []
        self._finishes: list[Finish] = []

    def finish(self, finish: Finish) -> int:
        """Enter a material; return its number for shapes to use."""
        self._finishes.append(finish)
        return len(self._finishes) - 1

    def part(self) -> "Model":
        """Return an empty model that shares the materials: a part to be placed as a whole."""
        part = Model()
        part._finishes = self._finishes
        return part

    def refinish(self, number: int, finish: Finish) -> None:
        """Replace a material."""
        self._finishes[number] = finish

    def add(self, *shapes: Shape) -> None:
        """Add parts. Each is closed by itself; parts that touch overlap a little."""
        self._shapes.extend(shapes)

    def reshape(self, bend: Callable[[Shape], Shape]) -> None:
        """Move the vertices of all parts added so far."""
        self._shapes = [bend(shape) for shape in self._shapes]

    def shape(self) -> Shape:
        """Return all parts in metres."""
        return merged(self._shapes)

    def finishes(self) -> Sequence[Finish]:
        """Return the materials by number."""
        return tuple(self._finishes)

    def files(self) -> ModelFiles:
        """Write the object as ShapeNet does: centred, the bounding box's diagonal 1."""
        shape = self.shape()
        low, high = shape.vertices.min(axis=0), shape.vertices.max(axis=0)
        diagonal_m = float(np.linalg.norm(high - low))
        vertices = (shape.vertices - (low + high) / 2) / diagonal_m
        files = {"models/model_normalized.obj": _obj(shape.bent(vertices)).encode()}
        library = []
        for number, finish in enumerate(self._finishes):
            image = f"images/texture{number}.png" if finish.texture is not None else None
            if finish.texture is not None:
                files[str(image)] = _png(finish.texture)
            library.append(_material(number, finish, image))
        files["models/model_normalized.mtl"] = "\n".join(library).encode()
        return ModelFiles(files, diagonal_m)


def _obj(shape: Shape) -> str:
    lines = ["mtllib model_normalized.mtl"]
    lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in shape.vertices.tolist()]
    corners, index = np.unique(np.round(shape.uv.reshape(-1, 2), 5), axis=0, return_inverse=True)
    lines += [f"vt {u:.5f} {v:.5f}" for u, v in corners.tolist()]
    uv = index.reshape(-1, 3)
    for number in np.unique(shape.materials):
        lines.append(f"usemtl material{number}")
        chosen = shape.materials == number
        lines += [
            f"f {a}/{i} {b}/{j} {c}/{k}"
            for (a, b, c), (i, j, k) in zip(
                (shape.faces[chosen] + 1).tolist(), (uv[chosen] + 1).tolist(), strict=True
            )
        ]
    return "\n".join(lines) + "\n"


def _material(number: int, finish: Finish, image: str | None) -> str:
    red, green, blue = finish.color
    lines = [
        f"newmtl material{number}",
        f"Kd {red:.4f} {green:.4f} {blue:.4f}",
        f"Ks {finish.specular:.3f} {finish.specular:.3f} {finish.specular:.3f}",
        # Readers without the physical keys get the Phong exponent of the same highlight.
        f"Ns {2 / max(finish.roughness, 0.05) ** 4 - 2:.2f}",
        f"d {finish.opacity:.3f}",
        f"Pr {finish.roughness:.3f}",
        f"Pm {finish.metallic:.3f}",
        f"Pc {finish.coat:.3f}",
    ]
    if image is not None:
        lines.append(f"map_Kd ../{image}")
    return "\n".join(lines) + "\n"


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
