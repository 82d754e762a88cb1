"""SMPL+H's 52 joints on MakeHuman's bones, and regressors that find them on the skin."""

import numpy as np
from jaxtyping import Float, Integer
from scipy.optimize import nnls

from obman_gen.open_assets.source import SourceBody

_SIDED = {
    "hip": ("upperleg01", ("upperleg01", "upperleg02")),
    "knee": ("lowerleg01", ("lowerleg01", "lowerleg02")),
    "ankle": ("foot", ("foot",)),
    "foot": ("toe2-1", tuple(f"toe{t}-{k}" for t in range(1, 6) for k in (1, 2, 3))),
    "collar": ("clavicle", ("clavicle", "shoulder01")),
    "shoulder": ("upperarm01", ("upperarm01", "upperarm02")),
    "elbow": ("lowerarm01", ("lowerarm01", "lowerarm02")),
    "wrist": ("wrist", ("wrist", "metacarpal1", "metacarpal2", "metacarpal3", "metacarpal4")),
}
_CENTRAL = {
    "pelvis": ("root", ("root", "pelvis.L", "pelvis.R", "spine05")),
    "spine1": ("spine04", ("spine04",)),
    "spine2": ("spine03", ("spine03", "spine02")),
    "spine3": ("spine01", ("spine01",)),
    "neck": ("neck01", ("neck01", "neck02")),
    "head": ("neck03", ("neck03", "head", "eye.L", "eye.R")),
}
_BODY = (
    *("pelvis", "hip.L", "hip.R", "spine1", "knee.L", "knee.R", "spine2", "ankle.L", "ankle.R"),
    *("spine3", "foot.L", "foot.R", "neck", "collar.L", "collar.R", "head"),
    *("shoulder.L", "shoulder.R", "elbow.L", "elbow.R", "wrist.L", "wrist.R"),
)
_BODY_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
MANO_FINGERS = {"index": 2, "middle": 3, "little": 5, "ring": 4, "thumb": 1}
"""MANO's finger order, with MakeHuman's finger numbers."""

WRIST_SHIFT_M, KNUCKLE_SHIFT_M = 0.012, 0.0045
"""MakeHuman's wrist lies too far up the forearm and its knuckles too far out."""
NEAREST_COUNT = 60
RIDGE = 2e-3


def joint_names() -> list[str]:
    """Return SMPL+H's joints: 22 of the body, 15 of the left hand, 15 of the right."""
    fingers = [f"{name}{k}.{side}" for side in "LR" for name in MANO_FINGERS for k in (1, 2, 3)]
    return [*_BODY, *fingers]


def joint_parents() -> Integer[np.ndarray, "52"]:
    """Return each joint's parent, -1 for the pelvis."""
    parents = list(_BODY_PARENTS)
    for wrist in (20, 21):
        for _ in MANO_FINGERS:
            parents += [wrist, len(parents), len(parents) + 1]
    return np.array(parents)


def _bones_of(joint: str) -> tuple[str, tuple[str, ...]]:
    """Return the bone whose head is the joint, and the bones that turn with it."""
    if joint in _CENTRAL:
        return _CENTRAL[joint]
    name, side = joint.split(".")
    if name in _SIDED:
        head, bones = _SIDED[name]
        return f"{head}.{side}", tuple(f"{bone}.{side}" for bone in bones)
    bone = f"finger{MANO_FINGERS[name[:-1]]}-{name[-1]}.{side}"
    return bone, (bone,)


def joint_places(
    body: SourceBody, heads: Float[np.ndarray, "shape bone 3"]
) -> Float[np.ndarray, "shape 52 3"]:
    """Return the joints of every shape, wrist and knuckles moved to where anatomy has them."""
    names = joint_names()
    places = np.stack([heads[:, body.bone(_bones_of(name)[0])] for name in names], axis=1)
    for side in "LR":
        wrist, middle = names.index(f"wrist.{side}"), names.index(f"middle1.{side}")
        towards = places[:, middle] - places[:, wrist]
        towards /= np.linalg.norm(towards, axis=1, keepdims=True)
        places[:, wrist] += WRIST_SHIFT_M * towards
        for finger in ("index", "middle", "ring", "little"):
            places[:, names.index(f"{finger}1.{side}")] -= KNUCKLE_SHIFT_M * towards
    return places


def joint_weights(body: SourceBody) -> Float[np.ndarray, "vertex 52"]:
    """Add up the weights of the bones that turn with each joint."""
    merged = np.zeros((len(body.weights), 52))
    known = set()
    for joint, name in enumerate(joint_names()):
        for bone in _bones_of(name)[1]:
            if bone in body.bones:
                merged[:, joint] += body.weights[:, body.bone(bone)]
                known.add(bone)
    assert known == set(body.bones), sorted(set(body.bones) - known)
    return merged


def regress_joint(
    vertices: Float[np.ndarray, "shape vertex 3"],
    places: Float[np.ndarray, "shape 3"],
    allowed: Integer[np.ndarray, "allowed"],
) -> Float[np.ndarray, "vertex"]:
    """Find nonnegative weights of nearby vertices that sum to 1 and give the joint."""
    distance = np.linalg.norm(vertices[0, allowed] - places[0], axis=1)
    near = allowed[np.argsort(distance, kind="stable")[:NEAREST_COUNT]]
    offsets = (vertices[:, near] - places[:, None]).transpose(0, 2, 1).reshape(-1, len(near))
    scale = np.sqrt(len(offsets)) * 0.02
    system = np.vstack([offsets / scale, RIDGE * np.eye(len(near)), 100 * np.ones((1, len(near)))])
    target = np.concatenate([np.zeros(len(system) - 1), [100.0]])
    weights, _ = nnls(system, target)
    regressor = np.zeros(vertices.shape[1])
    regressor[near] = weights / weights.sum()
    return regressor
