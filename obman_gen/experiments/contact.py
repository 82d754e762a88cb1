"""What do the contact terms do? One model, fine-tuned with none, either and both of them.

Hasson et al. 2019, table 3 and the figure of the balance between the two terms.
"""

from dataclasses import replace

from obman_gen.experiments.study import Cell, Study, TablePlan, Test, Training
from obman_gen.reconstruction.config import LossWeights
from obman_gen.training.config import TrainConfig

MEASURES = {
    "hand error, mm": "hand_error_mm",
    "object Chamfer, mm²": "object_chamfer_mm2",
    "penetration, mm": "max_penetration_mm",
    "displacement, mm": "simulation_displacement_mm",
    "volume, cm³": "intersection_volume_cm3",
    "ObMan's volume, cm³": "obman_intersection_volume_cm3",
}
PUBLISHED_MEASURES = tuple(name for name in MEASURES if name != "volume, cm³")
PUBLISHED = {
    "none": (11.6, 641, 9.5, 31.3, 12.3),
    "attraction": (11.9, 637, 11.8, 26.8, 17.4),
    "repulsion": (12.0, 639, 6.4, 38.1, 8.1),
    "both": (11.6, 638, 9.2, 30.9, 12.2),
}
"""On ObMan; its volume counts voxels of the object's surface in the hand."""
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the repulsion in the contact terms' joint weight, along the sweep."""
SWEPT = ("penetration, mm", "displacement, mm", "volume, cm³")


def contact(base: TrainConfig, data: str, *, start: str = "", sweep: bool = False) -> Study:
    """Return the study.

    Args:
        base: settings that all trainings share; its weights of ``attraction`` and ``repulsion``
            are those of the rows, and its ``contact_epochs`` the length of the fine-tuning (0: a
            third of ``epochs``).
        data: what is trained and tested on: a run folder, or DATASET:FOLDER.
        start: checkpoint to fine-tune; empty: one is trained first.
        sweep: also vary the balance of the two terms.
    """
    tuned = replace(
        base,
        epochs=0,
        contact_epochs=base.contact_epochs or max(1, base.epochs // 3),
        start_from=start,
    )
    variants = _variants(base.weights)
    if sweep:
        variants |= {f"repulsion-{share:g}": _balanced(base.weights, share) for share in SHARES}
    first = () if start else (Training("base", replace(base, contact_epochs=0)),)
    begins_with = "" if start else "base"
    trainings = (
        Training(name, replace(tuned, weights=weights), begins_with)
        for name, weights in variants.items()
    )
    tables = [_rows(data)]
    if sweep:
        tables.append(_sweep(data))
    return Study(
        "contact",
        (*first, *trainings),
        tuple(tables),
        simulate=True,
        note="Every row takes the same number of steps from the same weights. In brackets: the "
        "paper's, on ObMan; its volume counts voxels of a shell (see docs/metrics.md).",
    )


def _variants(weights: LossWeights) -> dict[str, LossWeights]:
    return {
        "none": replace(weights, attraction=0.0, repulsion=0.0),
        "attraction": replace(weights, repulsion=0.0),
        "repulsion": replace(weights, attraction=0.0),
        "both": weights,
    }


def _balanced(weights: LossWeights, share: float) -> LossWeights:
    total = weights.attraction + weights.repulsion
    return replace(weights, attraction=(1 - share) * total, repulsion=share * total)


def _rows(data: str) -> TablePlan:
    cells = tuple(
        Cell(row, column, Test(row, data), measure)
        for row in PUBLISHED
        for column, measure in MEASURES.items()
    )
    known = {
        (row, column): value
        for row, values in PUBLISHED.items()
        for column, value in zip(PUBLISHED_MEASURES, values, strict=True)
    }
    return TablePlan("Contact terms", cells, known)


def _sweep(data: str) -> TablePlan:
    cells = tuple(
        Cell(name, f"{share:g}", Test(f"repulsion-{share:g}", data), MEASURES[name])
        for name in SWEPT
        for share in SHARES
    )
    return TablePlan("Balance of the contact terms", cells, x_axis="share of repulsion")
