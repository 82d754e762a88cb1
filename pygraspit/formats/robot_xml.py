"""Hands from GraspIt!'s robot XML."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from pygraspit.formats.body_xml import read_body
from pygraspit.formats.eigengrasp_xml import read_eigengrasps
from pygraspit.formats.elements import Element
from pygraspit.formats.transform_xml import read_transform
from pygraspit.formats.virtual_contact_xml import read_virtual_contacts
from pygraspit.model import BodyModel, Chain, Dof, Joint, Link, RobotModel
from pygraspit.transforms import rigid

BODY_FOLDER = "iv"
DOF_KINDS: dict[str, Any] = {"r": "rigid", "b": "breakaway", "c": "compliant"}
JOINTS_OF_LINK = {"Revolute": 1, "Prismatic": 1, "Universal": 2, "Ball": 3, "Fixed": 0}
_NUMBER = r"[-+]?[\d.]+(?:[eE][-+]?\d+)?"
_DRIVEN = re.compile(rf"d(\d+)(?:\*({_NUMBER}))?(?:\+({_NUMBER}))?")


def read_robot(path: str | Path) -> RobotModel:
    """Read a hand with its bodies, eigengrasps and virtual contacts.

    Raises:
        DescriptionError: naming file, element and reason.
    """
    path = Path(path)
    root = Element.root_of(path)
    if root.tag != "robot":
        root.fail("a hand's file begins with <robot>")
    bodies: dict[str, BodyModel] = {}
    elements = list(root.children("dof"))
    chains = tuple(_chain(chain, len(elements), bodies) for chain in root.children("chain"))
    dofs = tuple(_dof(element, index, chains) for index, element in enumerate(elements))
    eigengrasps, contacts = root.find("eigenGrasps"), root.find("virtualContacts")
    return RobotModel(
        name=root.attribute("DBName", path.stem),
        palm=_body(root.need("palm"), bodies),
        dofs=dofs,
        chains=chains,
        palm_from_approach=_approach(root),
        eigengrasps=None
        if eigengrasps is None
        else read_eigengrasps(path.parent / eigengrasps.text, dofs),
        virtual_contacts=()
        if contacts is None
        else read_virtual_contacts(path.parent / contacts.text),
    )


def _body(element: Element, bodies: dict[str, BodyModel]) -> BodyModel:
    """Read the body an element names; chains often share one."""
    if element.text not in bodies:
        bodies[element.text] = read_body(element.file.parent / BODY_FOLDER / element.text)
    return bodies[element.text]


def _dof(element: Element, index: int, chains: tuple[Chain, ...]) -> Dof:
    """Read a DOF; its range is what all its joints allow."""
    kind = element.attribute("type", "r")
    if kind not in DOF_KINDS:
        element.fail(f"type {kind!r} is none of {', '.join(DOF_KINDS)}")
    joints = [joint for chain in chains for joint in chain.joints if joint.dof_index == index]
    ends = [sorted((j.minimum / j.ratio, j.maximum / j.ratio)) for j in joints if j.ratio]
    low, high = max((e[0] for e in ends), default=0.0), min((e[1] for e in ends), default=0.0)
    default = element.find("defaultValue")
    value = 0.0 if default is None else float(np.radians(default.number()))
    velocity = element.need("defaultVelocity").number()
    return Dof(velocity, low, high, float(np.clip(value, low, high)), DOF_KINDS[kind])


def _chain(element: Element, dof_count: int, bodies: dict[str, BodyModel]) -> Chain:
    transform = element.find("transform")
    base = np.eye(4) if transform is None else read_transform(transform)
    joints = tuple(_joint(joint, dof_count) for joint in element.children("joint"))
    links, last = [], -1
    for link in element.children("link"):
        kind = link.attribute("dynamicJointType")
        if kind not in JOINTS_OF_LINK:
            link.fail(f"dynamicJointType {kind!r} is none of {', '.join(JOINTS_OF_LINK)}")
        last += JOINTS_OF_LINK[kind]
        if last >= len(joints):
            link.fail(f"needs joint {last}, but the chain has {len(joints)} joints")
        links.append(Link(_body(link, bodies), last))
    return Chain(base, joints, tuple(links))


def _joint(element: Element, dof_count: int) -> Joint:
    kind = element.attribute("type")
    if kind not in {"Revolute", "Prismatic"}:
        element.fail(f"type {kind!r} is neither Revolute nor Prismatic")
    slides = kind == "Prismatic"
    dof, ratio, offset = _driven(element.need("d" if slides else "theta"), dof_count)
    still = element.need("theta" if slides else "d").number()
    to_rad = np.radians
    limits = [element.need(name).number() for name in ("minValue", "maxValue")]
    return Joint(
        dof_index=dof,
        ratio=ratio,
        offset=float(to_rad(still if slides else offset)),
        d=offset if slides else still,
        a=element.need("a").number(),
        alpha=float(to_rad(element.need("alpha").number())),
        minimum=limits[0] if slides else float(to_rad(limits[0])),
        maximum=limits[1] if slides else float(to_rad(limits[1])),
        kind="prismatic" if slides else "revolute",
    )


def _driven(element: Element, dof_count: int) -> tuple[int, float, float]:
    """Return DOF, ratio and offset of ``d1*0.6+20``; the offset in the file's unit."""
    match = _DRIVEN.fullmatch(element.text.replace(" ", ""))
    if match is None:
        element.fail(f"should read d<DOF>[*ratio][+offset], reads {element.text!r}")
    if int(match[1]) >= dof_count:
        element.fail(f"names DOF {match[1]}, but there are {dof_count}")
    try:
        return int(match[1]), float(match[2] or 1.0), float(match[3] or 0.0)
    except ValueError:
        element.fail(f"{element.text!r} holds something that is not a number")


def _approach(root: Element) -> Float[np.ndarray, "4 4"]:
    """Return the frame whose z axis is the approach direction; GraspIt! chooses x and y so."""
    element = root.find("approachDirection")
    if element is None:
        return np.eye(4)
    z = element.need("direction").numbers(3)
    if not z.any():
        element.fail("the direction is zero")
    z /= np.linalg.norm(z)
    x = np.array([0.0, 1.0, 0.0] if abs(z[0]) > 0.9 else [1.0, 0.0, 0.0])
    y = np.cross(z, x)
    y /= np.linalg.norm(y)
    rotation = np.stack([np.cross(y, z), y, z], axis=1)
    return rigid(rotation, element.need("referenceLocation").numbers(3))
