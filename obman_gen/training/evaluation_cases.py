"""Predictions beside the truth, one case per stored sample, none left out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from obman_gen.errors import InputError
from obman_gen.reconstruction.model import Prediction, ReconstructionModel
from obman_gen.sample import Split
from obman_gen.shards.schema import SIDES
from obman_gen.training.config import TrainConfig
from obman_gen.training.data import Batch, Pictures, collate
from obman_gen.training.evaluation_measures import Case, HandAndObject
from obman_gen.training.evaluation_pictures import Portrait
from obman_gen.training.sources import Source, Thing

BATCH_SIZE = 16
"""Fixed: sums of another batch size may differ in the last bits."""


class Seen(NamedTuple):
    """What is read of one sample."""

    drawn: Mapping[str, Any]
    """Picture and truth as `Pictures` has them."""
    category: str
    thing: Thing
    """Relative to the model's root, axes of the crop."""


@dataclass(frozen=True)
class CaseSource:
    """A split of a run, or of another dataset, as a model sees it."""

    model: ReconstructionModel
    pictures: Pictures
    root_joint: int
    """What both sides are measured relative to."""

    @classmethod
    def open(
        cls,
        model: ReconstructionModel,
        config: TrainConfig,
        data: tuple[Path | str, Split, str],
        root_joint: int | None = None,
    ) -> "CaseSource":
        """Open data, split and kind of pictures for a model trained with a configuration.

        Raises:
            InputError: if there are none, or they hold another hand model's vertices.
        """
        where, split, image = data
        one_kind = replace(
            config, images=(image,), data=(), also=(), fraction=1.0, loader_workers=0
        )
        pictures = Pictures(where, split, one_kind, model.hand)
        if root_joint is None:
            root_joint = model.config.root_joint
        return cls(model, pictures, root_joint)

    @property
    def source(self) -> Source:
        """The samples themselves."""
        return self.pictures.parts[0][0]

    def __len__(self) -> int:
        return len(self.pictures)

    def cases(self) -> Iterator[Case]:
        """Yield every sample, in order."""
        for start in range(0, len(self), BATCH_SIZE):
            yield from self._cases(range(start, min(start + BATCH_SIZE, len(self))))

    def portrait(self, index: int, caption: str) -> Portrait:
        """Return what the picture of one sample needs."""
        (seen,) = self._seen([index])
        batch, prediction = self._predict([seen])
        targets = batch.targets
        place = self.model.root_in_camera(
            prediction, targets.intrinsics, self.pictures.config.image_px
        )
        predicted = _moved(self._predicted(prediction, 0), place[0].cpu().numpy())
        true = _moved(self._true(batch, 0, seen), targets.root[0].numpy())
        image = batch.images[0].numpy().transpose(1, 2, 0)
        return Portrait(caption, image, _doubles(targets.intrinsics[0]), predicted, true)

    def _cases(self, indices: Sequence[int]) -> Iterator[Case]:
        chosen = self._seen(indices)
        batch, prediction = self._predict(chosen)
        for place, seen in enumerate(chosen):
            predicted = self._predicted(prediction, place)
            _require_finite(predicted, batch.sample_ids[place])
            true = self._true(batch, place, seen)
            root = true.hand_joints[self.root_joint]
            yield Case(
                batch.sample_ids[place],
                seen.category,
                _moved(predicted, -predicted.hand_joints[self.root_joint]),
                _doubles(prediction.shape_points[place]),
                _moved(true, -root),
                _doubles(batch.targets.object_points[place]) - root,
            )

    def _seen(self, indices: Sequence[int]) -> list[Seen]:
        """Read samples, each once: its picture takes longest to decode."""
        return [self._seen_one(index) for index in indices]

    def _seen_one(self, index: int) -> Seen:
        part, row = self.pictures.place(index)
        sample = self.source[row]
        return Seen(
            self.pictures.drawn(sample, part, None),
            str(sample.get("object/category", "")),
            self._true_object(self.source.thing(row), sample),
        )

    def _predict(self, chosen: Sequence[Seen]) -> tuple[Batch, Prediction]:
        batch = collate([seen.drawn for seen in chosen])
        prediction = self.model.predict(batch.images)
        return batch, Prediction._make(tensor.cpu() for tensor in prediction)

    def _predicted(self, prediction: Prediction, place: int) -> HandAndObject:
        return HandAndObject(
            _doubles(prediction.hand_vertices[place]),
            _doubles(prediction.hand_joints[place]),
            _doubles(prediction.object_points[place]),
            self.model.object_faces,
        )

    def _true(self, batch: Batch, place: int, seen: Seen) -> HandAndObject:
        knows_mesh = bool(batch.targets.has_mesh[place])
        return HandAndObject(
            _doubles(batch.targets.hand_vertices[place]) if knows_mesh else None,
            _doubles(batch.targets.hand_joints[place]),
            seen.thing.vertices,
            seen.thing.faces,
        )

    def _true_object(self, thing: Thing, sample: Mapping[str, Any]) -> Thing:
        """Return the object as rendered, relative to the model's root, axes of the crop."""
        relative = thing.vertices - sample["hand/joints"][self.model.config.root_joint]
        mirrored = SIDES[int(sample["hand/side"])] != self.pictures.side
        return Thing(relative * ([-1, 1, 1] if mirrored else [1, 1, 1]), thing.faces)


def _moved(shape: HandAndObject, by: Float[np.ndarray, "3"]) -> HandAndObject:
    return HandAndObject(
        None if shape.hand_vertices is None else shape.hand_vertices + by,
        shape.hand_joints + by,
        shape.object_vertices + by,
        shape.object_faces,
    )


def _doubles(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy().astype(np.float64)


def _require_finite(shape: HandAndObject, sample_id: str) -> None:
    for name in ("hand_vertices", "hand_joints", "object_vertices"):
        if not np.isfinite(getattr(shape, name)).all():  # of a prediction: all are known
            raise InputError(f"the checkpoint predicts {name} that are not finite for {sample_id}")
