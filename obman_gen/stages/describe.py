"""Describe a run: statistics, plots, the HTML page, the dataset card and the contact sheet."""

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from obman_gen.hands import HandModel, load_hand_model
from obman_gen.runfolder import write_atomically
from obman_gen.shards.card import card, origins_of
from obman_gen.shards.figures.charts import CHARTS
from obman_gen.shards.figures.gallery import contact_views, pose_views, scale_top
from obman_gen.shards.figures.style import render
from obman_gen.shards.manifest import Manifest
from obman_gen.shards.page import PagePictures, page
from obman_gen.shards.report import PAGE, REGIONS, SHEET, STATISTICS
from obman_gen.shards.statistics import Table, describe_run, read_table
from obman_gen.shards.statistics.contact import contact_regions, regions_document
from obman_gen.stages.context import Context
from obman_gen.view.sheet import write_contact_sheet

SHEET_IN_PAGE_PX = 1400


def run(context: Context) -> Path:
    """Write ``stats/`` and the run's ``README.md``; return the contact sheet.

    Everything written depends on the shards and the configuration alone: the same dataset
    gets the same files.

    Raises:
        InputError: if the run has no finished shard, or a file cannot be written.
    """
    folder, out = context.folder, context.folder.stats
    samples = sum(entry.count for entry in Manifest.require(folder.root).entries)
    context.reporter.say(f"statistics: reading {samples:,} samples")
    hand = load_hand_model(context.config.assets.mano or None)
    table = read_table(folder.root, hand)
    statistics = describe_run(folder.root, table, hand)
    _write_json(out / STATISTICS, statistics)
    _write_json(out / REGIONS, _regions(table, hand))
    charts = _write_charts(out, statistics)
    sheet = write_contact_sheet(folder.root, out / SHEET)
    name = folder.root.resolve().name
    pictures = _pictures(table, hand, charts, sheet)
    for view, png in (("palm", pictures.palm_png), ("back", pictures.back_png)):
        write_atomically(out / f"contact_{view}.png", png)
    write_atomically(out / PAGE, page(statistics, name, pictures))
    origins = origins_of(context.config.assets, context.config.objects)
    text = card(name, statistics, table.attributes, origins, table.shards)
    write_atomically(folder.root / "README.md", text)
    context.reporter.say(f"statistics: {out / PAGE}")
    return sheet


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _regions(table: Table, hand: HandModel) -> dict[str, Any]:
    areas = {name: hand.regions[name] for name in hand.contact_region_names}
    regions = contact_regions(table.contact.frequency, areas)
    return regions_document(hand.name, hand.sha256, table.contact, regions)


def _write_charts(out: Path, statistics: dict[str, Any]) -> dict[str, str]:
    """Write every chart that has something to show as PNG; return their SVG elements."""
    elements = {}
    for chart in CHARTS:
        if chart.applies(statistics):
            png, elements[chart.name] = render(chart.drawing(statistics), chart.height_in)
            write_atomically(out / f"{chart.name}.png", png)
        else:
            (out / f"{chart.name}.png").unlink(missing_ok=True)
    return elements


def _pictures(table: Table, hand: HandModel, charts: dict[str, str], sheet: Path) -> PagePictures:
    frequency = table.contact.frequency
    top = scale_top(frequency)
    palm, back = contact_views(hand, frequency, top)
    poses = pose_views(hand, table.columns["hand/pose"])
    return PagePictures(charts, _small_jpeg(sheet), palm, back, poses, top)


def _small_jpeg(path: Path) -> bytes:
    with Image.open(path) as image:
        height = round(image.height * SHEET_IN_PAGE_PX / image.width)
        small = image.convert("RGB").resize((SHEET_IN_PAGE_PX, height), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=82, optimize=True)
    return buffer.getvalue()
