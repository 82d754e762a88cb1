"""Plan, refine and validate the grasps of every object and scale: one task, one file each."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from obman_gen.errors import InputError
from obman_gen.grasps.files import grasp_path, load_grasps, save_grasps
from obman_gen.objects import ObjectEntry, load_prepared, read_objects_table, read_scales
from obman_gen.runfolder import RejectionLog, RunFolder
from obman_gen.sample import SPLITS
from obman_gen.stages.context import Context, rejection, task_config
from obman_gen.streams import RandomStreams

STAGE = "grasp"
UNREADABLE = "unreadable_object"


def run(context: Context) -> None:
    """Grasp every prepared object that has no grasp file yet.

    Raises:
        InputError: if a split that is to be rendered has no grasp at all.
    """
    folder = context.folder
    log = context.rejections()
    specs = [
        {"run": str(folder.root), "entry": entry.to_json(), "metres_per_unit": scale}
        for entry, scale in objects_and_scales(folder, log)
        if not _is_done(grasp_path(folder.grasps, entry.object_id, scale))
    ]
    log.save()
    for outcome in context.track(grasp_task, specs, STAGE, "object"):
        spec = specs[outcome.index]
        name = grasp_path(folder.grasps, spec["entry"]["object_id"], spec["metres_per_unit"]).stem
        problems = [rejection("crashed", outcome.crash)] if outcome.crash else outcome.result
        log.replace(STAGE, name, problems)
        log.save()
    _report(context)


def objects_and_scales(folder: RunFolder, log: RejectionLog) -> Iterator[tuple[ObjectEntry, float]]:
    """Yield every prepared object with each of its metric scales (metres per raw unit).

    Objects that are listed and no longer there are told to the log.
    """
    for entry in read_objects_table(folder.objects_table):
        try:
            scales, problem = read_scales(folder.objects, entry.object_id), []
        except InputError as error:
            scales, problem = (), [rejection(UNREADABLE, str(error), object=entry.object_id)]
        log.replace(STAGE, entry.object_id, problem)
        yield from ((entry, float(scale)) for scale in scales)


def grasp_task(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Grasp one object at one scale and write its file; return what was rejected, by rule."""
    from obman_gen.grasps.plan import plan_grasps
    from obman_gen.hands import load_hand_model

    folder = RunFolder(Path(spec["run"]))
    entry, scale = ObjectEntry.from_json(spec["entry"]), float(spec["metres_per_unit"])
    config = task_config(spec["run"])
    path = grasp_path(folder.grasps, entry.object_id, scale)
    hand_model = load_hand_model(Path(config.assets.mano) if config.assets.mano else None)
    try:
        prepared = load_prepared(folder.objects, entry.object_id)
    except InputError as error:
        return [rejection(UNREADABLE, str(error), object=entry.object_id)]
    streams = RandomStreams(config.seed, path.stem)
    found = plan_grasps(prepared, scale, hand_model, streams, config.grasps)
    save_grasps(path, entry.object_id, scale, hand_model.name, found.kept)
    return [
        rejection(rule, f"{count} of {found.candidate_count} candidates", count=count)
        for rule, count in sorted(found.rejected.items())
    ]


def _is_done(path: Path) -> bool:
    """Return whether a grasp file is there and whole."""
    try:
        load_grasps(path)
    except InputError:
        return False
    return True


def _report(context: Context) -> None:
    """Say what there is now; refuse to go on with a split that has nothing to render."""
    folder = context.folder
    grasps, objects = Counter(), Counter()
    for entry, scale in objects_and_scales(folder, context.rejections()):
        path = grasp_path(folder.grasps, entry.object_id, scale)
        count = len(load_grasps(path)) if path.exists() else 0
        grasps[entry.split] += count
        objects[entry.split] += count > 0
    for split in SPLITS:
        if getattr(context.config.samples, split) and not grasps[split]:
            raise InputError(
                f"no grasp was found for any object of split {split}; ask for more objects, "
                "or loosen grasps.limits"
            )
    listed = ", ".join(
        f"{split} {grasps[split]} of {objects[split]} objects and scales" for split in SPLITS
    )
    context.reporter.say(f"grasps: {listed} in {folder.grasps}")
    context.say_rejections(STAGE)
