"""Write a hand in GraspIt!'s own files, so that GraspIt!'s users can load it, too.

A folder holds the robot XML; ``iv/`` a body XML and an .off surface (mm) for palm and links;
``eigen/`` the eigengrasps; ``virtual/`` the virtual contacts. `pygraspit.formats.read_robot`
reads them back. The files hold what GraspIt! has words for: of the approach frame only place
and direction, and a DOF's range as the ranges of its joints.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from jaxtyping import Float

from obman_gen.objects.solids import Surface, simplified
from pygraspit.kinematics import Kinematics
from pygraspit.model import BodyModel, Chain, Dof, Geometry, Joint, RobotModel

PALM_FACES, LINK_FACES = 320, 90
"""About what GraspIt!'s own human hand has."""
BODIES, EIGENGRASPS, CONTACTS = Path("iv"), Path("eigen"), Path("virtual")
JOINTS_OF_LINK = {0: "Fixed", 1: "Revolute", 2: "Universal", 3: "Ball"}
DOF_KINDS = {"rigid": "r", "breakaway": "b", "compliant": "c"}
MOTOR = {"maxEffort": 5e9, "Kp": 1e9, "Kd": 1e7, "draggerScale": 20.0}
"""GraspIt! asks for these, and uses them in its dynamics only."""


def with_simple_bodies(
    robot: RobotModel, palm_faces: int = PALM_FACES, link_faces: int = LINK_FACES
) -> RobotModel:
    """Return the hand with fewer triangles in its bodies; nothing else changes."""
    chains = tuple(
        replace(
            chain,
            links=tuple(replace(link, body=_simple(link.body, link_faces)) for link in chain.links),
        )
        for chain in robot.chains
    )
    return replace(robot, palm=_simple(robot.palm, palm_faces), chains=chains)


def _simple(body: BodyModel, face_count: int) -> BodyModel:
    if len(body.geometry.faces) <= face_count:
        return body
    small = simplified(_edge_manifold(body.geometry), face_count)
    return replace(body, geometry=Geometry(small.vertices, small.faces.astype(np.int64)))


def _edge_manifold(geometry: Geometry) -> Surface:
    """Split what touches itself, as pieces cut from a hand may: the simplifier needs that."""
    import manifold3d

    mesh = manifold3d.Mesh(
        np.asarray(geometry.vertices, np.float32), np.asarray(geometry.faces, np.uint32)
    )
    clean = manifold3d.Manifold(mesh)
    if clean.is_empty():
        raise ValueError(f"a body's surface cannot be simplified: {clean.status()}")
    clean = clean.to_mesh()
    return Surface(np.asarray(clean.vert_properties, np.float64), np.asarray(clean.tri_verts))


def write_robot(robot: RobotModel, folder: str | Path) -> Path:
    """Write a hand's files into a folder; return the robot XML's path.

    Lengths are written to 1e-9 mm in the XML and 1e-4 mm in the surfaces.
    """
    folder = Path(folder)
    for part in (BODIES, EIGENGRASPS, CONTACTS):
        (folder / part).mkdir(parents=True, exist_ok=True)
    root = ET.Element("robot", type="Hand", DBName=robot.name)
    _add(root, "palm", _write_body(robot.palm, folder))
    for dof in robot.dofs:
        _add_dof(root, dof)
    ranges = Kinematics.of(robot)
    for chain in robot.chains:
        _add_chain(root, chain, ranges, folder)
    approach = ET.SubElement(root, "approachDirection")
    _add(approach, "referenceLocation", _numbers(robot.palm_from_approach[:3, 3]))
    _add(approach, "direction", _numbers(robot.palm_from_approach[:3, 2]))
    if robot.eigengrasps is not None:
        path = EIGENGRASPS / f"{robot.name}.xml"
        _write(_eigengrasps(robot), folder / path)
        _add(root, "eigenGrasps", path.as_posix())
    if robot.virtual_contacts:
        path = CONTACTS / f"{robot.name}.xml"
        _write(_virtual_contacts(robot), folder / path)
        _add(root, "virtualContacts", path.as_posix())
    return _write(root, folder / f"{robot.name}.xml")


def _add_dof(root: ET.Element, dof: Dof) -> None:
    element = ET.SubElement(root, "dof", type=DOF_KINDS[dof.kind])
    _add(element, "defaultVelocity", _number(dof.closing_velocity))
    for name, value in MOTOR.items():
        _add(element, name, _number(value))
    if dof.default:
        _add(element, "defaultValue", _number(np.degrees(dof.default)))


def _add_chain(root: ET.Element, chain: Chain, ranges: Kinematics, folder: Path) -> None:
    element = ET.SubElement(root, "chain")
    transform = ET.SubElement(element, "transform")
    _add(transform, "translation", _numbers(chain.palm_from_base[:3, 3]))
    _add(transform, "rotationMatrix", _numbers(chain.palm_from_base[:3, :3].T.ravel()))
    for joint in chain.joints:
        _add_joint(element, joint, ranges)
    last = -1
    for link in chain.links:
        kind = JOINTS_OF_LINK[link.last_joint_index - last]
        last = link.last_joint_index
        _add(element, "link", _write_body(link.body, folder)).set("dynamicJointType", kind)


def _add_joint(chain: ET.Element, joint: Joint, ranges: Kinematics) -> None:
    """Add a revolute joint, its range narrowed to what its DOF may do."""
    if joint.kind != "revolute":
        raise ValueError("only revolute joints can be written")
    ends = (ranges.minimum[joint.dof_index], ranges.maximum[joint.dof_index])
    low, high = sorted(np.degrees(joint.ratio * np.array(ends)))
    element = ET.SubElement(chain, "joint", type="Revolute")
    offset = _number(np.degrees(joint.offset))
    _add(element, "theta", f"d{joint.dof_index}*{_number(joint.ratio)}+{offset}")
    _add(element, "d", _number(joint.d))
    _add(element, "a", _number(joint.a))
    _add(element, "alpha", _number(np.degrees(joint.alpha)))
    _add(element, "minValue", _number(low))
    _add(element, "maxValue", _number(high))


def _write_body(body: BodyModel, folder: Path) -> str:
    """Write a body's XML and surface; return the XML's name."""
    root, name = ET.Element("root"), body.name.removeprefix("_")
    _add(root, "material", body.material)
    _add(root, "mass", _number(body.mass_g))
    if body.centre_of_gravity is not None:
        _add(root, "cog", _numbers(body.centre_of_gravity))
    if body.is_elastic:
        _add(root, "youngs", _number(body.youngs))
    _add(root, "geometryFile", f"{name}.off").set("type", "off")
    _write(root, folder / BODIES / f"{name}.xml")
    (folder / BODIES / f"{name}.off").write_text("\n".join(_off_lines(body.geometry)) + "\n")
    return f"{name}.xml"


def _off_lines(geometry: Geometry) -> Iterator[str]:
    yield "OFF"
    yield f"{len(geometry.vertices)} {len(geometry.faces)} 0"
    yield from (" ".join(f"{value:.4f}" for value in vertex) for vertex in geometry.vertices)
    yield from (f"3 {a} {b} {c}" for a, b, c in geometry.faces)


def _eigengrasps(robot: RobotModel) -> ET.Element:
    root, grasps = ET.Element("EigenGrasps", dimensions=str(len(robot.dofs))), robot.eigengrasps
    assert grasps is not None
    for direction, low, high in zip(grasps.directions, grasps.minimum, grasps.maximum, strict=True):
        element = ET.SubElement(root, "EG")
        ET.SubElement(element, "EigenValue", value="0.5")  # GraspIt!'s planner ignores it
        _add_values(element, direction)
        ET.SubElement(element, "Limits", min=_number(low), max=_number(high))
    _add_values(ET.SubElement(root, "ORIGIN"), grasps.origin)
    return root


def _add_values(parent: ET.Element, values: Float[np.ndarray, "dof"]) -> None:
    ET.SubElement(parent, "DimVals", {f"d{i}": _number(value) for i, value in enumerate(values)})


def _virtual_contacts(robot: RobotModel) -> ET.Element:
    root = ET.Element("virtual_contacts")
    for contact in robot.virtual_contacts:
        element = ET.SubElement(root, "virtual_contact")
        _add(element, "finger_number", str(contact.chain_index))
        _add(element, "link_number", str(contact.link_index))
        _add(element, "num_friction_edges", str(len(contact.friction_edges)))
        edges = ET.SubElement(element, "friction_edges")
        for edge in contact.friction_edges:
            _add(edges, "friction_edge", _numbers(edge))
        _add(element, "location", _numbers(contact.position))
        _add(element, "rotation", "1 0 0 0")
        _add(element, "translation", _numbers(contact.position))
        _add(element, "normal", _numbers(contact.normal))
        _add(element, "sCof", _number(contact.friction))
    return root


def _add(parent: ET.Element, tag: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    element.text = text
    return element


def _number(value: float) -> str:
    return f"{float(np.round(value, 9)) + 0.0:.12g}"


def _numbers(values: Sequence[float] | np.ndarray) -> str:
    return " ".join(_number(value) for value in values)


def _write(root: ET.Element, path: Path) -> Path:
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path
