"""One thing that is wrong, named so that a person knows where to look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where."""

    path: str
    """Within the run folder."""
    rule: str
    detail: str
    sample_id: str = ""
    shard_is_broken: bool = True
    """Whether making the shard again is the remedy."""

    def __str__(self) -> str:
        place = f"{self.path}, {self.sample_id}" if self.sample_id else self.path
        return f"{place}: {self.rule}: {self.detail}"


MAX_PER_RULE = 5
"""Samples of one shard that are named under one rule; the rest are counted."""


def shortened(problems: list[Problem]) -> list[Problem]:
    """Name the first few samples of each rule and count the others."""
    by_rule: dict[str, list[Problem]] = {}
    for problem in problems:
        by_rule.setdefault(problem.rule, []).append(problem)
    kept: list[Problem] = []
    for rule, group in by_rule.items():
        kept += group[:MAX_PER_RULE]
        if len(group) > MAX_PER_RULE:
            more = len(group) - MAX_PER_RULE
            kept.append(Problem(group[0].path, rule, f"and {more} more in this shard"))
    return kept
