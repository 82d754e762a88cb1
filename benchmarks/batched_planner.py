"""States per second of the planner's chains: compiled one by one, and in step by torch.

Usage: OMP_NUM_THREADS=1 python benchmarks/batched_planner.py

The open hand about a cylinder on a grid of 64 nodes. A state is a hand posed, tested for
collision and, if free, given its guided energy. One thread on the CPU; a GPU takes part if there
is one, and its hulls are then found by as many threads of the host as torch may use.
"""

import time

import numpy as np
import torch
import trimesh

from pygraspit.formats import read_robot
from pygraspit.planner import EigenGraspPlanner
from pygraspit.planner.batched import Chains
from pygraspit.planner.batched_energy import BatchedEnergy
from pygraspit.planner.fast import anneal_fast
from pygraspit.planner.spaces import axis_angle_space
from pygraspit.planner.tables import field_table
from pygraspit.sdf import bake

CHAINS = (1, 16, 128, 1024, 8192)
RADIUS_MM = 65.0
COMPILED_STEPS = 20_000
WARM_ROUNDS, LEAST_S = 40, 2.0


def main():
    robot = read_robot("grasp_configs/open-hand/open-hand.xml")
    planner = EigenGraspPlanner(robot, space=axis_angle_space(robot, reach_mm=165.0))
    mesh = trimesh.creation.cylinder(radius=35, height=110)
    field = field_table(bake(mesh.vertices, mesh.faces))
    search = planner.search(RADIUS_MM, 1.0)
    rng = np.random.default_rng(0)
    anneal_fast(planner.table, field, search, rng, planner.space.start, 10, 20)
    begin = time.process_time()
    _, counts = anneal_fast(
        planner.table, field, search, rng, planner.space.start, COMPILED_STEPS, 20
    )
    compiled = counts[1] / (time.process_time() - begin)
    print(f"compiled, one chain at a time: {compiled:,.0f} states per CPU s")
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    for device in devices:
        for count in CHAINS:
            rate = in_step(planner, field, search, torch.device(device), count)
            times = rate / compiled
            print(f"torch on {device}, {count:5} chains: {rate:10,.0f} per s, {times:5.2f} x")


def in_step(planner, field, search, device, count):
    """Return states per second: CPU seconds on the CPU, else of the wall."""
    rng = np.random.default_rng(0)
    starts = np.stack([planner.space.uniform(rng) for _ in range(count)])
    chains = Chains(BatchedEnergy(planner.table, field, search, device), search, starts, 20, seed=0)
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    for _ in range(WARM_ROUNDS):
        chains.advance(10**9)
    begin, rounds = clock(), 0
    while clock() - begin < LEAST_S:
        chains.advance(10**9)
        rounds += 1
        if device.type == "cuda":
            torch.cuda.synchronize()
    return rounds * count / (clock() - begin)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
