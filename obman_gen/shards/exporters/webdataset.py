"""WebDataset: tar files that are read from first to last, one group of files per sample."""

import io
import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from obman_gen.sample import VIEWS
from obman_gen.shards.exporters.rows import Row, Track, rows_of, whole_folder, write_file
from obman_gen.shards.schema import SAMPLE_FIELDS

SAMPLES_PER_TAR = 1000


def export_webdataset(run: Path, out: Path, track: Track | None = None) -> int:
    """Write ``SPLIT-NNNNNN.tar`` and ``meshes/SYNSET_ID.npz``; return the number of samples.

    A sample is ``ID.{ho,h,o}.jpg``, ``ID.{ho,h,o}.segmentation.png`` (8 bit),
    ``ID.{ho,h,o}.depth.png`` (16 bit, 0.1 mm), ``ID.npz`` (all other arrays by the schema's
    paths) and ``ID.json`` (its texts).
    """
    known = set[str]()
    count = 0
    with whole_folder(out) as folder:
        for (split, number), rows in groupby(_numbered(run, track), key=lambda item: item[:2]):
            with tarfile.open(folder / f"{split}-{number:06d}.tar", "w") as tar:
                for _, _, row in rows:
                    _add(tar, row)
                    count += 1
                    if row.object_id not in known:
                        known.add(row.object_id)
                        _write_mesh(folder, row)
    return count


def _numbered(run: Path, track: Track | None) -> Iterator[tuple[str, int, Row]]:
    """Yield split, number of the tar file, and row."""
    in_split = Counter[str]()
    for row in rows_of(run, track):
        yield row.split, in_split[row.split] // SAMPLES_PER_TAR, row
        in_split[row.split] += 1


def _add(tar: tarfile.TarFile, row: Row) -> None:
    for extension, data in _files(row).items():
        entry = tarfile.TarInfo(f"{row.sample_id}.{extension}")  # its times are 0
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))


def _files(row: Row) -> dict[str, bytes]:
    files = {f"{view}.jpg": row.jpeg(view) for view in VIEWS}
    for view in VIEWS:
        files[f"{view}.segmentation.png"] = _png(row.array(f"segmentation/{view}"))
        files[f"{view}.depth.png"] = _png(row.array(f"depth/{view}"))
    arrays: dict[str, np.ndarray] = {}
    texts: dict[str, Any] = {}
    for path, field in SAMPLE_FIELDS.items():
        if field.dtype == "str":
            texts[path] = row.text(path)
        elif not field.dense:
            arrays[path] = row.array(path)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # pyright: ignore[reportArgumentType]
    return files | {"npz": buffer.getvalue(), "json": json.dumps(texts, sort_keys=True).encode()}


def _png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def _write_mesh(folder: Path, row: Row) -> None:
    mesh, buffer = row.mesh(), io.BytesIO()
    np.savez(
        buffer,
        vertices=mesh.vertices,
        faces=mesh.faces,
        surface_points=mesh.surface_points,
    )
    write_file(folder / "meshes" / f"{row.object_id.replace('/', '_')}.npz", buffer.getvalue())
