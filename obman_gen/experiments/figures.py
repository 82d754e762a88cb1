"""One figure per study: bars for what is compared, lines over what is varied."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from obman_gen.experiments.results import Table
from obman_gen.shards.figures.style import HEIGHT_IN, MUTED, SERIES, render

CHARTS_ABREAST = 2
"""As many columns of a table stand side by side."""
BAR_IN, AROUND_BARS_IN = 0.26, 0.7
LOGARITHMIC_FROM = 20
"""Ratio of the largest to the smallest number on an axis from which it is logarithmic."""


def draw(tables: Sequence[Table]) -> bytes:
    """Return a PNG with the charts of each table below those of the one before."""
    heights_in = [_height_in(table) for table in tables]

    def fill(figure: Any) -> None:
        parts = figure.subfigures(len(tables), 1, squeeze=False, height_ratios=heights_in)[:, 0]
        for part, table in zip(parts, tables, strict=True):
            part.suptitle(table.title, fontsize=10)
            (_lines if table.x_axis else _bars)(part, table)

    return render(fill, height_in=sum(heights_in))[0]


def _height_in(table: Table) -> float:
    if table.x_axis:
        return HEIGHT_IN
    chart_in = AROUND_BARS_IN + BAR_IN * len(table.rows)
    return 0.3 + chart_in * math.ceil(len(table.columns) / CHARTS_ABREAST)


def _bars(figure: Any, table: Table) -> None:
    """Draw a chart per column, since columns have units of their own."""
    abreast = min(CHARTS_ABREAST, len(table.columns))
    shape = math.ceil(len(table.columns) / abreast), abreast
    charts = figure.subplots(*shape, squeeze=False, sharey=True).ravel()
    places = np.arange(len(table.rows))
    for axes, column in zip(charts, table.columns, strict=False):
        lengths = [table.values.get((row, column), np.nan) for row in table.rows]
        known = [table.published.get((row, column), np.nan) for row in table.rows]
        axes.barh(places, lengths, color=SERIES[: len(places)], height=0.7)
        axes.plot(known, places, "|", color=MUTED, markersize=12, markeredgewidth=2)
        axes.set_title(column, fontsize=9)
        axes.grid(visible=False, axis="y")
    charts[0].set_yticks(places, table.rows)
    charts[0].invert_yaxis()
    for axes in charts[len(table.columns) :]:
        axes.set_axis_off()


def _lines(figure: Any, table: Table) -> None:
    axes = figure.subplots()
    for place, row in enumerate(table.rows):
        columns = [column for column in table.columns if (row, column) in table.values]
        heights = [table.values[row, column] for column in columns]
        x = [float(column) for column in columns]
        axes.plot(x, heights, "o-", color=SERIES[place % len(SERIES)], markersize=4, label=row)
    least, most = (end(float(column) for column in table.columns) for end in (min, max))
    if least > 0 and most / least >= LOGARITHMIC_FROM:
        axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(table.x_axis)
    axes.legend()
