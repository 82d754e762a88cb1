"""How objects look: their own materials, or materials drawn at random."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from obman_gen.arrays import Transform, transform_points
from obman_gen.errors import InputError
from obman_gen.registry import lookup
from obman_gen.sample import OBJECT
from obman_gen.scene import textures
from obman_gen.scene.drawing import Material, Part
from obman_gen.scene.wavefront import TexturedMesh, read_obj

OBJECT_VIEWS = frozenset({"ho", "o"})
CREASE_RAD = 0.6
"""Edges bent more than this are shaded sharp."""
TEXTURE_SIZE_PX = 256


@dataclass(frozen=True)
class ObjectLookConfig:
    """How often objects wear their own materials, and which others they get."""

    kinds: dict[str, float] = field(
        default_factory=lambda: {
            "own": 4.0,
            "plastic": 1.5,
            "metal": 1.0,
            "ceramic": 1.0,
            "printed": 1.5,
            "wooden": 0.5,
            "glass": 0.4,
        }
    )

    def __post_init__(self):
        for name in self.kinds:
            lookup(LOOKS, name, "object look")
        if not self.kinds or min(self.kinds.values()) < 0 or sum(self.kinds.values()) <= 0:
            raise InputError(f"objects.kinds: need a positive frequency, got {self.kinds}")


@dataclass(frozen=True)
class ObjectLook:
    """What was drawn for one scene; JSON-able."""

    kind: str
    seed: int


def draw_look(rng: np.random.Generator, config: ObjectLookConfig) -> ObjectLook:
    """Draw a kind of material and its seed."""
    names = sorted(config.kinds)
    shares = np.array([config.kinds[name] for name in names])
    return ObjectLook(str(rng.choice(names, p=shares / shares.sum())), int(rng.integers(2**31)))


@lru_cache(maxsize=32)
def _mesh_of(path: str) -> TexturedMesh:
    return read_obj(Path(path))


def object_part(path: str, camera_from_object: Transform, look: ObjectLook) -> Part:
    """Return an object file as a part in the camera frame, in the look that was drawn."""
    mesh = _mesh_of(path)
    rng = np.random.default_rng(look.seed)
    make = lookup(LOOKS, look.kind, "object look")
    materials = tuple(make(rng, material) for material in mesh.materials)
    uv = mesh.uv
    if any(isinstance(material.texture, np.ndarray) for material in materials):
        uv = _boxed_uv(mesh, rng)
    return Part(
        "object",
        transform_points(camera_from_object, mesh.vertices),
        mesh.faces,
        materials,
        np.full(len(mesh.faces), OBJECT),
        mesh.material_indices,
        uv,
        CREASE_RAD,
        OBJECT_VIEWS,
    )


def object_outline(path: str, camera_from_object: Transform) -> Part:
    """Return an object file as a part without looks."""
    mesh = _mesh_of(path)
    return Part(
        "object",
        transform_points(camera_from_object, mesh.vertices),
        mesh.faces,
        (),
        np.full(len(mesh.faces), OBJECT),
        in_views=OBJECT_VIEWS,
    )


def _boxed_uv(mesh: TexturedMesh, rng: np.random.Generator) -> np.ndarray:
    """Project texture coordinates along the axis each face looks along; units of the extent."""
    corners = mesh.vertices[mesh.faces]
    normals = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    axis = normals.argmax(axis=1)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    unit = (corners - low) / max(float((high - low).max()), 1e-12)
    planes = np.array([[2, 1], [0, 2], [0, 1]])[axis]
    uv = np.take_along_axis(unit, planes[:, None, :].repeat(3, axis=1), axis=2)
    return uv * rng.uniform(0.8, 2.0) + rng.random(2)


def _own(_rng: np.random.Generator, material: Material) -> Material:
    return material


def _plastic(rng: np.random.Generator, _material: Material) -> Material:
    color = textures.random_color(rng, (0.08, 0.95), 0.95)
    return Material(color, roughness=float(rng.uniform(0.15, 0.6)))


def _metal(rng: np.random.Generator, _material: Material) -> Material:
    tints = [(0.9, 0.9, 0.92), (0.56, 0.57, 0.58), (1.0, 0.78, 0.34), (0.95, 0.64, 0.54)]
    red, green, blue = tints[int(rng.integers(len(tints)))]
    rough = float(rng.uniform(0.18, 0.5))
    return Material((red, green, blue), roughness=rough, metallic=1.0)


def _ceramic(rng: np.random.Generator, _material: Material) -> Material:
    color = textures.random_color(rng, (0.35, 0.98), 0.5)
    return Material(color, roughness=float(rng.uniform(0.1, 0.35)), coat=0.6)


def _printed(rng: np.random.Generator, _material: Material) -> Material:
    texture = textures.print_label(rng, TEXTURE_SIZE_PX)
    return Material((1.0, 1.0, 1.0), texture, roughness=float(rng.uniform(0.2, 0.7)))


def _wooden(rng: np.random.Generator, _material: Material) -> Material:
    texture = textures.wood(rng, TEXTURE_SIZE_PX)
    return Material((1.0, 1.0, 1.0), texture, roughness=float(rng.uniform(0.35, 0.7)))


def _glass(rng: np.random.Generator, _material: Material) -> Material:
    color = textures.random_color(rng, (0.75, 1.0), 0.5)
    rough = float(rng.uniform(0.0, 0.15))
    return replace(Material(color, roughness=rough), transmission=0.85)


LOOKS: Mapping[str, Callable[[np.random.Generator, Material], Material]] = {
    "own": _own,
    "plastic": _plastic,
    "metal": _metal,
    "ceramic": _ceramic,
    "printed": _printed,
    "wooden": _wooden,
    "glass": _glass,
}
