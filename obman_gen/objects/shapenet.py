"""Find objects in a ShapeNetCore folder, version 1 or 2."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from obman_gen.errors import SampleRejected
from obman_gen.objects.categories import Category, chosen
from obman_gen.objects.config import ObjectsConfig
from obman_gen.objects.entry import Listing, ObjectEntry, Problems, by_hash, split_sequence
from obman_gen.sample import SPLITS, Split

LAYOUTS = ("models/model_normalized.obj", "model.obj")
"""Below ``SYNSET/ID``: version 2, version 1."""


def entries(config: ObjectsConfig, folder: Path) -> Listing:
    """List the objects of the configured categories, and what of them cannot be had.

    Raises:
        InputError: if the list of objects cannot be read.
    """
    from obman_gen.objects.lists import read_list

    listed = read_list(Path(config.list_file)) if config.list_file else None
    result = Listing([], {})
    for category in chosen(config.categories):
        paths, problems = model_paths(folder, category)
        splits = _splits(paths, category, listed)
        taken = _first(splits, config.per_category)
        result.problems.update(problems | _missing(paths, problems, category, listed))
        if not taken and category.synset not in problems:
            result.problems[category.synset] = SampleRejected(
                "empty_category",
                f"{folder / category.synset} holds no object of category {category.name}"
                f"{' that the list names' if listed is not None else ''}; leave it out with "
                "objects.categories, or correct assets.shapenet",
            )
        result.entries.extend(
            ObjectEntry(
                f"{category.synset}/{name}",
                category.name,
                splits[name],
                "shapenet",
                str(paths[name]),
                size_range_m=(category.size_min_m, category.size_max_m),
            )
            for name in taken
        )
    return result


def model_paths(folder: Path, category: Category) -> tuple[dict[str, Path], Problems]:
    """Return the mesh files of one category by object name, sorted, and what cannot be read.

    A category whose folder is not there has neither.
    """
    home = folder / category.synset
    found: dict[str, Path] = {}
    problems: Problems = {}
    try:
        names = list_folder(home)
    except SampleRejected as problem:
        return {}, {category.synset: problem}
    for name in sorted(names):
        try:
            found[name] = next(
                home / name / tail for tail in LAYOUTS if (home / name / tail).is_file()
            )
        except StopIteration:
            continue  # a folder of something else
        except OSError as error:
            problems[f"{category.synset}/{name}"] = SampleRejected(
                "unreadable_object", f"{home / name}: {error.strerror}"
            )
    return found, problems


def list_folder(folder: Path) -> list[str]:
    """Return the names in a folder, none if there is no folder.

    Raises:
        SampleRejected: ``unreadable_folder``.
    """
    try:
        return [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise SampleRejected(
            "unreadable_folder",
            f"{folder} cannot be read: {error.strerror}; make it readable, or leave its "
            "category out with objects.categories",
        ) from error


def assigned(names: Iterable[str], category: Category) -> Iterator[tuple[str, Split]]:
    """Deal names into splits: by the hash of ``SYNSET/NAME``, in `split_sequence`'s order."""
    ids = by_hash(f"{category.synset}/{name}" for name in names)
    for object_id, split in zip(ids, split_sequence(), strict=False):
        yield object_id.partition("/")[2], split


def _splits(
    paths: Mapping[str, Path], category: Category, listed: Mapping[str, Split] | None
) -> dict[str, Split]:
    if listed is None:
        return dict(assigned(paths, category))
    names = by_hash(f"{category.synset}/{name}" for name in paths)
    return {name.partition("/")[2]: listed[name] for name in names if name in listed}


def _missing(
    paths: Mapping[str, Path],
    problems: Problems,
    category: Category,
    listed: Mapping[str, Split] | None,
) -> Problems:
    """Name the objects of a list that are not there."""
    wanted = [key for key in listed or () if key.startswith(f"{category.synset}/")]
    gone = [key for key in wanted if key.partition("/")[2] not in paths and key not in problems]
    return {
        key: SampleRejected("unreadable_object", f"{key} is listed, but there is no model of it")
        for key in gone
        if category.synset not in problems
    }


def _first(splits: Mapping[str, Split], count: int) -> list[str]:
    """Take the first objects, dealt by `split_sequence` as far as the splits reach; 0: all."""
    if not count or count >= len(splits):
        return list(splits)
    waiting = {split: [name for name in splits if splits[name] == split] for split in SPLITS}
    taken: list[str] = []
    for _, split in zip(range(count), split_sequence(), strict=False):
        queue = waiting[split] or next(names for names in waiting.values() if names)
        taken.append(queue.pop(0))
    return taken
