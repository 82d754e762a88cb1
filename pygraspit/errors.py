"""The one error a user of this package can mend."""


class DescriptionError(ValueError):
    """A file, body or hand that cannot be used; the text says which one and why."""
