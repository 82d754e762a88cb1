"""GraspIt!'s own models and numbers, which stand beside the repository, not in it."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pygraspit import Robot, World
from pygraspit.formats import read_body, read_robot
from pygraspit.model import BodyModel, Geometry, RobotModel
from pygraspit.transforms import from_pose

FOLDER = Path(__file__).parents[3] / "shared/oracles/graspit"
SHARED = FOLDER if FOLDER.is_dir() else Path(__file__).parents[4] / "shared/oracles/graspit"
needs_reference = pytest.mark.skipif(
    not SHARED.is_dir(),
    reason=f"GraspIt!'s reference cases are not at {FOLDER}: agreement with it is NOT tested",
)


@cache
def load(name: str):
    return json.loads((SHARED / name).read_text())


@cache
def triangles(name: str) -> dict[str, np.ndarray]:
    with np.load(SHARED / f"triangles_{name}.npz") as arrays:
        return {key: arrays[key] for key in arrays}


def as_loaded(body: BodyModel, corners: np.ndarray) -> BodyModel:
    faces = np.arange(3 * len(corners)).reshape(-1, 3)
    return replace(body, geometry=Geometry(corners.reshape(-1, 3), faces))


@cache
def robot_model(name: str) -> RobotModel:
    """Read a hand, with the very triangles GraspIt! had."""
    model = read_robot(SHARED / load("manifest.json")["robots"][name]["xml"])
    corners = triangles(name)
    chains = tuple(
        replace(
            chain,
            links=tuple(
                replace(link, body=as_loaded(link.body, corners[f"_chain{c}_link{k}"]))
                for k, link in enumerate(chain.links)
            ),
        )
        for c, chain in enumerate(model.chains)
    )
    return replace(model, palm=as_loaded(model.palm, corners["Base"]), chains=chains)


@cache
def object_model(name: str) -> BodyModel:
    body = read_body(SHARED / load("manifest.json")["objects"][name]["xml"])
    return as_loaded(body, triangles("objects")[name])


def make_world(robot: str, target: str | None = None) -> tuple[World, Robot]:
    """Stand the hand first and then the object, as the cases do."""
    world = World()
    hand = world.add_robot(robot_model(robot), from_pose(np.array([0.0, 200, 0, 1, 0, 0, 0])))
    if target is not None:
        world.add_body(object_model(target))
    return world, hand


def run_variant(world: World, hand: Robot, case: dict) -> None:
    """Pose and close the hand as mano_grasp does, by the case's flags."""
    world.collisions_off()
    hand.set_pose(from_pose(np.array(case["pose_in"], float)))
    hand.force_dofs(np.array(case["dofs_in"], float))
    if case["auto_open"]:
        if not case["full_open"]:
            world.collisions_on()
        hand.auto_open()
    world.collisions_on()
    if case["approach"]:
        hand.approach_to_contact(200.0)
    hand.auto_grasp()
