"""Small hands and bodies whose grasps have closed forms."""

import numpy as np
import trimesh

from pygraspit.formats.geometry import body_from_trimesh
from pygraspit.model import BodyModel, Chain, Dof, Joint, Link, RobotModel
from pygraspit.transforms import translation


def box(name: str, sides_mm, material: str = "plastic") -> BodyModel:
    return body_from_trimesh(trimesh.creation.box(sides_mm), name, material)


def gripper(velocity: float = 1.0, dof_count: int = 2) -> RobotModel:
    """Two fingers that slide along x towards each other from 60 mm, in front of a palm."""
    joints = [
        Joint(i, 1.0, 0.0, 0.0, 0.0, 0.0, -200.0, 200.0, "prismatic") for i in range(dof_count)
    ]
    chains = tuple(
        Chain(base, (joint,), (Link(box(f"finger{i}", (20.0, 20.0, 10.0)), 0),))
        for i, (base, joint) in enumerate(zip(_bases(), joints, strict=False))
    )
    dofs = (Dof(velocity, 0.0, 100.0),) * dof_count
    return RobotModel(
        "gripper", box("palm", (150.0, 30.0, 10.0)), dofs, chains, translation(0, 0, 5)
    )


def _bases():
    """Each finger's z axis points inwards."""
    for side in (-1.0, 1.0):
        base = np.eye(4)
        base[:3, :3] = np.array([[0, 0, -side], [0, 1, 0], [side, 0, 0]], float)
        base[:3, 3] = (side * 60.0, 0.0, 45.0)
        yield base
