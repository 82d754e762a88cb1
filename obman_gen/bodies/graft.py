"""Give a body the hand of a hand model: its vertices, its shape space, its correctives.

The open body is made with the open hand on it and needs nothing. A MANO and an SMPL+H file
come from one mesh but are two models: which body vertices are the hand's stands in no file of
theirs, SMPL+H's hand has another mean shape, and MANO's betas do not reach it.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Integer
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import KDTree

from obman_gen.bodies.model import RIGHT_HAND_JOINTS, RIGHT_WRIST, BodyModel
from obman_gen.errors import InputError
from obman_gen.hands.asset import ModelAsset
from obman_gen.hands.model import HandModel

MATCH_TOLERANCE_M = 0.01
"""How close hand and body lie where matching starts: the two mean hands differ by millimetres."""
STARTS = 200
"""Faces tried as the start of a match, the closest first."""
CUFF_WEIGHT = 0.999
"""Vertices that follow the wrist alone, by this much, keep the body's blend with the forearm."""
FADE_M = 0.12
"""Along this length of forearm what the grafted hand changes dies away."""
FINGER_FEATURES = slice(9 * (RIGHT_HAND_JOINTS.start - 1), 9 * (RIGHT_HAND_JOINTS.stop - 1))
"""Pose features of the right hand's joints among the body's."""


def body_for(
    hand_model: HandModel, body_model: BodyModel, correspondence: Path | None = None
) -> BodyModel:
    """Return a body whose right hand is the given hand model's.

    Args:
        hand_model: a right hand.
        body_model: a body of the same family.
        correspondence: JSON list or ``.npy`` of body vertex numbers, one per hand vertex;
            None: the body's own, or found by matching the two rest meshes.

    Raises:
        InputError: if the hand is no part of the body.
    """
    own = body_model.hand_vertex_ids
    if correspondence is None and len(own) == len(hand_model.template):
        return body_model
    ids = (
        _read(correspondence) if correspondence else match_hand(hand_model.asset, body_model.asset)
    )
    if len(ids) != len(hand_model.template) or ids.max() >= len(body_model.template):
        raise InputError(
            f"{correspondence}: {len(ids)} vertex numbers up to {ids.max()}, need "
            f"{len(hand_model.template)} below {len(body_model.template)}"
        )
    return BodyModel(graft(hand_model.asset, body_model.asset, ids))


def match_hand(hand: ModelAsset, body: ModelAsset) -> Integer[np.ndarray, "hand_vertex"]:
    """Find the body vertex of every hand vertex.

    With the wrists laid on each other, a hand face whose corners are nearest to the corners of
    a body face starts a walk over both meshes, face by neighbouring face. One mesh being part
    of the other, the walk fits everywhere; the two surfaces need only be close at its start.

    Raises:
        InputError: if no walk fits: the hand is no part of the body.
    """
    to_body = _wrist(body, RIGHT_WRIST) - _wrist(hand, 0)
    distances, nearest = map(np.asarray, KDTree(body.template).query(hand.template + to_body))
    opposite = _opposite_corners(body.faces)
    reach = distances[hand.faces].max(axis=1)
    for face in np.argsort(reach, kind="stable")[:STARTS].tolist():
        a, b, c = hand.faces[face].tolist()
        start = {corner: int(nearest[corner]) for corner in (a, b, c)}
        if reach[face] < MATCH_TOLERANCE_M and opposite.get((start[a], start[b])) == start[c]:
            ids = _walk(hand.faces, opposite, start)
            if ids is not None and len(ids) == len(hand.template):
                return np.array([ids[vertex] for vertex in range(len(ids))])
    raise InputError(
        f"hand model {hand.name} is no part of body model {body.name}; use MANO with SMPL+H "
        "(OBMAN_GEN_MANO and OBMAN_GEN_SMPLH), or neither, or scene.person.body=false"
    )


def _walk(faces, opposite, ids: dict[int, int]) -> dict[int, int] | None:
    """Extend a match of one face over all that hangs together; None at the first misfit."""
    here = _opposite_corners(faces)
    a, b, c = ids
    border = [(a, b), (b, c), (c, a)]
    while border:
        a, b = border.pop()
        corner = here.get((b, a))  # the neighbour runs along the shared edge the other way
        if corner is None:
            continue
        other = opposite.get((ids[b], ids[a]))
        if other is None or ids.get(corner, other) != other:
            return None
        if corner not in ids:
            ids[corner] = other
            border += [(a, corner), (corner, b)]
    return ids


def _opposite_corners(faces) -> dict[tuple[int, int], int]:
    """Return the third corner of the face along each directed edge."""
    rows = np.concatenate([faces, faces[:, [1, 2, 0]], faces[:, [2, 0, 1]]])
    return {(int(a), int(b)): int(c) for a, b, c in rows}


def graft(
    hand: ModelAsset, body: ModelAsset, ids: Integer[np.ndarray, "hand_vertex"]
) -> ModelAsset:
    """Return the body with its right hand replaced, the wrist joint where it was."""
    wrist = _wrist(body, RIGHT_WRIST)
    fade = _fade(body, ids, wrist)
    change = np.zeros_like(body.template)
    change[ids] = hand.template - _wrist(hand, 0) + wrist - body.template[ids]
    return replace(
        body,
        template=body.template + fade(change),
        shape_directions=_carried_by_the_wrist(body, ids, fade),
        hand_shape_directions=_hand_shape(hand, body, ids, fade),
        hand_vertex_ids=ids,
        joint_regressor=_regressor(hand, body, ids),
        weights=_weights(hand, body, ids),
        pose_directions=_correctives(hand, body, ids),
    )


def _carried_by_the_wrist(body: ModelAsset, ids, fade):
    """Body shape moves the hand as a whole, with its wrist joint."""
    directions = body.shape_directions
    shift = np.einsum("v,vxb->xb", body.joint_regressor[RIGHT_WRIST], directions)
    change = np.zeros_like(directions)
    change[ids] = shift - directions[ids]
    return directions + fade(change)


def _hand_shape(hand: ModelAsset, body: ModelAsset, ids, fade):
    """Hand shape moves the hand about its wrist joint."""
    change = np.zeros((len(body.template), *hand.shape_directions.shape[1:]))
    change[ids] = hand.shape_directions - np.einsum(
        "v,vxb->xb", hand.joint_regressor[0], hand.shape_directions
    )
    return fade(change)


def _regressor(hand: ModelAsset, body: ModelAsset, ids):
    regressor = body.joint_regressor.copy()
    own = [RIGHT_WRIST, *range(RIGHT_HAND_JOINTS.start, RIGHT_HAND_JOINTS.stop)]
    regressor[own] = 0
    regressor[np.ix_(own, ids)] = hand.joint_regressor
    return regressor


def _weights(hand: ModelAsset, body: ModelAsset, ids):
    beyond = hand.weights[:, 0] < CUFF_WEIGHT
    weights = body.weights.copy()
    weights[ids[beyond]] = 0
    weights[ids[beyond], RIGHT_WRIST] = hand.weights[beyond, 0]
    weights[ids[beyond], RIGHT_HAND_JOINTS] = hand.weights[beyond, 1:]
    return weights


def _correctives(hand: ModelAsset, body: ModelAsset, ids):
    beyond = hand.weights[:, 0] < CUFF_WEIGHT
    directions = body.pose_directions.copy()
    directions[ids[beyond]] = 0
    directions[ids, :, FINGER_FEATURES] = hand.pose_directions
    return directions


def _fade(body: ModelAsset, ids, wrist):
    """Return a function that extends a change of the hand smoothly up the forearm, to zero."""
    count = len(body.template)
    fixed = np.linalg.norm(body.template - wrist, axis=1) > FADE_M
    fixed[ids] = True
    free = np.flatnonzero(~fixed)
    a, b = np.array(sorted(_edges(body.faces))).T
    links = sparse.coo_matrix((np.ones(len(a)), (a, b)), (count, count))
    links = (links + links.T).tocsr()
    laplacian = (sparse.diags(np.asarray(links.sum(axis=1)).ravel()) - links).tocsc()
    solver = splu(laplacian[free][:, free].tocsc()) if len(free) else None

    def extend(change: Float[np.ndarray, "vertex *rest"]) -> np.ndarray:
        if solver is None:
            return change
        flat = change.reshape(count, -1).copy()
        flat[free] = solver.solve(-(laplacian[free] @ flat))
        return flat.reshape(change.shape)

    return extend


def _wrist(asset: ModelAsset, joint: int) -> Float[np.ndarray, "3"]:
    return asset.joint_regressor[joint] @ asset.template


def _edges(faces) -> set[tuple[int, int]]:
    pairs = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    return {(int(a), int(b)) for a, b in np.unique(pairs, axis=0)}


def _read(path: Path) -> Integer[np.ndarray, "hand_vertex"]:
    try:
        if path.suffix == ".npy":
            return np.load(path, allow_pickle=False).astype(np.int64).ravel()
        return np.array(json.loads(path.read_text()), np.int64).ravel()
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} is no list of vertex numbers (.npy or JSON): {error}") from error
