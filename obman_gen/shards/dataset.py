"""The samples of a run as a torch dataset."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, get_worker_info

from obman_gen.shards import handover
from obman_gen.shards.block import Forms
from obman_gen.shards.reader import SampleReader, is_large
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
        if not isinstance(index, Sequence):
            return {name: _tensor(value) for name, value in self.reader[index].items()}
        batch = self.reader.batch(index, _WIDER)
        tensors = {name: _tensor(value) for name, value in batch.items()}
        sends = get_worker_info() is not None and handover.IS_POSSIBLE
        return _Sent(tensors, tensors) if sends else tensors


class _Sent(dict):
    """A batch that a worker sends: its pictures and maps go through one file in memory.

    Left alone, torch sends each tensor by a file descriptor of its own, over a new connection:
    0.2 ms for each field, more than reading most of them takes. And it copies each into new
    shared memory, which is slow to come by. What arrives is a plain dict.
    """

    def __init__(self, values: Mapping[str, Any], as_read: Mapping[str, Any]):
        super().__init__(values)
        self.as_read = as_read

    def __copy__(self):  # of torch's own conversions, which would else go by __reduce__
        return _Sent(self, self.as_read)

    def __reduce__(self):
        """Send what was read in this way; what was put in its place since, as torch does."""
        arrays = {
            name: value.numpy()
            for name, value in self.items()
            if torch.is_tensor(value) and value is self.as_read.get(name)
        }
        large = {name: array for name, array in arrays.items() if is_large(name)}
        others = {
            name: arrays.get(name, value) for name, value in self.items() if name not in large
        }
        return _arrived, (*handover.sent(large), others, tuple(self))


def _arrived(ticket: Any, forms: Forms, others: Mapping[str, Any], order: Sequence[str]):
    large = handover.received(ticket, forms)
    return {name: _tensor(others[name] if name in others else large[name]) for name in order}


def _tensor(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value  # text, or the texts of a batch
    wider = _WIDER.get(value.dtype)
    return torch.from_numpy(value if wider is None else value.astype(wider))
