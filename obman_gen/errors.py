"""The two ways a run can go wrong, kept apart because callers treat them apart."""


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
