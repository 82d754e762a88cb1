"""Evaluate a checkpoint on a split: every sample, every metric, and what the cases look like."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obman_gen.errors import InputError
from obman_gen.progress import Reporter
from obman_gen.runfolder import RunFolder, require_writable
from obman_gen.sample import Split
from obman_gen.shards.manifest import sha256_of
from obman_gen.streams import RandomStreams
from obman_gen.training.baseline import Baseline
from obman_gen.training.checkpoints import load_model
from obman_gen.training.evaluation_cases import CaseSource
from obman_gen.training.evaluation_measures import Measured, measure
from obman_gen.training.evaluation_pictures import Portrait, gallery
from obman_gen.training.evaluation_report import Evaluation
from obman_gen.training.sources import is_run

PORTRAITS_EACH = 3
"""Best, median and worst cases in the picture."""


@dataclass(frozen=True)
class Request:
    """What is to be evaluated."""

    checkpoint: Path
    run: Path | str
    """Run folder, or other data as ``DATASET:FOLDER``."""
    split: Split = "test"
    image: str = "ho"
    """Kind of pictures: ``ho``, ``h`` or ``o``; what they do not show is not measured."""
    measured: str = ""
    """Of what the pictures show, only ``h``, the hand, or ``o``, the object's shape; empty: all."""
    root_joint: int | None = None
    """What both sides are relative to; None: the root the model was trained with."""
    simulate: bool = True
    device: str = "cpu"
    seed: int = 0
    """Of the points drawn on surfaces."""

    @property
    def folder(self) -> Path:
        """Where the results go unless told otherwise: into the run, else beside the checkpoint."""
        name = f"{self.checkpoint.stem}-{self.split}-{self.image}"
        if is_run(self.run):
            # Every training has a best.pt: its folder tells them apart.
            trained = self.checkpoint.absolute().parent.name
            return RunFolder(Path(self.run)).training / "evaluation" / f"{trained}-{name}"
        dataset = str(self.run).partition(":")[0]
        return self.checkpoint.parent / "evaluation" / f"{dataset}-{name}"


@dataclass(frozen=True)
class Files:
    """What an evaluation leaves."""

    results: Path
    table: Path
    pictures: Path


def evaluate(request: Request, reporter: Reporter) -> Evaluation:
    """Measure every sample of the request's split.

    Raises:
        InputError: if the checkpoint or the data cannot be used.
    """
    source, checkpoint = _open(request)
    return _evaluated(source, checkpoint, request, reporter)


def evaluate_to(request: Request, folder: Path, reporter: Reporter) -> tuple[Evaluation, Files]:
    """Evaluate and write ``results.json``, ``table.txt`` and ``cases.png`` to a folder."""
    source, checkpoint = _open(request)
    require_writable(folder, "results folder", "--out")  # not only after hours of measuring
    evaluation = _evaluated(source, checkpoint, request, reporter)
    files = Files(folder / "results.json", folder / "table.txt", folder / "cases.png")
    evaluation.save(files.results)
    files.table.write_text(evaluation.table() + "\n")
    gallery(list(_portraits(source, evaluation)), source.model.hand).save(files.pictures)
    return evaluation, files


def chosen_device(name: str) -> str:
    """Return the torch device for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        InputError: if a GPU is asked for and there is none.
    """
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: torch finds no GPU here; use --device cpu")
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


def _open(request: Request) -> tuple[CaseSource, dict[str, Any]]:
    model, info = load_model(request.checkpoint)
    model.to(chosen_device(request.device))
    data = (request.run, request.split, request.image)
    checkpoint = {
        "path": str(request.checkpoint),
        "sha256": sha256_of(request.checkpoint),
        "epoch": info.epoch,
        "step": info.step,
        "trained_on": info.data_sha256,
    }
    return CaseSource.open(model, info.config, data, request.root_joint), checkpoint


def _evaluated(
    source: CaseSource, checkpoint: dict[str, Any], request: Request, reporter: Reporter
) -> Evaluation:
    ids: list[str] = []
    measured: list[Measured] = []
    baseline = Baseline.of(request.run, source.root_joint, source.model.hand.side)
    for case in reporter.track(source.cases(), len(source), "evaluate", "sample"):
        rng = RandomStreams(request.seed, case.sample_id)("evaluate")
        ids.append(case.sample_id)
        what = request.measured or request.image
        each = measure(case, source.model.hand, rng, what, simulate=request.simulate)
        if baseline is not None:
            values = {**each.values, **baseline.values(case, rng, what)}
            each = each._replace(values=values)
        measured.append(each)
    data = {
        "run": str(request.run),
        "split": request.split,
        "image": request.image,
        "measured": request.measured or request.image,
        "samples": len(ids),
        "root_joint": source.root_joint,
        "seed": request.seed,
    }
    return Evaluation(checkpoint, data, ids, measured)


def _portraits(source: CaseSource, evaluation: Evaluation) -> Iterator[Portrait]:
    order, name = evaluation.ranked(), evaluation.ranked_by
    values = evaluation.column(name)
    for title, index in _chosen(order):
        caption = f"{title}: {evaluation.sample_ids[index]}, {name} {values[index]:.3g}"
        yield source.portrait(index, caption)


def _chosen(order: list[int]) -> list[tuple[str, int]]:
    """Return the best, the middle and the worst, none of them twice."""
    middle = max(0, len(order) // 2 - PORTRAITS_EACH // 2)
    groups = {
        "best": order[:PORTRAITS_EACH],
        "median": order[middle : middle + PORTRAITS_EACH],
        "worst": order[::-1][:PORTRAITS_EACH],
    }
    chosen: dict[int, str] = {}
    for title, indices in groups.items():
        for index in indices:
            chosen.setdefault(index, title)
    return [(title, index) for index, title in chosen.items()]
