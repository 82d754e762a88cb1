"""Which settings a run may still change, and what changing them throws away."""

import pytest

from obman_gen.errors import InputError
from obman_gen.runfolder import RejectionLog, RunFolder
from obman_gen.settle import settle_config

OBJECTS, GRASPS, SHARDS = range(3)
DEPENDS = {
    "seed=5": OBJECTS,
    "objects.per_category=5": OBJECTS,
    "grasps.per_scale=5": GRASPS,
    "samples.train=5": SHARDS,
    "scene.person.body=false": SHARDS,
    "render.samples=5": SHARDS,
}


@pytest.fixture(params=[-1, OBJECTS, GRASPS, SHARDS], ids=["nothing", "objects", "grasps", "all"])
def made(request, tmp_path):
    """A run that has come to some stage, and the stage."""
    folder = RunFolder(tmp_path / "run")
    settle_config(folder, None, None, ())
    for stage, path in enumerate((folder.objects_table, folder.grasps / "a.json", folder.manifest)):
        if stage <= request.param:
            path.parent.mkdir(exist_ok=True)
            path.write_text("")
    log = RejectionLog(folder.rejected)
    for name in ("objects", "grasp", "render train"):
        log.replace(name, "x", [{"rule": "some", "detail": "thing"}])
    log.save()
    (folder.cache / "skins").mkdir(parents=True)
    return folder, request.param


def present(folder):
    paths = (folder.objects_table, folder.grasps / "a.json", folder.manifest)
    return [path.exists() for path in paths]


@pytest.mark.parametrize("word", DEPENDS)
def test_a_setting_may_change_until_something_depends_on_it(made, word):
    folder, stage = made
    before = present(folder)

    if DEPENDS[word] <= stage:
        with pytest.raises(InputError, match=f"holds a dataset with {word.partition('=')[0]} = "):
            settle_config(folder, None, None, (word,))
    else:
        settle_config(folder, None, None, (word,))

    assert present(folder) == before


@pytest.mark.parametrize("word", DEPENDS)
def test_force_throws_away_what_depends_on_the_setting_and_no_more(made, word):
    folder, stage = made

    settle_config(folder, None, None, (word,), force=True)

    assert present(folder) == [kept <= stage and kept < DEPENDS[word] for kept in range(3)]
    log = RejectionLog(folder.rejected)
    kept = [bool(log.counts(name)) for name in ("objects", "grasp", "render train")]
    assert kept == [place < DEPENDS[word] for place in range(3)]
    assert not folder.cache.exists()


def test_what_no_data_depend_on_may_always_change(made):
    folder, _ = made
    before = present(folder)

    assert settle_config(folder, None, None, ("training.epochs=3",)).training.epochs == 3

    assert present(folder) == before
    assert folder.cache.exists()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("old = 3", r"unknown setting old\. The top level has: .*; use the version that wrote it"),
        ("seed = -1", r"seed must be 0 or more, got -1; use the version that wrote it"),
        ("seed = 'x'", r"configuration: seed: expected `int`, got `str`; use the version"),
    ],
)
def test_a_configuration_of_another_version_is_named(tmp_path, line, complaint):
    folder = RunFolder(tmp_path)
    folder.config.write_text(line)

    with pytest.raises(InputError, match=rf"config\.toml is not of this version.*{complaint}"):
        settle_config(folder, None, None, ())

    assert folder.config.read_text() == line


def test_a_variable_that_came_later_is_named(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path / "run")
    settle_config(folder, None, None, ())
    folder.manifest.write_text("")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").touch()
    monkeypatch.setenv("OBMAN_GEN_BACKGROUNDS", str(tmp_path / "photos"))

    with pytest.raises(InputError, match="; unset OBMAN_GEN_BACKGROUNDS, use another --run"):
        settle_config(folder, None, None, ())


@pytest.mark.parametrize(
    ("variable", "complaint"),
    [
        ("OBMAN_GEN_MANO", "no hand model at"),
        ("OBMAN_GEN_SMPLH", "no body model at"),
        ("OBMAN_GEN_SHAPENET", "is no folder with something in it; correct the path"),
        ("OBMAN_GEN_SKIN_TEXTURES", "is no folder with something in it; correct the path"),
        ("OBMAN_GEN_BACKGROUNDS", "is no folder with something in it; correct the path"),
    ],
)
def test_a_folder_without_the_files_is_refused_before_anything_is_made(
    tmp_path, monkeypatch, variable, complaint
):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv(variable, str(tmp_path / "empty"))

    with pytest.raises(InputError, match=complaint):
        settle_config(RunFolder(tmp_path / "run"), None, None, ())

    assert not (tmp_path / "run").exists()
