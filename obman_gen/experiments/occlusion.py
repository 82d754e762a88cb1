"""Does training on occluded hands and objects help? Each branch alone, on both kinds of pictures.

Hasson et al. 2019, tables 1 and 2: networks trained on hands (objects) alone fail where the other
hides them; networks trained on pictures of both fail little on either.
"""

from dataclasses import replace

from obman_gen.experiments.study import Cell, Study, TablePlan, Test, Training
from obman_gen.reconstruction.config import LossWeights
from obman_gen.training.config import TrainConfig

OBJECT_TERMS = ("chamfer_centred", "edges", "laplacian")
"""Terms of an object's shape, which need no hand."""
PLACED_TERMS = ("chamfer", "translation", "scale", "attraction", "repulsion")
HAND_TERMS = ("vertices", "joints", "shape", "pose", "joints_2d", "root_depth")

PUBLISHED_HAND = {("h", "h"): 10.3, ("ho", "h"): 11.7, ("h", "ho"): 14.1, ("ho", "ho"): 11.6}
"""Hand error, mm, by kind of training and test pictures."""
PUBLISHED_OBJECT = {
    ("o", "o"): 0.0242, ("ho", "o"): 0.0319, ("o", "ho"): 0.0722, ("ho", "ho"): 0.0302,
}  # fmt: skip
"""Chamfer distance in the unit sphere."""

NAMES = {"h": "hands alone", "o": "objects alone", "ho": "hands and objects"}


def occlusion(base: TrainConfig, run: str) -> Study:
    """Return the study on a run's shards.

    Args:
        base: settings that all trainings share.
        run: what is trained and tested on.
    """
    plain = replace(base, contact_epochs=0)
    hand = replace(plain, weights=without(base.weights, *OBJECT_TERMS, *PLACED_TERMS))
    thing = replace(
        plain,
        weights=_of_shape(base.weights),
        crop_around="object",
    )
    return Study(
        "occlusion",
        (
            *(Training(f"hand-{kind}", replace(hand, images=(kind,))) for kind in ("h", "ho")),
            *(Training(f"object-{kind}", replace(thing, images=(kind,))) for kind in ("o", "ho")),
        ),
        (
            _table("Hand error, mm", ("hand", "h"), run, "hand_error_mm", PUBLISHED_HAND),
            _table(
                "Object shape: Chamfer distance in the unit sphere",
                ("object", "o"),
                run,
                "object_chamfer_unit_sphere",
                PUBLISHED_OBJECT,
            ),
        ),
        note="Rows: what was trained on. Columns: what was tested on. In brackets: the paper's, "
        "on ObMan.",
    )


def _of_shape(weights: LossWeights) -> LossWeights:
    """Return the weights of an object's shape alone.

    Where the shape is only compared in its place, as the preset ``paper`` has it, that comparison's
    weight goes to the one without place and size: nothing else would be left to learn from.
    """
    compared = weights.chamfer_centred or weights.chamfer
    alone = without(weights, *HAND_TERMS, *PLACED_TERMS)
    return replace(alone, chamfer_centred=compared)


def without(weights: LossWeights, *terms: str) -> LossWeights:
    """Return the weights with some terms at 0."""
    return replace(weights, **dict.fromkeys(terms, 0.0))


def _table(
    title: str,
    branch: tuple[str, str],
    run: str,
    measure: str,
    published: dict[tuple[str, str], float],
) -> TablePlan:
    name, alone = branch
    kinds = (alone, "ho")
    cells = [
        Cell(
            NAMES[trained],
            f"on {NAMES[tested]}",
            Test(f"{name}-{trained}", run, tested, measured=alone),
            measure,
        )
        for trained in kinds
        for tested in kinds
    ]
    known = {
        (NAMES[trained], f"on {NAMES[tested]}"): value
        for (trained, tested), value in published.items()
    }
    return TablePlan(title, tuple(cells), known)
