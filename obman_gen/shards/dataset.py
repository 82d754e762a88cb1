"""The samples of a run as a torch dataset."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, get_worker_info

from obman_gen.shards.block import Forms, arrays_in, block_size
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
        if get_worker_info() is not None:
            return _Sent.of(self.reader, index)
        batch = self.reader.batch(index, _WIDER)
        return {name: _tensor(value) for name, value in batch.items()}


class _Sent(dict):
    """A batch made in a worker: pictures and maps lie in memory that the parent shares.

    Left alone, torch sends each tensor by a file descriptor of its own, over a new connection:
    0.2 ms for each field, more than reading most of them takes. And it copies everything into
    shared memory, where it could have been decoded. What arrives is a plain dict.
    """

    def __init__(self, values: dict[str, Any], block: torch.Tensor, forms: Forms):
        super().__init__(values)
        self.block, self.forms, self.made = block, forms, dict(values)

    @classmethod
    def of(cls, reader: SampleReader, indices: Sequence[int]) -> "_Sent":
        """Read a batch into shared memory."""
        forms = reader.forms(len(indices), _WIDER)
        large = {name: form for name, form in forms.items() if is_large(name)}
        storage = torch.UntypedStorage._new_shared(block_size(large))
        block = torch.tensor([], dtype=torch.uint8).set_(storage)
        batch = reader.batch(indices, _WIDER, lambda _: block.numpy())
        return cls({name: _tensor(value) for name, value in batch.items()}, block, large)

    def __copy__(self):  # of torch's own conversions, which would else go by __reduce__
        copy = _Sent(self, self.block, self.forms)
        copy.made = self.made
        return copy

    def __reduce__(self):
        """Send what was read as it lies; what was put in its place since, as torch does."""
        as_read = {name for name, value in self.items() if value is self.made.get(name)}
        others = {
            name: value.numpy() if name in as_read and torch.is_tensor(value) else value
            for name, value in self.items()
            if not (name in as_read and name in self.forms)
        }
        return _received, (self.block, self.forms, others, tuple(self))


def _received(block: torch.Tensor, forms: Forms, others: dict, order: Sequence[str]):
    lying = arrays_in(block.numpy(), forms)
    return {name: _tensor(others[name] if name in others else lying[name]) for name in order}


def _tensor(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value  # text, or the texts of a batch
    wider = _WIDER.get(value.dtype)
    return torch.from_numpy(value if wider is None else value.astype(wider))
