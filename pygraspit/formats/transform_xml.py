"""``<transform>`` and ``<fullTransform>`` elements."""

import numpy as np
from jaxtyping import Float

from pygraspit.formats.elements import Element
from pygraspit.transforms import (
    ORIGIN,
    matrix_from_quaternion,
    quaternion_from_matrix,
    rigid,
    rotation,
    translation,
)

AXES = {"x": np.eye(3)[0], "y": np.eye(3)[1], "z": np.eye(3)[2]}


def read_transform(element: Element) -> Float[np.ndarray, "4 4"]:
    """Chain an element's children from left to right: the last applies first."""
    total = np.eye(4)
    for child in element.children():
        total = total @ _step(child)
    return total


def _step(element: Element) -> Float[np.ndarray, "4 4"]:
    if element.tag == "translation":
        return translation(*element.numbers(3))
    if element.tag == "rotation":
        return _rotation(element)
    if element.tag == "rotationMatrix":
        columns = element.numbers(9).reshape(3, 3).T
        # As GraspIt! does: through a quaternion, so nearly orthogonal numbers become a rotation.
        return rigid(matrix_from_quaternion(quaternion_from_matrix(columns)), ORIGIN)
    if element.tag == "fullTransform":
        return read_full_transform(element)
    return element.fail("a transform is made of translation, rotation, rotationMatrix")


def _rotation(element: Element) -> Float[np.ndarray, "4 4"]:
    words = element.text.split()
    if len(words) != 2 or words[1] not in AXES:
        element.fail(f"should read ANGLE x|y|z, reads {element.text!r}")
    try:
        return rotation(float(np.radians(float(words[0]))), AXES[words[1]])
    except ValueError:
        element.fail(f"{words[0]!r} is not an angle")


def read_full_transform(element: Element) -> Float[np.ndarray, "4 4"]:
    """Read ``(w x y z)[x y z]``, a quaternion and a translation."""
    words = element.text.translate(str.maketrans("()[],+", "      ")).split()
    try:
        values = np.array([float(word) for word in words])
    except ValueError:
        values = np.zeros(0)
    if len(values) != 7 or not values[:4].any():
        element.fail(f"should read (qw qx qy qz)[x y z], reads {element.text!r}")
    return rigid(matrix_from_quaternion(values[:4]), values[4:])


def full_transform(transform: Float[np.ndarray, "4 4"]) -> str:
    """Return the text that `read_full_transform` reads."""
    quaternion = " ".join(f"{value:+.12g}" for value in quaternion_from_matrix(transform[:3, :3]))
    shift = " ".join(f"{value:+.12g}" for value in transform[:3, 3])
    return f"({quaternion})[{shift}]"
