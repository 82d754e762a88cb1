"""Seconds and memory that the object stage spends on meshes of millions of faces.

Run: OMP_NUM_THREADS=1 python benchmarks/large_meshes.py [--faces 300000]. A closed, wavy ball in
every format, each prepared in a process of its own with default settings, in which a million
faces are the most that is taken. One or two minutes, with --faces 5000000, too, which needs 250 MB
of disk space at a time.
"""

import struct
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click
import numpy as np

from obman_gen.errors import SampleRejected
from obman_gen.objects import ObjectEntry, ObjectsConfig, prepare

KIB_PER_MIB = 1024


def wavy_ball(face_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a closed mesh of at least so many faces, 80 mm across, in millimetres."""
    around = int(np.ceil(np.sqrt(face_count)))
    up = -(-face_count // (2 * around)) + 1
    polar = np.linspace(0, np.pi, up + 1)[1:-1, None]
    turn = 2 * np.pi * np.arange(around)[None] / around
    radius = 40 + np.sin(9 * turn) * np.sin(polar) ** 2
    ring = np.stack(
        np.broadcast_arrays(
            radius * np.sin(polar) * np.cos(turn),
            radius * np.cos(polar),
            radius * np.sin(polar) * np.sin(turn),
        ),
        axis=-1,
    ).reshape(-1, 3)
    vertices = np.concatenate([ring, [[0, 40, 0], [0, -40, 0]]])
    here = np.arange(around)
    after = np.roll(here, -1)
    row = around * np.arange(up - 2)[:, None]
    sides = [
        np.stack([row + here, row + after, row + around + after], axis=-1).reshape(-1, 3),
        np.stack([row + here, row + around + after, row + around + here], axis=-1).reshape(-1, 3),
    ]
    last = around * (up - 2)
    top = np.stack([np.full(around, len(ring)), after, here], axis=1)
    bottom = np.stack([np.full(around, len(ring) + 1), last + here, last + after], axis=1)
    return vertices, np.concatenate([*sides, top, bottom])


def write_obj(path: Path, vertices: np.ndarray, faces: np.ndarray) -> None:
    """Write text, line by line."""
    with path.open("w") as file:
        np.savetxt(file, vertices, "v %.6f %.6f %.6f")
        np.savetxt(file, faces + 1, "f %d %d %d")


def write_off(path: Path, vertices: np.ndarray, faces: np.ndarray) -> None:
    """Write text, line by line."""
    with path.open("w") as file:
        file.write(f"OFF\n{len(vertices)} {len(faces)} 0\n")
        np.savetxt(file, vertices, "%.6f %.6f %.6f")
        np.savetxt(file, faces, "3 %d %d %d")


def write_stl(path: Path, vertices: np.ndarray, faces: np.ndarray) -> None:
    """Write records of 50 bytes: a normal, which readers ignore, and three corners."""
    records = np.zeros(len(faces), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("_", "<u2")])
    records["corners"] = vertices[faces]
    path.write_bytes(bytes(80) + struct.pack("<I", len(faces)) + records.tobytes())


def write_by_trimesh(path: Path, vertices: np.ndarray, faces: np.ndarray) -> None:
    """Write binary."""
    import trimesh

    trimesh.Trimesh(vertices, faces, process=False).export(path)


WRITERS: Mapping[str, Callable[[Path, np.ndarray, np.ndarray], None]] = {
    ".obj": write_obj,
    ".off": write_off,
    ".stl": write_stl,
    ".ply": write_by_trimesh,
    ".glb": write_by_trimesh,
}


def spent(path: Path, home: Path) -> tuple[str, float, float]:
    """Prepare one mesh; return what became of it, CPU seconds and the process's peak in MiB."""
    entry = ObjectEntry(f"large/{path.stem}", "large", "train", "folder", str(path), 0.001)
    start = time.process_time()
    try:
        prepare(entry, home, ObjectsConfig(scales_per_object=1), 0)
        outcome = "prepared"
    except SampleRejected as rejected:
        outcome = rejected.rule
    return outcome, time.process_time() - start, peak_mib()


def peak_mib() -> float:
    """Return this program's peak; `getrusage` counts what its parent had at the fork, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / KIB_PER_MIB


@click.command()
@click.option("--faces", default=300_000, show_default=True)
def main(faces: int):
    """Print the table."""
    vertices, triangles = wavy_ball(faces)
    click.echo(f"{'format':8}{'faces':>10}{'file, MB':>10}{'CPU s':>8}{'peak, MiB':>11}  outcome")
    with tempfile.TemporaryDirectory() as folder:
        for suffix, write in WRITERS.items():
            path = Path(folder, f"ball{suffix}")
            write(path, vertices, triangles)
            with ProcessPoolExecutor(1, get_context("spawn")) as alone:
                outcome, seconds, peak = alone.submit(spent, path, Path(folder, suffix)).result()
            size = path.stat().st_size / 1e6
            click.echo(
                f"{suffix:8}{len(triangles):10,}{size:10.0f}{seconds:8.1f}{peak:11.0f}  {outcome}"
            )
            path.unlink()


if __name__ == "__main__":
    main()
