"""Volume that two solids share."""

import numpy as np

from obman_gen.metrics.columns import shared_volumes
from obman_gen.metrics.surfaces import (
    Faces,
    Vertices,
    is_inside,
    require_surface,
    signed_volume,
)

FINE_PITCH_M = 0.001
"""Edge of the voxels that stand in for a mesh that is not closed; about 1 mm^3 each."""
OBMAN_PITCH_M = 0.005
"""Of the published voxels."""
LAYERED_SHARE = 1e-3
"""Share of the volume that may be counted twice in the exact result."""
MAX_FINE_VOXELS = 200_000
"""Larger overlaps get coarser voxels: their share of the volume on the border is smaller."""


def intersection_volume(
    hand_vertices: Vertices,
    hand_faces: Faces,
    object_vertices: Vertices,
    object_faces: Faces,
) -> float:
    """Return the volume inside both the hand and the object.

    Exact, by mesh boolean (manifold3d), if both surfaces are closed manifolds. Booleans count
    regions twice that a surface covers twice; where one crosses itself that much, the volume is
    summed over some 20,000 columns instead, true to about 1e-3. If a surface is not closed, for
    example a hand that is open at the wrist, it is counted in 1 mm voxels, true to about 1e-2.
    Faces may look inwards or outwards.

    Args:
        hand_vertices: metres.
        hand_faces: of the hand.
        object_vertices: metres, same frame.
        object_faces: of the object.

    Returns:
        Cubic metres.

    Raises:
        ValueError: if a mesh has no surface or a vertex is not finite.
    """
    require_surface(hand_vertices, hand_faces, "hand")
    require_surface(object_vertices, object_faces, "object")
    hand, thing = (hand_vertices, hand_faces), (object_vertices, object_faces)
    box = _shared_box(*hand, *thing)
    if box is None:
        return 0.0
    solids = _manifold(*hand), _manifold(*thing)
    if solids[0] is None or solids[1] is None:
        return voxel_intersection_volume(*hand, *thing)
    columns = shared_volumes(hand, thing, box)
    if abs(columns.layered - columns.covered) > LAYERED_SHARE * columns.covered:
        return columns.covered
    return max(float((solids[0] ^ solids[1]).volume()), 0.0)


def voxel_intersection_volume(
    hand_vertices: Vertices,
    hand_faces: Faces,
    object_vertices: Vertices,
    object_faces: Faces,
    pitch_m: float = FINE_PITCH_M,
) -> float:
    """Return the volume, m^3, of the voxels whose centres are inside both surfaces.

    Voxels fill the box that the two meshes share. They are ``pitch_m`` wide, or as fine as
    `MAX_FINE_VOXELS` of them allow.
    """
    box = _shared_box(hand_vertices, hand_faces, object_vertices, object_faces)
    if box is None:
        return 0.0
    low, high = box
    pitch_m = max(pitch_m, (float(np.prod(high - low)) / MAX_FINE_VOXELS) ** (1 / 3))
    counts = np.maximum(np.ceil((high - low) / pitch_m).astype(int), 1)
    edges = (high - low) / counts  # whole voxels along each side: no border is counted twice
    centres = low + edges * (np.indices(tuple(counts)).reshape(3, -1).T + 0.5)
    both = _inside_both(centres, (object_vertices, object_faces), (hand_vertices, hand_faces))
    return both * float(np.prod(edges))


def obman_voxel_intersection_volume(
    hand_vertices: Vertices,
    hand_faces: Faces,
    object_vertices: Vertices,
    object_faces: Faces,
) -> float:
    """Return ObMan's intersection volume, m^3: for comparison with published tables only.

    The object is voxelised at 5 mm by trimesh, and the voxels whose centres are inside the hand
    count 0.125 cm^3 each. The voxels are those of the object's surface, a shell, so this is not
    the volume of the overlap: two balls of radius 40 mm, 50 mm apart, share 49.5 cm^3, of which
    it finds about 26.
    """
    import trimesh

    require_surface(hand_vertices, hand_faces, "hand")
    require_surface(object_vertices, object_faces, "object")
    mesh = trimesh.Trimesh(object_vertices, object_faces, process=False)
    grid = mesh.voxelized(OBMAN_PITCH_M)
    shell = np.zeros((0, 3)) if grid is None else np.asarray(grid.points, np.float64)
    return int(is_inside(shell, hand_vertices, hand_faces).sum()) * OBMAN_PITCH_M**3


def _inside_both(centres: Vertices, first: tuple, second: tuple) -> int:
    in_first = centres[is_inside(centres, *first)]
    return int(is_inside(in_first, *second).sum()) if len(in_first) else 0


def _shared_box(first_vertices, first_faces, second_vertices, second_faces):
    """Return the corners of the box common to both meshes' boxes, or None if there is none."""
    first, second = first_vertices[first_faces], second_vertices[second_faces]
    low = np.maximum(first.min(axis=(0, 1)), second.min(axis=(0, 1))).astype(float)
    high = np.minimum(first.max(axis=(0, 1)), second.max(axis=(0, 1))).astype(float)
    return (low, high) if (low < high).all() else None


def _manifold(vertices: Vertices, faces: Faces):
    """Return the closed solid in manifold3d's form, or None if the surface is not one."""
    import manifold3d

    if signed_volume(vertices, faces) < 0:
        faces = faces[:, ::-1]
    mesh = manifold3d.Mesh64(
        vert_properties=np.ascontiguousarray(vertices, np.float64),
        tri_verts=np.ascontiguousarray(faces, np.uint64),
    )
    solid = manifold3d.Manifold(mesh)
    return solid if solid.status() == manifold3d.Error.NoError else None
