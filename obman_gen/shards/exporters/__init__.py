"""A dataset in other people's layouts. Each exporter writes a whole folder or nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from obman_gen.shards.exporters.bop import export_bop
from obman_gen.shards.exporters.coco import export_coco
from obman_gen.shards.exporters.ho3d import export_ho3d
from obman_gen.shards.exporters.obman import export_obman
from obman_gen.shards.exporters.rows import Track
from obman_gen.shards.exporters.webdataset import export_webdataset


class Exporter(Protocol):
    """Writes a run to an empty or missing folder and returns the number of samples."""

    def __call__(self, run: Path, out: Path, track: Track | None = None) -> int:
        """Write all of it or nothing; ``track`` shows progress."""
        ...


EXPORTERS: Mapping[str, Exporter] = {
    "obman": export_obman,
    "bop": export_bop,
    "coco": export_coco,
    "ho3d": export_ho3d,
    "webdataset": export_webdataset,
}
