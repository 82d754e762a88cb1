"""Make or find the objects and prepare each for grasping, physics and rendering."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from obman_gen.errors import InputError, SampleRejected
from obman_gen.objects import (
    ObjectEntry,
    is_prepared,
    list_objects,
    prepare,
    write_objects_table,
)
from obman_gen.runfolder import RunFolder
from obman_gen.sample import SPLITS
from obman_gen.stages.context import Context, rejection, task_config

STAGE = "objects"


def run(context: Context) -> None:
    """Prepare every object of the configuration that is not ready yet.

    Raises:
        InputError: if a split is left without objects.
    """
    folder, config = context.folder, context.config
    entries, problems = list_objects(config.objects, config.seed, config.assets.shapenet)
    todo = [entry for entry in entries if not is_prepared(entry, folder.objects, config.objects)]
    specs = [{"run": str(folder.root), "entry": entry.to_json()} for entry in todo]
    log = context.rejections()
    log.forget_others(STAGE, {entry.object_id for entry in entries})
    for name, rejected in problems.items():
        log.replace(STAGE, name, [rejection(rejected.rule, rejected.detail)])
    log.save()
    for outcome in context.track(prepare_task, specs, STAGE, "object"):
        entry = todo[outcome.index]
        problem = outcome.result or ([rejection("crashed", outcome.crash)] if outcome.crash else [])
        log.replace(STAGE, entry.object_id, problem)
        log.save()
    ready = [entry for entry in entries if is_prepared(entry, folder.objects, config.objects)]
    write_objects_table(folder.objects_table, ready)
    _require_every_split(ready, context)
    context.reporter.say(f"objects: {len(ready)} of {len(entries)} ready in {folder.objects}")
    context.say_rejections(STAGE)


def _require_every_split(ready: Sequence[ObjectEntry], context: Context) -> None:
    missing = [split for split in SPLITS if split not in {entry.split for entry in ready}]
    if missing:
        raise InputError(
            f"no object is left for {' and '.join(missing)}; raise objects.per_category, or see "
            f"{context.folder.rejected} for what was wrong with the objects"
        )


def prepare_task(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Prepare one object; return why not, if it is no good."""
    folder = RunFolder(Path(spec["run"]))
    entry = ObjectEntry.from_json(spec["entry"])
    config = task_config(spec["run"])
    try:
        prepare(entry, folder.objects, config.objects, config.seed)
    except SampleRejected as rejected:
        return [rejection(rejected.rule, rejected.detail, object=entry.object_id)]
    return []
