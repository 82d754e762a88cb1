"""Texture atlases: where on a model's surface each texel lies."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Integer
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from obman_gen.arrays import Faces, Vertices
from obman_gen.sample import Camera
from obman_gen.scene.raster import cast


@dataclass(frozen=True)
class Atlas:
    """The texels of one image that some faces of a model are painted with."""

    size_px: int
    covered: Bool[np.ndarray, "size size"]
    faces: Integer[np.ndarray, "texel"]
    """Face of each covered texel."""
    weights: Float[np.ndarray, "texel 3"]
    """Barycentric weights in it."""

    @cached_property
    def nearest(self) -> Integer[np.ndarray, "2 size size"]:
        """Row and column of the covered texel nearest to each texel: colours bleed outwards."""
        nearest = ndimage.distance_transform_edt(
            ~self.covered, return_distances=False, return_indices=True
        )
        return np.asarray(nearest)

    def sample(self, faces: Faces, values: Float[np.ndarray, "vertex *rest"]) -> np.ndarray:
        """Interpolate values given at vertices to the covered texels."""
        corners = values[faces[self.faces]]
        return np.einsum("tc,tc...->t...", self.weights, corners)

    def image(self, texels: Float[np.ndarray, "texel *rest"]) -> np.ndarray:
        """Lay texels out as an image whose uncovered parts repeat their neighbours."""
        full = np.zeros((self.size_px, self.size_px, *texels.shape[1:]), texels.dtype)
        full[self.covered] = texels
        return full[tuple(self.nearest)]


def atlas_of(uv: Float[np.ndarray, "corner 2"], uv_faces: Faces, size_px: int) -> Atlas:
    """Find the face under each texel's centre: rays through a picture of the atlas, v upwards."""
    flat = np.column_stack([uv[:, 0], 1 - uv[:, 1], np.ones(len(uv))])
    intrinsics = np.diag([float(size_px), float(size_px), 1.0])
    hits = cast(flat, uv_faces, Camera(intrinsics, size_px, size_px))
    covered = hits.faces >= 0
    return Atlas(size_px, covered, hits.faces[covered], hits.weights[covered])


STRIP = 0.12
"""Share of a packed atlas below its largest chart, for all the others."""


def packed_uv(uv: Float[np.ndarray, "corner 2"], uv_faces: Faces) -> Float[np.ndarray, "face 3 2"]:
    """Return corner coordinates repacked: the largest chart fills the square above a strip.

    The other charts lie side by side in the strip, the long way across.
    """
    charts = _charts(len(uv), uv_faces)
    sizes = np.bincount(charts)
    corners = np.zeros((len(uv_faces), 3, 2))
    order = np.argsort(-sizes, kind="stable")
    main = charts == order[0]
    corners[main] = _fitted(uv[uv_faces[main]], (0.01, STRIP), (0.99, 0.99))
    width = 1.0 / max(len(order) - 1, 1)
    for place, chart in enumerate(order[1:]):
        mine = charts == chart
        piece = uv[uv_faces[mine]]
        if np.ptp(piece[..., 1]) > np.ptp(piece[..., 0]):
            piece = piece[..., ::-1] * [1.0, -1.0]
        left = place * width
        low, high = (left + 0.01, 0.01), (left + width - 0.01, STRIP - 0.01)
        corners[mine] = _fitted(piece, low, high)
    return corners


def _charts(corner_count: int, uv_faces: Faces) -> Integer[np.ndarray, "face"]:
    """Number the connected pieces of an atlas, face by face."""
    one, other = uv_faces.reshape(-1), np.roll(uv_faces, 1, axis=1).reshape(-1)
    links = sparse.coo_matrix((np.ones(len(one)), (one, other)), shape=(corner_count,) * 2)
    _, labels = csgraph.connected_components(links, directed=False)
    return np.unique(labels[uv_faces[:, 0]], return_inverse=True)[1].reshape(-1)


def _fitted(corners: np.ndarray, low: tuple, high: tuple) -> np.ndarray:
    """Stretch corners to fill a rectangle."""
    least, most = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    return low + (corners - least) / (most - least) * (np.array(high) - low)


def projected_uv(vertices: Vertices, faces: Faces) -> Float[np.ndarray, "face 3 2"]:
    """Make an atlas for a flat hand without one: its back above, its palm below.

    Args:
        vertices: rest pose, palm down (-y), fingers along x.
        faces: of the hand.
    """
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    unit = (corners - low) / (high - low)
    v = 0.02 + 0.46 * unit[..., 2]
    v = np.where(normals[:, 1:2] > 0, v + 0.5, v)
    return np.stack([0.02 + 0.96 * unit[..., 0], v], axis=-1)


def two_sided_uv(vertices: Vertices, faces: Faces) -> Float[np.ndarray, "face 3 2"]:
    """Make an atlas for a standing body without one: its front on the left, its back beside.

    Args:
        vertices: rest pose, y up, facing +z, arms along x.
        faces: of the body.
    """
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    unit = (corners - low) / (high - low)
    u = 0.01 + 0.48 * unit[..., 0]
    u = np.where(normals[:, 2:] > 0, u, 1 - u)
    return np.stack([u, 0.01 + 0.98 * unit[..., 1]], axis=-1)
