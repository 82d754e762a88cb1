"""Look a name up in a table, and say something useful when it is not there."""

import difflib
from collections.abc import Mapping
from typing import TypeVar

from obman_gen.errors import InputError

T = TypeVar("T")


def lookup(table: Mapping[str, T], name: str, kind: str) -> T:
    """Return ``table[name]``.

    Raises:
        InputError: naming the closest match and every choice.
    """
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise InputError(f"unknown {kind} {name!r}.{hint} Choices: {', '.join(sorted(table))}.")
