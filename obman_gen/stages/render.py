"""Draw, compose and render samples and write them as shards: one task per shard."""

from obman_gen.errors import InputError
from obman_gen.sample import Split
from obman_gen.shards import Manifest, ShardEntry
from obman_gen.stages.context import Context

MAX_DRAWS = 60
"""Draws of one sample before the run stops: that many rejections mean a wrong setting."""


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
        manifest = manifest.with_entry(ShardEntry(**outcome.result["entry"]))
        manifest.save(context.folder.root)
    context.reporter.say(
        f"{stage}: {manifest.count(split)} samples in {context.folder.shards / split}"
    )
    context.say_rejections(stage)
