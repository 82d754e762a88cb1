"""How many real pictures does synthetic data replace? Real alone, synthetic alone, one then other.

Hasson et al. 2019, the figure of FHB with less and less of its training pictures.
"""

from collections.abc import Sequence
from dataclasses import replace

from obman_gen.errors import InputError
from obman_gen.experiments.study import Cell, Study, TablePlan, Test, Training
from obman_gen.training.config import TrainConfig

FRACTIONS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
MEASURES = {"Hand error, mm": "hand_error_mm", "Object Chamfer, mm²": "object_chamfer_mm2"}
ROWS = {"real": "real", "synthetic, then real": "both", "synthetic": "synthetic"}


def lowdata(
    base: TrainConfig, synthetic: str, real: str, fractions: Sequence[float] = FRACTIONS
) -> Study:
    """Return the study.

    Args:
        base: settings that all trainings share. A training on a share of the pictures makes
            as many more epochs as give it the steps of one on all, to the nearest epoch.
        synthetic: a run folder.
        real: the dataset with real pictures, trained in part and tested on.
        fractions: shares of its training pictures, in (0, 1].

    Raises:
        InputError: if a fraction is not possible.
    """
    if not fractions or not all(0 < fraction <= 1 for fraction in fractions):
        raise InputError(f"fractions must lie in (0, 1], got {list(fractions)}")
    fractions = sorted(set(fractions))
    trainings = [Training("synthetic", replace(base, data=(synthetic,)))]
    for fraction in fractions:
        part = replace(base, data=(real,), fraction=fraction)
        trainings += (
            Training(f"real-{fraction:g}", part, steps_of_all=True),
            Training(f"both-{fraction:g}", part, begins_with="synthetic", steps_of_all=True),
        )
    tables = (
        TablePlan(
            title,
            tuple(
                Cell(row, f"{fraction:g}", Test(_name(kind, fraction), real), measure)
                for row, kind in ROWS.items()
                for fraction in fractions
            ),
            x_axis="share of the real training pictures",
        )
        for title, measure in MEASURES.items()
    )
    return Study(
        "lowdata",
        tuple(trainings),
        tuple(tables),
        note="Columns: share of the real training pictures; all trainings on them take as many "
        "steps.",
    )


def _name(kind: str, fraction: float) -> str:
    return kind if kind == "synthetic" else f"{kind}-{fraction:g}"
