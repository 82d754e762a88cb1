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
    positive = values > 0
    count = positive[faces].sum(axis=1)
    edges: dict[tuple[int, int], int] = {}
    kept = [tuple(face) for face in faces[count == 3].tolist()]
    border: list[tuple[int, int]] = []
    base = len(values)

    def crossing(inside: int, outside: int) -> int:
        key = (inside, outside)
        return edges.setdefault(key, base + len(edges))

    for face in faces[count == 1].tolist():
        turn = next(i for i in range(3) if positive[face[i]])
        a, b, c = face[turn], face[(turn + 1) % 3], face[(turn + 2) % 3]
        first, second = crossing(a, b), crossing(a, c)
        kept.append((a, first, second))
        border.append((first, second))
    for face in faces[count == 2].tolist():
        turn = next(i for i in range(3) if not positive[face[i]])
        a, b, c = face[turn], face[(turn + 1) % 3], face[(turn + 2) % 3]
        first, second = crossing(b, a), crossing(c, a)
        kept += [(b, c, second), (b, second, first)]
        border.append((second, first))
    return _compact(values, edges, np.array(kept).reshape(-1, 3), np.array(border).reshape(-1, 2))


def _compact(values, edges, faces, border) -> Cut:
    """Number only the vertices in use; a crossing blends its edge's ends to the field's zero."""
    count = len(values)
    ends = np.array(list(edges), dtype=np.int64).reshape(-1, 2)
    share = (
        values[ends[:, 0]] / (values[ends[:, 0]] - values[ends[:, 1]]) if len(ends) else ends[:, 0]
    )
    rows = np.concatenate([np.arange(count), np.repeat(count + np.arange(len(ends)), 2)])
    columns = np.concatenate([np.arange(count), ends.reshape(-1)])
    weights = np.concatenate([np.ones(count), np.stack([1 - share, share], axis=1).reshape(-1)])
    blend = sparse.csr_matrix((weights, (rows, columns)), shape=(count + len(ends), count))
    used, renumbered = np.unique(faces, return_inverse=True)
    where = np.full(count + len(ends), -1)
    where[used] = np.arange(len(used))
    return Cut(blend[used], renumbered.reshape(-1, 3), where[border])
