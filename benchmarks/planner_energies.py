"""Best energies of the exact planner beside those of GraspIt!'s recorded runs, and their cost.

As many steps as GraspIt! took (40,000), default energy. GraspIt! ran once or twice on each pair of
hand and object, we run on ten seeds; p is the chance that one of its runs ends so far below or
above ours if both draw from one distribution (two-sided rank, (n+1)-th of equally likely places).

Run: OMP_NUM_THREADS=1 python benchmarks/planner_energies.py [SEEDS] (ten take six CPU minutes)
Reads GraspIt!'s own hands, objects and runs from ../shared.
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.planner import exact_scene
from pygraspit.planner import EigenGraspPlanner
from tests.pygraspit.reference import SHARED, load, object_model, robot_model

ENERGIES = ("GUIDED_POTENTIAL_QUALITY_ENERGY", "GUIDED_FORCE_CLOSURE_ENERGY")
LAST_STEP = 70_000
PLACES = {"best": 0, "5th": 4, "10th": 9, "20th": 19}
CPU = time.process_time


def recorded() -> dict[tuple[str, str], list[dict]]:
    """GraspIt!'s runs by hand and object."""
    runs: dict[tuple[str, str], list[dict]] = {}
    for name, records in load("plans.json").items():
        hand, target, _ = name.split("_")
        plan = next(record for record in records if record["kind"] == "plan")
        energies = sorted(r["energy"] for r in records if r["kind"] == "planned")
        runs.setdefault((hand, target), []).append({**plan, "energies": energies})
    return runs


def ours(hand: str, target: str, energy: str, seeds: range):
    """Energies of the list and states tried by seed, and steps per CPU-second."""
    model, lists, tried, seconds = robot_model(hand), [], [], 0.0
    planner = EigenGraspPlanner(model, energy)
    planner.plan(exact_scene(model, object_model(target)), np.random.default_rng(0), 30_050)
    for seed in seeds:
        scene = exact_scene(model, object_model(target))
        search = planner.search(scene.max_radius_mm)
        begun = CPU()
        found, counts = scene.anneal(
            search, np.random.default_rng(seed), planner.space.start, LAST_STEP, planner.list_size
        )
        seconds += CPU() - begun
        lists.append(found.energy)
        tried.append(counts.tried)
    return np.array(lists), np.array(tried), len(seeds) * counts.steps / seconds


def chance(ours: np.ndarray, theirs: float) -> float:
    """Two-sided: how unlikely is a place so far out among one more than ours."""
    below = int((ours < theirs).sum())
    return min(1.0, 2.0 * (min(below, len(ours) - below) + 1) / (len(ours) + 1))


def row(label: str, values: np.ndarray, theirs: list[float], form: str) -> None:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    recorded_values = " ".join(format(value, form) for value in theirs)
    chances = " ".join(f"{chance(values, value):.2f}" for value in theirs)
    print(
        f"  {label:6} {middle:{form}} ({low:{form}} .. {high:{form}})   "
        f"GraspIt! {recorded_values}   p {chances}"
    )


def main() -> None:
    if not SHARED.is_dir():
        print(f"GraspIt!'s runs are not at {SHARED}")
        return
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    for energy in ENERGIES:
        for (hand, target), runs in recorded().items():
            lists, tried, speed = ours(hand, target, energy, seeds)
            theirs = " ".join(f"{run['steps_per_cpu_s']:.0f}" for run in runs)
            print(f"{hand} {target}, {energy}: {speed:.0f} steps per CPU s, GraspIt! {theirs}")
            for label, place in PLACES.items():
                row(label, lists[:, place], [run["energies"][place] for run in runs], ".2f")
            row("tried", tried, [run["analyze_calls"] for run in runs], ".0f")


if __name__ == "__main__":
    main()
