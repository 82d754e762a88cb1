"""What every stage driver needs, and what every task reloads on its worker."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from obman_gen import config as configuration
from obman_gen.config import Config
from obman_gen.engine import Engine, Outcome, Task
from obman_gen.progress import Reporter
from obman_gen.runfolder import RejectionLog, RunFolder


@dataclass(frozen=True)
class Context:
    """One run being made."""

    folder: RunFolder
    config: Config
    engine: Engine
    reporter: Reporter

    def track(
        self, function: Task, specs: Sequence[Mapping[str, Any]], label: str, unit: str
    ) -> Iterator[Outcome]:
        """Run tasks with progress; ``label`` names the stage, ``unit`` what a task makes."""
        if specs:
            outcomes = self.engine.run(function, specs)
            yield from self.reporter.track(outcomes, len(specs), label, unit)

    def rejections(self) -> RejectionLog:
        """Open the log of what was thrown out."""
        return RejectionLog(self.folder.rejected)

    def say_rejections(self, stage: str) -> None:
        """Print the stage's rejections by rule, if there are any."""
        counts = self.rejections().counts(stage)
        if counts:
            listed = ", ".join(f"{rule} {count}" for rule, count in counts.items())
            self.reporter.say(f"{stage}: rejected and redrawn or left out by rule: {listed}")


@lru_cache(maxsize=4)
def task_config(run: str) -> Config:
    """Return a run's configuration, read once per worker process."""
    return configuration.load(RunFolder(Path(run)).config)


def rejection(rule: str, detail: str, **names: Any) -> dict[str, Any]:
    """Return one line of ``rejected.jsonl``, without its stage and task."""
    return {"rule": rule, "detail": detail, **names}
