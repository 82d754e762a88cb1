"""The eight categories: ShapeNet's numbers for them, ObMan's counts, sizes in the real world."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from obman_gen.errors import InputError

LISTS = Path(__file__).parents[2] / "shapenet_lists"
OBMAN_OBJECTS = 2772
"""Objects in ObMan's images; its split file lists 2,822 without the mugs."""


@dataclass(frozen=True)
class Category:
    """One kind of object."""

    synset: str
    """WordNet 3.0 offset, ShapeNet's folder name."""
    name: str
    obman_objects: int
    """In ObMan's split file, all splits."""
    size_min_m: float
    """Longest edge of the bounding box of small ones."""
    size_max_m: float
    density_kg_m3: float
    """Mean density of the outer volume, contents included."""


@lru_cache(maxsize=1)
def categories() -> dict[str, Category]:
    """Return the categories by synset, in the order of ``shapenet_lists/categories.csv``."""
    with (LISTS / "categories.csv").open(newline="", encoding="utf-8") as lines:
        return {row["synset"]: _category(row) for row in csv.DictReader(lines)}


def _category(row: dict[str, str]) -> Category:
    return Category(
        row["synset"],
        row["name"],
        sum(int(row[f"obman_{split}"]) for split in ("train", "val", "test")),
        float(row["size_min_m"]),
        float(row["size_max_m"]),
        float(row["density_kg_m3"]),
    )


def chosen(names: tuple[str, ...]) -> list[Category]:
    """Return the categories of these names or synsets; all for none.

    Raises:
        InputError: for a name that is neither.
    """
    by_name = {category.name: category for category in categories().values()}
    known = by_name | categories()
    for name in names:
        if name not in known:
            raise InputError(
                f"objects.categories: unknown category {name!r}. Choices: {', '.join(by_name)}."
            )
    wanted = {known[name].synset for name in names} or set(categories())
    return [category for synset, category in categories().items() if synset in wanted]


def obman_counts(chosen_categories: list[Category]) -> dict[str, int]:
    """Share `OBMAN_OBJECTS` among all categories as ObMan does; return the chosen ones' shares.

    Largest remainders get the objects that rounding leaves over.
    """
    listed = {synset: category.obman_objects for synset, category in categories().items()}
    exact = {key: OBMAN_OBJECTS * count / sum(listed.values()) for key, count in listed.items()}
    shares = {key: int(value) for key, value in exact.items()}
    by_remainder = sorted(exact, key=lambda key: (shares[key] - exact[key], key))
    for key in by_remainder[: OBMAN_OBJECTS - sum(shares.values())]:
        shares[key] += 1
    return {category.synset: shares[category.synset] for category in chosen_categories}
