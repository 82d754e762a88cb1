"""Find the hand and body models a shard names, if this machine has them."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from obman_gen.errors import InputError


@lru_cache(maxsize=8)
def hand_model_named(sha256: str, path: str, side: str) -> Any:
    """Return the hand model with a hash, or None if it is not to be found here."""
    from obman_gen.hands import load_hand_model

    return _first(sha256, path, lambda place: load_hand_model(place, side))


@lru_cache(maxsize=4)
def body_model_named(sha256: str, path: str) -> Any:
    """Return the body model with a hash, or None if it is not to be found here."""
    from obman_gen.bodies import load_body_model

    return _first(sha256, path, load_body_model)


def _first(sha256: str, path: str, load: Callable[[str | None], Any]) -> Any:
    """Try the run's own path, then what the environment names, then the open model."""
    for place in (path, None) if path else (None,):
        try:
            model = load(place)
        except InputError:
            continue
        if model.sha256 == sha256:
            return model
    return None


def model_facts(attributes: Mapping[str, Any], kind: str) -> tuple[str, str]:
    """Return the sha256 and the configured path of a shard's model.

    Args:
        attributes: of the shard.
        kind: ``hand`` or ``body``.
    """
    key = {"hand": "mano", "body": "smplh"}[kind]
    facts = json.loads(attributes[f"{kind}_model"])
    assets = json.loads(attributes["config"]).get("assets", {})
    return facts["sha256"], assets.get(key, "")
