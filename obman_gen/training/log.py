"""What a training writes down: TensorBoard curves, a history of scores, words for the progress."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obman_gen.runfolder import write_atomically

if TYPE_CHECKING:
    from obman_gen.training.loop import StepRecord
    from obman_gen.training.session import Session
    from obman_gen.training.validation import Scores

HISTORY, CURVES = "history.json", "tensorboard"
SMOOTHING = 0.95
"""Share of the running mean that a step keeps."""


class TrainingLog:
    """Writes ``tensorboard/`` and ``history.json`` in the training's folder."""

    def __init__(self, out: Path, session: "Session"):
        self._out, self._session = out, session
        self._smooth: dict[str, float] = {}
        self._writer: Any = None

    def __enter__(self) -> "TrainingLog":
        from torch.utils.tensorboard import SummaryWriter

        if self._session.accelerator.is_main_process:
            # Steps after the checkpoint that is resumed happen again: drop their points.
            folder = self._out / CURVES
            self._writer = SummaryWriter(str(folder), purge_step=self._session.step)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def step(self, record: "StepRecord") -> None:
        """Add one step."""
        for name, value in {"total": record.total, **record.terms}.items():
            before = self._smooth.get(name, value)
            self._smooth[name] = SMOOTHING * before + (1 - SMOOTHING) * value
            self._add(f"loss/{name}", value, record.step)
        self._add("step/learning_rate", record.rate, record.step)
        self._add("step/gradient_norm", record.gradient_norm, record.step)

    def scores(self, scores: "Scores") -> None:
        """Add one validation."""
        session = self._session
        session.history.append({"step": session.step, **scores._asdict()})
        for name, value in scores._asdict().items():
            self._add(f"validation/{name}", value, session.step)
        if session.accelerator.is_main_process:
            text = json.dumps(session.history, indent=1) + "\n"
            write_atomically(self._out / HISTORY, text)

    def _add(self, name: str, value: float, step: int) -> None:
        if self._writer is not None:
            self._writer.add_scalar(name, value, step)

    def note(self) -> str:
        """Return the smoothed losses in words, the hand's and object's main terms."""
        shown = ("total", "vertices", "chamfer", "attraction", "repulsion")
        parts = [f"{name} {self._smooth[name]:.3g}" for name in shown if name in self._smooth]
        return f"loss {' '.join(parts)}" if parts else ""
