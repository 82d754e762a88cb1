"""World files: which bodies and hands stand where."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from jaxtyping import Float

from pygraspit.formats.elements import Element
from pygraspit.formats.transform_xml import full_transform, read_transform

KINDS = ("graspableBody", "obstacle", "robot")


@dataclass(frozen=True)
class Placed:
    """One file and where what it describes stands."""

    kind: str
    """One of `KINDS`."""
    file: Path
    world_from_element: Float[np.ndarray, "4 4"]
    """mm."""
    dofs: Float[np.ndarray, "dof"] | None = None
    """Radians; of a robot, if stated."""


def read_world(path: str | Path, root: str | Path | None = None) -> list[Placed]:
    """Read a world file.

    Args:
        path: of the XML.
        root: what file names are relative to; None: the world file's folder.

    Raises:
        DescriptionError: naming file, element and reason.
    """
    path = Path(path)
    world = Element.root_of(path)
    if world.tag != "world":
        world.fail("a world's file begins with <world>")
    folder = path.parent if root is None else Path(root)
    return [_placed(element, folder) for element in world.children() if element.tag in KINDS]


def _placed(element: Element, folder: Path) -> Placed:
    transform, values = element.find("transform"), element.find("dofValues")
    pose = np.eye(4) if transform is None else read_transform(transform)
    dofs = None if values is None else values.numbers(len(values.text.split()))
    return Placed(element.tag, folder / element.need("filename").text, pose, dofs)


def write_world(path: str | Path, placed: list[Placed]) -> None:
    """Write a world file; file names are written relative to its folder where they lie below."""
    path = Path(path)
    world = ET.Element("world")
    for one in placed:
        element = ET.SubElement(world, one.kind)
        below = one.file.is_relative_to(path.parent)
        name = one.file.relative_to(path.parent) if below else one.file
        ET.SubElement(element, "filename").text = name.as_posix()
        if one.dofs is not None:
            ET.SubElement(element, "dofValues").text = " ".join(f"{v:+.12g}" for v in one.dofs)
        transform = ET.SubElement(element, "transform")
        pose = full_transform(one.world_from_element)
        ET.SubElement(transform, "fullTransform").text = pose
    ET.indent(world)
    ET.ElementTree(world).write(path, encoding="unicode", xml_declaration=True)
