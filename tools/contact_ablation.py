"""What the contact terms do: one checkpoint, fine-tuned with none, either and both of them.

Run: ``python tools/contact_ablation.py CHECKPOINT RUN [--steps 60] [--samples 8] [--split train]``.
Each variant begins from the same weights, takes the same number of steps on the same pictures and
differs in two weights only. ``--samples N`` trains on, and with ``--split train`` measures, the
first N training samples without augmentation: the check of directions that a CPU allows. 0: the
whole split, augmented as the checkpoint was.
"""

import argparse
import itertools
import time
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import torch

from obman_gen.streams import RandomStreams
from obman_gen.training import checkpoints, loop, session
from obman_gen.training.evaluation_cases import CaseSource
from obman_gen.training.evaluation_measures import measure

WEIGHT = 0.3125
VARIANTS = {"none": (0, 0), "attraction": (WEIGHT, 0), "repulsion": (0, WEIGHT)}
VARIANTS["both"] = (WEIGHT, WEIGHT)
COLUMNS = (
    "hand_error_mm",
    "object_chamfer_mm2",
    "max_penetration_mm",
    "intersection_volume_cm3",
    "simulation_displacement_mm",
    "nearest_mm",
)


def fine_tuned(options, weights):
    """Return the training after the contact steps with these weights."""
    info = checkpoints.read(options.checkpoint)["info"]
    attraction, repulsion = weights
    config = replace(
        info.config,
        start_from=str(options.checkpoint),
        device="cpu",
        epochs=0,
        contact_epochs=options.steps,
        weights=replace(info.config.weights, attraction=attraction, repulsion=repulsion),
    )
    if options.samples:
        augment = replace(loop.PLAIN, crop_factor=config.augment.crop_factor)
        config = replace(config, augment=augment, batch_size=options.samples)
    ongoing = session.open_session(options.run, config, options.samples or None)
    for _ in itertools.islice(loop.fit(ongoing), options.steps):
        pass
    return ongoing


def measured(ongoing, options):
    """Return the mean of every column over the pictures."""
    data = (options.run, options.split, "ho")
    source = CaseSource.open(ongoing.bare, ongoing.config, data)
    rows = []
    for case in itertools.islice(source.cases(), options.samples or None):
        rng = RandomStreams(0, case.sample_id)("evaluate")
        values = dict(measure(case, source.model.hand, rng, "ho", simulate=True).values)
        away = np.linalg.norm(
            case.predicted.hand_vertices[:, None] - case.predicted.object_vertices, axis=-1
        )
        values["nearest_mm"] = 1000 * away.min()
        rows.append([values[name] for name in COLUMNS])
    return np.mean(rows, axis=0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--split", default="train", choices=("train", "val", "test"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    click.echo("".join(f"{name:>28}" for name in ("variant", *COLUMNS, "CPU s")))
    for name, weights in VARIANTS.items():
        begin = time.process_time()
        ongoing = fine_tuned(options, weights)
        seconds = time.process_time() - begin
        values = [f"{value:28.3g}" for value in (*measured(ongoing, options), seconds)]
        click.echo(f"{name:>28}" + "".join(values))


if __name__ == "__main__":
    main()
