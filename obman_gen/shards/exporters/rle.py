"""COCO's run-length encoded masks: column by column, as compressed text.

The text holds the run lengths, from the third on as differences to the run before the last,
each in groups of five bits, lowest first, with a bit for "more follows", offset by ``0``.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool


def encode_mask(mask: Bool[np.ndarray, "height width"]) -> dict[str, Any]:
    """Return a mask as COCO's ``{"size": [height, width], "counts": text}``."""
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *edges.tolist(), flat.size]).tolist()
    if flat.size and flat[0]:
        runs = [0, *runs]  # the first run is of zeros
    return {"size": list(mask.shape), "counts": _compressed(runs)}


def decode_mask(encoded: dict[str, Any]) -> Bool[np.ndarray, "height width"]:
    """Undo `encode_mask`."""
    height, width = encoded["size"]
    runs = _runs(encoded["counts"])
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(height, width, order="F")


def _compressed(runs: list[int]) -> str:
    text = []
    for place, run in enumerate(runs):
        value = run - runs[place - 2] if place > 2 else run
        while True:
            group, value = value & 0x1F, value >> 5
            done = value == (-1 if group & 0x10 else 0)
            text.append(chr(48 + (group if done else group | 0x20)))
            if done:
                break
    return "".join(text)


def _runs(text: str) -> list[int]:
    runs: list[int] = []
    value = shift = 0
    for character in text:
        group = ord(character) - 48
        value |= (group & 0x1F) << shift
        shift += 5
        if not group & 0x20:
            if group & 0x10:
                value -= 1 << shift
            runs.append(value + runs[-2] if len(runs) > 2 else value)
            value = shift = 0
    return runs
