"""Take ObMan's released grasps in the place of planned ones: one task, one file each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from obman_gen.errors import InputError
from obman_gen.grasps.files import StoredGrasp, grasp_path, save_grasps
from obman_gen.grasps.measure import SkinMeasurer, solid_of
from obman_gen.grasps.released import ReleasedGrasp, read_released
from obman_gen.objects import load_prepared
from obman_gen.runfolder import RunFolder
from obman_gen.sample import Grasp
from obman_gen.stages.context import Context, rejection, task_config

STAGE = "grasp"
UNREADABLE = "unreadable_grasps"


def run(context: Context, source: Path) -> None:
    """Measure and store the grasps of every released file whose object is prepared.

    Raises:
        InputError: if the folder holds no grasps of prepared objects.
    """
    specs = [
        {"run": str(context.folder.root), "source": str(path)} for path in released_files(source)
    ]
    log, imported = context.rejections(), 0
    for outcome in context.track(import_task, specs, STAGE, "file"):
        problems = [rejection("crashed", outcome.crash)] if outcome.crash else outcome.result
        if problems is not None:
            log.replace(STAGE, Path(specs[outcome.index]["source"]).stem, problems)
            log.save()
            imported += not {problem["rule"] for problem in problems} & {"crashed", UNREADABLE}
    context.say_rejections(STAGE)
    if not imported:
        raise InputError(
            f"none of the {len(specs)} JSON files in {source} is of an object of this run; prepare "
            "ObMan's objects first: OBMAN_GEN_SHAPENET and `obman-gen objects`"
        )
    context.reporter.say(f"grasps: {imported} files imported into {context.folder.grasps}")


def released_files(source: Path) -> list[Path]:
    """Return the JSON files of a folder, sorted.

    Raises:
        InputError: if the folder cannot be read.
    """
    try:
        return sorted(path for path in source.iterdir() if path.suffix == ".json")
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}") from error


def import_task(spec: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Write one grasp file; return what was rejected, by rule, or None for another run's object."""
    from obman_gen.hands import load_hand_model

    folder = RunFolder(Path(spec["run"]))
    try:
        source = read_released(Path(spec["source"]))
        if not (folder.objects / source.object_id).is_dir():
            return None
        prepared = load_prepared(folder.objects, source.object_id)
    except InputError as error:
        return [rejection(UNREADABLE, str(error))]
    config = task_config(spec["run"])
    hand_model = load_hand_model(Path(config.assets.mano) if config.assets.mano else None)
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
