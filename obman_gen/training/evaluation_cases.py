"""Predictions beside the truth, one case per stored sample, none left out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from obman_gen.arrays import Vertices
from obman_gen.errors import InputError
from obman_gen.reconstruction.model import Prediction, ReconstructionModel
from obman_gen.sample import Split
from obman_gen.training.config import TrainConfig
from obman_gen.training.data import SIDES, Batch, Draw, Pictures, collate
from obman_gen.training.evaluation_measures import Case, HandAndObject
from obman_gen.training.evaluation_pictures import Portrait
from obman_gen.training.sources import Source

BATCH_SIZE = 16
"""Fixed: sums of another batch size may differ in the last bits."""


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
        one_kind = replace(config, images=(image,), data=(), also=(), loader_workers=0)
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
        batch, prediction = self._predict([index])
        targets = batch.targets
        place = self.model.root_in_camera(
            prediction, targets.intrinsics, self.pictures.config.image_px
        )
        predicted = _moved(self._predicted(prediction, 0), place[0].cpu().numpy())
        true = _moved(self._true(batch, 0, index, self.source[index]), targets.root[0].numpy())
        image = batch.images[0].numpy().transpose(1, 2, 0)
        return Portrait(caption, image, _doubles(targets.intrinsics[0]), predicted, true)

    def _cases(self, indices: Sequence[int]) -> Iterator[Case]:
        batch, prediction = self._predict(indices)
        for place, index in enumerate(indices):
            predicted = self._predicted(prediction, place)
            _require_finite(predicted, batch.sample_ids[place])
            sample = self.source[index]
            true = self._true(batch, place, index, sample)
            root = true.hand_joints[self.root_joint]
            yield Case(
                batch.sample_ids[place],
                str(sample.get("object/category", "")),
                _moved(predicted, -predicted.hand_joints[self.root_joint]),
                _moved(true, -root),
                _doubles(batch.targets.object_points[place]) - root,
            )

    def _predict(self, indices: Sequence[int]) -> tuple[Batch, Prediction]:
        batch = collate([self.pictures[Draw(index, None)] for index in indices])
        prediction = self.model.predict(batch.images)
        return batch, Prediction._make(tensor.cpu() for tensor in prediction)

    def _predicted(self, prediction: Prediction, place: int) -> HandAndObject:
        return HandAndObject(
            _doubles(prediction.hand_vertices[place]),
            _doubles(prediction.hand_joints[place]),
            _doubles(prediction.object_points[place]),
            self.model.object_faces,
        )

    def _true(
        self, batch: Batch, place: int, index: int, sample: Mapping[str, Any]
    ) -> HandAndObject:
        vertices, faces = self._true_object(index, sample)
        knows_mesh = bool(batch.targets.has_mesh[place])
        return HandAndObject(
            _doubles(batch.targets.hand_vertices[place]) if knows_mesh else None,
            _doubles(batch.targets.hand_joints[place]),
            vertices,
            faces,
        )

    def _true_object(self, index: int, sample: Mapping[str, Any]) -> tuple[Vertices, np.ndarray]:
        """Return the object as rendered, relative to the model's root, axes of the crop."""
        thing = self.source.thing(index)
        relative = thing.vertices - sample["hand/joints"][self.model.config.root_joint]
        mirrored = SIDES[int(sample["hand/side"])] != self.pictures.side
        return relative * ([-1, 1, 1] if mirrored else [1, 1, 1]), thing.faces


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
