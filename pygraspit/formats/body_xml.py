"""Bodies from GraspIt!'s body XML, or from a bare geometry file."""

from pathlib import Path

import numpy as np

from pygraspit.formats.elements import Element
from pygraspit.formats.geometry import read_geometry
from pygraspit.materials import DEFAULT_MATERIAL, MATERIALS
from pygraspit.model import BodyModel, Geometry

DEFAULT_MASS_G = 300.0
BARE_GEOMETRY_SCALE = 1000.0
"""A geometry file without XML is taken to be in metres, as GraspIt!'s default.xml says."""


def read_body(path: str | Path) -> BodyModel:
    """Read a body.

    Args:
        path: of a body XML, or of a geometry file: then metres become millimetres, the
            material is wood and the centre of gravity the surface's centroid.

    Raises:
        DescriptionError: naming file, element and reason.
    """
    path = Path(path)
    if path.suffix.lower() != ".xml":
        bare = read_geometry(path)
        return BodyModel(path.stem, Geometry(bare.vertices * BARE_GEOMETRY_SCALE, bare.faces))
    root = Element.root_of(path)
    material, youngs = root.find("material"), root.find("youngs")
    mass, centre = root.find("mass"), root.find("cog")
    name = material.text if material is not None and material.text else DEFAULT_MATERIAL
    if material is not None and name not in MATERIALS:
        material.fail(f"{name!r} is none of {', '.join(MATERIALS)}")
    return BodyModel(
        name=path.stem,
        geometry=_geometry(root),
        material=name,
        youngs=-1.0 if youngs is None else youngs.number(),
        mass_g=DEFAULT_MASS_G if mass is None else mass.number(),
        centre_of_gravity=None if centre is None else centre.numbers(3),
    )


def _geometry(root: Element) -> Geometry:
    element = root.need("geometryFile")
    kind = element.attribute("type", "Inventor")
    if not element.text:
        element.fail("names no file")
    geometry = read_geometry(root.file.parent / element.text, kind)
    scale, offset = np.ones(3), np.zeros(3)
    overall, shift = root.find("geometryScaling"), root.find("geometryOffset")
    if overall is not None:
        scale *= overall.number()
    for axis, letter in enumerate("XYZ"):
        one = root.find(f"geometryScaling{letter}")
        scale[axis] *= 1.0 if one is None else one.number()
    if shift is not None:
        offset = shift.numbers(3)
    return Geometry(geometry.vertices * scale + offset, geometry.faces)
