"""Lists, splits and ShapeNet folders."""

from itertools import islice

import pytest
from objects.permissions import as_nobody, closed, everybodys_folder

from obman_gen.errors import InputError
from obman_gen.objects import ObjectsConfig, list_objects, lists, make_entries
from obman_gen.objects.categories import OBMAN_OBJECTS, categories, chosen, obman_counts
from obman_gen.objects.entry import split_sequence
from obman_gen.objects.lists import MUG
from obman_gen.sample import SPLITS

BOTTLE, BOWL = "02876657", "02880940"
V2, V1 = "models/model_normalized.obj", "model.obj"


def shapenet(home, counts, tail=V2):
    for synset, count in counts.items():
        for number in range(count):
            path = home / synset / f"{number:032x}" / tail
            path.parent.mkdir(parents=True)
            path.write_text("f 1 2 3\n")
    return home


def shares(splits):
    found = list(splits)
    return tuple(found.count(split) for split in SPLITS)


def test_the_first_three_objects_are_one_of_each_split():
    assert set(islice(split_sequence(), 3)) == set(SPLITS)


def test_splits_reach_the_very_counts_of_obman_s_file():
    """bottle 498, knife 424, ...: 15 % rounded down in val and test."""
    for count, expected in ((498, (350, 74, 74)), (424, (298, 63, 63)), (66, (48, 9, 9))):
        assert shares(islice(split_sequence(), count)) == expected


def test_an_object_keeps_its_split_when_more_follow():
    few, many = (list(islice(split_sequence(), count)) for count in (25, 400))

    assert many[:25] == few


def test_obman_s_proportions_add_up():
    counts = obman_counts(list(categories().values()))

    assert sum(counts.values()) == OBMAN_OBJECTS
    listed = {synset: category.obman_objects for synset, category in categories().items()}
    for synset, count in counts.items():
        assert abs(count - listed[synset] * OBMAN_OBJECTS / sum(listed.values())) < 1


def test_an_unknown_category_is_named_with_the_choices():
    with pytest.raises(InputError, match=r"unknown category 'cup'\. Choices: bottle, bowl"):
        chosen(("cup",))


@pytest.mark.parametrize("tail", [V1, V2])
def test_both_layouts_of_shapenet_are_found(tmp_path, tail):
    home = shapenet(tmp_path, {BOTTLE: 21}, tail)
    config = ObjectsConfig(categories=("bottle",), per_category=0)

    entries = make_entries(config, 0, str(home))

    assert len(entries) == 21
    assert shares(entry.split for entry in entries) == (15, 3, 3)
    assert all(entry.path.endswith(tail) for entry in entries)
    assert len({entry.object_id for entry in entries}) == 21


def test_three_of_many_are_one_of_each_split(tmp_path):
    home = shapenet(tmp_path, {BOTTLE: 21})

    entries = make_entries(ObjectsConfig(categories=("bottle",)), 0, str(home))

    assert {entry.split for entry in entries} == set(SPLITS)


def test_a_built_list_is_read_back_and_decides_the_splits(tmp_path):
    home = shapenet(tmp_path / "net", {BOTTLE: 21, BOWL: 7})
    summary = lists.build(home, tmp_path / "my.csv")
    config = ObjectsConfig(
        categories=("bottle", "bowl"), per_category=0, list_file=str(tmp_path / "my.csv")
    )

    entries = make_entries(config, 0, str(home))

    listed = lists.read_list(tmp_path / "my.csv")
    assert {entry.object_id: entry.split for entry in entries} == listed
    assert f"{BOTTLE} bottle: train 15, val 3, test 3" in summary
    assert "28 objects" in summary


def rules(listing):
    return {name: problem.rule for name, problem in listing.problems.items()}


def test_a_category_without_objects_is_told_and_the_others_go_on(tmp_path):
    home = shapenet(tmp_path, {BOTTLE: 3})

    listing = list_objects(ObjectsConfig(categories=("bottle", "bowl")), 0, str(home))

    assert len(listing.entries) == 3
    assert rules(listing) == {BOWL: "empty_category"}
    assert "holds no object of category bowl; leave it out" in listing.problems[BOWL].detail


def test_no_object_in_any_category_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"no object to begin with: .*02876657 holds no object"):
        list_objects(ObjectsConfig(categories=("bottle", "bowl")), 0, str(tmp_path))


@pytest.fixture
def open_shapenet():
    with everybodys_folder() as folder:
        yield shapenet(folder, {BOTTLE: 4, BOWL: 3})


def test_folders_that_may_not_be_read_are_told_and_the_others_go_on(open_shapenet):
    home = open_shapenet
    shut = home / BOTTLE / f"{0:032x}"
    config = ObjectsConfig(categories=("bottle", "bowl"), per_category=0)

    with closed(shut), closed(home / BOWL), as_nobody():
        listing = list_objects(config, 0, str(home))
        report = lists.build(home, home / "my.csv")

    assert len(listing.entries) == 3
    assert rules(listing) == {
        BOWL: "unreadable_folder",
        f"{BOTTLE}/{shut.name}": "unreadable_object",
    }
    assert f"{home / BOWL} cannot be read: Permission denied" in listing.problems[BOWL].detail
    assert f"left out: {home / BOWL} cannot be read" in report
    assert "3 objects" in report


def test_an_object_that_is_listed_and_not_there_is_told(tmp_path):
    home = shapenet(tmp_path, {BOTTLE: 3})
    (tmp_path / "list.csv").write_text(
        f"{BOTTLE},{sorted((home / BOTTLE).iterdir())[0].name},train\n{BOTTLE},gone,val\n"
    )
    config = ObjectsConfig(categories=("bottle",), list_file=str(tmp_path / "list.csv"))

    listing = list_objects(config, 0, str(home))

    assert [entry.split for entry in listing.entries] == ["train"]
    assert rules(listing) == {f"{BOTTLE}/gone": "unreadable_object"}


def test_shapenet_without_its_folder_says_where_to_name_it():
    with pytest.raises(InputError, match=r"set assets\.shapenet or OBMAN_GEN_SHAPENET"):
        make_entries(ObjectsConfig(source="shapenet"), 0)


OBMAN_FILE = (
    f"{BOTTLE} aaa train\r\n{BOTTLE} bbb val\r\n{BOWL} ccc test\r\n{MUG} ddd train\r\n"
    f"{BOTTLE} aaa test\r\n{BOTTLE} bbb val\r\n"
)


@pytest.fixture
def obman_file(tmp_path):
    path = tmp_path / "splits.csv"
    path.write_bytes(OBMAN_FILE.encode())
    return path


def test_an_id_in_two_splits_is_reported_and_kept_out_of_the_later(obman_file, tmp_path):
    report = lists.import_obman(obman_file, tmp_path / "out.csv")

    listed = lists.read_list(tmp_path / "out.csv")
    assert listed == {f"{BOTTLE}/aaa": "train", f"{BOTTLE}/bbb": "val", f"{BOWL}/ccc": "test"}
    assert "1 ids stand in two splits" in report
    assert f"{BOTTLE}/aaa: kept in train, taken out of test" in report
    assert "left out: 1 mugs; --with-mug keeps them" in report


def test_mugs_stay_when_asked_for(obman_file, tmp_path):
    lists.import_obman(obman_file, tmp_path / "out.csv", with_mug=True)

    assert lists.read_list(tmp_path / "out.csv")[f"{MUG}/ddd"] == "train"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"{BOTTLE} aaa", "splits.csv:7: need a synset, an id and one of train, val, test, got"),
        (f"{BOTTLE} aaa dev", "splits.csv:7: need a synset"),
        ("bottle aaa val", "splits.csv:7: a synset has eight digits, got 'bottle'"),
    ],
)
def test_a_wrong_line_is_named(obman_file, tmp_path, line, message):
    obman_file.write_bytes(OBMAN_FILE.encode() + line.encode())

    with pytest.raises(InputError, match=message):
        lists.import_obman(obman_file, tmp_path / "out.csv")


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none.csv cannot be read"):
        lists.read_list(tmp_path / "none.csv")
