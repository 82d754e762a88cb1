"""Kept grasps per CPU-second of one thread, and what planning them costs.

A kept grasp is free of collisions by the exact statics after closing, with epsilon above zero:
what GraspIt! counts, in mano_grasp's four ways of closing. Time runs from the object's triangles
to the last epsilon: distance field, search, ranking, closing and quality; the hand stands in its
world before, as in GraspIt!'s figures. Twice as many planned grasps are closed as GraspIt! closes
(`GraspsConfig.candidates`): the search is paid once for all of them.

Run: OMP_NUM_THREADS=1 python benchmarks/planner.py [--quick]
Reads GraspIt!'s own hand and objects from ../shared; without them, the open hand and plain solids.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import trimesh

sys.path.insert(0, str(Path(__file__).parents[1]))

from obman_gen.grasps.candidates import Candidate, find_candidates, planning_field
from obman_gen.grasps.config import GraspsConfig
from pygraspit import World, quality
from pygraspit.formats import read_robot
from pygraspit.formats.geometry import body_from_trimesh
from pygraspit.model import BodyModel, RobotModel
from pygraspit.planner import EigenGraspPlanner, WorldScene
from pygraspit.planner.fast import anneal_fast
from pygraspit.planner.tables import field_table, hand_table
from pygraspit.robot import Robot
from pygraspit.sdf import bake
from tests.pygraspit.reference import SHARED, object_model, robot_model

GRASPIT_KEPT_PER_S = {"glass": 0.5, "mug": 0.7, "phone": 2.9, "cube": 4.0, "cylinder": 4.6}
GRASPIT_STEPS_PER_S = {"glass": 3150, "mug": 2710, "phone": 3650, "cube": 3850, "cylinder": 3270}
GRASPIT_MEDIAN_EPSILON = {"glass": 0.056, "cylinder": 0.145}
"""Of the variants GraspIt! keeps in the two planning runs of each that are recorded."""
VARIANTS = ((False, False, False), (True, True, False), (True, False, True), (True, True, True))
"""Opens; opens through everything; approaches."""
GOAL = 20.0
SHIPPED_HAND = Path(__file__).parents[1] / "grasp_configs/open-hand/open-hand.xml"
CPU = time.process_time


class Kept(NamedTuple):
    epsilon: float
    place: np.ndarray
    """Position of the palm over the object's radius, then its rotation as nine numbers."""


def own_cases() -> tuple[RobotModel, dict[str, BodyModel]]:
    meshes = {
        "glass": trimesh.creation.annulus(r_min=32, r_max=36, height=150),
        "cube": trimesh.creation.box(extents=(50, 50, 50)),
        "cylinder": trimesh.creation.cylinder(radius=30, height=150),
        "phone": trimesh.creation.box(extents=(50, 160, 15)),
        "mug": trimesh.creation.capsule(radius=35, height=40),
    }
    return read_robot(SHIPPED_HAND), {
        name: body_from_trimesh(mesh, name) for name, mesh in meshes.items()
    }


def cases() -> tuple[RobotModel, dict[str, BodyModel]]:
    if SHARED.is_dir():
        return robot_model("HumanHand16DOF"), {k: object_model(k) for k in GRASPIT_KEPT_PER_S}
    print("GraspIt!'s models are NOT here: own objects, so the factors below compare unlike things")
    return own_cases()


def candidates_of(robot: RobotModel, body: BodyModel, seed: int, config) -> list[Candidate]:
    vertices, faces = body.geometry.vertices, body.geometry.faces
    field = planning_field(bake(vertices, faces, resolution=48), vertices, 1e-3)
    return find_candidates(robot, field, np.random.default_rng(seed), config)


def kept_of(
    world: World, hand: Robot, body: BodyModel, some: list[Candidate]
) -> Iterator[Kept | None]:
    """Close every candidate in four ways; None for each that is not kept."""
    target = world.add_body(body)
    touchable = [(link.index, target.index) for link in hand.bodies]
    for candidate in some:
        for variant in VARIANTS:
            close(hand, candidate, variant)
            if world.collisions():
                yield None
                continue
            world.contacts = world.contacts_of_pairs(touchable)
            wrenches = world.grasp_wrenches(target)
            epsilon = quality.epsilon(wrenches)
            pose = hand.world_from_palm
            place = np.append(pose[:3, 3] / target.shape.max_radius_mm, pose[:3, :3])
            yield Kept(epsilon, place) if epsilon > 0 else None


def close(hand, candidate: Candidate, variant) -> None:
    """Act out mano_grasp's sequence; to open through everything is to set the open posture."""
    opens, through, approaches = variant
    kinematics = hand.kinematics
    closes = kinematics.closing_velocity > 0
    dofs = candidate.planned_dofs
    opened = np.where(closes, kinematics.minimum, dofs)
    hand.force_dofs(opened if opens and through else dofs, candidate.object_from_palm)
    if opens and not through:
        hand.auto_open()
    if approaches:
        hand.approach_to_contact()
    hand.auto_grasp()


def distinct_count(kept: list[Kept]) -> int:
    """Count grasps that differ from all earlier ones by 0.2, as GraspIt!'s list measures."""
    chosen: list[Kept] = []
    for grasp in kept:
        if all(state_gap(grasp.place, other.place) >= 0.2 for other in chosen):
            chosen.append(grasp)
    return len(chosen)


def state_gap(one: np.ndarray, other: np.ndarray) -> float:
    cosine = np.clip(0.5 * (one[3:] @ other[3:] - 1.0), -1.0, 1.0)
    return max(float(np.linalg.norm(one[:3] - other[:3])), 0.5 * float(np.arccos(cosine)) / np.pi)


def kept_table(robot: RobotModel, bodies: dict[str, BodyModel], seeds: range, config) -> None:
    print(
        f"\nKept grasps, {len(seeds)} seeds, {config.chains} chains of {config.chain_steps} steps"
    )
    print(
        f"{'object':9} {'plan s':>7} {'close s':>8} {'kept':>9} {'per s':>6} {'x GraspIt!':>10} "
        f"{'epsilon 10/50/90 %':>20} {'GraspIt!':>8} {'distinct':>8}"
    )
    for name, body in bodies.items():
        plan_s, close_s, kept, tried, distinct = 0.0, 0.0, [], 0, 0
        for seed in seeds:
            world = World()
            hand = world.add_robot(robot)
            begun = CPU()
            some = candidates_of(robot, body, seed, config)[: config.candidates]
            planned = CPU()
            results = list(kept_of(world, hand, body, some))
            plan_s, close_s = plan_s + planned - begun, close_s + CPU() - planned
            mine = [grasp for grasp in results if grasp is not None]
            kept, tried = kept + mine, tried + len(results)
            distinct += distinct_count(mine)
        seconds = plan_s + close_s
        rate = len(kept) / seconds
        low, middle, high = np.quantile([k.epsilon for k in kept] or [np.nan], (0.1, 0.5, 0.9))
        theirs = GRASPIT_MEDIAN_EPSILON.get(name, np.nan)
        print(
            f"{name:9} {plan_s:7.2f} {close_s:8.2f} {len(kept):4}/{tried:4} {rate:6.2f} "
            f"{rate / GRASPIT_KEPT_PER_S[name]:9.1f}x {low:6.3f} {middle:6.3f} {high:6.3f} "
            f"{theirs:8.3f} {distinct:8}"
        )


def steps_table(robot: RobotModel, bodies: dict[str, BodyModel], seeds: range, steps: int) -> None:
    """Search speed, and the best energies at the number of steps GraspIt! takes."""
    planner, table = EigenGraspPlanner(robot), hand_table(robot)
    closure = EigenGraspPlanner(robot, "GUIDED_FORCE_CLOSURE_ENERGY")
    print(f"\nSteps per CPU-second; energies of the fast path after {steps} steps, median of seeds")
    print(
        f"{'object':9} {'exact':>6} {'closure':>8} {'fast':>7} {'GraspIt!':>9} "
        f"{'exact/G.':>8} {'clos./G.':>8} {'fast/G.':>8} {'best':>7} {'20th':>7}"
    )
    for name, body in bodies.items():
        vertices, faces = body.geometry.vertices, body.geometry.faces
        scene = exact_scene(robot, body)
        field = field_table(bake(vertices, faces))
        search = planner.search(scene.max_radius_mm, slack_mm=1.0)
        begun, ends = CPU(), []
        for seed in seeds:
            rng = np.random.default_rng(seed)
            found, _ = anneal_fast(table, field, search, rng, planner.space.start, steps, 20)
            ends.append(found.energy[[0, 19]])
        fast = len(seeds) * steps / (CPU() - begun)
        best, last = np.median(ends, axis=0)
        exact, closing = (exact_speed(one, scene, 6000) for one in (planner, closure))
        shares = " ".join(f"{v / GRASPIT_STEPS_PER_S[name]:7.1f}x" for v in (exact, closing, fast))
        print(
            f"{name:9} {exact:6.0f} {closing:8.0f} {fast:7.0f} {GRASPIT_STEPS_PER_S[name]:9} "
            f"{shares} {best:7.2f} {last:7.2f}"
        )


def exact_scene(robot: RobotModel, body: BodyModel) -> WorldScene:
    world = World()
    return WorldScene(world, world.add_robot(robot), world.add_body(body))


def exact_speed(planner: EigenGraspPlanner, scene: WorldScene, steps: int) -> float:
    begun = CPU()
    planner.plan(scene, np.random.default_rng(0), planner.schedule.first_step + steps)
    return steps / (CPU() - begun)


def growth_tables(robot: RobotModel) -> None:
    planner, table = EigenGraspPlanner(robot), hand_table(robot)
    print("\nGrowth with triangles (a ball of 40 mm): the fast path pays once, for its field")
    print(f"{'triangles':>9} {'bake s':>7} {'fast steps/s':>13} {'exact steps/s':>14}")
    for level in (3, 4, 5, 6):
        ball = body_from_trimesh(trimesh.creation.icosphere(level, 40.0), "ball")
        begun = CPU()
        field = field_table(bake(ball.geometry.vertices, ball.geometry.faces, resolution=48))
        baked = CPU() - begun
        exact = exact_speed(planner, exact_scene(robot, ball), 1000)
        fast = fast_speed(planner, table, field, 10_000)
        print(f"{len(ball.geometry.faces):9} {baked:7.2f} {fast:13.0f} {exact:14.0f}")
    print("\nGrowth with virtual contacts, and with chains (same ball)")
    for share in (0.33, 0.66, 1.0):
        count = max(4, round(share * len(table.contact_link)))
        fewer = table._replace(contact_link=table.contact_link[:count])
        print(f"{count:3} contacts: {fast_speed(planner, fewer, field, 10_000):7.0f} steps/s")
    grid = bake(ball.geometry.vertices, ball.geometry.faces, resolution=48)
    for chains in (1, 4, 16):
        begun = CPU()
        planner.plan_on_field(grid, 40.0, np.random.default_rng(0), chains, 2000)
        print(f"{chains:3} chains: {2000 * chains / (CPU() - begun):7.0f} steps/s in all")
    print("\nGrowth with threads: steps per second of the clock on the wall, 16 chains")
    for threads in (1, 2, 4):
        side_by_side = EigenGraspPlanner(robot, threads=threads)
        begun = time.perf_counter()
        side_by_side.plan_on_field(grid, 40.0, np.random.default_rng(0), 16, 4000)
        print(f"{threads:3} threads: {64_000 / (time.perf_counter() - begun):7.0f} steps/s")


def fast_speed(planner, table, field, steps: int) -> float:
    search = planner.search(40.0, slack_mm=1.0)
    begun = CPU()
    anneal_fast(table, field, search, np.random.default_rng(0), planner.space.start, steps, 20)
    return steps / (CPU() - begun)


def main() -> None:
    robot, bodies = cases()
    quick = "--quick" in sys.argv
    config = GraspsConfig(candidates=40)
    warm = GraspsConfig(chains=2, chain_steps=500, candidates=2)
    first = bodies["cube"]  # compile everything before any clock runs
    world = World()
    hand = world.add_robot(robot)
    list(kept_of(world, hand, first, candidates_of(robot, first, 0, warm)[:2]))
    exact_speed(EigenGraspPlanner(robot), exact_scene(robot, first), 50)
    kept_table(robot, bodies, range(1 if quick else 3), config)
    steps_table(robot, bodies, range(2 if quick else 10), 40_000)
    growth_tables(robot)


if __name__ == "__main__":
    main()
