"""How deep fingers lie inside each other, judged on the skin and not by the prior's capsules."""

import igl
import numpy as np

from obman_gen.sample import HandParameters


def deepest_overlap_m(hand, pose):
    """Return how deep a vertex of an outer two phalanges lies in another finger's, metres."""
    vertices = hand.vertices_of(HandParameters(np.zeros(3), pose, np.zeros(10), np.zeros(3)))[0]
    bones = hand.weights.argmax(axis=1)
    deepest = 0.0
    for other in range(5):
        kept, faces = _finger_piece(hand.faces, bones, other)
        surface = vertices[kept]
        outer = [bone for bone in range(1, 16) if (bone - 1) // 3 != other and (bone - 1) % 3 > 0]
        points = vertices[np.isin(bones, outer)]
        inside = np.asarray(igl.fast_winding_number(surface, faces, points)) > 0.5
        if inside.any():
            squared = igl.point_mesh_squared_distance(points[inside], surface, faces)[0]
            deepest = max(deepest, float(np.sqrt(squared.max())))
    return deepest


def _finger_piece(faces, bones, finger):
    """Return the kept vertices of a finger and its faces among them."""
    mine = np.isin(bones, [3 * finger + 1, 3 * finger + 2, 3 * finger + 3])[faces].all(axis=1)
    kept, index = np.unique(faces[mine], return_inverse=True)
    return kept, index.reshape(-1, 3).astype(np.int64)
