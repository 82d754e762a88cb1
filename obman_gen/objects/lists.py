"""Lists of ShapeNet objects and their splits: ``synset,id,split`` per line."""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from obman_gen.errors import InputError
from obman_gen.objects.categories import categories
from obman_gen.objects.entry import Problems
from obman_gen.objects.shapenet import assigned, model_paths
from obman_gen.runfolder import write_atomically
from obman_gen.sample import SPLITS, Split

MUG = "03797390"
HEADER = ("synset", "id", "split")


def read_list(path: Path) -> dict[str, Split]:
    """Return splits by ``SYNSET/ID``.

    Raises:
        InputError: naming the line that is wrong.
    """
    listed: dict[str, Split] = {}
    for number, row in enumerate(_read_rows(path, ","), start=1):
        if number == 1 and tuple(row) == HEADER:
            continue
        synset, name, split = _checked(row, f"{path}:{number}")
        object_id = f"{synset}/{name}"
        if listed.setdefault(object_id, split) != split:
            raise InputError(
                f"{path}:{number}: {object_id} is in {listed[object_id]} and in {split}; an "
                "object may be in one split only"
            )
    return listed


def build(shapenet: Path, out: Path) -> str:
    """List the objects of the eight categories in a ShapeNet folder; return what was found.

    Objects are dealt by the hash of their id: 70 % train, 15 % val, 15 % test per category.

    Raises:
        InputError: if the folder has none of them.
    """
    if not shapenet.is_dir():
        raise InputError(f"{shapenet} is no folder; give ShapeNetCore's own, with one per synset")
    listed: dict[str, Split] = {}
    unread: Problems = {}
    for category in categories().values():
        paths, problems = model_paths(shapenet, category)
        unread |= problems
        for name, split in assigned(paths, category):
            listed[f"{category.synset}/{name}"] = split
    if not listed:
        raise InputError(
            f"{shapenet} has nothing of the synsets {', '.join(categories())}; unpack them there"
            + "".join(f". {problem.detail}" for problem in unread.values())
        )
    _write(listed, out)
    left_out = [f"left out: {problem.detail}" for problem in unread.values()]
    return "\n".join([_summary(listed), *left_out, f"written to {out}"])


def import_obman(source: Path, out: Path, with_mug: bool = False) -> str:
    """Read ObMan's ``shapenet_grasps_splits.csv``; return what was found.

    An id that stands in two splits stays in the earlier one (train, val, test) and is taken
    out of the later, so that no object is trained and tested on.

    Raises:
        InputError: naming the line that is wrong.
    """
    found: dict[str, set[Split]] = {}
    for number, row in enumerate(_read_rows(source, " "), start=1):
        synset, name, split = _checked(row, f"{source}:{number}")
        found.setdefault(f"{synset}/{name}", set()).add(split)
    mugs = [object_id for object_id in found if object_id.startswith(MUG) and not with_mug]
    kept = {key: splits for key, splits in found.items() if key not in set(mugs)}
    doubled = {key: splits for key, splits in kept.items() if len(splits) > 1}
    listed: dict[str, Split] = {key: min(splits, key=SPLITS.index) for key, splits in kept.items()}
    if not listed:
        raise InputError(f"{source} lists no object")
    _write(listed, out)
    return "\n".join(
        [
            _summary(listed),
            *([f"left out: {len(mugs)} mugs; --with-mug keeps them"] if mugs else []),
            *_doubled_lines(doubled),
            f"written to {out}",
        ]
    )


def _doubled_lines(doubled: Mapping[str, set[Split]]) -> list[str]:
    if not doubled:
        return []
    lines = [f"{len(doubled)} ids stand in two splits and are kept in the earlier one:"]
    for object_id in sorted(doubled):
        first, *later = sorted(doubled[object_id], key=SPLITS.index)
        lines.append(f"  {object_id}: kept in {first}, taken out of {', '.join(later)}")
    return lines


def _read_rows(path: Path, delimiter: str) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    return [line.split(delimiter) for line in text.splitlines() if line.strip()]


def _checked(row: list[str], where: str) -> tuple[str, str, Split]:
    words = [word.strip() for word in row]
    if len(words) != 3 or not words[1] or "/" in words[1] or words[2] not in SPLITS:
        raise InputError(
            f"{where}: need a synset, an id and one of {', '.join(SPLITS)}, got {' '.join(row)!r}"
        )
    if not (len(words[0]) == 8 and words[0].isdigit()):
        raise InputError(f"{where}: a synset has eight digits, got {words[0]!r}")
    split: Split = words[2]  # pyright: ignore[reportAssignmentType]
    return words[0], words[1], split


def _write(listed: Mapping[str, Split], out: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for object_id in sorted(listed, key=lambda key: (SPLITS.index(listed[key]), key)):
        writer.writerow([*object_id.split("/"), listed[object_id]])
    write_atomically(out, text.getvalue())


def _summary(listed: Mapping[str, Split]) -> str:
    per_synset = Counter(
        (object_id.partition("/")[0], split) for object_id, split in listed.items()
    )
    lines = []
    for synset in sorted({key for key, _ in per_synset}):
        known = categories().get(synset)
        counts = ", ".join(f"{split} {per_synset[synset, split]}" for split in SPLITS)
        lines.append(
            f"{synset} {known.name if known else 'mug' if synset == MUG else '?'}: {counts}"
        )
    return "\n".join([f"{len(listed)} objects", *lines])
