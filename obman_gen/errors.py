"""The two ways a run can go wrong, kept apart because callers treat them apart, and one check."""

import math
from collections.abc import Iterable


class InputError(Exception):
    """The user can fix this: a bad config value, a missing asset, a wrong path."""


class SampleRejected(Exception):
    """One sample, grasp or object failed a quality rule. The run counts it and moves on."""

    def __init__(self, rule: str, detail: str):
        super().__init__(f"{rule}: {detail}")
        self.rule = rule
        self.detail = detail

    def __reduce__(self):
        """Rebuild from both arguments: workers send rejections to the parent by pickle."""
        return SampleRejected, (self.rule, self.detail)


def require_between(
    section: str, settings: object, names: Iterable[str], low: float, high: float = math.inf
) -> None:
    """Refuse settings outside a closed range.

    Raises:
        InputError: naming the first of ``names`` whose value lies outside.
    """
    for name in names:
        value = getattr(settings, name)
        if not low <= value <= high:
            rule = f"{low:g} or more" if high == math.inf else f"from {low:g} to {high:g}"
            raise InputError(f"{section}.{name} must be {rule}, got {value}")
