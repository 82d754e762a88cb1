"""What physics needs of a closed surface: fewer faces, convex parts, points, mass."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from obman_gen.arrays import Vertices
from obman_gen.objects.surface import Surface, volume

PLANNING_FACES = 1500
PHYSICS_FACES = 8000
CONVEX_FACES = 1000
"""Faces CoACD is given: its time grows with them, its parts hardly get better."""
POINT_COUNT = 2048
CONVEX_SHARE = 0.985
"""A solid that fills this share of its convex hull is taken as convex."""
LARGEST_COORDINATE = 1e6
"""Units beyond this lose a millimetre in single precision, or are garbage."""
SDF_NODES = 64**3
SDF_MAX_RESOLUTION = 128


def is_solid(surface: Surface) -> bool:
    """Tell whether a surface can enclose anything: finite, of four faces or more, not empty."""
    vertices, faces = surface
    if len(faces) < 4 or faces.min() < 0 or faces.max() >= len(vertices):
        return False
    return bool(np.isfinite(vertices).all() and np.abs(vertices).max() <= LARGEST_COORDINATE)


def simplified(surface: Surface, face_count: int) -> Surface:
    """Collapse edges by quadric error until at most so many faces are left."""
    import igl

    if len(surface.faces) <= face_count:
        return surface
    vertices, faces, _, _ = igl.qslim(
        np.asfortranarray(surface.vertices), np.asfortranarray(surface.faces, np.int32), face_count
    )
    used, local = np.unique(faces, return_inverse=True)
    return Surface(np.ascontiguousarray(np.asarray(vertices)[used]), local.reshape(-1, 3))


def convex_parts(surface: Surface, threshold: float) -> list[Surface]:
    """Split a solid into convex parts (CoACD, Wei et al., SIGGRAPH 2022)."""
    hull = _hull(surface.vertices)
    if volume(surface) >= CONVEX_SHARE * volume(hull):
        return [hull]
    import coacd

    surface = simplified(surface, CONVEX_FACES)
    coacd.set_log_level("error")
    parts = coacd.run_coacd(
        coacd.Mesh(surface.vertices, surface.faces),
        threshold=threshold,
        preprocess_mode="off",
        mcts_nodes=12,
        mcts_iterations=20,
        mcts_max_depth=2,
        resolution=500,
        seed=0,
    )
    return [_hull(np.asarray(vertices, float)) for vertices, _ in parts]


def _hull(points: Vertices) -> Surface:
    from manifold3d import Manifold

    mesh = Manifold.hull_points(np.ascontiguousarray(points, np.float64)).to_mesh64()
    return Surface(
        np.asarray(mesh.vert_properties)[:, :3].copy(), np.asarray(mesh.tri_verts).astype(np.int64)
    )


def surface_points(surface: Surface, rng: np.random.Generator) -> Float[np.ndarray, "2048 3"]:
    """Draw points evenly over a surface: strata of equal area, one point in each."""
    corners = surface.vertices[surface.faces]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    total = np.cumsum(area)
    places = (np.arange(POINT_COUNT) + rng.random(POINT_COUNT)) / POINT_COUNT * total[-1]
    chosen = corners[np.minimum(np.searchsorted(total, places), len(corners) - 1)]
    root, share = np.sqrt(rng.random(POINT_COUNT)), rng.random(POINT_COUNT)
    weights = np.stack([1 - root, root * (1 - share), root * share], axis=1)
    return np.einsum("pc,pcx->px", weights, chosen)


class MassProperties(NamedTuple):
    """Of a solid of density 1, in its own units."""

    volume: float
    center: Float[np.ndarray, "3"]
    inertia: Float[np.ndarray, "3 3"]
    """About the center of mass."""


def mass_properties(surface: Surface) -> MassProperties:
    """Integrate over a closed surface (Eberly, Polyhedral Mass Properties, 2002)."""
    corners = surface.vertices[surface.faces]
    six_volumes = np.linalg.det(corners)
    total = six_volumes.sum() / 6
    center = (six_volumes[:, None] * corners.sum(axis=1)).sum(axis=0) / (24 * total)
    sums = corners.sum(axis=1)
    second = np.einsum("f,fci,fcj->ij", six_volumes, corners, corners)
    second = (second + np.einsum("f,fi,fj->ij", six_volumes, sums, sums)) / 120
    second -= total * np.outer(center, center)
    return MassProperties(float(total), center, np.trace(second) * np.eye(3) - second)


def sdf_resolution(surface: Surface, padding: float) -> int:
    """Return the resolution at which a grid has about `SDF_NODES` nodes: long things get finer."""
    extents = np.ptp(surface.vertices, axis=0)
    box = extents / extents.max() + 2 * padding
    steps_per_unit = (SDF_NODES / box.prod()) ** (1 / 3)
    return int(min(SDF_MAX_RESOLUTION, np.floor(steps_per_unit * (1 + 2 * padding))))
