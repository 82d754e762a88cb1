"""Draw, compose and render samples and write them as shards: one task per shard."""

import importlib.metadata
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from obman_gen.config import Config, SamplesConfig, data_part
from obman_gen.errors import InputError
from obman_gen.runfolder import RunFolder
from obman_gen.sample import ObjectMesh, Sample, Split
from obman_gen.shards import (
    HandFacts,
    Manifest,
    ShardAttributes,
    ShardEntry,
    shard_path,
    write_shard,
)
from obman_gen.stages.context import Context

MAX_DRAWS = 60
"""Draws of one sample before the run stops: that many rejections mean a wrong setting."""

SOFTWARE = ("obman-gen", "bpy", "numpy", "torch", "scipy", "numba", "h5py", "pillow")
"""Packages whose versions a shard names."""


def run(context: Context, split: Split, limit: int | None = None) -> None:
    """Write the shards of a split that are missing or damaged, at most the first samples.

    Raises:
        InputError: if a sample cannot be drawn within the rejection rules.
    """
    stage = f"render {split}"
    specs = [
        {
            "run": str(context.folder.root),
            "split": split,
            "number": number,
            "first": first,
            "count": count,
        }
        for number, first, count in shard_plan(context.config.samples, split, limit)
    ]
    manifest = Manifest.load(context.folder.root)
    todo = [spec for spec in specs if not manifest.is_intact(shard_path(split, spec["number"]))]
    log = context.rejections()
    for outcome in context.track(render_task, todo, stage, "shard"):
        spec = todo[outcome.index]
        if outcome.crash:
            raise InputError(
                f"shard {spec['number']} of {split} could not be rendered: {outcome.crash}; "
                "run with --scheduler serial to see why"
            )
        # Rejections first: a shard in the manifest is never looked at again.
        log.replace(stage, f"{spec['number']:05d}", outcome.result["rejections"])
        log.save()
        manifest = Manifest.enter(context.folder.root, ShardEntry(**outcome.result["entry"]))
    context.reporter.say(
        f"{stage}: {manifest.count(split)} samples in {context.folder.shards / split}"
    )
    context.say_rejections(stage)


def shard_plan(
    samples: SamplesConfig, split: Split, limit: int | None = None
) -> Iterator[tuple[int, int, int]]:
    """Yield (number, first sample, sample count) of each shard of a split.

    A limit leaves out whole shards: those without any of the first ``limit`` samples.
    """
    total = getattr(samples, split)
    wanted = total if limit is None else min(limit, total)
    for number, first in enumerate(range(0, wanted, samples.per_shard)):
        yield number, first, min(samples.per_shard, total - first)


def render_task(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Make one shard; return its manifest entry and the draws that were rejected.

    Raises:
        InputError: if a sample cannot be drawn within the rejection rules.
    """
    from obman_gen.stages.studio import draw_sample, studio_of

    studio = studio_of(spec["run"])
    meshes: dict[str, ObjectMesh] = {}
    rejections: list[dict[str, Any]] = []

    def samples() -> Iterator[Sample]:
        for index in range(spec["first"], spec["first"] + spec["count"]):
            address = {
                "sample_id": f"{spec['split']}-{index:08d}",
                "split": spec["split"],
                "seed": studio.config.seed,
            }
            sample, rejected = draw_sample(studio, address, MAX_DRAWS)
            rejections.extend(rejected)
            meshes[sample.object_id] = studio.mesh(sample.object_id)
            yield sample

    path = RunFolder(Path(spec["run"])).root / shard_path(spec["split"], spec["number"])
    attributes = _attributes(studio, spec["split"])
    entry = write_shard(path, samples(), meshes, attributes, studio.config.shards)
    return {"entry": asdict(entry), "rejections": rejections}


def _attributes(studio, split: Split) -> ShardAttributes:
    config: Config = studio.config
    body_model = studio.figure.body_model
    return ShardAttributes(
        split=split,
        seed=config.seed,
        config=data_part(config),  # a changed training section must not change bytes
        software={name: importlib.metadata.version(name) for name in SOFTWARE},
        hand=HandFacts.of(studio.figure.hand_model),
        body_name="none" if body_model is None else body_model.name,
        body_sha256="" if body_model is None else body_model.sha256,
    )
