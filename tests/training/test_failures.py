"""What a user can get wrong ends in one sentence and exit code 1, through the command line."""

import math

import h5py
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from shards import synthetic

from obman_gen.cli import main
from obman_gen.training import loop, session

SETTINGS = ("image_px=32", "batch_size=4", "points=100", "epochs=1", "save_steps=1")


def invoke(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def train(run, name, *words):
    settings = [part for word in SETTINGS for part in ("--set", f"training.{word}")]
    return invoke("--run", run, "train", "--name", name, "--device", "cpu", *settings, *words)


def sentence(result):
    """Return the one line on stderr; the command must have failed with exit code 1."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    lines = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    assert result.output.rstrip().endswith(lines[0])
    return lines[0]


@pytest.fixture(scope="module")
def trained(run):
    """The last checkpoint of an undisturbed training of two steps."""
    result = train(run, "undisturbed")
    assert result.exit_code == 0, result.output
    return run / "training" / "undisturbed" / session.LAST


def test_a_killed_training_resumes_bit_for_bit(run, trained, monkeypatch):
    take_step = loop.take_step

    def killed(ongoing, batch):
        if ongoing.step == 1:
            raise KeyboardInterrupt
        return take_step(ongoing, batch)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "take_step", killed)
        assert train(run, "killed").exit_code == 1
    assert train(run, "killed", "--resume").exit_code == 0

    ours, theirs = (
        torch.load(path, weights_only=True)
        for path in (trained, run / "training" / "killed" / session.LAST)
    )
    assert ours["model"].keys() == theirs["model"].keys()
    for name, value in ours["model"].items():
        assert torch.equal(value, theirs["model"][name]), name
    moments = [one["state"]["optimizer"]["state"] for one in (ours, theirs)]
    for place, state in moments[0].items():
        assert all(torch.equal(value, moments[1][place][name]) for name, value in state.items())
    assert ours["state"]["history"] == theirs["state"]["history"]


def test_a_truncated_checkpoint(run, trained, tmp_path):
    broken = tmp_path / "broken.pt"
    broken.write_bytes(trained.read_bytes()[:50_000])
    folder = run / "training" / "truncated"
    folder.mkdir()
    (folder / "config.toml").write_text((trained.parent / "config.toml").read_text())
    (folder / session.LAST).write_bytes(broken.read_bytes())
    picture = tmp_path / "picture.png"
    Image.new("RGB", (64, 64)).save(picture)

    complaint = "is truncated or no checkpoint (50000 bytes)"
    assert complaint in sentence(invoke("--run", run, "evaluate", broken))
    assert complaint in sentence(invoke("predict", picture, "--checkpoint", broken))
    assert complaint in sentence(train(run, "truncated", "--resume"))
    assert complaint in sentence(train(run, "tuned", "--set", f"training.start_from={broken}"))


@pytest.mark.parametrize("content", [b"", b"root:x:0:0", b"c", b"PK\x03\x04", b"\x80\x02J", b"("])
def test_a_file_that_is_no_checkpoint(run, tmp_path, content):
    odd = tmp_path / "odd.pt"
    odd.write_bytes(content)

    assert "is truncated or no checkpoint" in sentence(invoke("--run", run, "evaluate", odd))
    words = ("--set", f"training.model.encoder_weights={odd}")
    assert "cannot be read as a state dict" in sentence(train(run, "weights", *words))
    assert not (run / "training" / "weights").exists()


def test_a_checkpoint_of_another_hand_model(run, trained, tmp_path, monkeypatch):
    assert invoke("assets", "export", tmp_path).exit_code == 0
    picture = tmp_path / "picture.png"
    Image.new("RGB", (64, 64)).save(picture)

    monkeypatch.setenv("OBMAN_GEN_MANO", str(tmp_path))
    for words in (
        ("--run", run, "evaluate", trained, "--split", "val"),
        ("predict", picture, "--checkpoint", trained),
    ):
        assert "was trained on the right hand model open-hand" in sentence(invoke(*words))
    assert "holds hands of open-hand" in sentence(train(run, "other"))


def test_a_batch_that_is_not_finite(tmp_path):
    run = synthetic.make_run(tmp_path / "run", {"train": 4, "val": 1, "test": 0}, size_px=64)
    with h5py.File(run / "shards" / "train" / "00000.h5", "r+") as file:
        file["hand/joints"][2, 5] = math.nan

    complaint = sentence(train(run, "first"))

    assert "step 1: sample train-00000002 holds values that are not finite" in complaint


def test_an_empty_split(run, trained):
    complaint = sentence(invoke("--run", run, "evaluate", trained, "--split", "test"))

    assert "has no finished shard of the test split" in complaint


def test_wrong_picture_sizes(run, trained, tmp_path):
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    Image.new("RGB", (20, 64)).save(small)
    Image.new("RGB", (64, 64)).save(large)

    assert "image_px must be at least 32, got 16" in sentence(
        train(run, "size", "--set", "training.image_px=16")
    )
    assert "training.image_px = 32, not 64" in sentence(
        train(run, "undisturbed", "--resume", "--set", "training.image_px=64")
    )
    words = ("--checkpoint", trained, "--out", tmp_path / "out")
    assert "small.png is 20 x 64 pixels, need 32 or more each way" in sentence(
        invoke("predict", small, *words)
    )
    assert "--box 90,5,10,10 lies outside the picture of 64 x 64 pixels" in sentence(
        invoke("predict", large, *words, "--box", "90,5,10,10")
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there(run, trained):
    device = ("--device", "cuda")

    assert "torch sees no GPU" in sentence(invoke("--run", run, "train", "--name", "gpu", *device))
    assert "torch finds no GPU" in sentence(invoke("--run", run, "evaluate", trained, *device))
