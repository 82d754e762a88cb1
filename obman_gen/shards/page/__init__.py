"""The HTML page of a dataset: one file, nothing fetched, phone to desktop, light and dark."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from obman_gen.sample import SPLITS
from obman_gen.shards.figures.charts import CHARTS

_HERE = Path(__file__).parent
GROUPS: Mapping[str, tuple[str, str]] = {
    "contents": ("Contents", "What is in the dataset, by split and category."),
    "hands": ("Hand poses", "How varied the fingers' poses are."),
    "contact": ("Contact", "Where hands touch what they hold."),
    "grasps": ("Grasps", "How good the grasps are, by mechanics, geometry and physics."),
    "views": ("Viewpoints and visibility", "How hands and objects are seen."),
    "looks": ("Looks", "Skin, light and backgrounds."),
}
"""Sections by the name charts refer to: title and what they are about."""
_COUNTS = ("samples", "grasps", "objects", "finger_poses", "skins", "backgrounds", "body_poses")


@dataclass(frozen=True)
class PagePictures:
    """Pictures that are put into the page."""

    charts: Mapping[str, str]
    """SVG elements by chart."""
    sheet_jpeg: bytes
    palm_png: bytes
    back_png: bytes
    poses_png: Sequence[bytes]
    """Hands that are spread over the poses."""
    scale_top: float
    """Contact frequency of the darkest colour."""


def page(statistics: Mapping[str, Any], title: str, pictures: PagePictures) -> str:
    """Return the page as one HTML document."""
    sections = [_overview(pictures), *(_section(key, statistics, pictures) for key in GROUPS)]
    sections.append(_quantities(statistics))
    links = [("samples", "Samples"), *((key, GROUPS[key][0]) for key in GROUPS)]
    links.append(("numbers", "Numbers"))
    return Template((_HERE / "page.html").read_text()).substitute(
        title=escape(title),
        style=(_HERE / "page.css").read_text(),
        lead=escape(_lead(statistics)),
        tiles="".join(_tile(name, value) for name, value in _key_numbers(statistics)),
        links="".join(f'<a href="#{key}">{escape(name)}</a>' for key, name in links),
        sections="\n".join(sections),
        footer=_footer(statistics),
    )


def total_of(statistics: Mapping[str, Any], what: str) -> int:
    """Add a count up over the splits; they share no object, so this counts nothing twice."""
    return sum(split[what] for split in statistics["splits"].values())


def _lead(statistics: Mapping[str, Any]) -> str:
    per_sample_kb = statistics["bytes"] / statistics["samples"] / 1000
    return (
        "Each sample is a scene rendered three times: hand and object, the hand alone, the object "
        "alone, with depth, segmentation, hand and body parameters, meshes and grasp measures. "
        f"{per_sample_kb:,.0f} KB per sample."
    )


def _key_numbers(statistics: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    quantities = statistics["quantities"]
    yield "Samples", f"{statistics['samples']:,}"
    yield "Objects", f"{total_of(statistics, 'objects'):,}"
    yield "Categories", f"{len(statistics['categories']):,}"
    yield "Grasps", f"{total_of(statistics, 'grasps'):,}"
    for key, name, unit in (
        ("max_penetration_mm", "Median penetration", "mm"),
        ("simulation_displacement_mm", "Median displacement", "mm"),
    ):
        if "p50" in quantities[key]:
            yield name, f"{quantities[key]['p50']:.1f} {unit}"


def _tile(name: str, value: str) -> str:
    return f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"


def _overview(pictures: PagePictures) -> str:
    return (
        '<section id="samples"><h2>Samples</h2>'
        '<p class="about">Two samples with what is stored of them, then many as they are.</p>'
        f'<figure class="sheet"><img alt="Contact sheet of samples" '
        f'src="{_data_url(pictures.sheet_jpeg, "jpeg")}">'
        '<figcaption>In full size: <a href="contact_sheet.png">contact_sheet.png</a></figcaption>'
        "</figure></section>"
    )


def _section(key: str, statistics: Mapping[str, Any], pictures: PagePictures) -> str:
    name, about = GROUPS[key]
    before = {"contents": _count_tables(statistics)}.get(key, "")
    extra = {"hands": _pose_gallery, "contact": _contact_maps}.get(key)
    figures = [extra(pictures)] if extra else []
    figures += [
        f"<figure><h3>{escape(chart.title)}</h3>{pictures.charts[chart.name]}"
        f"<figcaption>{escape(chart.note)}</figcaption></figure>"
        for chart in CHARTS
        if chart.group == key and chart.name in pictures.charts
    ]
    return (
        f'<section id="{key}"><h2>{escape(name)}</h2><p class="about">{escape(about)}</p>'
        f'{before}<div class="charts">{"".join(figures)}</div></section>'
    )


def _count_tables(statistics: Mapping[str, Any]) -> str:
    splits = statistics["splits"]
    rows = [[name, *(f"{splits[name][what]:,}" for what in _COUNTS)] for name in splits]
    heads = ["split", *(what.replace("_", " ") for what in _COUNTS)]
    by_category = [
        [category, *_category_cells(splits, category)] for category in statistics["categories"]
    ]
    names = [split for split in SPLITS if split in splits]
    return (
        f'{_table(heads, rows)}<p class="about">Samples / objects of each category:</p>'
        f'{_table(["category", *names], by_category)}<p class="about"></p>'
    )


def _category_cells(splits: Mapping[str, Any], category: str) -> list[str]:
    cells = []
    for split in SPLITS:
        if split in splits:
            counts = splits[split]["categories"].get(category, {"samples": 0, "objects": 0})
            cells.append(f"{counts['samples']:,} / {counts['objects']:,}")
    return cells


def _pose_gallery(pictures: PagePictures) -> str:
    hands = "".join(
        f'<img alt="A finger pose" src="{_data_url(png, "png")}">' for png in pictures.poses_png
    )
    return (
        '<figure class="wide-figure"><h3>Poses far from each other</h3>'
        f'<div class="hands">{hands}</div><figcaption>Chosen from the distinct finger poses: the '
        "one nearest the mean first, then always the one farthest from those before it."
        "</figcaption></figure>"
    )


def _contact_maps(pictures: PagePictures) -> str:
    from obman_gen.shards.figures.hand import HEAT

    stops = ", ".join(f"rgb({' '.join(f'{100 * c:.0f}%' for c in color)})" for color in HEAT)
    return (
        '<figure><h3>How often each place touches</h3><div class="pair">'
        f'<img alt="Palm, coloured by contact" src="{_data_url(pictures.palm_png, "png")}">'
        f'<img alt="Back of the hand" src="{_data_url(pictures.back_png, "png")}"></div>'
        f'<div class="scale">0 %<i style="background: linear-gradient(90deg, {stops})"></i>'
        f"{100 * pictures.scale_top:.0f} % of grasps</div>"
        "<figcaption>Share of the training samples in which a vertex is within 4 mm of the object "
        "or inside it. From this map come the contact regions of the training's attraction loss "
        '(<a href="contact_regions.json">contact_regions.json</a>).</figcaption></figure>'
    )


def _quantities(statistics: Mapping[str, Any]) -> str:
    heads = ["quantity", "unit", "measured", "mean", "5 %", "25 %", "median", "75 %", "95 %"]
    splits = [split for split in SPLITS if split in statistics["splits"]]
    rows = []
    for quantity in statistics["quantities"].values():
        if not quantity["count"]:
            continue
        numbers = [quantity[key] for key in ("mean", "p5", "p25", "p50", "p75", "p95")]
        medians = [quantity["splits"].get(split, {}).get("p50") for split in splits]
        cells = ["-" if number is None else f"{number:,.3g}" for number in (*numbers, *medians)]
        rows.append([quantity["label"], quantity["unit"], f"{quantity['count']:,}", *cells])
    table = _table([*heads, *(f"median {split}" for split in splits)], rows)
    return (
        '<section id="numbers"><h2>Numbers</h2><p class="about">The same in '
        f'<a href="stats.json">stats.json</a>.</p>{table}</section>'
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Table">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _footer(statistics: Mapping[str, Any]) -> str:
    hand = statistics["hand_model"]
    lines = (
        f"Seed {statistics['seed']}. Hand model {hand['name']}, sha256 {hand['sha256']}.",
        "Sources, licences, versions and hashes: README.md of the run folder. "
        "Written by obman-gen stats.",
    )
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _data_url(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
