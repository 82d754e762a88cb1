"""Cut the part of a surface where a field is positive, exactly along its zero."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer
from scipy import sparse

from obman_gen.arrays import Faces


@dataclass(frozen=True)
class Cut:
    """The part of a body where a field is positive, its border cut through triangles."""

    blend: sparse.csr_matrix
    """(garment vertex, body vertex): each row two weights that add up to 1."""
    faces: Faces
    border: Integer[np.ndarray, "edge 2"]
    """Directed edges along the cut, the covered part to their left."""


def cut(faces: Faces, values: Float[np.ndarray, "vertex"]) -> Cut:
    """Keep the triangles, and parts of triangles, where the interpolated field is positive."""
    faces, positive = faces.astype(np.int64), values > 0
    inside = positive[faces]
    count = inside.sum(axis=1)
    # Of a triangle with one corner inside, that one comes first; of one with two, the other.
    tips = _turned(faces[count == 1], inside[count == 1])
    stumps = _turned(faces[count == 2], ~inside[count == 2])
    crossed = np.concatenate(
        [tips[:, [0, 1]], tips[:, [0, 2]], stumps[:, [1, 0]], stumps[:, [2, 0]]]
    )
    # As one number each, edges sort ten times faster than as pairs.
    keys, place = np.unique(crossed[:, 0] * len(values) + crossed[:, 1], return_inverse=True)
    edges = np.stack(np.divmod(keys, len(values)), axis=1)
    ends = len(values) + place
    first, second, after, before = np.split(ends, np.cumsum([len(tips), len(tips), len(stumps)]))
    kept = [
        faces[count == 3],
        np.column_stack([tips[:, 0], first, second]),
        np.column_stack([stumps[:, 1:], before]),
        np.column_stack([stumps[:, 1], before, after]),
    ]
    border = [np.column_stack([first, second]), np.column_stack([before, after])]
    return _compact(values, edges, np.concatenate(kept), np.concatenate(border))


def _turned(faces: np.ndarray, is_first: np.ndarray) -> np.ndarray:
    """Turn each face until the corner that is marked comes first."""
    turn = is_first.argmax(axis=1)[:, None]
    return np.take_along_axis(faces, (turn + np.arange(3)) % 3, axis=1)


def _compact(values, ends, faces, border) -> Cut:
    """Number only the vertices in use; a crossing blends its edge's ends to the field's zero."""
    count = len(values)
    share = values[ends[:, 0]] / (values[ends[:, 0]] - values[ends[:, 1]])
    in_use = np.zeros(count + len(ends), bool)
    in_use[faces] = True
    where = np.cumsum(in_use) - 1
    own = np.flatnonzero(in_use[:count])  # every crossing is in use
    columns = np.concatenate([own, ends.reshape(-1)])
    weights = np.concatenate([np.ones(len(own)), np.stack([1 - share, share], axis=1).reshape(-1)])
    starts = np.concatenate([np.arange(len(own)), len(own) + 2 * np.arange(len(ends) + 1)])
    shape = (len(own) + len(ends), count)
    blend = sparse.csr_matrix((weights, columns, starts), shape=shape)
    return Cut(blend, where[faces], where[border])
