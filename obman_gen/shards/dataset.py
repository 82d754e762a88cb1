"""The samples of a run as a torch dataset."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from obman_gen.shards.reader import SampleReader
from obman_gen.shards.selection import Where

_WIDER = {np.dtype(np.uint16): np.int32, np.dtype(np.uint32): np.int64}
"""Torch can store these unsigned types, but hardly compute with them."""


class HandObjectDataset(Dataset):
    """One split of a run; items are dicts of tensors, and str for names.

    Images are (H, W, 3) uint8, as decoded: move them to the device first, then permute and
    scale there. Keys, shapes, units and frames are the schema's (``docs/dataset.md``); ``image``
    is the chosen view and ``object/surface_points`` the object's points in the camera frame.
    Unsigned 16- and 32-bit numbers come as int32 and int64. Works with any number of
    ``DataLoader`` workers, forked or spawned.
    """

    def __init__(
        self,
        run: Path | str,
        split: str,
        image: str = "ho",
        fields: Sequence[str] | None = None,
        where: Where | None = None,
    ):
        """Open a split; arguments and errors are those of `SampleReader`."""
        self.reader = SampleReader(run, split, image, fields, where)

    def __len__(self) -> int:
        return len(self.reader)

    def __getitem__(self, index: int | Sequence[int]) -> dict[str, Any]:
        """Return one sample, or a batch for a sequence of indices.

        Batches made here save a copy of everything. A ``DataLoader`` asks for them when it gets
        ``sampler=BatchSampler(RandomSampler(dataset), 32, drop_last=False), batch_size=None``.
        """
        if isinstance(index, Sequence):
            values = self.reader.batch(index, _WIDER)
        else:
            values = self.reader[index]
        return {name: _tensor(value) for name, value in values.items()}


def _tensor(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value  # text, or the texts of a batch
    wider = _WIDER.get(value.dtype)
    return torch.from_numpy(value if wider is None else value.astype(wider))
