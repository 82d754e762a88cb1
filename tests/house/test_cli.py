"""What the command line says of mistakes: one sentence, the right exit code, nothing left."""

import errno

import pytest
from click.testing import CliRunner

from obman_gen.cli import main
from obman_gen.hands.files import OPEN_HAND

WRONG = {
    "a preset that is none": (["dataset", "--preset", "smal"], "Did you mean 'small'?"),
    "a negative count": (["dataset", "--set", "samples.train=-3"], "samples.train must be"),
    "a word for a number": (["dataset", "--set", "samples.train=abc"], "expected `int`"),
    "an unknown setting": (["dataset", "--set", "samples.trian=3"], "Did you mean samples.train?"),
    "a setting without value": (["dataset", "--set", "nonsense"], "--set takes key=value"),
    "a scheduler that is none": (["dataset", "--scheduler", "foo"], "scheduler must be"),
    "a configuration that is missing": (["dataset", "--config", "none.toml"], "none.toml"),
    "a negative seed": (["dataset", "--seed", "-1"], "seed must be 0 or more"),
    "no number": (
        ["dataset", "--set", "scene.light.level_max=nan"],
        "must be a finite number, got",
    ),
    "infinity": (
        ["dataset", "--set", "scene.person.shape_std=inf"],
        "must be a finite number, got",
    ),
    "a choice that is none": (
        ["dataset", "--set", "training.precision=fp8"],
        "training.precision: invalid enum value 'fp8'; choices: no, bf16",
    ),
    "a weight below zero": (
        ["grasp", "--set", "grasps.refine.pose_weight=-1.0"],
        "grasps.refine.pose_weight must be 0 or more, got -1.0",
    ),
    "a limit below zero": (
        ["grasp", "--set", "grasps.limits.contact_distance_m=-0.1"],
        "grasps.limits.contact_distance_m must be 0 or more",
    ),
    "no cooling": (["grasp", "--set", "grasps.cooling=0.0"], "grasps.cooling must be positive"),
    "a hue below zero": (["train", "--set", "training.augment.hue=-0.1"], "hue must be 0 or more"),
    "a category that is none": (
        ["objects", "--set", 'objects.categories=["mugg"]'],
        "unknown category 'mugg'",
    ),
    "a split that is none": (["render", "--split", "tran"], "'tran' is not one of"),
    "a port that is none": (["view", "--port", "99999"], "99999"),
    "grasping without objects": (["grasp"], "run `obman-gen --run run objects` first"),
    "rendering without objects": (["render"], "run `obman-gen --run run objects` first"),
    "describing nothing": (["stats"], "run `obman-gen --run run dataset` first"),
    "verifying nothing": (["verify"], "run folder run does not exist"),
    "training on nothing": (["train"], "run `obman-gen --run run dataset` first"),
    "predicting without a model": (["predict", "none.jpg"], "best.pt does not exist"),
    "a layout that is none": (["export", "--format", "foo", "out"], "unknown export format 'foo'"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_gets_one_sentence_and_leaves_nothing(mistake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words, expected = WRONG[mistake]

    result = CliRunner().invoke(main, ["--run", "run", *words])

    assert result.exit_code == 1
    assert expected in result.output
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["nosuch"], ["render", "--nosuch"], ["export"]])
def test_wrong_usage_gets_its_own_exit_code(words):
    assert CliRunner().invoke(main, words).exit_code == 2


@pytest.mark.parametrize("command", ["dataset", "objects", "grasp", "render", "stats"])
def test_every_command_shares_the_options_of_a_run_and_shows_an_example(command):
    text = CliRunner().invoke(main, [command, "--help"]).output

    for option in ("--run", "--config", "--set", "--seed", "--workers", "--scheduler"):
        assert option in text
    assert "Example" in text


@pytest.mark.parametrize("group", [[], ["lists"], ["assets"], ["experiment"]])
def test_every_line_of_the_overview_is_a_whole_sentence(group):
    lines = CliRunner().invoke(main, [*group, "--help"]).output.partition("Commands:")[2]

    for line in lines.strip().splitlines():
        assert line.endswith((".", ")."))
        assert not line.endswith("...")


def test_a_folder_that_was_there_keeps_its_files_and_its_configuration(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")

    result = CliRunner().invoke(main, ["--run", str(tmp_path), "render"])

    assert result.exit_code == 1
    assert (tmp_path / "notes.txt").read_text() == "mine"


def objects_failing_with(error, folder, monkeypatch):
    """Run a command whose stage meets an error of the system."""

    def fail(*args, **options):
        raise error

    monkeypatch.setattr("obman_gen.pipeline.prepare_objects", fail)
    return CliRunner().invoke(main, ["--run", str(folder / "run"), "objects"])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/data/shard.h5"),
            "Error: there is no space left on the disk at /data/shard.h5",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "/data/out"),
            "Error: /data/out: Read-only file system; correct the path",
        ),
    ],
    ids=["a full disk", "a folder the system refuses"],
)
def test_what_the_system_refuses_is_one_sentence(tmp_path, monkeypatch, error, sentence):
    result = objects_failing_with(error, tmp_path, monkeypatch)

    assert result.exit_code == 1
    assert result.output.startswith(sentence)


def test_an_error_of_the_system_about_no_file_is_not_hidden(tmp_path, monkeypatch):
    error = OSError(errno.EBADF, "Bad file descriptor")

    assert objects_failing_with(error, tmp_path, monkeypatch).exception is error


def test_doctor_tells_a_folder_without_a_model_from_one_with(tmp_path, monkeypatch):
    monkeypatch.setenv("OBMAN_GEN_MANO", str(OPEN_HAND))
    monkeypatch.setenv("OBMAN_GEN_SMPLH", str(tmp_path))

    result = CliRunner().invoke(main, ["doctor"])

    assert result.exit_code == 1
    assert f"ok      mano: {OPEN_HAND}" in result.output
    assert "MISSING smplh: OBMAN_GEN_SMPLH=" in result.output
