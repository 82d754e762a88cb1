"""Take ObMan's released grasps in the place of planned ones: one task, one file each."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from obman_gen.errors import InputError
from obman_gen.grasps.files import StoredGrasp, grasp_path, save_grasps
from obman_gen.grasps.measure import SkinMeasurer, solid_of
from obman_gen.grasps.released import ReleasedGrasp, read_released
from obman_gen.objects import load_prepared, read_objects_table
from obman_gen.runfolder import RunFolder
from obman_gen.stages.context import Context, rejection, task_config

STAGE = "grasp"


def run(context: Context, source: Path) -> None:
    """Measure and store the grasps of every released file whose object is prepared.

    Raises:
        InputError: if the folder holds no grasps of prepared objects.
    """
    specs = [
        {"run": str(context.folder.root), "source": str(path)} for path in _files(context, source)
    ]
    log = context.rejections()
    for outcome in context.track(import_task, specs, STAGE, "object"):
        name = Path(specs[outcome.index]["source"]).stem
        problems = [rejection("crashed", outcome.crash)] if outcome.crash else outcome.result
        log.replace(STAGE, name, problems)
        log.save()
    context.reporter.say(f"grasps: {len(specs)} files imported into {context.folder.grasps}")
    context.say_rejections(STAGE)


def _files(context: Context, source: Path) -> Iterator[Path]:
    """Yield the files of prepared objects; refuse a folder without one."""
    prepared = {entry.object_id for entry in read_objects_table(context.folder.objects_table)}
    try:
        paths = sorted(path for path in source.iterdir() if path.suffix == ".json")
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}") from error
    known = [path for path in paths if read_released(path).object_id in prepared]
    if not known:
        raise InputError(
            f"none of the {len(paths)} JSON files in {source} is of an object of this run; prepare "
            "ObMan's objects first: OBMAN_GEN_SHAPENET and `obman-gen objects`"
        )
    yield from known


def import_task(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Write one grasp file; return what was rejected, by rule."""
    from obman_gen.hands import load_hand_model

    folder, source = RunFolder(Path(spec["run"])), read_released(Path(spec["source"]))
    config = task_config(spec["run"])
    hand_model = load_hand_model(Path(config.assets.mano) if config.assets.mano else None)
    prepared = load_prepared(folder.objects, source.object_id)
    solid = solid_of(prepared, source.metres_per_unit)
    measurer = SkinMeasurer(hand_model, solid, config.grasps.limits)
    fine = [released for released in source.grasps if not released.is_over_flexed]
    kept = [_stored(released, measurer) for released in fine[: config.grasps.per_scale]]
    path = grasp_path(folder.grasps, source.object_id, source.metres_per_unit)
    save_grasps(path, source.object_id, source.metres_per_unit, hand_model.name, kept)
    counts = {
        "over_flexed": len(source.grasps) - len(fine),
        "not_needed": len(fine) - len(kept),
    }
    return [
        rejection(rule, f"{count} of {len(source.grasps)} released grasps", count=count)
        for rule, count in counts.items()
        if count
    ]


def _stored(released: ReleasedGrasp, measurer: SkinMeasurer) -> StoredGrasp:
    """Measure a grasp as it is: nothing moves it, and no limit rejects it."""
    grasp = released.grasp
    measures = measurer.measure_fully(grasp.hand, grasp.measures)
    return StoredGrasp(
        Grasp(grasp.object_id, grasp.metres_per_unit, grasp.hand, measures),
        released.entry,
        measures,
    )
