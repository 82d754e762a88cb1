"""Reconstruct the pictures of another dataset, whether or not it has any truth: to be looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from obman_gen.errors import InputError
from obman_gen.realdata import AnnotatedImage
from obman_gen.sample import Split
from obman_gen.training.checkpoints import load_model
from obman_gen.training.prediction import View, reconstruct
from obman_gen.training.sources import ForeignSource, is_run

BOTH_FACTOR = 1.2
"""Side of the crop over that of a box around hand and object, as ObMan's authors cut CORe50."""
TILE_PX = 256
PAIRS_ABREAST = 4


@dataclass(frozen=True)
class Choice:
    """Which samples are looked at."""

    data: str
    """DATASET:FOLDER."""
    split: Split = "test"
    limit: int = 24
    """At most so many, evenly spread over the split."""

    def samples(self) -> Sequence[AnnotatedImage]:
        """Read them.

        Raises:
            InputError: if the data are a run, whose samples `evaluate` shows beside the truth.
        """
        if is_run(self.data):
            raise InputError(
                f"--data takes DATASET:FOLDER, got {self.data}; `obman-gen evaluate` draws a "
                "run's samples beside the truth"
            )
        samples = ForeignSource(self.data, self.split, "ho").samples
        count = min(self.limit, len(samples))
        places = np.linspace(0, len(samples) - 1, count).round().astype(int)
        return [samples[int(place)] for place in places]


def view_of(sample: AnnotatedImage) -> View:
    """Return where a sample's hand is: by its joints, else by its box, else in the middle."""
    seen = View(side=sample.side, matrix=sample.intrinsics)
    if sample.joints_2d is not None:
        low, high = sample.joints_2d.min(axis=0), sample.joints_2d.max(axis=0)
        return replace(seen, box_px=(*low, *np.maximum(high - low, 1.0)))
    if sample.box is None:
        return seen
    left, top, right, bottom = sample.box
    return replace(seen, box_px=(left, top, right - left, bottom - top), box_factor=BOTH_FACTOR)


def predict_samples(choice: Choice, checkpoint: Path, out: Path) -> Iterator[str]:
    """Reconstruct samples one by one, say what was written, and end with a sheet of all.

    Raises:
        InputError: if the checkpoint or the data cannot be read.
    """
    model, info = load_model(checkpoint)
    pairs = []
    for sample in choice.samples():
        made = reconstruct(sample.image, view_of(sample), model, info.config)
        source = {"sample": sample.sample_id, "checkpoint": str(checkpoint), "epoch": info.epoch}
        name = sample.sample_id.replace("/", "-")
        replace(made, record={**source, **made.record}).save(out, name)
        pairs.append((sample.image, made.overlay))
        yield f"{sample.sample_id}: {out / name}_hand.ply, _object.ply, .json, _overlay.png"
    _sheet(pairs).save(out / "sheet.png")
    yield f"all of them: {out / 'sheet.png'}"


def _sheet(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> Image.Image:
    """Draw picture and overlay of each sample side by side."""
    columns = min(PAIRS_ABREAST, len(pairs))
    rows = -(-len(pairs) // columns)
    sheet = Image.new("RGB", (2 * columns * TILE_PX, rows * TILE_PX), "white")
    for place, pair in enumerate(pairs):
        row, column = divmod(place, columns)
        for side, picture in enumerate(pair):
            tile = Image.fromarray(picture)
            tile.thumbnail((TILE_PX, TILE_PX))
            sheet.paste(tile, ((2 * column + side) * TILE_PX, row * TILE_PX))
    return sheet
