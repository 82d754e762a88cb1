"""Static friction between materials: GraspIt!'s built-in table."""

from pygraspit.errors import DescriptionError

DEFAULT_MATERIAL = "wood"
"""Of a body whose file names none."""

MATERIALS = ("frictionless", "glass", "metal", "plastic", "wood", "rubber", "stone")

_ROWS = {
    "frictionless": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "glass": (0.0, 0.2, 0.2, 0.2, 0.3, 1.0, 0.3),
    "metal": (0.0, 0.2, 0.2, 0.2, 0.3, 1.0, 0.4),
    "plastic": (0.0, 0.2, 0.2, 0.3, 0.4, 1.0, 0.4),
    "wood": (0.0, 0.3, 0.3, 0.4, 0.4, 1.0, 0.6),
    "rubber": (0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.5),
    "stone": (0.0, 0.3, 0.4, 0.4, 0.6, 1.5, 0.7),
}


def static_friction(first: str, second: str) -> float:
    """Return the coefficient of static friction between two materials, in either order.

    Raises:
        DescriptionError: if a material is not one of `MATERIALS`.
    """
    for material in (first, second):
        if material not in _ROWS:
            raise DescriptionError(
                f"there is no material {material!r}; known are {', '.join(MATERIALS)}"
            )
    return _ROWS[first][MATERIALS.index(second)]
