"""Kept, validated grasps per CPU-minute, by part of the stage, and what thousands will cost.

Run: OMP_NUM_THREADS=1 python benchmarks/grasp_stage.py [--objects 8]. One thread, about 15 CPU
seconds per object with making and preparing it, and half a minute for compiling.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from obman_gen.grasps import plan
from obman_gen.grasps.closing import Closer
from obman_gen.grasps.config import GraspsConfig
from obman_gen.grasps.measure import SkinMeasurer
from obman_gen.grasps.refine import Refiner
from obman_gen.hands import load_hand_model
from obman_gen.objects import ObjectsConfig, load_prepared, make_entries, prepare
from obman_gen.streams import RandomStreams

OBMAN_OBJECTS, WORKERS = 2772, 100
MILESTONES = (1, 3, 10, 30, 100)
PARTS = {
    "hand": (plan, "draw_hand"),
    "plan": (plan, "find_candidates"),
    "close": (Closer, "close"),
    "refine": (Refiner, "refine"),
    "measure": (SkinMeasurer, "measure_acceptable"),
    "before": (SkinMeasurer, "measure"),
    "directions": (SkinMeasurer, "directions_held"),
}
"""``measure`` with one direction of gravity; ``before`` refinement, the planned hand."""
WIDTH = 11
HEADING = "".join(f"{name:>{WIDTH}}" for name in [*PARTS, "the rest"])
PREPARING = "making and preparing"
SPENT: defaultdict[str, float] = defaultdict(float)
"""CPU seconds in each part."""


def timed(name: str, function: Callable) -> Callable:
    """Count the CPU time of every call."""

    @wraps(function)
    def wrapper(*arguments: Any, **options: Any):
        start = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            SPENT[name] += time.process_time() - start

    return wrapper


def prepared_objects(count: int, home: Path):
    """Make procedural objects, category by category in turn."""
    per_category = -(-count // 8)
    config = ObjectsConfig(per_category=max(per_category, 3), scales_per_object=1)
    entries = make_entries(config, 0)
    by_number = sorted(entries, key=lambda entry: (entry.object_id.split("/")[1], entry.object_id))
    for entry in by_number[:count]:
        timed(PREPARING, prepare)(entry, home, config, 0)
        yield load_prepared(home, entry.object_id)


@click.command()
@click.option("--objects", default=8, show_default=True, help="1 to 104; 8: one per category.")
def main(objects: int):
    """Print the table, a line at 1, 3, 10, 30 and 100 objects, and the projection."""
    hand_model, config = load_hand_model(), GraspsConfig()
    with tempfile.TemporaryDirectory() as folder:
        things = list(prepared_objects(objects, Path(folder)))
        preparing = SPENT.pop(PREPARING) / objects
        plan.plan_grasps(
            things[0], things[0].scales[0], hand_model, RandomStreams(1, "warm-up"), config
        )
        for name, (owner, attribute) in PARTS.items():
            setattr(owner, attribute, timed(name, getattr(owner, attribute)))
        click.echo("CPU seconds per object, by part")
        click.echo(f"{'objects':>8}{'kept':>6}{'per CPU-minute':>16}  {'all':>7}{HEADING}")
        kept, total = 0, 0.0
        for number, thing in enumerate(things, start=1):
            start = time.process_time()
            streams = RandomStreams(0, thing.object_id)
            found = plan.plan_grasps(thing, thing.scales[0], hand_model, streams, config)
            total += time.process_time() - start
            kept += len(found.kept)
            if number in MILESTONES or number == objects:
                report(number, kept, total)
    project(kept / objects, total / objects, preparing)


def report(objects: int, kept: int, total: float) -> None:
    """Print one line of the table."""
    seconds = [SPENT[name] / objects for name in PARTS]
    parts = "".join(f"{part:{WIDTH}.2f}" for part in [*seconds, total / objects - sum(seconds)])
    click.echo(f"{objects:8}{kept:6}{60 * kept / total:16.1f}  {total / objects:7.2f}{parts}")


def project(kept: float, grasping: float, preparing: float) -> None:
    """Print what ObMan's number of objects takes."""
    click.echo(f"\nmaking and preparing: {preparing:.2f} CPU s per object")
    click.echo(f"{OBMAN_OBJECTS:,} objects at one scale, {kept:.1f} grasps each:")
    for name, seconds in (("grasps", grasping), ("objects and grasps", preparing + grasping)):
        hours = OBMAN_OBJECTS * seconds / 3600
        click.echo(
            f"{name}: {hours:.1f} CPU hours; one machine with 2 cores {hours / 2:.1f} h, "
            f"{WORKERS} workers {60 * hours / WORKERS:.0f} min"
        )


if __name__ == "__main__":
    main()
