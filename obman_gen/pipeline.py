"""The whole chain on one screen: read this file first.

Every stage is resumable: it leaves alone what is complete and verified, makes the rest, and
ends with the same files whatever happened in between.
"""

from collections.abc import Sequence
from pathlib import Path

from obman_gen.config import Config
from obman_gen.engine import Engine, EngineConfig
from obman_gen.progress import Reporter
from obman_gen.runfolder import RunFolder
from obman_gen.sample import SPLITS, Split
from obman_gen.stages.context import Context


def build_dataset(context: Context) -> Path:
    """Make all of a dataset; return the contact sheet to look at."""
    prepare_objects(context)
    plan_grasps(context)
    render_samples(context, SPLITS)
    return describe_dataset(context)


def prepare_objects(context: Context) -> None:
    """Sample objects of the configured source and prepare them."""
    from obman_gen.stages import objects

    _say_sources(context, "objects")
    objects.run(context)


def plan_grasps(context: Context) -> None:
    """Plan, refine and validate grasps of every prepared object."""
    from obman_gen.stages import grasp

    context.folder.require(context.folder.objects_table, "objects")
    _say_sources(context, "hand model")
    grasp.run(context)


def import_grasps(context: Context, source: Path) -> None:
    """Take ObMan's released grasps of the prepared objects instead of planning."""
    from obman_gen.stages import released

    context.folder.require(context.folder.objects_table, "objects")
    released.run(context, source)


def render_samples(context: Context, splits: Sequence[Split], limit: int | None = None) -> None:
    """Pose the body, compose, render and write the shards of some splits."""
    from obman_gen.stages import render

    context.folder.require(context.folder.objects_table, "objects")
    context.folder.require(context.folder.grasps, "grasp")
    _say_sources(context, "hand model", "body model", "skin", "backgrounds")
    for split in splits:
        render.run(context, split, limit)


def describe_dataset(context: Context) -> Path:
    """Write statistics, the dataset card and the contact sheet; return the sheet."""
    from obman_gen.stages import describe

    return describe.run(context)


def _say_sources(context: Context, *parts: str) -> None:
    """Say which of the files that may be brought a stage uses, and what else it takes."""
    from obman_gen.shards.card import origins_of

    origins = origins_of(context.config.assets, context.config.objects)
    listed = ", ".join(f"{part}: {origins[part]}" for part in parts)
    context.reporter.say(f"made with {listed}")


def open_run(
    root: Path, config: Config, engine_config: EngineConfig, reporter: Reporter
) -> Context:
    """Return the context of a run folder whose configuration is settled."""
    return Context(RunFolder(root), config, Engine(engine_config), reporter)
