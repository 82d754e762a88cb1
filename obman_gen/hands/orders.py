"""The 21 hand joints in the orders that models and datasets use, and the way between them.

An order is a tuple of joint names. Names: ``wrist``, then ``thumb``, ``index``, ``middle``,
``ring``, ``little`` with 1 at the base to 4 at the tip.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Integer, Shaped

from obman_gen.errors import InputError
from obman_gen.registry import lookup

FINGERS = ("thumb", "index", "middle", "ring", "little")
MANO_FINGERS = ("index", "middle", "little", "ring", "thumb")


def _base_to_tip(finger: str) -> tuple[str, ...]:
    return tuple(f"{finger}{place}" for place in (1, 2, 3, 4))


MANOPTH = ("wrist", *(name for finger in FINGERS for name in _base_to_tip(finger)))
"""Ours, and that of OpenPose, FreiHAND and DexYCB: finger by finger, base to tip."""

MANO = ("wrist", *(f"{finger}{place}" for finger in MANO_FINGERS for place in (1, 2, 3)))
"""MANO's own 16 joints, without fingertips."""

HO3D = (*MANO, *(f"{finger}4" for finger in FINGERS))
"""MANO's 16 joints, then the tips from thumb to little finger."""

ORDERS: Mapping[str, tuple[str, ...]] = {
    "manopth": MANOPTH,
    "openpose": MANOPTH,
    "freihand": MANOPTH,
    "dexycb": MANOPTH,
    "ho3d": HO3D,
    "mano": MANO,
}


def reordering(source: str, target: str) -> Integer[np.ndarray, "joint"]:
    """Return indices such that ``joints[indices]`` has the target's order.

    Raises:
        InputError: if an order is unknown, or the source lacks a joint of the target.
    """
    names = lookup(ORDERS, source, "joint order")
    wanted = lookup(ORDERS, target, "joint order")
    absent = [name for name in wanted if name not in names]
    if absent:
        raise InputError(f"joint order {source!r} has no {', '.join(absent)}, as {target!r} needs")
    return np.array([names.index(name) for name in wanted])


def reorder(
    joints: Shaped[np.ndarray, "*batch joint dim"], source: str, target: str
) -> Shaped[np.ndarray, "*batch other_joint dim"]:
    """Return joints of one order in another."""
    return joints[..., reordering(source, target), :]
