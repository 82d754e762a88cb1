"""Open rims of a surface, and closing them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Integer


def boundary_loops(faces: Integer[np.ndarray, "face 3"]) -> list[np.ndarray]:
    """Return the vertex loops around every hole, longest first, in the faces' direction."""
    edges = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    known = {(int(a), int(b)) for a, b in edges}
    follows: dict[int, list[int]] = {}
    for a, b in sorted(known):
        if (b, a) not in known:
            follows.setdefault(a, []).append(b)
    loops = []
    while follows:
        loops.append(_take_loop(follows))
    return sorted(loops, key=lambda loop: (-len(loop), loop.tolist()))


def _take_loop(follows: dict[int, list[int]]) -> np.ndarray:
    start = here = min(follows)
    loop = []
    while here in follows:
        loop.append(here)
        onward = follows[here].pop()
        if not follows[here]:
            del follows[here]
        here = onward
        if here == start:
            break
    return np.array(loop)


def close_loops(
    vertices: Float[np.ndarray, "*batch vertex 3"],
    faces: Integer[np.ndarray, "face 3"],
    loops: Sequence[np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Close every hole by a fan around the middle of its rim.

    Args:
        vertices: of one surface, or of several with the same faces.
        faces: of the surface.
        loops: what `boundary_loops` says of the faces, if it is known.

    Returns:
        vertices with one more per hole at the end, and faces with the fans appended.
    """
    for loop in boundary_loops(faces) if loops is None else loops:
        centre = vertices.shape[-2]
        middle = vertices[..., loop, :].mean(axis=-2, keepdims=True)
        vertices = np.concatenate([vertices, middle], axis=-2)
        fan = np.stack([np.roll(loop, -1), loop, np.full(len(loop), centre)], axis=1)
        faces = np.concatenate([faces, fan.astype(faces.dtype)])
    return vertices, faces
