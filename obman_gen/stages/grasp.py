"""Plan, refine and validate the grasps of every object and scale: one task, one file each."""

from obman_gen.grasps.files import grasp_path
from obman_gen.stages.context import Context, rejection

STAGE = "grasp"


def run(context: Context) -> None:
    """Grasp every prepared object that has no grasp file yet.

    Raises:
        InputError: if a split that is to be rendered has no grasp at all.
    """
    folder = context.folder
    specs = [
        {"run": str(folder.root), "entry": entry.to_json(), "metres_per_unit": scale}
        for entry, scale in objects_and_scales(folder)
        if not _is_done(grasp_path(folder.grasps, entry.object_id, scale))
    ]
    log = context.rejections()
    for outcome in context.track(grasp_task, specs, STAGE, "object"):
        spec = specs[outcome.index]
        name = grasp_path(folder.grasps, spec["entry"]["object_id"], spec["metres_per_unit"]).stem
        problems = [rejection("crashed", outcome.crash)] if outcome.crash else outcome.result
        log.replace(STAGE, name, problems)
        log.save()
    _report(context)
