"""Filled tables: as text, as Markdown, as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from obman_gen.experiments.study import TablePlan, Test

Summary = Mapping[str, Mapping[str, float]]
"""Of an evaluation: mean, deviation and median by measure."""


@dataclass(frozen=True)
class Table:
    """A table's numbers by row and column."""

    title: str
    values: Mapping[tuple[str, str], float]
    published: Mapping[tuple[str, str], float]
    x_axis: str = ""

    @classmethod
    def filled(cls, plan: TablePlan, summaries: Mapping[Test, Summary]) -> "Table":
        """Put the means of the tests where they belong."""
        values = {
            (cell.row, cell.column): summaries[cell.test][cell.measure]["mean"]
            for cell in plan.cells
        }
        return cls(plan.title, values, plan.published, plan.x_axis)

    @property
    def rows(self) -> Sequence[str]:
        """Names of the rows, in order."""
        return list(dict.fromkeys(row for row, _ in self.values))

    @property
    def columns(self) -> Sequence[str]:
        """Names of the columns, in order."""
        return list(dict.fromkeys(column for _, column in self.values))

    def markdown(self) -> str:
        """Return the table; published numbers stand in brackets."""
        lines = [f"### {self.title}", ""]
        lines.append(f"| | {' | '.join(self.columns)} |")
        lines.append("| --- |" + " --- |" * len(self.columns))
        for row in self.rows:
            cells = " | ".join(self._text(row, column) for column in self.columns)
            lines.append(f"| {row} | {cells} |")
        return "\n".join(lines) + "\n"

    def to_json(self) -> dict[str, Any]:
        """Return numbers and published numbers by row and column."""
        return {
            "title": self.title,
            "values": _nested(self.values),
            "published": _nested(self.published),
        }

    def _text(self, row: str, column: str) -> str:
        if (row, column) not in self.values:
            return ""
        text = f"{self.values[row, column]:.4g}"
        known = self.published.get((row, column))
        return text if known is None else f"{text} [{known:g}]"


def _nested(values: Mapping[tuple[str, str], float]) -> dict[str, dict[str, float]]:
    nested: dict[str, dict[str, float]] = {}
    for (row, column), value in values.items():
        nested.setdefault(row, {})[column] = value
    return nested
