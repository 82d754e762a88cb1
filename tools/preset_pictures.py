"""Draw a strip of pictures for each scene preset: what ``docs/rendering.md`` shows.

Usage: python tools/preset_pictures.py RUN OUT [PRESET ...]

RUN is a run folder with objects and grasps; OUT gets ``scene_PRESET.jpg``, four pictures wide.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from obman_gen.blender.threads import cpus_seen
from obman_gen.config import resolve, to_toml
from obman_gen.scene.presets import preset_names

WIDTH = 4


def main():
    """Write the strips."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("presets", nargs="*", default=["default", *preset_names()])
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for preset in arguments.presets:
            strip(arguments.run, Path(folder), preset).save(
                arguments.out / f"scene_{preset}.jpg", quality=82
            )


def strip(run: Path, root: Path, preset: str) -> Image.Image:
    """Return four pictures of a preset side by side."""
    with cpus_seen(1):
        from obman_gen.stages.studio import Studio, draw_sample
    folder = root / preset
    folder.mkdir()
    for name in ("objects", "grasps"):
        (folder / name).symlink_to((run / name).resolve())
    (folder / "cache").symlink_to(root / "cache")
    (root / "cache").mkdir(exist_ok=True)
    words = [] if preset == "default" else [f"scene.preset={preset}"]
    (folder / "config.toml").write_text(to_toml(resolve("smoke", overrides=words)))
    studio = Studio(str(folder))
    pictures = []
    for index in range(WIDTH):
        address = {"sample_id": f"test-{index:08d}", "split": "test", "seed": 5}
        sample, _ = draw_sample(studio, address, 60)
        pictures.append(sample.views["ho"].image)
    return Image.fromarray(np.concatenate(pictures, axis=1))


if __name__ == "__main__":
    main()
