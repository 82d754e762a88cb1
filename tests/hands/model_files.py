"""MANO- and SMPL+H-schema files made of random numbers: the real ones are licence-gated."""

import pickle
import sys
from types import ModuleType

import numpy as np
from scipy import sparse

HAND_VERTICES, BODY_VERTICES = 778, 6890
HAND_PARENTS = [4294967295, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14]
"""As MANO's files have them: unsigned, the root's parent the largest number."""
BODY_PARENTS = [
    *(4294967295, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19),
    *(20, 22, 23, 20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35),
    *(21, 37, 38, 21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50),
]


def arrays(vertices: int, parents: list[int], seed: int = 0) -> dict[str, np.ndarray]:
    """Draw the arrays every model file has."""
    rng = np.random.default_rng(seed)
    joints = len(parents)
    regressor = sparse.random(joints, vertices, 0.01, "csc", random_state=rng)
    regressor.data[:] = 1
    regressor = sparse.csc_matrix(regressor / np.maximum(regressor.sum(axis=1), 1))
    first = np.arange(vertices)
    return {
        "v_template": rng.normal(0, 0.05, (vertices, 3)),
        "f": np.stack([first, (first + 1) % vertices, (first + 2) % vertices], 1).astype("u4")[:-2],
        "shapedirs": rng.normal(0, 1e-3, (vertices, 3, 10)),
        "posedirs": rng.normal(0, 1e-3, (vertices, 3, 9 * (joints - 1))),
        "J_regressor": regressor,
        "weights": rng.dirichlet(np.full(joints, 0.1), vertices),
        "kintree_table": np.array([parents, np.arange(joints)], np.uint32),
    }


def mano_arrays(seed: int = 0) -> dict[str, np.ndarray]:
    """Draw a hand's arrays."""
    rng = np.random.default_rng(seed + 1)
    return arrays(HAND_VERTICES, HAND_PARENTS, seed) | {
        "hands_mean": rng.normal(0, 0.3, 45),
        "hands_components": np.linalg.qr(rng.normal(size=(45, 45)))[0],
    }


def smplh_arrays(seed: int = 0) -> dict[str, np.ndarray]:
    """Draw a body's arrays."""
    return arrays(BODY_VERTICES, BODY_PARENTS, seed)


def chumpy_pickle(content: dict, wrapped=("shapedirs", "posedirs")) -> bytes:
    """Pickle as MANO's authors did: protocol 2, some arrays inside chumpy objects."""
    module = ModuleType("chumpy.ch")
    kind = type("Ch", (), {"__module__": "chumpy.ch"})
    module.Ch = kind
    sys.modules["chumpy"], sys.modules["chumpy.ch"] = ModuleType("chumpy"), module
    try:
        packed = dict(content)
        for name in wrapped:
            packed[name] = kind()
            packed[name].x = content[name]
        return pickle.dumps(packed, protocol=2)
    finally:
        del sys.modules["chumpy"], sys.modules["chumpy.ch"]
