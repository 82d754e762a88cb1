"""Make a small run with the pipeline's own render stage; only the drawing of a sample is not.

Settings, tasks, shards, rejected draws and the manifest are written by the code that writes them
in a real run. The studio, which would start Blender, is replaced.
"""

from unittest.mock import patch

from rich.console import Console
from shards import synthetic

from obman_gen import pipeline
from obman_gen.engine import EngineConfig
from obman_gen.errors import SampleRejected
from obman_gen.progress import Reporter
from obman_gen.runfolder import RunFolder
from obman_gen.scene.figure import Figure
from obman_gen.settle import settle_config
from obman_gen.stages import render, studio
from obman_gen.stages.context import task_config

SETTINGS = {"train": 6, "val": 2, "test": 0, "per_shard": 3}
SHARD_COUNT = 3


class SyntheticStudio(studio.Studio):
    """Draws synthetic samples, and rejects some draws."""

    def __init__(self, run):  # without the parent's, which starts Blender
        self.config = task_config(run)
        self.figure = Figure(synthetic.hand_model(), synthetic.body_model())

    def sample(self, draw):
        if draw("coin").random() < 0.3:
            raise SampleRejected("coin", f"attempt {draw.attempt}")
        index = int(draw.sample_id.rpartition("-")[2])
        return synthetic.sample(draw.split, index, draw.seed, size_px=32)

    def mesh(self, object_id):
        return synthetic.object_mesh(object_id)


def write_missing(root):
    """Make what is missing of a run, as ``obman-gen render`` does."""
    words = [f"samples.{name}={value}" for name, value in SETTINGS.items()]
    config = settle_config(RunFolder(root), None, None, words)
    reporter = Reporter(Console(quiet=True))
    context = pipeline.open_run(root, config, EngineConfig("serial"), reporter)
    with patch.object(studio, "studio_of", SyntheticStudio), context.engine:
        for split in ("train", "val"):
            render.run(context, split)
