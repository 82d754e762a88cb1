"""Table of a run's grasps, before and after refinement, per category.

Run: ``obman-gen --run RUN objects && obman-gen --run RUN grasp``, then
``python tools/grasp_table.py RUN``. One scale per object by default: about 2 s per grasp on one
core, nearly all of it for trying both hands in six directions of gravity.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from obman_gen.grasps.config import LimitsConfig
from obman_gen.grasps.files import grasp_path, load_grasps, load_planned
from obman_gen.grasps.measure import SkinMeasurer, solid_of
from obman_gen.hands import load_hand_model
from obman_gen.objects import load_prepared, read_objects_table
from obman_gen.runfolder import RunFolder
from obman_gen.sample import Grasp, GraspMeasures

HEADING = (
    "| category | objects | kept per object | with 6 or more | hand | penetration, mm "
    "| shared volume, cm3 | displacement, mm | 3+ fingers or palm | holds in 6 directions |"
)
ENOUGH = 6


class Row(NamedTuple):
    """Measures of one object's grasps at one scale."""

    before: list[GraspMeasures]
    after: list[GraspMeasures]


def remeasured(grasp: Grasp, measurer: SkinMeasurer) -> GraspMeasures:
    """Return all measures; what the file holds already is taken from it."""
    measures = grasp.measures
    vertices, _ = measurer.hand_model.vertices_of(grasp.hand)
    measures = replace(measures, **measurer.contacts(np.asarray(vertices, float)))
    if np.isnan(measures.simulation_displacement_m):
        measures = measurer.measure(grasp.hand, measures)
    if np.isnan(measures.directions_held):
        held = float(measurer.directions_held(grasp.hand))
        measures = replace(measures, directions_held=held)
    return measures


def rows(run: RunFolder, objects: int, scales: int) -> Iterator[tuple[str, Row]]:
    """Yield the category and the grasps of each object and scale."""
    hand_model, seen = load_hand_model(), defaultdict(int)
    for entry in read_objects_table(run.objects_table):
        if seen[entry.category] == objects:
            continue
        seen[entry.category] += 1
        prepared = load_prepared(run.objects, entry.object_id)
        for scale in prepared.scales[:scales]:
            path = grasp_path(run.grasps, entry.object_id, float(scale))
            solid = solid_of(prepared, float(scale))
            measurer = SkinMeasurer(hand_model, solid, LimitsConfig())
            after, before = load_grasps(path), load_planned(path)
            yield (
                entry.category,
                Row(
                    [remeasured(grasp, measurer) for grasp in before],
                    [remeasured(grasp, measurer) for grasp in after],
                ),
            )


def line(category: str, found: Sequence[Row], which: str) -> str:
    """Return one line of the table."""
    counts = [len(row.after) for row in found]
    grasps: list[Any] = [measures for row in found for measures in getattr(row, which)]
    firm = [one.fingers_in_contact >= 3 or one.palm_in_contact for one in grasps]
    cells = [
        category,
        f"{len(found)}",
        f"{np.mean(counts):.1f}",
        f"{100 * np.mean([count >= ENOUGH for count in counts]):.0f} %",
        which,
        f"{1e3 * np.mean([one.max_penetration_m for one in grasps]):.2f}",
        f"{1e6 * np.mean([one.intersection_volume_m3 for one in grasps]):.2f}",
        f"{1e3 * np.mean([one.simulation_displacement_m for one in grasps]):.1f}",
        f"{100 * np.mean(firm):.0f} %",
        f"{100 * np.mean([one.directions_held == 6 for one in grasps]):.0f} %",
    ]
    return f"| {' | '.join(cells)} |"


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--objects", default=10, show_default=True, help="Of each category.")
@click.option("--scales", default=1, show_default=True, help="Of each object.")
def main(run: Path, objects: int, scales: int):
    """Print the table of RUN's grasps, in Markdown."""
    click.echo(HEADING)
    click.echo("| --- " * HEADING.count(" | ") + "| --- |")
    found = defaultdict(list)
    for category, row in rows(RunFolder(run), objects, scales):
        found[category].append(row)
    everything = [row for of_category in found.values() for row in of_category]
    for category, of_category in [*found.items(), ("all", everything)]:
        for which in ("before", "after"):
            click.echo(line(category, of_category, which))


if __name__ == "__main__":
    main()
