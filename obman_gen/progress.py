"""Progress with rate and remaining time: a bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

T = TypeVar("T")

Pace = Callable[[int, float], str]
"""What to say after so many items and so many seconds."""

PLAIN_INTERVAL_S = 10.0
"""Seconds between two plain lines: enough to see life, few enough for a log file."""


class Reporter:
    """Tells a person how far a stage is. Stages call it; only it knows about terminals."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic):
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._clock = clock

    def say(self, line: str) -> None:
        """Print one line."""
        self._console.print(line, markup=False)

    def track(
        self,
        items: Iterable[T],
        total: int,
        label: str,
        unit: str,
        note: Callable[[], str] = str,
    ) -> Iterator[T]:
        """Yield ``items`` while showing how many of ``total`` are done, the rate and the ETA.

        ``note`` gives words to show behind them; it is asked whenever something is shown.
        """
        show = self._bar if self._console.is_terminal else self._lines

        def pace(done: int, elapsed_s: float) -> str:
            words = (describe_pace(done, total, elapsed_s, unit), note())
            return ", ".join(word for word in words if word)

        yield from show(items, total, label, pace)

    def _bar(self, items: Iterable[T], total: int, label: str, pace: Pace) -> Iterator[T]:
        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            TimeElapsedColumn(),
        )
        begin_s = self._clock()
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(label, total=total, pace="")
            for done, item in enumerate(items, start=1):
                yield item
                progress.update(task, completed=done, pace=pace(done, self._clock() - begin_s))

    def _lines(self, items: Iterable[T], total: int, label: str, pace: Pace) -> Iterator[T]:
        begin_s = last_s = self._clock()
        # The first item may take minutes: workers start, functions are compiled.
        self.say(f"{label}: 0/{total}")
        for done, item in enumerate(items, start=1):
            yield item
            now_s = self._clock()
            if done == total or now_s - last_s >= PLAIN_INTERVAL_S:
                last_s = now_s
                self.say(f"{label}: {done}/{total}, {pace(done, now_s - begin_s)}")


def describe_pace(done: int, total: int, elapsed_s: float, unit: str) -> str:
    """Say the rate so far and the time left at that rate."""
    rate = done / max(elapsed_s, 1e-9)
    pace = f"{rate:.1f} {unit}/s" if rate >= 1 else f"{1 / rate:.1f} s/{unit}"
    if done == total:
        return f"{pace}, took {describe_duration(elapsed_s)}"
    return f"{pace}, {describe_duration((total - done) / rate)} left"


def describe_duration(seconds: float) -> str:
    """Write seconds as a person would: ``7 s``, ``3 min 20 s``, ``5 h 02 min``."""
    minutes, rest_s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest_s:02} s" if minutes else f"{rest_s} s"
