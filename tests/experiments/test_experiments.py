"""Every study on a run of a few tiny pictures: what is trained, tested, written and kept."""

import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner
from PIL import Image
from shards import synthetic

from obman_gen.cli import main
from obman_gen.errors import InputError
from obman_gen.experiments.conduct import Laboratory
from obman_gen.experiments.contact import SHARES, contact
from obman_gen.experiments.occlusion import HAND_TERMS, OBJECT_TERMS, PLACED_TERMS, occlusion
from obman_gen.experiments.results import Table
from obman_gen.experiments.study import Cell, TablePlan, Test
from obman_gen.experiments.transfer import transfer
from obman_gen.progress import Reporter
from obman_gen.reconstruction.config import LossWeights
from obman_gen.training import checkpoints
from obman_gen.training.config import PRESETS, TrainConfig

WORDS = ("image_px=32", "batch_size=2", "points=100", "warmup_steps=1", "epochs=1")
TINY = TrainConfig(
    image_px=32, batch_size=4, epochs=1, points=100, warmup_steps=1, device="cpu", validate_every=9
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    counts = {"train": 4, "val": 1, "test": 1}
    return synthetic.make_run(tmp_path_factory.mktemp("experiments") / "run", counts)


class Listener(Reporter):
    """Notes what is said instead of printing it."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def say(self, line):
        self.lines.append(line)


def invoke(run, *arguments):
    settings = [word for setting in WORDS for word in ("--set", f"training.{setting}")]
    words = ["--run", str(run), "experiment", *arguments, *settings, "--device", "cpu"]
    return CliRunner().invoke(main, words)


def test_occlusion_fills_both_tables_and_repeats_nothing(run):
    result = invoke(run, "occlusion")

    assert result.exit_code == 0, result.output
    folder = run / "training" / "experiments" / "occlusion"
    tables = json.loads((folder / "tables.json").read_text())
    for table in tables:
        assert all(len(row) == 2 for row in table["values"].values())
        assert table["values"].keys() == table["published"].keys()
    assert "hands and objects | " in (folder / "tables.md").read_text()
    with Image.open(folder / "figure.png") as figure:
        assert figure.size[0] > 500

    again = invoke(run, "occlusion")
    assert again.output.count("trained already") == 4
    assert "testing on" not in again.output


def test_a_branch_of_the_occlusion_study_is_trained_by_its_own_terms_alone():
    study = occlusion(TINY, "run")

    hand, _, thing, both = (training.config for training in study.trainings)
    for term in (*OBJECT_TERMS, *PLACED_TERMS):
        assert getattr(hand.weights, term) == 0
    for term in (*HAND_TERMS, *PLACED_TERMS):
        assert getattr(thing.weights, term) == 0
    named = {*HAND_TERMS, *OBJECT_TERMS, *PLACED_TERMS}
    assert named == set(LossWeights.__dataclass_fields__)
    assert thing.crop_around == both.crop_around == "object"


def test_the_papers_preset_still_teaches_the_object_of_the_occlusion_study():
    """That preset compares the object in its place alone, which this study leaves out."""
    base = replace(TINY, weights=replace(LossWeights(), **PRESETS["paper"]["weights"]))

    *_, thing, both = (training.config for training in occlusion(base, "run").trainings)

    assert thing.weights == both.weights
    assert thing.weights.chamfer_centred == base.weights.chamfer > 0


def test_contact_variants_begin_with_the_same_weights_and_differ_in_two_numbers(run):
    listener = Listener()
    study = contact(replace(TINY, contact_epochs=1), str(run))
    folder = run / "training" / "experiments" / "contact"

    (table,) = Laboratory(run, folder, listener).conduct(study)

    assert table.rows == ["none", "attraction", "repulsion", "both"]
    starts = {
        json.loads((folder / name / "finished.json").read_text())["inputs"]["start"]
        for name in table.rows
    }
    assert len(starts) == 1
    assert "" not in starts
    configs = [checkpoints.read(folder / name / "last.pt")["info"].config for name in table.rows]
    weights = [(one.weights.attraction, one.weights.repulsion) for one in configs]
    assert weights == [(0, 0), (0.3125, 0), (0, 0.3125), (0.3125, 0.3125)]
    alike = [replace(one, weights=LossWeights()) for one in configs]
    assert all(one == alike[0] for one in alike)


def test_published_numbers_stand_beside_the_measure_they_are_of():
    (table,) = contact(TINY, "run").tables

    measures = {(cell.row, cell.column): cell.measure for cell in table.cells}
    of_none = {
        measures[place]: value for place, value in table.published.items() if "none" in place
    }
    assert of_none == {
        "hand_error_mm": 11.6,
        "object_chamfer_mm2": 641,
        "max_penetration_mm": 9.5,
        "simulation_displacement_mm": 31.3,
        "obman_intersection_volume_cm3": 12.3,
    }


def test_the_sweep_keeps_the_joint_weight_and_a_given_start_is_not_trained():
    study = contact(TINY, "run", start="best.pt", sweep=True)

    assert not any(training.begins_with for training in study.trainings)
    swept = [t for t in study.trainings if t.name.startswith("repulsion-")]
    assert len(swept) == len(SHARES)
    for training in swept:
        assert training.config.start_from == "best.pt"
        weights = training.config.weights
        assert weights.attraction + weights.repulsion == pytest.approx(0.625)


def test_transfer_trains_each_source_and_tests_all_on_the_target(run, tmp_path):
    other = synthetic.make_run(tmp_path / "other", {"train": 4, "val": 1, "test": 2}, seed=5)

    result = invoke(
        run, "transfer", "--source", f"own={run}", "--source", f"other={other}",
        "--target", str(run),
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    folder = run / "training" / "experiments" / "transfer"
    (table,) = json.loads((folder / "tables.json").read_text())
    assert list(table["values"]) == ["own", "other"]
    tested = json.loads(next((folder / "tests").glob("other-*/results.json")).read_text())
    assert tested["data"]["samples"] == 1


def test_lowdata_takes_equally_many_steps_on_nested_shares(run, tmp_path):
    """A quarter of 7 pictures is 2: one step an epoch instead of three, not of four."""
    real = synthetic.make_run(tmp_path / "real", {"train": 7, "val": 1, "test": 1}, seed=6)

    result = invoke(run, "lowdata", "--real", str(real), "--fractions", "0.25,1")

    assert result.exit_code == 0, result.output
    folder = run / "training" / "experiments" / "lowdata"
    steps = {
        name: checkpoints.read(folder / name / "last.pt")["info"].step
        for name in ("real-0.25", "both-0.25", "real-1", "both-1")
    }
    assert set(steps.values()) == {3}, steps
    hand, thing = json.loads((folder / "tables.json").read_text())
    assert list(hand["values"]) == ["real", "synthetic, then real", "synthetic"]
    assert len(set(hand["values"]["synthetic"].values())) == 1
    assert list(thing["values"]["real"]) == ["0.25", "1"]


def test_other_settings_are_refused_and_trained_anew_when_forced(run, tmp_path):
    def conduct(seed, *, force=False):
        study = transfer(replace(TINY, seed=seed), {"own": str(run)}, str(run))
        Laboratory(run, tmp_path, Listener(), force).conduct(study)
        return (tmp_path / "own" / "last.pt").read_bytes()

    first = conduct(1)
    with pytest.raises(InputError, match="own holds a training with other settings or data"):
        conduct(2)
    assert conduct(1) == first
    assert conduct(2, force=True) != first
    assert checkpoints.read(tmp_path / "own" / "last.pt")["info"].config.seed == 2


def test_a_training_that_stopped_on_other_data_begins_anew_when_forced(tmp_path, monkeypatch):
    from obman_gen.training import loop

    def conduct(seed, *, force=False):
        synthetic.make_run(tmp_path / str(seed), {"train": 4, "val": 1, "test": 1}, seed=seed)
        link = tmp_path / "run"
        link.unlink(missing_ok=True)
        link.symlink_to(tmp_path / str(seed))
        study = transfer(replace(TINY, epochs=2), {"own": str(link)}, str(link))
        Laboratory(link, tmp_path / "study", Listener(), force).conduct(study)

    def stop(session, out, *_):
        session.save(out / "last.pt")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "_end_epoch", stop)
        with pytest.raises(KeyboardInterrupt):
            conduct(1)
    with pytest.raises(InputError, match="own holds a training with other settings or data"):
        conduct(2)
    conduct(3, force=True)

    assert checkpoints.read(tmp_path / "study" / "own" / "last.pt")["info"].step == 2


def test_an_interrupted_study_goes_on_where_it_stopped(run, tmp_path, monkeypatch):
    from obman_gen.training import evaluation

    def conduct(folder):
        study = transfer(TINY, {"own": str(run)}, str(run))
        return Laboratory(run, folder, Listener()).conduct(study)[0].values

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "evaluate_to", stop)
        with pytest.raises(KeyboardInterrupt):
            conduct(tmp_path / "stopped")
    assert not (tmp_path / "stopped" / "tables.md").exists()
    before = (tmp_path / "stopped" / "own" / "last.pt").stat().st_mtime_ns

    assert conduct(tmp_path / "stopped") == conduct(tmp_path / "straight")
    assert (tmp_path / "stopped" / "own" / "last.pt").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("transfer", "--source", "x", "--target", "y"), "--source takes LABEL=DATA, got 'x'"),
        (("transfer", "--source", "a/b=x", "--target", "y"), "'a/b' cannot name a source"),
        (("transfer", "--source", "a=x", "--source", "a=y", "--target", "y"), "names a twice"),
        (("transfer", "--source", "a=fbh:/x", "--target", "fbh:/y"), "dataset.*fbh"),
        (("lowdata", "--real", "x", "--fractions", "0,1"), r"fractions must lie in \(0, 1\]"),
        (("lowdata", "--real", "x", "--fractions", "half"), "--fractions takes numbers"),
        (("contact", "--start", "none.pt"), "none.pt does not exist"),
        (("occlusion", "--set", "training.epoch=3"), "epoch"),
    ],
)
def test_mistakes_are_named_in_one_sentence(run, words, message):
    result = invoke(run, *words)

    assert result.exit_code == 1
    assert re.search(message, result.output), result.output
    assert len(result.output.strip().splitlines()) == 1


def test_a_table_shows_published_numbers_in_brackets_and_missing_ones_not_at_all():
    test = Test("a", "run")
    plan = TablePlan(
        "Title",
        (Cell("one", "x", test, "m"), Cell("one", "y", test, "n"), Cell("two", "y", test, "m")),
        {("one", "x"): 11.6},
    )

    table = Table.filled(plan, {test: {"m": {"mean": 2.5}, "n": {"mean": 1234.56}}})

    assert table.markdown().splitlines()[2:] == [
        "| | x | y |",
        "| --- | --- | --- |",
        "| one | 2.5 [11.6] | 1235 |",
        "| two |  | 2.5 |",
    ]
