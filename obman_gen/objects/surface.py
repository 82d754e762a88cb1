"""The outer surface of any mesh, closed: what physics and signed distances are computed on.

A mesh made of closed, consistently wound pieces is united exactly (manifold3d). Any other is
wrapped: distances on a grid, what can be reached from outside, the level set around the rest,
and the level set's vertices put back onto the mesh. Walls without thickness become thin
solids, openings wider than two grid steps stay open, winding does not matter.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from obman_gen.arrays import Faces, Vertices
from obman_gen.errors import SampleRejected

SHEET_SHARE = 0.04
"""Half the thickness given to a wall without any, in grid steps."""
LEVEL_STEPS = 1.2
"""Distance of the level set, in grid steps: beyond sqrt(3)/2, so that no wall has holes."""
SPECK_SHARE = 0.02
"""Pieces smaller than this share of the whole are dust and left out."""
DEGENERATE_SHARE = 1e-6
FLATTEST = 1e-9
"""Volume of a piece that still has an inside, as a share of its size cubed."""


class Surface(NamedTuple):
    """A closed triangle mesh, faces counterclockwise from outside."""

    vertices: Vertices
    faces: Faces


def outer_surface(vertices: Vertices, faces: Faces, resolution: int) -> Surface:
    """Return the closed outer surface of a mesh.

    Args:
        vertices: in any unit; equal positions must be one vertex.
        faces: in any winding, of any topology, without repeats.
        resolution: grid nodes along the longest edge, for meshes that are not closed.

    Raises:
        SampleRejected: ``no_surface`` if nothing encloses or could be given any volume.
    """
    pieces = closed_pieces(vertices, faces)
    united = _united(pieces) if pieces else None
    return united or wrapped(vertices, faces, resolution)


def closed_pieces(vertices: Vertices, faces: Faces) -> list[Surface]:
    """Split a closed mesh into its connected pieces, each wound outwards.

    Returns:
        The pieces; none if some edge has not exactly two faces, or a piece has no inside.
    """
    import igl

    if not _is_closed(faces):
        return []
    oriented, _ = igl.bfs_orient(np.ascontiguousarray(faces, np.int64))
    labels = _labels(faces, len(vertices))
    pieces = []
    for label in np.unique(labels):
        used, local = np.unique(np.asarray(oriented)[labels == label], return_inverse=True)
        piece = Surface(vertices[used], local.reshape(-1, 3))
        content = volume(piece)
        if abs(content) < FLATTEST * np.ptp(piece.vertices, axis=0).max() ** 3:
            return []
        pieces.append(piece if content > 0 else Surface(piece.vertices, piece.faces[:, ::-1]))
    return pieces


def _is_closed(faces: Faces) -> bool:
    """Tell whether every edge belongs to exactly two faces."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    return bool((counts == 2).all())


def _labels(faces: Faces, vertex_count: int) -> Integer[np.ndarray, "face"]:
    """Return the connected component of each face."""
    rows, columns = faces[:, [0, 1]].reshape(-1), faces[:, [1, 2]].reshape(-1)
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), (vertex_count, vertex_count))
    return connected_components(graph, directed=False)[1][faces[:, 0]]


def _united(pieces: list[Surface]) -> Surface | None:
    """Unite closed pieces and fill what is sealed inside; None if one is no manifold."""
    from manifold3d import Error, Manifold, Mesh64, OpType

    solids = [
        Manifold(Mesh64(np.ascontiguousarray(piece.vertices), piece.faces.astype(np.uint64)))
        for piece in pieces
    ]
    if any(solid.status() != Error.NoError or solid.is_empty() for solid in solids):
        return None
    union = Manifold.batch_boolean(solids, OpType.Add)
    shells = [_surface_of(part) for part in union.decompose()]
    outer = [shell for part in shells for shell in _without_cavities(part)]
    return _joined(outer) if outer else None


def _surface_of(solid) -> Surface:
    mesh = solid.to_mesh64()
    return Surface(
        np.asarray(mesh.vert_properties)[:, :3].copy(), np.asarray(mesh.tri_verts).astype(np.int64)
    )


def _without_cavities(surface: Surface) -> list[Surface]:
    """Drop the inward-facing shells of a solid: nothing reaches them."""
    labels = _labels(surface.faces, len(surface.vertices))
    kept = []
    for label in np.unique(labels):
        used, local = np.unique(surface.faces[labels == label], return_inverse=True)
        shell = Surface(surface.vertices[used], local.reshape(-1, 3))
        if volume(shell) > 0:
            kept.append(shell)
    return kept


def _joined(surfaces: list[Surface]) -> Surface:
    offsets = np.cumsum([0] + [len(surface.vertices) for surface in surfaces[:-1]])
    return Surface(
        np.concatenate([surface.vertices for surface in surfaces]),
        np.concatenate([s.faces + offset for s, offset in zip(surfaces, offsets, strict=True)]),
    )


def volume(surface: Surface) -> float:
    """Return the signed volume, by the divergence theorem about the mesh's middle."""
    corners = (surface.vertices - surface.vertices.mean(axis=0))[surface.faces]
    return float(np.linalg.det(corners).sum() / 6)


class _Grid(NamedTuple):
    """Unsigned distances to a mesh, exact near it and infinite elsewhere."""

    distances: Float[np.ndarray, "nx ny nz"]
    origin: Float[np.ndarray, "3"]
    spacing: float


def wrapped(vertices: Vertices, faces: Faces, resolution: int) -> Surface:
    """Wrap a mesh of any kind; see the module's text.

    Raises:
        SampleRejected: ``no_surface`` if the wrapping is empty.
    """
    import igl

    faces = _without_slivers(vertices, faces)
    grid = _distances(vertices, faces, resolution)
    level = LEVEL_STEPS * grid.spacing
    outside = _reachable(grid.distances > level)
    # Unreachable space is solid, whatever its distance.
    field = np.where(outside, grid.distances - level, np.minimum(grid.distances - level, -1e-9))
    field = np.clip(field, -level, level)
    shape = grid.distances.shape
    # igl runs through x first.
    nodes = np.indices(tuple(shape)).transpose(3, 2, 1, 0).reshape(-1, 3)
    skin, skin_faces, _ = igl.marching_cubes(  # pyright: ignore[reportCallIssue]
        np.ascontiguousarray(field.transpose(2, 1, 0).reshape(-1)),
        grid.origin + grid.spacing * nodes,
        *shape,
        0.0,
    )
    if len(skin_faces) == 0:
        raise SampleRejected("no_surface", "the mesh encloses nothing that could be held")
    surface = _outwards(Surface(skin, skin_faces.astype(np.int64)))
    surface = _without_specks(surface)
    return Surface(_put_back(surface, vertices, faces, grid.spacing), surface.faces)


def _without_slivers(vertices: Vertices, faces: Faces) -> Integer[np.ndarray, "kept 3"]:
    """Return the faces with area; others have no closest point of their own."""
    corners = vertices[faces]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    size = np.ptp(corners, axis=(0, 1)).max()
    keep = area > (DEGENERATE_SHARE * size) ** 2
    if not keep.any():
        raise SampleRejected("no_surface", "every face of the mesh has zero area")
    return faces[keep]


def _distances(vertices: Vertices, faces: Faces, resolution: int) -> _Grid:
    """Measure distances at the nodes within two steps of the mesh."""
    import igl

    low, high = vertices[faces].min(axis=(0, 1)), vertices[faces].max(axis=(0, 1))
    spacing = float((high - low).max()) / (resolution - 1)
    shape = np.ceil((high - low) / spacing).astype(int) + 7
    origin = (low + high) / 2 - spacing * (shape - 1) / 2
    near = np.zeros(shape, bool)
    near[tuple(_cells_touched(vertices, faces, origin, spacing).T)] = True
    near = ndimage.binary_dilation(near, np.ones((3, 3, 3), bool), iterations=2)
    nodes = np.argwhere(near)
    squared = igl.point_mesh_squared_distance(
        np.ascontiguousarray(origin + spacing * nodes),
        np.ascontiguousarray(vertices, np.float64),
        np.ascontiguousarray(faces, np.int64),
    )[0]
    distances = np.full(shape, np.inf)
    distances[near] = np.sqrt(squared)
    return _Grid(distances, origin, spacing)


def _cells_touched(
    vertices: Vertices, faces: Faces, origin: np.ndarray, spacing: float
) -> Integer[np.ndarray, "cell 3"]:
    """Return the nodes nearest to points spread over the mesh, denser than the grid."""
    corners = vertices[faces]
    edges = corners[:, [1, 2, 0]] - corners
    steps = np.ceil(np.linalg.norm(edges, axis=2).max(axis=1) / spacing).astype(int) + 1
    cells = []
    for count in np.unique(steps):
        chosen = corners[steps == count]
        u, v = np.meshgrid(np.arange(count + 1), np.arange(count + 1), indexing="ij")
        inside = u + v <= count
        weights = np.stack([u, v, count - u - v], axis=-1)[inside] / count
        points = np.einsum("wc,fcx->fwx", weights, chosen).reshape(-1, 3)
        cells.append(np.unique(np.rint((points - origin) / spacing).astype(int), axis=0))
    return np.unique(np.concatenate(cells), axis=0)


def _reachable(free: Bool[np.ndarray, "nx ny nz"]) -> Bool[np.ndarray, "nx ny nz"]:
    """Return the free nodes that are connected with the grid's border."""
    labels = np.zeros(free.shape, np.int32)
    ndimage.label(free, output=labels)
    return labels == labels[0, 0, 0]


def _outwards(surface: Surface) -> Surface:
    return surface if volume(surface) > 0 else Surface(surface.vertices, surface.faces[:, ::-1])


def _without_specks(surface: Surface) -> Surface:
    labels = _labels(surface.faces, len(surface.vertices))
    size = np.ptp(surface.vertices, axis=0).max()
    keep = np.zeros(len(surface.faces), bool)
    for label in np.unique(labels):
        chosen = labels == label
        keep |= chosen & (
            np.ptp(surface.vertices[surface.faces[chosen]], axis=(0, 1)).max() > SPECK_SHARE * size
        )
    used, local = np.unique(surface.faces[keep], return_inverse=True)
    return Surface(surface.vertices[used], local.reshape(-1, 3))


def _put_back(
    surface: Surface, vertices: Vertices, faces: Faces, spacing: float
) -> Float[np.ndarray, "skin 3"]:
    """Move the wrapping's vertices to a thin film over the mesh."""
    import igl

    points = np.ascontiguousarray(surface.vertices)
    _, _, closest = igl.point_mesh_squared_distance(
        points, np.ascontiguousarray(vertices, np.float64), np.ascontiguousarray(faces, np.int64)
    )
    away = points - closest
    lengths = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-12)
    return closest + away / lengths * np.minimum(SHEET_SHARE * spacing, lengths)
