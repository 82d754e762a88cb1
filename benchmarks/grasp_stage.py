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
    "hand robot": (plan, "draw_hand"),
    "planning": (plan, "find_candidates"),
    "closing": (Closer, "close"),
    "refinement": (Refiner, "refine"),
    "measures, one direction": (SkinMeasurer, "measure_acceptable"),
    "before refinement": (SkinMeasurer, "measure"),
    "six directions": (SkinMeasurer, "directions_held"),
}
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
        timed("making and preparing", prepare)(entry, home, config, 0)
        yield load_prepared(home, entry.object_id)


@click.command()
@click.option("--objects", default=8, show_default=True, help="1 to 100; 8: one per category.")
def main(objects: int):
    """Print the tables."""
    hand_model, config = load_hand_model(), GraspsConfig()
    with tempfile.TemporaryDirectory() as folder:
        things = list(prepared_objects(objects, Path(folder)))
        plan.plan_grasps(
            things[0], things[0].scales[0], hand_model, RandomStreams(1, "warm-up"), config
        )
        for name, (owner, attribute) in PARTS.items():
            setattr(owner, attribute, timed(name, getattr(owner, attribute)))
        click.echo(f"{'objects':>8}{'kept':>8}{'CPU s':>10}{'kept per CPU-minute':>22}")
        kept, total = 0, 0.0
        for number, thing in enumerate(things, start=1):
            start = time.process_time()
            streams = RandomStreams(0, thing.object_id)
            found = plan.plan_grasps(thing, thing.scales[0], hand_model, streams, config)
            total += time.process_time() - start
            kept += len(found.kept)
            if number in MILESTONES or number == objects:
                click.echo(f"{number:8}{kept:8}{total:10.1f}{60 * kept / total:22.1f}")
    report(objects, kept, total)


def report(objects: int, kept: int, total: float) -> None:
    """Print the split by part and the projection."""
    preparing = SPENT.pop("making and preparing")
    click.echo(f"\n{'part':26}{'CPU s per object':>18}{'share':>8}")
    for name in PARTS:
        click.echo(f"{name:26}{SPENT[name] / objects:18.2f}{SPENT[name] / total:8.0%}")
    rest = total - sum(SPENT.values())
    click.echo(f"{'the rest':26}{rest / objects:18.2f}{rest / total:8.0%}")
    click.echo(f"{'before: the object itself':26}{preparing / objects:18.2f}")
    click.echo(f"\n{OBMAN_OBJECTS:,} objects at one scale, {kept / objects:.1f} grasps each:")
    for name, seconds in (("grasps", total), ("objects and grasps", total + preparing)):
        hours = OBMAN_OBJECTS * seconds / objects / 3600
        click.echo(
            f"{name}: {hours:.1f} CPU hours; one machine with 2 cores {hours / 2:.1f} h, "
            f"{WORKERS} workers {60 * hours / WORKERS:.0f} min"
        )


if __name__ == "__main__":
    main()
