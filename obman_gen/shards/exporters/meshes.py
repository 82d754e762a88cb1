"""Meshes as text and PLY, exactly: nothing merged, nothing reordered."""

import numpy as np
from jaxtyping import Float, Integer


def obj_text(vertices: Float[np.ndarray, "vertex 3"], faces: Integer[np.ndarray, "face 3"]) -> str:
    """Return a Wavefront file; nine digits give float32 back exactly."""
    lines = [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (faces + 1).tolist()]
    return "\n".join(lines) + "\n"


def ply_bytes(
    vertices: Float[np.ndarray, "vertex 3"], faces: Integer[np.ndarray, "face 3"]
) -> bytes:
    """Return a binary PLY of float32 vertices and triangles."""
    header = (
        "ply\nformat binary_little_endian 1.0\n"
        f"element vertex {len(vertices)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        f"element face {len(faces)}\n"
        "property list uchar int vertex_indices\nend_header\n"
    )
    rows = np.zeros(len(faces), dtype=[("count", "u1"), ("corners", "<i4", 3)])
    rows["count"], rows["corners"] = 3, faces
    return header.encode() + vertices.astype("<f4").tobytes() + rows.tobytes()
