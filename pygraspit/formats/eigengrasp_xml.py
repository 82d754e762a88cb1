"""Eigengrasp files: a few directions in posture space."""

from pathlib import Path

import numpy as np

from pygraspit.formats.elements import Element
from pygraspit.model import Dof, EigenGrasps

DEFAULT_LIMIT = 4.0


def read_eigengrasps(path: str | Path, dofs: tuple[Dof, ...]) -> EigenGrasps:
    """Read directions, each made a unit vector, their limits and the origin.

    Raises:
        DescriptionError: naming file, element and reason.
    """
    root = Element.root_of(Path(path))
    directions, limits = [], []
    for element in root.children("EG"):
        direction = _values(element.need("DimVals"), len(dofs))
        if not direction.any():
            element.fail("its direction is zero")
        directions.append(direction / np.linalg.norm(direction))
        limits.append(_limits(element))
    if not directions:
        root.fail("holds no <EG>")
    origin = root.find("ORIGIN")
    values = np.zeros(len(dofs)) if origin is None else _values(origin.need("DimVals"), len(dofs))
    low, high = [dof.minimum for dof in dofs], [dof.maximum for dof in dofs]
    minimum, maximum = np.array(limits).T
    return EigenGrasps(np.array(directions), np.clip(values, low, high), minimum, maximum)


def _values(element: Element, dof_count: int) -> np.ndarray:
    """Read ``d0="0.1" d1=...``; a DOF that is not named is 0."""
    values = np.zeros(dof_count)
    for name, text in element.attributes().items():
        if not (name[:1] == "d" and name[1:].isdigit() and int(name[1:]) < dof_count):
            element.fail(f"{name!r} is not one of d0 to d{dof_count - 1}")
        try:
            values[int(name[1:])] = float(text)
        except ValueError:
            element.fail(f"{name} is {text!r}, not a number")
    return values


def _limits(element: Element) -> tuple[float, float]:
    limits = element.find("Limits")
    if limits is None:
        return -DEFAULT_LIMIT, DEFAULT_LIMIT
    try:
        return float(limits.attribute("min")), float(limits.attribute("max"))
    except ValueError:
        limits.fail("min and max should be numbers")
