"""Bring the source body from its A-pose to SMPL's T-pose: arms out, palms down."""

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from obman_gen.open_assets.source import SourceBody

FINGER_SPLAY_RAD = {2: 0.12, 3: 0.0, 4: -0.10, 5: -0.24}
"""Turn of each straight finger about the back of the hand, positive towards the thumb."""


def pose_source(body: SourceBody) -> tuple[np.ndarray, np.ndarray]:
    """Return T-posed (shape, vertex, 3) vertices and (shape, bone, 3) bone heads.

    The turns are found once, on the neutral shape, and applied to all: shape space then holds
    shape alone.
    """
    turns = _bone_turns(body)
    vertices, heads = np.zeros_like(body.vertices), np.zeros_like(body.heads)
    for shape in range(len(body.vertices)):
        heads[shape] = posed_heads(body.heads[shape], body.parents, turns)
        vertices[shape] = dual_quaternion_skinning(
            body.vertices[shape], body.weights, turns, body.heads[shape], heads[shape]
        )
    return vertices, heads


def posed_heads(heads, parents, turns: Rotation) -> Float[np.ndarray, "bone 3"]:
    """Chain bones whose world turns are given."""
    matrices, placed = turns.as_matrix(), np.array(heads)
    for bone, parent in enumerate(parents):
        if parent >= 0:
            placed[bone] = placed[parent] + matrices[parent] @ (heads[bone] - heads[parent])
    return placed


def dual_quaternion_skinning(vertices, weights, turns: Rotation, before, after):
    """Blend rigid motions without the volume loss of linear blending (Kavan et al. 2007).

    Args:
        vertices: (vertex, 3) at rest.
        weights: (vertex, bone).
        turns: world rotation of each bone.
        before: (bone, 3) bone heads at rest.
        after: (bone, 3) bone heads posed.
    """
    real = turns.as_quat()[:, [3, 0, 1, 2]]
    shift = after - turns.apply(before)
    dual = 0.5 * _quaternion_product(np.concatenate([np.zeros((len(shift), 1)), shift], 1), real)
    anchor = real[weights.argmax(axis=1)]
    sign = np.where(anchor @ real.T < 0, -1.0, 1.0)
    blended_real, blended_dual = (weights * sign) @ real, (weights * sign) @ dual
    length = np.linalg.norm(blended_real, axis=1, keepdims=True)
    blended_real, blended_dual = blended_real / length, blended_dual / length
    turned = Rotation.from_quat(blended_real[:, [1, 2, 3, 0]]).apply(vertices)
    conjugate = blended_real * np.array([1, -1, -1, -1])
    return turned + 2 * _quaternion_product(blended_dual, conjugate)[:, 1:]


def _quaternion_product(left, right):
    a, b, c, d = np.moveaxis(left, -1, 0)
    e, f, g, h = np.moveaxis(right, -1, 0)
    return np.stack(
        [
            a * e - b * f - c * g - d * h,
            a * f + b * e + c * h - d * g,
            a * g - b * h + c * e + d * f,
            a * h + b * g - c * f + d * e,
        ],
        axis=-1,
    )


def _bone_turns(body: SourceBody) -> Rotation:
    """Return the world rotation of every bone that takes the neutral A-pose to the T-pose."""
    turns = [Rotation.identity()] * len(body.bones)
    for side, outward in (("L", 1.0), ("R", -1.0)):
        for name, turn in _arm_turns(body, side, outward).items():
            turns[body.bone(f"{name}.{side}")] = turn
    return Rotation.concatenate(turns)


def _arm_turns(body: SourceBody, side: str, outward: float) -> dict[str, Rotation]:
    def head(name):
        return body.heads[0, body.bone(f"{name}.{side}")]

    out = np.array([outward, 0.0, 0.0])
    upper = _shortest_turn(head("lowerarm01") - head("upperarm01"), out)
    lower = _shortest_turn(head("wrist") - head("lowerarm01"), out)
    hand = _hand_turn(head, out)
    # What the hand turns about the forearm beyond the forearm itself is shared along it.
    twist = _twist_about(hand * lower.inv(), out)
    turns = {
        "upperarm01": upper,
        "upperarm02": upper,
        "lowerarm01": Rotation.from_rotvec(0.25 * twist * out) * lower,
        "lowerarm02": Rotation.from_rotvec(0.6 * twist * out) * lower,
        "wrist": hand,
    }
    turns |= {f"metacarpal{k}": hand for k in range(1, 5)}
    turns |= {f"finger1-{k}": hand for k in (1, 2, 3)}
    for finger, splay in FINGER_SPLAY_RAD.items():
        turns |= _finger_turns(head, finger, hand, _splayed(out, splay * outward))
    return turns


def _splayed(out, angle_rad):
    """Turn the outward direction about the vertical; forward is +z for both hands."""
    return Rotation.from_rotvec(np.array([0.0, -angle_rad, 0.0])).apply(out)


def _hand_turn(head, out) -> Rotation:
    """Point the middle finger's base outward and the palm down."""
    along = _unit(head("finger3-1") - head("wrist"))
    forward = head("finger2-1") - head("finger5-1")
    forward = _unit(forward - (forward @ along) * along)
    before = np.stack([along, forward, np.cross(along, forward)], axis=1)
    ahead = np.array([0.0, 0.0, 1.0])
    after = np.stack([out, ahead, np.cross(out, ahead)], axis=1)
    return Rotation.from_matrix(after @ before.T)


def _finger_turns(head, finger: int, hand: Rotation, target) -> dict[str, Rotation]:
    """Straighten a finger; its last bone, which has no end joint, follows the middle one."""
    turns = {}
    for k in (1, 2):
        bone = head(f"finger{finger}-{k + 1}") - head(f"finger{finger}-{k}")
        turns[f"finger{finger}-{k}"] = _shortest_turn(hand.apply(bone), target) * hand
    bend = head(f"finger{finger}-3") - head(f"finger{finger}-2")
    before = head(f"finger{finger}-2") - head(f"finger{finger}-1")
    # The last bone bends about as much again as the middle one did.
    again = _shortest_turn(before, bend)
    last = _shortest_turn(hand.apply(again.apply(bend)), target) * hand
    turns[f"finger{finger}-3"] = last
    return turns


def _shortest_turn(source, target) -> Rotation:
    source, target = _unit(source), _unit(target)
    axis = np.cross(source, target)
    sine, cosine = np.linalg.norm(axis), source @ target
    if sine < 1e-12:
        return Rotation.identity()
    return Rotation.from_rotvec(axis / sine * np.arctan2(sine, cosine))


def _twist_about(turn: Rotation, axis) -> float:
    x, y, z, w = turn.as_quat()
    return float(2 * np.arctan2(np.dot([x, y, z], axis), w))


def _unit(vector):
    return vector / np.linalg.norm(vector)
