"""How one grasp of GraspIt!'s reference cases comes out here: a list of differences."""

import numpy as np

from pygraspit import Robot, World
from pygraspit.transforms import points_to, to_pose
from tests.pygraspit.reference import make_world, run_variant

POSE_MM = 1e-3
DOF_RAD = 1e-3
CONTACT_MM = 0.01
EPSILON = 1e-3
VOLUME_SHARE = 0.01


def differences(case: dict) -> list[str]:
    """Run a case; name what differs beyond the tolerances of the issue."""
    world, hand = make_world(case["robot"], case["object"])
    run_variant(world, hand, case)
    result = 2 if world.collisions() else 0
    found = [] if result == case["result"] else [f"result {result}, not {case['result']}"]
    found += _posture(hand, case)
    if not found and result == 0:
        world.find_contacts()
        found += _contacts(world, hand, case) + _quality(world, hand, case)
    return found


def _posture(hand: Robot, case: dict) -> list[str]:
    shift = to_pose(hand.world_from_palm)[:3] - case["pose_out"][:3]
    gaps = {
        "pose": (np.abs(shift).max(), POSE_MM),
        "DOFs": (np.abs(hand.dofs - case["dofs_out"]).max(), DOF_RAD),
        "joints": (np.abs(hand.joints - case["joints_out"]).max(), DOF_RAD),
    }
    return [f"{name} off by {gap:.2g}" for name, (gap, limit) in gaps.items() if gap > limit]


def _contacts(world: World, hand: Robot, case: dict) -> list[str]:
    """Match each of GraspIt!'s contacts with one of ours, and leave none of ours."""
    ours = []
    for body in hand.bodies:
        pose = body.world_from_body
        ours += [
            (side, points_to(pose, side.position), pose[:3, :3] @ side.normal)
            for side in world.contacts_on(body)
        ]
    missing = 0
    for theirs in case["contacts"]:
        match = next((i for i, mine in enumerate(ours) if _is_same(mine, theirs)), None)
        if match is None:
            missing += 1
        else:
            ours.pop(match)
    return [f"{missing} contacts missing, {len(ours)} extra"] if missing or ours else []


def _is_same(mine, theirs: dict) -> bool:
    side, position, normal = mine
    return (
        (side.body, side.other) == (theirs["body1"], theirs["body2"])
        and np.abs(position - theirs["pos"]).max() < CONTACT_MM
        and float(normal @ theirs["normal"]) > 1 - 1e-4
        and len(side.edges) == theirs["nedges"]
        and abs(side.friction - theirs["cof"]) < 1e-9
    )


def _quality(world: World, hand: Robot, case: dict) -> list[str]:
    quality, exact = world.quality(world.objects[0], hand), case["exact_hull"]
    found = []
    if abs(quality.epsilon - exact["epsilon"]) > EPSILON:
        found.append(f"epsilon {quality.epsilon:.4f}, not {exact['epsilon']:.4f}")
    if abs(quality.volume - exact["volume"]) > VOLUME_SHARE * exact["volume"]:
        found.append(f"volume {quality.volume:.4g}, not {exact['volume']:.4g}")
    return found
