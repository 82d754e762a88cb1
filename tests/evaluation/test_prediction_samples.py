"""Pictures of other datasets are reconstructed where their labels say that the hand is."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose
from PIL import Image

from obman_gen.cli import main
from obman_gen.realdata import ObMan
from obman_gen.shards.exporters import EXPORTERS
from obman_gen.training import sources
from obman_gen.training.prediction_samples import BOTH_FACTOR, TILE_PX, view_of
from obman_gen.training.sources import READERS, Reader


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("obman") / "out"
    EXPORTERS["obman"](run, out)
    return out


class Boxed(ObMan):
    """Pictures of left hands with boxes and nothing else, as CORe50 has them."""

    def __getitem__(self, index):
        sample = super().__getitem__(index)
        low, high = sample.joints_2d.min(axis=0), sample.joints_2d.max(axis=0)
        return replace(
            sample, side="left", joints=None, joints_2d=None, vertices=None, intrinsics=None,
            box=np.array([*low, *high]),
        )  # fmt: skip


def predicted(data, checkpoint, out, *more):
    words = ["predict", "--data", data, "--checkpoint", checkpoint, "--out", out, *more]
    return CliRunner().invoke(main, [str(word) for word in words])


def test_every_chosen_sample_gets_its_files_and_a_place_on_the_sheet(folder, checkpoint, tmp_path):
    result = predicted(f"obman:{folder}", checkpoint, tmp_path, "--limit", 3)

    assert result.exit_code == 0, result.output
    names = {path.name for path in tmp_path.iterdir()}
    for index in (0, 2, 4):  # evenly spread over the five of the test split
        assert f"test-{index:08d}_overlay.png" in names
    assert len(names) == 3 * 4 + 1
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (3 * 2 * TILE_PX, TILE_PX)
    sample = ObMan(folder, "test")[2]
    record = json.loads((tmp_path / "test-00000002.json").read_text())
    assert_allclose(record["intrinsics_px"], sample.intrinsics)


def test_without_joints_the_box_is_looked_at_and_left_hands_are_mirrored(
    folder, checkpoint, tmp_path, monkeypatch
):
    monkeypatch.setattr(sources, "READERS", {**READERS, "boxed": Reader(Boxed, ("ho",))})

    result = predicted(f"boxed:{folder}", checkpoint, tmp_path, "--limit", 1, "--split", "val")

    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "val-00000000.json").read_text())
    left, top, right, bottom = Boxed(folder, "val")[0].box
    crop_from_image = np.array(record["crop_from_image"])
    side_px = 64 / np.sqrt(abs(np.linalg.det(crop_from_image[:2, :2])))
    assert_allclose(side_px, BOTH_FACTOR * max(right - left, bottom - top))
    assert record["hand"]["side"] == "left"
    assert np.linalg.det(crop_from_image[:2, :2]) < 0
    middle = crop_from_image @ [(left + right) / 2, (top + bottom) / 2, 1]
    assert_allclose(middle[:2], 32)


def test_joints_say_more_than_a_box(folder):
    sample = ObMan(folder, "test")[0]

    view = view_of(replace(sample, box=np.array([0.0, 0, 5, 5])))

    assert view.box_factor is None
    assert_allclose(view.box_px[:2], sample.joints_2d.min(axis=0))


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("predict",), 2, "takes pictures, or a dataset's pictures by --data"),
        (("predict", "x.png", "--data", "obman:/x"), 2, "takes pictures, or"),
        (("predict", "--data", "obman:/x", "--checkpoint", "none.pt"), 1, "none.pt"),
    ],
)
def test_what_is_missing_is_named(words, code, message):
    result = CliRunner().invoke(main, words)

    assert result.exit_code == code
    assert message in result.output


def test_a_run_is_pointed_to_its_own_command(run, checkpoint, tmp_path):
    result = predicted(run, checkpoint, tmp_path)

    assert result.exit_code == 1
    assert "obman-gen evaluate" in result.output
