"""From stored samples to the batches that the model is trained and measured on.

What a draw looks like depends on the seed, the epoch and the sample alone: not on the worker
that makes it, nor on what was drawn before.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from obman_gen.hands import HandModel
from obman_gen.reconstruction.objective import Targets
from obman_gen.sample import Split
from obman_gen.shards.schema import SIDES
from obman_gen.streams import RandomStreams
from obman_gen.training.augment import Square, change_colors, draw_crop
from obman_gen.training.config import TrainConfig
from obman_gen.training.crop import Crop, box_square
from obman_gen.training.sources import open_source

POINTS = "object/surface_points"


class Draw(NamedTuple):
    """One use of one picture."""

    index: int
    """Of the picture: all samples of a run's first kind, then of the second, then other runs'."""
    epoch: int | None
    """None: as it is, without augmentation."""


class Batch(NamedTuple):
    """What a step works on."""

    images: torch.Tensor
    """(B, 3, S, S) uint8 sRGB."""
    targets: Targets
    sample_ids: list[str]

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        moved = (tensor.to(device, non_blocking=True) for tensor in self.targets)
        return Batch(
            self.images.to(device, non_blocking=True), Targets._make(moved), self.sample_ids
        )


class Pictures(Dataset):
    """The pictures of one split as training material; indexed by `Draw`."""

    def __init__(
        self,
        run: Path | str,
        split: Split,
        config: TrainConfig,
        hand: HandModel,
        limit: int | None = None,
    ):
        """Open a split.

        Args:
            run: the run folder.
            split: ``train``, ``val`` or ``test``.
            config: kinds of pictures, crop, augmentation, seed, root joint; what to read instead
                of the run, and for ``train`` beside it.
            hand: the model whose vertices the samples hold, if they hold any; samples of the
                other hand are mirrored.
            limit: use only the first samples of each run.

        Raises:
            InputError: if the split is empty or holds another hand model's vertices.
        """
        self.config, self.side, self.vertex_count = config, hand.side, len(hand.template)
        self.parts = [
            (open_source(where, split, kind), kind)
            for where in data_of(run, config, split)
            for kind in config.images
        ]
        share = config.fraction if split == "train" else 1.0
        self.rows = [
            chosen_rows(len(source), share, config.seed)[:limit] for source, _ in self.parts
        ]
        self.starts = (0, *accumulate(len(rows) for rows in self.rows))
        for source, _ in self.parts:
            source.require_hand(hand)

    def __len__(self) -> int:
        """Count pictures: samples times kinds, of all runs."""
        return self.starts[-1]

    def __getitem__(self, draw: Draw) -> dict[str, Any]:
        """Return the picture and its truth as arrays; see `Targets`."""
        part, row = self.place(draw.index)
        return self.drawn(self.parts[part][0][row], part, draw.epoch)

    def place(self, index: int) -> tuple[int, int]:
        """Return which of the `parts` a picture is of, and which sample of its source it shows."""
        part = int(np.searchsorted(self.starts, index, side="right")) - 1
        return part, self.rows[part][index - self.starts[part]]

    def drawn(self, sample: dict[str, Any], part: int, epoch: int | None) -> dict[str, Any]:
        """Return what `Draw` asks for of a sample that is read already, one of a part's."""
        view = self.parts[part][1]
        square = self._square(sample, view)
        mirrored = SIDES[int(sample["hand/side"])] != self.side
        if epoch is None:
            crop = Crop.around(*square, self.config.image_px, mirrored=mirrored)
            image = np.array(crop.cut(sample["image"]))
        else:
            # Runs number their samples alike: tell them apart.
            run = part // len(self.config.images)
            address = f"{view}/{sample['sample_id']}" + (f"/{run}" if run else "")
            streams = RandomStreams(self.config.seed, address)
            rng, augment = streams("augment", epoch), self.config.augment
            crop = draw_crop(square, self.config.image_px, rng, augment, mirrored=mirrored)
            image = np.array(change_colors(crop.cut(sample["image"]), rng, augment))
            # What lies beyond the picture stays black, as it is when nothing is drawn.
            height_px, width_px, _ = sample["image"].shape
            image *= crop.shows(width_px, height_px)[..., None]
            sample = {**sample, POINTS: self._some_points(sample, streams("points", epoch))}
        picture = {"image": image.transpose(2, 0, 1), "sample_id": sample["sample_id"]}
        return {**picture, **self._truth(sample, crop, view)}

    def _square(self, sample: dict[str, Any], view: str) -> Square:
        """Return the square around the hand's joints, or around the object."""
        seen = sample["hand/joints_2d"]
        if view == "o" or (view == "ho" and self.config.crop_around == "object"):
            homogeneous = sample[POINTS] @ sample["camera/intrinsics"].T
            seen = homogeneous[:, :2] / homogeneous[:, 2:]
        centre, side = box_square(seen.astype(np.float64))
        return Square(centre, self.config.augment.crop_factor * side)

    def _some_points(self, sample: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
        points = sample[POINTS]
        return points[rng.choice(len(points), min(self.config.points, len(points)), replace=False)]

    def _truth(self, sample: dict[str, Any], crop: Crop, view: str) -> dict[str, np.ndarray]:
        root = sample["hand/joints"][self.config.model.root_joint]
        vertices = sample.get("hand/vertices")
        unknown = np.zeros((self.vertex_count, 3))
        truth = {
            "hand_vertices": unknown if vertices is None else crop.points(vertices - root),
            "hand_joints": crop.points(sample["hand/joints"] - root),
            "joints_2d": crop.pixels(sample["hand/joints_2d"]),
            "root": crop.points(root),
            "object_points": crop.points(sample[POINTS] - root),
            "intrinsics": crop.intrinsics(sample["camera/intrinsics"]),
            "has_hand": np.array(float("h" in view)),
            "has_object": np.array(float("o" in view)),
            "has_mesh": np.array(float(vertices is not None)),
        }
        return {name: value.astype(np.float32) for name, value in truth.items()}


def chosen_rows(count: int, share: float, seed: int) -> Sequence[int]:
    """Return the samples that are used, in order; at least one."""
    if share == 1:
        return range(count)
    order = RandomStreams(seed, "order")("fraction").permutation(count)
    return sorted(order[: max(1, round(share * count))].tolist())


def data_of(run: Path | str, config: TrainConfig, split: Split) -> tuple[Path | str, ...]:
    """Return the data that a split is read from: the run's, or what the configuration names."""
    own = config.data or (run,)
    return (*own, *config.also) if split == "train" else own


def collate(pictures: Sequence[Mapping[str, Any]]) -> Batch:
    """Stack pictures."""
    targets = (
        torch.from_numpy(np.stack([picture[name] for picture in pictures]))
        for name in Targets._fields
    )
    images = torch.from_numpy(np.stack([picture["image"] for picture in pictures]))
    return Batch(images, Targets._make(targets), [picture["sample_id"] for picture in pictures])


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order in which an epoch shows the pictures."""
    return RandomStreams(seed, "order")("epoch", epoch).permutation(count)


def steps_per_epoch(count: int, batch_size: int) -> int:
    """Return the steps of an epoch: incomplete batches are left out, unless there is no other."""
    return max(1, count // batch_size)


def training_batches(
    pictures: Pictures, epoch: int, first_step: int = 0, rank: int = 0, world: int = 1
) -> Iterator[Batch]:
    """Yield one epoch's batches.

    Args:
        pictures: what to draw from.
        epoch: decides order and augmentation.
        first_step: step of the epoch to begin with.
        rank: this process among those that train together.
        world: their number; each gets its share of every step's pictures.
    """
    size = pictures.config.batch_size * world
    order = epoch_order(len(pictures), pictures.config.seed, epoch)
    steps = range(first_step, steps_per_epoch(len(order), size))
    shares = (order[step * size : (step + 1) * size][rank::world] for step in steps)
    draws = [[Draw(int(index), epoch) for index in share] for share in shares]
    yield from _load(pictures, draws)


def evaluation_batches(pictures: Pictures, batch_size: int | None = None) -> Iterator[Batch]:
    """Yield every picture once, in order, without augmentation, the last batch as it comes."""
    size = batch_size or pictures.config.batch_size
    draws = [Draw(index, None) for index in range(len(pictures))]
    yield from _load(pictures, [draws[at : at + size] for at in range(0, len(draws), size)])


def _load(pictures: Pictures, draws: list[list[Draw]]) -> Iterator[Batch]:
    yield from DataLoader(
        pictures,
        batch_sampler=draws,
        collate_fn=collate,
        num_workers=pictures.config.loader_workers,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # or it would advance the global one
    )
