"""Virtual contact files: where on a hand the planner would like to touch."""

from pathlib import Path

import numpy as np

from pygraspit.formats.elements import Element
from pygraspit.model import VirtualContact


def read_virtual_contacts(path: str | Path) -> tuple[VirtualContact, ...]:
    """Read contacts in GraspIt!'s order: palm first, then chain by chain, link by link.

    Raises:
        DescriptionError: naming file, element and reason.
    """
    root = Element.root_of(Path(path))
    contacts = [_contact(element) for element in root.children("virtual_contact")]
    if not contacts:
        root.fail("holds no <virtual_contact>")
    return tuple(sorted(contacts, key=lambda contact: (contact.chain_index, contact.link_index)))


def _contact(element: Element) -> VirtualContact:
    edges = [edge.numbers(6) for edge in element.need("friction_edges").children("friction_edge")]
    stated = element.find("num_friction_edges")
    if stated is not None and int(stated.number()) != len(edges):
        stated.fail(f"says {stated.text} friction edges, there are {len(edges)}")
    normal = element.need("normal").numbers(3)
    if not normal.any():
        element.fail("its normal is zero")
    return VirtualContact(
        chain_index=int(element.need("finger_number").number()),
        link_index=int(element.need("link_number").number()),
        position=element.need("location").numbers(3),
        normal=normal / np.linalg.norm(normal),
        friction=element.need("sCof").number(),
        friction_edges=np.array(edges).reshape(-1, 6),
    )
