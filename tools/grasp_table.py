"""Table of a run's grasps, before and after refinement, per category.

Run: ``obman-gen --run RUN objects --set objects.per_category=10``, ``obman-gen --run RUN grasp``,
then ``python tools/grasp_table.py RUN``. One scale per object by default, about two minutes,
nearly all of it for trying planned hands in six directions of gravity.
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
from obman_gen.metrics import holds_in_all_directions
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


def completed(grasp: Grasp, measurer: SkinMeasurer, tries_directions: bool) -> GraspMeasures:
    """Return a planned hand's measures, with those that its file leaves out."""
    measures = grasp.measures
    vertices, _ = measurer.hand_model.vertices_of(grasp.hand)
    measures = replace(measures, **measurer.contacts(np.asarray(vertices, float)))
    if not tries_directions:
        return measures
    limit = measurer.limits.hold_displacement_m
    closed, faces = measurer.hand_model.close_boundary(np.asarray(vertices, float))
    # what falls in one direction already does not hold in six
    holds = measures.simulation_displacement_m <= limit and holds_in_all_directions(
        closed, faces, measurer.solid.convex_parts, limit
    )
    return replace(measures, directions_held=6.0 if holds else 0.0)


def rows(run: RunFolder, objects: int, scales: int, tried: int) -> Iterator[tuple[str, Row]]:
    """Yield the category and the grasps of each object and scale."""
    hand_model, seen = load_hand_model(), defaultdict(int)
    for entry in read_objects_table(run.objects_table):
        if seen[entry.category] == objects:
            continue
        seen[entry.category] += 1
        prepared = load_prepared(run.objects, entry.object_id)
        for scale in prepared.scales[:scales]:
            path = grasp_path(run.grasps, entry.object_id, float(scale))
            if not path.exists():
                continue
            solid = solid_of(prepared, float(scale))
            measurer = SkinMeasurer(hand_model, solid, LimitsConfig())
            after, before = load_grasps(path), load_planned(path)
            yield (
                entry.category,
                Row(
                    [
                        completed(grasp, measurer, place < tried)
                        for place, grasp in enumerate(before)
                    ],
                    [grasp.measures for grasp in after],
                ),
            )


def line(category: str, found: Sequence[Row], which: str) -> str:
    """Return one line of the table."""
    counts = [len(row.after) for row in found]
    grasps: list[Any] = [measures for row in found for measures in getattr(row, which)]
    tried = [one for one in grasps if not np.isnan(one.directions_held)]
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
        f"{100 * np.mean([one.directions_held == 6 for one in tried]):.0f} %",
    ]
    return f"| {' | '.join(cells)} |"


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--objects", default=10, show_default=True, help="Of each category.")
@click.option("--scales", default=1, show_default=True, help="Of each object.")
@click.option(
    "--tried",
    default=2,
    show_default=True,
    help="Planned hands of each object that are tried in six directions.",
)
def main(run: Path, objects: int, scales: int, tried: int):
    """Print the table of RUN's grasps, in Markdown."""
    click.echo(HEADING)
    click.echo("| --- " * HEADING.count(" | ") + "| --- |")
    found = defaultdict(list)
    for category, row in rows(RunFolder(run), objects, scales, tried):
        found[category].append(row)
    everything = [row for of_category in found.values() for row in of_category]
    for category, of_category in [*found.items(), ("all", everything)]:
        for which in ("before", "after"):
            click.echo(line(category, of_category, which))


if __name__ == "__main__":
    main()
