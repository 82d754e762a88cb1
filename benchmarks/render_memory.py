"""Rendering: resident memory over many scenes with changing meshes, textures, skins and rooms.

Usage: OMP_NUM_THREADS=1 python benchmarks/render_memory.py [RUN] [--scenes 1000]

RUN (default: runs/default) is a run folder with objects and grasps. Every scene has another grasp,
person, clothes, background and look of the object, as in a run; pictures and textures are small,
because what leaks does so whatever the size.
"""

import argparse
import resource
import tempfile
from pathlib import Path

import numpy as np

from obman_gen.blender.threads import cpus_seen
from obman_gen.config import resolve, to_toml

with cpus_seen(1):
    from obman_gen.stages.render import MAX_DRAWS
    from obman_gen.stages.studio import Studio, draw_sample

SMALL = (
    "scene.camera.width_px=64",
    "scene.camera.height_px=64",
    "scene.camera.focal_x_px=120",
    "scene.camera.focal_y_px=120",
    "scene.camera.center_x_px=32",
    "scene.camera.center_y_px=32",
    "scene.person.skin_size_px=64",
    "scene.background.room_width_px=128",
    "render.samples=1",
    "render.body_samples=1",
    "render.min_hand_px=8",
    "render.min_object_px=8",
)
PAGE_MIB = resource.getpagesize() / 2**20
STEP = 50


def resident_mib() -> float:
    """Return this process's resident memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_MIB


def main():
    """Print memory as it goes, and its growth once all caches are full."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path, nargs="?", default=Path("runs/default"))
    parser.add_argument("--scenes", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("objects", "grasps"):
            (folder / part).symlink_to((arguments.run / part).resolve())
        config = resolve(file=arguments.run / "config.toml", overrides=SMALL)
        (folder / "config.toml").write_text(to_toml(config))
        report(Studio(name), arguments.scenes)


def report(studio: Studio, scenes: int) -> None:
    """Make the scenes; fit the growth over the last four fifths, when all caches are full."""
    memory = []
    for index in range(scenes):
        address = {"sample_id": f"train-{index:08d}", "split": "train", "seed": 1}
        draw_sample(studio, address, MAX_DRAWS)
        memory.append(resident_mib())
        if index % STEP == STEP - 1:
            print(f"{index + 1:5} scenes: {memory[-1]:7.1f} MiB", flush=True)
    late = np.array(memory[scenes // 5 :])
    slope = 1000 * np.polyfit(np.arange(len(late)), late, 1)[0] / late.mean()
    print(f"growth over 1,000 scenes, fitted to all but the first fifth: {slope:+.1%} (goal 1 %)")


if __name__ == "__main__":
    main()
