"""One object of a run, before and after it is prepared, and the table of all."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from obman_gen.errors import InputError, SampleRejected
from obman_gen.runfolder import write_atomically
from obman_gen.sample import SPLITS, Split

VAL_SHARE = TEST_SHARE = 0.15


@dataclass(frozen=True)
class ObjectEntry:
    """An object of the run: what it is called, where it comes from, which split it is in."""

    object_id: str
    """``SYNSET/ID``."""
    category: str
    split: Split
    source: str
    """``procedural``, ``shapenet`` or ``folder``."""
    path: str = ""
    """The mesh file it is prepared from; empty for a procedural object."""
    metres_per_unit: float = 0.0
    """Known size of a user's mesh; 0: sizes are drawn for its category, or built in."""
    size_range_m: tuple[float, float] = (0.0, 0.0)
    """Longest edge of the bounding box, where sizes are drawn."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values from which `from_json` makes an equal entry."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "ObjectEntry":
        """Undo `to_json`, also after a trip through JSON."""
        return cls(**{**values, "size_range_m": tuple(values["size_range_m"])})

    @property
    def synset(self) -> str:
        """The first half of the id."""
        return self.object_id.partition("/")[0]


Problems = dict[str, SampleRejected]
"""Why something cannot be had, by object id or the name of a category's folder."""


class Listing(NamedTuple):
    """The objects a run begins with, and what it was asked for and cannot have."""

    entries: list[ObjectEntry]
    problems: Problems


def split_sequence() -> Iterator[Split]:
    """Yield splits without end: 70/15/15, one of each among the first three.

    Object number n keeps its split however many follow; after N of them
    ``max(1, floor(.15 N))`` are in val and as many in test, ObMan's own rounding, up to
    one that is still due.
    """
    val, test, total = 0, 0, 0
    while True:
        total += 1
        if total == 1:
            yield "train"
        elif val < max(1, int(VAL_SHARE * total + 1e-9)):
            val += 1
            yield "val"
        elif test < max(1, int(TEST_SHARE * total + 1e-9)):
            test += 1
            yield "test"
        else:
            yield "train"


def by_hash(names: Iterable[str]) -> list[str]:
    """Order names by their SHA-256: as good as shuffled, the same everywhere."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())


COLUMNS = (
    *(spec.name for spec in fields(ObjectEntry)),
    "scales_m_per_unit",
    "extent_x",
    "extent_y",
    "extent_z",
    "volume",
)


def write_table(path: Path, rows: Sequence[tuple[ObjectEntry, Mapping[str, Any]]]) -> None:
    """Write entries with what preparation found: one line per object, by split and id."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry, found in sorted(
        rows, key=lambda row: (SPLITS.index(row[0].split), row[0].object_id)
    ):
        low, high = entry.size_range_m
        extent = dict(zip(("extent_x", "extent_y", "extent_z"), found["extents"], strict=True))
        writer.writerow(
            entry.to_json()
            | {"size_range_m": f"{low:g} {high:g}", "volume": f"{found['volume']:.6g}"}
            | {"scales_m_per_unit": " ".join(f"{scale:.6f}" for scale in found["scales"])}
            | {name: f"{value:.6f}" for name, value in extent.items()}
        )
    write_atomically(path, text.getvalue())


def read_objects_table(path: Path) -> list[ObjectEntry]:
    """Read the entries of ``objects.csv``.

    Raises:
        InputError: naming the file, the line and what is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            table = csv.DictReader(lines)
            columns, rows = table.fieldnames or (), list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path} cannot be read: {error}; delete it and run `obman-gen objects` again"
        ) from error
    for spec in fields(ObjectEntry):
        if spec.name not in columns:
            raise InputError(
                f"{path} is no object table, it lacks the column {spec.name}; delete it and run "
                "`obman-gen objects` again"
            )
    return [_entry(row, f"{path}:{number}") for number, row in enumerate(rows, start=2)]


def _entry(row: Mapping[str, str], where: str) -> ObjectEntry:
    try:
        low, high = map(float, row["size_range_m"].split())
        values: dict[str, Any] = {spec.name: row[spec.name] for spec in fields(ObjectEntry)}
        return ObjectEntry(
            **values
            | {"metres_per_unit": float(row["metres_per_unit"]), "size_range_m": (low, high)}
        )
    except (KeyError, ValueError, AttributeError) as error:
        raise InputError(
            f"{where} is not a line of an object table ({error!r}); delete the file and run "
            "`obman-gen objects` again"
        ) from error


def to_line(values: Mapping[str, Any]) -> str:
    """Write a JSON object in one canonical line."""
    return json.dumps(values, sort_keys=True) + "\n"
