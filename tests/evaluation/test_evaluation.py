import json

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose
from PIL import Image

from obman_gen.cli import main
from obman_gen.errors import InputError
from obman_gen.metrics import pck_auc
from obman_gen.progress import Reporter
from obman_gen.training import evaluation
from obman_gen.training.evaluation_cases import CaseSource
from obman_gen.training.evaluation_measures import Measured
from obman_gen.training.evaluation_pictures import CAPTION_PX, GAP_PX, MIN_TILE_PX
from obman_gen.training.evaluation_report import Evaluation


@pytest.fixture(scope="module")
def request_(run, checkpoint):
    return evaluation.Request(checkpoint, run, simulate=False)


@pytest.fixture(scope="module")
def evaluated(request_, tmp_path_factory):
    return evaluation.evaluate_to(request_, tmp_path_factory.mktemp("results"), Reporter())


def test_two_runs_agree(request_, evaluated):
    again = evaluation.evaluate(request_, Reporter()).summary()

    first = evaluated[0].summary()
    assert first.keys() == again.keys()
    for name, row in first.items():
        assert_allclose(list(again[name].values()), list(row.values()), rtol=1e-6, atol=1e-9)


def test_results_hold_every_sample_and_their_summary(evaluated):
    content = json.loads(evaluated[1].results.read_text())

    samples = content["samples"]
    assert [row["sample_id"] for row in samples] == [f"test-{i:08d}" for i in range(5)]
    errors = [row["hand_error_mm"] for row in samples]
    assert_allclose(content["summary"]["hand_error_mm"]["mean"], np.mean(errors))
    assert_allclose(content["summary"]["hand_error_mm"]["deviation"], np.std(errors))
    assert_allclose(np.mean(content["joint_errors_mm"]), np.mean(errors))
    assert len(content["pck"]["shares"]) == 20
    assert content["checkpoint"]["epoch"] == 3
    assert len(content["checkpoint"]["sha256"]) == 64
    assert content["protocols"]["simulation"]["steps"] == 35


def test_table_has_a_line_per_measure(evaluated):
    lines = evaluated[1].table.read_text().splitlines()

    assert [line.split()[0] for line in lines[1:-1]] == list(evaluated[0].summary())
    assert lines[-1].split()[0] == "hand_auc"


def test_every_measure_is_explained(evaluated):
    protocols = json.loads(evaluated[1].results.read_text())["protocols"]

    for name in [*evaluated[0].summary(), "simulation_displacement_mm", "hand_auc"]:
        assert any(part in name for part in protocols), name


def test_pictures_show_each_chosen_case_once_with_both_meshes(evaluated):
    sheet = np.asarray(Image.open(evaluated[1].pictures))

    side, top = MIN_TILE_PX, 2 * CAPTION_PX  # the pictures have 64 px: they are enlarged
    assert sheet.shape[0] == 5 * (top + side + GAP_PX)
    third = 2 * (side + GAP_PX)
    truth = sheet[top : top + side, third : third + side].astype(int)
    image = sheet[top : top + side, :side].astype(int)
    assert (np.abs(truth - image).sum(axis=-1) > 30).mean() > 0.05


def test_results_of_two_trainings_do_not_share_a_folder(run):
    folders = {
        evaluation.Request(run / "training" / name / "best.pt", run).folder
        for name in ("first", "second")
    }

    assert folders == {
        run / "training" / "evaluation" / f"{name}-best-test-ho" for name in ("first", "second")
    }


def test_ranks_are_from_the_least_error_to_the_largest():
    rows = [Measured({"hand_error_mm": value}, np.full(21, value)) for value in (3.0, 1.0, 2.0)]

    made = Evaluation({}, {}, ["a", "b", "c"], rows)

    assert made.ranked() == [1, 2, 0]
    curve = made.pck()
    assert curve is not None
    assert curve.auc == pck_auc(np.array([[3.0], [1.0], [2.0]]))


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_best_median_and_worst_never_repeat(count):
    chosen = evaluation._chosen(list(range(count)))

    indices = [index for _, index in chosen]
    assert len(set(indices)) == len(indices) == min(count, 9)
    assert {0, count - 1} <= set(indices)


def test_a_checkpoint_that_predicts_nan_is_named(request_, monkeypatch):
    predict = CaseSource._predict

    def broken(self, indices):
        batch, prediction = predict(self, indices)
        prediction.hand_vertices[1] = float("nan")
        return batch, prediction

    monkeypatch.setattr(CaseSource, "_predict", broken)
    with pytest.raises(InputError, match="hand_vertices that are not finite for test-00000001"):
        evaluation.evaluate(request_, Reporter())


def fails(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 1
    return result.output


def test_command_line_says_what_is_wrong_in_one_sentence(run, checkpoint, tmp_path):
    truncated = tmp_path / "truncated.pt"
    truncated.write_bytes(checkpoint.read_bytes()[:1000])

    assert "truncated or no checkpoint" in fails("evaluate", truncated, "--data", run)
    assert "does not exist" in fails("evaluate", tmp_path / "none.pt", "--data", run)
    assert "does not exist; choose another" in fails("evaluate", checkpoint, "--data", "nowhere")
    assert "finds no GPU" in fails("evaluate", checkpoint, "--data", run, "--device", "cuda")


def test_command_line_evaluates_a_kind_of_picture(run, checkpoint, tmp_path):
    arguments = ["--run", str(run), "evaluate", str(checkpoint), "--image", "h", "--split", "val"]

    result = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "out")])

    assert result.exit_code == 0, result.output
    assert "hand_error_pa_mm" in result.output
    assert "object" not in result.output.split("Results")[0]
    assert (tmp_path / "out" / "cases.png").exists()
