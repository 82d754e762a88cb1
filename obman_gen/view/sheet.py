"""A contact sheet: two samples with all they hold, then many as they are."""

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from obman_gen.registry import lookup
from obman_gen.runfolder import write_atomically
from obman_gen.sample import VIEWS
from obman_gen.shards.whole_run import WholeRun, evenly
from obman_gen.view import overlay

COLUMNS, CELL_PX, GAP_PX, MARGIN_PX = 8, 200, 6, 28
SAMPLES = 48
EXPLAINED = 2
"""Samples shown with everything that is stored of them."""
PAPER, INK, MUTED = (255, 255, 255), (30, 34, 40), (110, 118, 128)
FIELDS = (
    "sample_id",
    "object/category",
    "images/ho",
    "images/h",
    "images/o",
    "hand/joints_2d",
    "segmentation",
    "depth",
)


FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Pillow's name of a picture's format by the end of its file name."""


def write_contact_sheet(run: Path, out: Path, count: int = SAMPLES) -> Path:
    """Draw samples spread evenly over a run and write them as one picture.

    Raises:
        InputError: if the run has no samples, or the file cannot be written or is to be another
            kind of picture than `FORMATS`.
    """
    kind = lookup(FORMATS, out.suffix.lower(), "kind of contact sheet")
    whole = WholeRun(run, FIELDS)
    chosen = [whole[index] for index in evenly(len(whole), count)]
    shown = f", {len(chosen)} of them shown" if len(chosen) < len(whole) else ""
    total = f"{len(whole):,} samples{shown}"
    sheet = compose(chosen, run.resolve().name, total)
    buffer = io.BytesIO()
    sheet.save(buffer, kind, compress_level=6, quality=92)
    write_atomically(out, buffer.getvalue())
    return out


def compose(samples: Sequence[Mapping[str, Any]], title: str, subtitle: str) -> Image.Image:
    """Lay the sheet out: title, rows that explain a sample, the grid."""
    explained = _explained(samples)
    grid = [_cell(sample, place) for place, sample in enumerate(samples)]
    rows = -(-len(grid) // COLUMNS)
    step = CELL_PX + GAP_PX
    top = MARGIN_PX + 70
    below = top + 30 + len(explained) * step + 46
    width = 2 * MARGIN_PX + COLUMNS * step - GAP_PX
    sheet = Image.new("RGB", (width, below + rows * step + MARGIN_PX), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN_PX, MARGIN_PX), title, INK, _font(30, bold=True))
    pen.text((MARGIN_PX, MARGIN_PX + 40), subtitle, MUTED, _font(17))
    for column, name in enumerate(_CHANNELS):
        pen.text((MARGIN_PX + column * step, top + 8), name, INK, _font(15))
    for row, cells in enumerate(explained):
        for column, cell in enumerate(cells):
            sheet.paste(Image.fromarray(cell), (MARGIN_PX + column * step, top + 30 + row * step))
    pen.text((MARGIN_PX, below - 26), "Samples, every second with its joints", INK, _font(15))
    for place, cell in enumerate(grid):
        row, column = divmod(place, COLUMNS)
        sheet.paste(Image.fromarray(cell), (MARGIN_PX + column * step, below + row * step))
    return sheet


_CHANNELS = (
    "hand and object (ho)",
    "hand (h)",
    "object (o)",
    "21 joints",
    "segmentation",
    "depth (ho)",
    "depth (h)",
    "depth (o)",
)


def _explained(
    samples: Sequence[Mapping[str, Any]],
) -> list[list[UInt8[np.ndarray, "cell cell 3"]]]:
    """Choose the samples that show most of hand and object, one of each category at most."""

    def shown(sample: Mapping[str, Any]) -> int:
        counts = np.bincount(sample["segmentation/ho"].ravel(), minlength=4)
        return int(min(counts[1], counts[3]))

    best: dict[str, Mapping[str, Any]] = {}
    for sample in sorted(samples, key=lambda sample: (-shown(sample), sample["sample_id"])):
        best.setdefault(sample["object/category"], sample)
    return [_channels(sample) for sample in list(best.values())[:EXPLAINED]]


def _channels(sample: Mapping[str, Any]) -> list[np.ndarray]:
    flat = [
        sample["images/ho"],
        sample["images/h"],
        sample["images/o"],
        overlay.segments(sample["segmentation/ho"]),
        *(
            overlay.depths(sample[f"depth/{view}"], sample[f"segmentation/{view}"])
            for view in VIEWS
        ),
    ]
    cells = [_resized(picture) for picture in flat]
    joints = overlay.with_joints(sample["images/ho"], sample["hand/joints_2d"], CELL_PX)
    return [*cells[:3], joints, *cells[3:]]


def _cell(sample: Mapping[str, Any], place: int) -> UInt8[np.ndarray, "cell cell 3"]:
    row, column = divmod(place, COLUMNS)
    if (row + column) % 2:
        return overlay.with_joints(sample["images/ho"], sample["hand/joints_2d"], CELL_PX)
    return _resized(sample["images/ho"])


def _resized(picture: np.ndarray) -> UInt8[np.ndarray, "cell cell 3"]:
    image = Image.fromarray(picture)
    return np.asarray(image.resize((CELL_PX, CELL_PX), Image.Resampling.LANCZOS))


@lru_cache(maxsize=8)
def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    import matplotlib as mpl

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(mpl.get_data_path(), "fonts/ttf", name)), size)
