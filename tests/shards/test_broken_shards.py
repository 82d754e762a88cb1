"""Whoever meets a shard that cannot be read is told which and why, in one sentence."""

import shutil

import h5py
import pytest
from click.testing import CliRunner
from shards.editing import admit

from obman_gen.cli import main
from obman_gen.errors import InputError
from obman_gen.shards import Manifest, SampleReader, shard_path
from obman_gen.shards.verify import verify

FIRST = shard_path("train", 0)


def of_newer_version(path):
    with h5py.File(path, "r+") as file:
        file.attrs["schema_version"] = 2


def foreign(path):
    with h5py.File(path, "w") as file:
        file["data"] = [1, 2, 3]


def cut(path):
    path.write_bytes(path.read_bytes()[:-1000])


BROKEN = {
    "missing": (lambda path: path.unlink(), "is missing; run `obman-gen render` to make it again"),
    "cut": (cut, "is cut short or damaged; run `obman-gen verify --repair`, then render"),
    "newer": (of_newer_version, "has schema version 2, this obman-gen reads up to 1; update"),
    "foreign": (foreign, "is an HDF5 file, but not a shard of obman-gen"),
    "text": (lambda path: path.write_text("hello"), "is not an HDF5 file"),
    "empty": (lambda path: path.write_bytes(b""), "is not an HDF5 file"),
}


@pytest.fixture(params=BROKEN)
def broken(request, run, tmp_path):
    """Return a run whose first shard is broken, and what should be said of it."""
    damage, message = BROKEN[request.param]
    copy = shutil.copytree(run, tmp_path / "run")
    damage(copy / FIRST)
    return copy, message


def test_the_reader_names_it(broken):
    run, message = broken

    with pytest.raises(InputError, match=f"{FIRST} {message}") as caught:
        SampleReader(run, "train")[0]
    assert "\n" not in str(caught.value)


def test_verify_names_it_alone_and_repairs(broken):
    run, message = broken

    result = CliRunner().invoke(main, ["--run", str(run), "verify"])
    repaired = CliRunner().invoke(main, ["--run", str(run), "verify", "--repair"])

    told = [line for line in result.stderr.splitlines() if FIRST in line]
    assert len(told) == 1
    assert message in told[0] or "the manifest lists it, but there is no such file" in told[0]
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == f"Error: 1 problem in {run}"
    assert repaired.exit_code == 0
    assert "1 shards taken out of the manifest" in repaired.stdout
    assert FIRST not in [entry.path for entry in Manifest.load(run).entries]
    assert verify(run) == []


@pytest.mark.parametrize("is_admitted", [False, True])
@pytest.mark.parametrize("kind", ["newer", "foreign", "text"])
def test_verify_says_the_same_whatever_the_manifest_holds(run, tmp_path, kind, is_admitted):
    """The bytes of a run from a newer version are those in its manifest."""
    damage, message = BROKEN[kind]
    copy = shutil.copytree(run, tmp_path / "run")
    damage(copy / FIRST)
    if is_admitted:
        admit(copy, FIRST)

    problems = verify(copy)

    assert [(p.path, p.rule) for p in problems] == [(FIRST, "unreadable")]
    assert message in problems[0].detail


COMMANDS = {
    "stats": ["stats"],
    "sheet": ["view", "--sheet", "{out}/sheet.png"],
    "export": ["export", "--format", "coco", "{out}/coco"],
    "training": ["train", "--overfit", "2"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_that_read_it_end_with_the_sentence(broken, command, tmp_path):
    run, message = broken
    words = [word.format(out=tmp_path) for word in COMMANDS[command]]

    result = CliRunner().invoke(main, ["--run", str(run), *words])

    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert result.exit_code == 1
    assert len(errors) == 1
    assert errors[0].startswith(f"Error: {run / FIRST} {message}")
    assert not [line for line in result.output.splitlines() if "Traceback" in line]
