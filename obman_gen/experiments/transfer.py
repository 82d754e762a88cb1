"""Which data prepare for another dataset? One training per source, all tested on one target.

Hasson et al. 2019 train on real pictures, on renderings of the same hands and objects, and on
ObMan, and test on HIC. Sources here are whatever is named: runs made with other objects or hands,
and other datasets.
"""

from collections.abc import Mapping
from dataclasses import replace

from obman_gen.errors import InputError
from obman_gen.experiments.study import Cell, Study, TablePlan, Test, Training
from obman_gen.training.config import TrainConfig

MEASURES = {
    "hand error, mm": "hand_error_mm",
    "after rigid alignment, mm": "hand_error_pa_rigid_mm",
    "object Chamfer, mm²": "object_chamfer_mm2",
}


def transfer(base: TrainConfig, sources: Mapping[str, str], target: str) -> Study:
    """Return the study.

    Args:
        base: settings that all trainings share.
        sources: what is trained on, by label: run folders, or DATASET:FOLDER.
        target: what is tested on.

    Raises:
        InputError: if a label is no name for a folder.
    """
    for label in sources:
        if not label or set("/\\") & set(label) or label.startswith("."):
            raise InputError(f"{label!r} cannot name a source: it becomes a folder's name")
    trainings = tuple(
        Training(label, replace(base, data=(source,))) for label, source in sources.items()
    )
    cells = tuple(
        Cell(label, column, Test(label, target), measure)
        for label in sources
        for column, measure in MEASURES.items()
    )
    return Study(
        "transfer",
        trainings,
        (TablePlan(f"Tested on {target}", cells),),
        note="Rows: what was trained on, each with the same settings.",
    )
