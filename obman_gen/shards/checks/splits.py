"""Does anything a model could recognise appear in two splits?"""

import json
from collections.abc import Iterable, Iterator

from obman_gen.shards.checks.problem import Problem

SEPARATED = {
    "object/id": "object",
    "scene/skin": "skin",
    "scene/background": "background",
}
"""What must not be shared, by where its names are stored."""


def name_in(path: str, text: str) -> str:
    """Return the name of what is shown, without what is drawn anew for every sample."""
    if path == "scene/skin":
        return text.partition("+")[0]
    if path != "scene/background":
        return text
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        return text
    return str(content.get("name", text)) if isinstance(content, dict) else text


def shared_names(
    used: Iterable[tuple[str, str, str, str]],
) -> Iterator[Problem]:
    """Yield a problem for each name that two splits use.

    Args:
        used: (path of the field, name, split, shard) of everything shown.
    """
    seen: dict[tuple[str, str], dict[str, str]] = {}
    for path, name, split, shard in used:
        seen.setdefault((path, name), {}).setdefault(split, shard)
    for (path, name), places in sorted(seen.items()):
        if len(places) > 1:
            where = " and ".join(f"{split} ({shard})" for split, shard in sorted(places.items()))
            detail = f"{SEPARATED[path]} {name} appears in {where}"
            yield Problem("manifest.json", "splits", detail, shard_is_broken=False)
