"""Pose correctives: what linear blending gets wrong, learnt from a better deformer.

The target deformer blends rigid motions as dual quaternions and smooths the result while
keeping the rest pose's detail (delta mush, Mancewicz et al. 2014). The difference to linear
blending, taken back through each vertex's blended motion, is regressed on ``R - I`` of the
joints near the vertex, which is MANO's own corrective model.
"""

import numpy as np
from jaxtyping import Float
from scipy import sparse
from scipy.spatial.transform import Rotation

from obman_gen.open_assets.joints import joint_names
from obman_gen.open_assets.rest_pose import dual_quaternion_skinning
from obman_gen.open_assets.shape_space import ShapeSpace
from obman_gen.open_assets.twist import forearm_correctives

MUSH_STEPS, MUSH_RATE = 8, 0.5
POSE_SEED, POSE_COUNT = 7, 260
RIDGE = 3e-3
NEGLIGIBLE_M = 2e-5


def hand_correctives(template, faces, weights, places, parents, templates):
    """Return the hand's (vertex, 3, 135) pose directions.

    Training postures are the templates, mixtures of two, and single-joint bends.
    """
    rng = np.random.default_rng(POSE_SEED)
    pairs = rng.integers(0, len(templates), (POSE_COUNT, 2))
    share = rng.uniform(0, 1, (POSE_COUNT, 1))
    mixed = share * templates[pairs[:, 0]] + (1 - share) * templates[pairs[:, 1]]
    mixed = mixed + rng.normal(0, 0.12, mixed.shape)
    poses = np.concatenate([templates, mixed]).reshape(-1, 15, 3)
    poses = np.concatenate([np.zeros((len(poses), 1, 3)), poses], axis=1)
    return _learn(template, faces, weights, places, parents, poses)


def body_correctives(
    hand_directions: Float[np.ndarray, "hand_vertex 3 135"],
    space: ShapeSpace,
    weights: Float[np.ndarray, "vertex 52"],
    places: Float[np.ndarray, "52 3"],
) -> Float[np.ndarray, "vertex 3 459"]:
    """Return the body's pose directions: both hands' own, so that body and hand pose alike, and
    the forearms'. Elsewhere the body keeps plain linear blending.

    The left side is the mirror image: x changes sign in the output, and a rotation matrix's
    entry (a, b) where one of a, b is x.
    """
    names = joint_names()
    directions = np.zeros((len(space.body_template), 3, 9 * (len(names) - 1)))
    elbow, wrist = names.index("elbow.R"), names.index("wrist.R")
    forearm = forearm_correctives(
        space.body_template, weights[:, wrist], weights[:, elbow], places[elbow], places[wrist]
    )
    directions[..., _features(names, "wrist.R", 1)] = forearm
    directions[..., _features(names, "wrist.L", 1)] = _mirrored(forearm)[space.mirror]
    directions[space.hand_ids, :, _features(names, "index1.R", 15)] = hand_directions
    directions[space.left_ids, :, _features(names, "index1.L", 15)] = _mirrored(hand_directions)
    return directions


def _features(names, first_joint: str, joint_count: int) -> slice:
    """Return the pose features of successive joints; the root has none."""
    first = 9 * (names.index(first_joint) - 1)
    return slice(first, first + 9 * joint_count)


def _mirrored(directions: Float[np.ndarray, "vertex 3 feature"]) -> np.ndarray:
    flip = np.array([-1.0, 1.0, 1.0])
    features = np.tile(np.outer(flip, flip).ravel(), directions.shape[-1] // 9)
    return directions * flip[:, None] * features


def _learn(template, faces, weights, places, parents, poses) -> Float[np.ndarray, "vertex 3 f"]:
    smooth = _smoother(faces, len(template))
    joint_count = len(parents)
    features = np.zeros((len(poses), 9 * (joint_count - 1)))
    residuals = np.zeros((len(poses), len(template), 3))
    for row, pose in enumerate(poses):
        local = Rotation.from_rotvec(pose).as_matrix()
        features[row] = (local[1:] - np.eye(3)).ravel()
        turns, moved = _chain(local, places, parents)
        better = dual_quaternion_skinning(
            template, weights, Rotation.from_matrix(turns), places, moved
        )
        better = _delta_mush(template, better, smooth, weights, turns)
        blended = np.einsum("vj,jab->vab", weights, turns)
        shift = weights @ (moved - np.einsum("jab,jb->ja", turns, places))
        inverse = np.linalg.inv(blended)
        residuals[row] = np.einsum("vab,vb->va", inverse, better - shift) - template
    return _regress(features, residuals, weights, parents)


def _chain(local, places, parents):
    turns, moved = np.array(local), np.array(places)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            turns[joint] = turns[parent] @ local[joint]
            moved[joint] = moved[parent] + turns[parent] @ (places[joint] - places[parent])
    return turns, moved


def _smoother(faces, count) -> sparse.csr_matrix:
    """Return one step of damped Laplacian smoothing; rim vertices stay."""
    rows, columns = faces[:, [0, 1, 2, 1, 2, 0]].ravel(), faces[:, [1, 2, 0, 0, 1, 2]].ravel()
    neighbours = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (count, count))
    # An inner edge is counted from both of its faces, a rim edge only from one.
    pairs = neighbours.tocoo()
    rim = np.zeros(count, bool)
    rim[pairs.row[pairs.data == 1]] = True
    adjacency = neighbours.astype(bool).astype(float)
    average = sparse.diags(1 / np.asarray(adjacency.sum(axis=1)).ravel()) @ adjacency
    keep = sparse.diags(np.where(rim, 1.0, 1 - MUSH_RATE))
    return sparse.csr_matrix(keep + sparse.diags(np.where(rim, 0.0, MUSH_RATE)) @ average)


def _delta_mush(rest, posed, smooth, weights, turns):
    """Smooth the posed surface, then put back the detail smoothing took from the rest pose."""
    detail, smoothed = rest, posed
    for _ in range(MUSH_STEPS):
        detail, smoothed = smooth @ detail, smooth @ smoothed
    main = Rotation.from_matrix(turns).as_quat()
    anchor = main[weights.argmax(axis=1)]
    sign = np.where(anchor @ main.T < 0, -1.0, 1.0)
    frames = Rotation.from_quat((weights * sign) @ main)
    return smoothed + frames.apply(rest - detail)


def _regress(features, residuals, weights, parents):
    """Solve a ridge regression per group of vertices that the same joints move."""
    joint_count = len(parents)
    near = np.eye(joint_count, dtype=bool)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            near[joint, parent] = near[parent, joint] = True
    touched = (weights > 0) @ near
    directions = np.zeros((residuals.shape[1], 3, features.shape[1]))
    groups, member = np.unique(touched[:, 1:], axis=0, return_inverse=True)
    for index, group in enumerate(groups):
        columns = np.flatnonzero(np.repeat(group, 9))
        vertices = np.flatnonzero(member.ravel() == index)
        if not len(columns):
            continue
        design = features[:, columns]
        system = design.T @ design / len(design) + RIDGE * np.eye(len(columns))
        target = design.T @ residuals[:, vertices].reshape(len(design), -1) / len(design)
        solved = np.linalg.solve(system, target).T.reshape(len(vertices), 3, len(columns))
        directions[vertices[:, None, None], np.arange(3)[:, None], columns] = solved
    directions[np.abs(directions) < NEGLIGIBLE_M] = 0.0
    return directions
