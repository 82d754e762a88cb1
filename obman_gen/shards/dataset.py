"""The samples of a run as a torch dataset."""

from collections.abc import Sequence
from itertools import accumulate
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
        tensors = {name: _tensor(value) for name, value in values.items()}
        return _Batch(tensors) if isinstance(index, Sequence) else tensors


class _Batch(dict):
    """A batch that goes from a worker to its parent as one block of shared memory.

    Torch sends each tensor by a file descriptor of its own, over a new connection: 0.2 ms for
    each field, more than reading most of them takes. What arrives is a plain dict.
    """

    def __copy__(self):  # of torch's own conversions, which would else go by __reduce__
        return _Batch(self)

    def __reduce__(self):
        tensors = {name: value for name, value in self.items() if torch.is_tensor(value)}
        starts = (0, *accumulate(-(-value.nbytes // _ALIGN) * _ALIGN for value in tensors.values()))
        storage = torch.UntypedStorage._new_shared(starts[-1])
        block = torch.tensor([], dtype=torch.uint8).set_(storage)
        layout = {}
        for start, (name, value) in zip(starts, tensors.items(), strict=False):
            layout[name] = (start, value.nbytes, value.dtype, value.shape)
            _slice(block, *layout[name]).copy_(value)
        others = {name: value for name, value in self.items() if name not in tensors}
        return _unpacked, (block, layout, others, tuple(self))


_ALIGN = 64


def _slice(block, start: int, byte_count: int, dtype, shape) -> torch.Tensor:
    return block[start : start + byte_count].view(dtype).view(shape)


def _unpacked(block, layout, others, order) -> dict[str, Any]:
    tensors = {name: _slice(block, *place) for name, place in layout.items()}
    return {name: others[name] if name in others else tensors[name] for name in order}


def _tensor(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value  # text, or the texts of a batch
    wider = _WIDER.get(value.dtype)
    return torch.from_numpy(value if wider is None else value.astype(wider))
