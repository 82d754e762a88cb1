"""``obman-gen stats`` on the terminal."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from obman_gen.errors import InputError
from obman_gen.sample import SPLITS

STATISTICS, PAGE, SHEET, REGIONS = (
    "stats.json",
    "index.html",
    "contact_sheet.png",
    "contact_regions.json",
)
"""Files of the statistics folder."""


def print_statistics(folder: Path, console: Console | None = None) -> None:
    """Print what ``stats.json`` says as tables.

    Raises:
        InputError: if the folder has no statistics.
    """
    path = folder / STATISTICS
    try:
        statistics = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; run `obman-gen stats` first") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{path} is not JSON: {error}; delete it and run stats again") from error
    console = console or Console(highlight=False)
    for table in (_counts(statistics), _categories(statistics), _quantities(statistics)):
        console.print(table)
        console.print()
    console.print(f"Page: {folder / PAGE}", soft_wrap=True, markup=False)


def _counts(statistics: Mapping[str, Any]) -> Table:
    whats = ("samples", "grasps", "objects", "finger_poses", "skins", "backgrounds")
    table = _table("Splits", ["split", *(what.replace("_", " ") for what in whats)])
    for split, counts in statistics["splits"].items():
        table.add_row(split, *(f"{counts[what]:,}" for what in whats))
    return table


def _categories(statistics: Mapping[str, Any]) -> Table:
    splits = [split for split in SPLITS if split in statistics["splits"]]
    table = _table("Samples / objects by category", ["category", *splits])
    for category in statistics["categories"]:
        cells = []
        for split in splits:
            found = statistics["splits"][split]["categories"].get(category)
            cells.append(f"{found['samples']:,} / {found['objects']:,}" if found else "-")
        table.add_row(category, *cells)
    return table


def _quantities(statistics: Mapping[str, Any]) -> Table:
    heads = ["quantity", "unit", "measured", "mean", "5 %", "median", "95 %"]
    table = _table("Quantities", heads)
    for quantity in statistics["quantities"].values():
        if quantity["count"]:
            numbers = (quantity[key] for key in ("mean", "p5", "p50", "p95"))
            cells = (f"{number:,.3g}" for number in numbers)
            table.add_row(quantity["label"], quantity["unit"], f"{quantity['count']:,}", *cells)
    return table


def _table(title: str, heads: list[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, title_style="bold")
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left", header_style="dim")
    return table
