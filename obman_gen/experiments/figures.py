"""One figure per study: bars for what is compared, lines over what is varied."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from obman_gen.experiments.results import Table
from obman_gen.shards.figures.style import HEIGHT_IN, MUTED, SERIES, render


def draw(tables: Sequence[Table]) -> bytes:
    """Return a PNG with a row of charts per table."""

    def fill(figure: Any) -> None:
        parts = figure.subfigures(len(tables), 1, squeeze=False)[:, 0]
        for part, table in zip(parts, tables, strict=True):
            part.suptitle(table.title, fontsize=10)
            (_lines if table.x_axis else _bars)(part, table)

    return render(fill, height_in=HEIGHT_IN * len(tables))[0]


def _bars(figure: Any, table: Table) -> None:
    """Draw a chart per column, since columns have units of their own."""
    charts = figure.subplots(1, len(table.columns), squeeze=False)[0]
    for axes, column in zip(charts, table.columns, strict=True):
        rows = [row for row in table.rows if (row, column) in table.values]
        heights = [table.values[row, column] for row in rows]
        axes.bar(range(len(rows)), heights, color=SERIES[: len(rows)], width=0.7)
        known = [table.published.get((row, column), np.nan) for row in rows]
        axes.plot(range(len(rows)), known, "_", color=MUTED, markersize=14, markeredgewidth=2)
        axes.set_xticks(range(len(rows)), rows, rotation=30, ha="right", fontsize=8)
        axes.set_title(column, fontsize=9)


def _lines(figure: Any, table: Table) -> None:
    axes = figure.subplots()
    for place, row in enumerate(table.rows):
        columns = [column for column in table.columns if (row, column) in table.values]
        heights = [table.values[row, column] for column in columns]
        style = "o-" if len(columns) > 1 else "s"
        x = [float(column) for column in columns]
        axes.plot(x, heights, style, color=SERIES[place % len(SERIES)], label=row)
    axes.set_xlabel(table.x_axis)
    axes.legend()
