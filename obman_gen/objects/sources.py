"""Where a run's objects come from: made here, ShapeNet, or a folder of the user's."""

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

from obman_gen.errors import InputError
from obman_gen.objects import folders, shapenet
from obman_gen.objects.categories import chosen, obman_counts
from obman_gen.objects.config import ObjectsConfig
from obman_gen.objects.entry import Listing, ObjectEntry, split_sequence

Source = Callable[[ObjectsConfig, int, str], Listing]


def make_entries(config: ObjectsConfig, seed: int, shapenet_folder: str = "") -> list[ObjectEntry]:
    """List a run's objects, with their splits, before any of them is opened.

    Raises:
        InputError: if the source has nothing of what the configuration asks of it.
    """
    return list_objects(config, seed, shapenet_folder).entries


def list_objects(config: ObjectsConfig, seed: int, shapenet_folder: str = "") -> Listing:
    """List the same, and what the configuration asks for and the source has not.

    Raises:
        InputError: if the source has nothing of it.
    """
    listing = SOURCES[_kind(config, shapenet_folder)](config, seed, shapenet_folder)
    if not listing.entries:
        first = next(iter(listing.problems.values()))
        raise InputError(f"there is no object to begin with: {first.detail}")
    return listing


def _kind(config: ObjectsConfig, shapenet_folder: str) -> str:
    if config.source != "auto":
        return config.source
    if config.folder:
        return "folder"
    return "shapenet" if shapenet_folder else "procedural"


def _procedural(config: ObjectsConfig, seed: int, _shapenet_folder: str) -> Listing:
    from obman_gen.objects.procedural import name_of

    categories = chosen(config.categories)
    counts = obman_counts(categories)
    entries = [
        ObjectEntry(
            name_of(category.synset, seed, number),
            category.name,
            split,  # pyright: ignore[reportArgumentType] (islice forgets the literals)
            "procedural",
        )
        for category in categories
        for number, split in enumerate(
            islice(split_sequence(), config.per_category or counts[category.synset])
        )
    ]
    return Listing(entries, {})


def _from_shapenet(config: ObjectsConfig, _seed: int, folder: str) -> Listing:
    if not folder:
        raise InputError(
            "objects.source is shapenet, but no ShapeNet folder is known; set assets.shapenet "
            "or OBMAN_GEN_SHAPENET, or use objects.source=procedural"
        )
    return shapenet.entries(config, Path(folder))


def _from_folder(config: ObjectsConfig, _seed: int, _shapenet_folder: str) -> Listing:
    if not config.folder:
        raise InputError(
            "objects.source is folder, but objects.folder is empty; name the folder of meshes"
        )
    return folders.entries(config, Path(config.folder))


SOURCES: Mapping[str, Source] = {
    "procedural": _procedural,
    "shapenet": _from_shapenet,
    "folder": _from_folder,
}
