import json
import math
import shutil
from dataclasses import replace

import pytest
import torch
from click.testing import CliRunner
from torch.testing import assert_close

from obman_gen.cli import main
from obman_gen.errors import InputError
from obman_gen.hands.model import HandModel
from obman_gen.progress import Reporter
from obman_gen.training import checkpoints, loop, session
from obman_gen.training.config import PRESETS, AugmentConfig, TrainConfig
from obman_gen.training.schedule import LAST_SHARE, learning_rate
from obman_gen.training.start import StartOptions, start
from obman_gen.training.validation import Scores, validate

TINY = TrainConfig(
    image_px=32, batch_size=4, epochs=1, contact_epochs=1, points=100, device="cpu", warmup_steps=1
)
WORDS = (
    "training.image_px=32",
    "training.batch_size=4",
    "training.points=100",
    "training.device=cpu",
)


@pytest.fixture(scope="module")
def stopped(run, tmp_path_factory):
    """Three of the four steps of a training, the last of them with contact, and its checkpoint."""
    path = tmp_path_factory.mktemp("stopped") / "last.pt"
    ongoing = session.open_session(run, TINY)
    steps = loop.fit(ongoing)
    records = [next(steps) for _ in range(3)]
    ongoing.save(path)
    records.append(next(steps))
    return ongoing, records, path


def test_a_resumed_training_goes_on_bit_for_bit(run, stopped):
    undisturbed, records, path = stopped
    resumed = session.open_session(run, TINY)
    session.resume(resumed, path)

    (record,) = loop.fit(resumed)

    assert record == records[3]
    for name, value in undisturbed.bare.state_dict().items():
        assert torch.equal(value, resumed.bare.state_dict()[name]), name
    moments = [one.optimizer.state_dict()["state"] for one in (undisturbed, resumed)]
    for place, state in moments[0].items():
        assert torch.equal(state["exp_avg_sq"], moments[1][place]["exp_avg_sq"])


def test_contact_terms_come_with_the_contact_epochs(stopped):
    _, records, _ = stopped

    assert ["attraction" in record.terms for record in records] == [False, False, True, True]
    assert records[2].rate <= TINY.contact_learning_rate


def test_a_checkpoint_says_what_it_was_trained_on_and_predicts(run, stopped, hand):
    trained, _, path = stopped

    model, info = checkpoints.load_model(path)

    assert (info.step, info.epoch, info.config) == (3, 1, TINY)
    assert (info.hand_name, info.hand_sha256) == (hand.name, hand.sha256)
    assert info.data_sha256 == trained.data_sha256
    assert validate(model, trained.validation).hand_error_mm > 0


def test_a_truncated_checkpoint_is_named(stopped, tmp_path):
    broken = tmp_path / "last.pt"
    broken.write_bytes(stopped[2].read_bytes()[:100_000])

    with pytest.raises(
        InputError, match=r"last\.pt is truncated or no checkpoint \(100000 bytes\)"
    ):
        checkpoints.load_model(broken)


def test_a_checkpoint_that_is_something_else_is_named(tmp_path):
    torch.save({"weights": torch.ones(2)}, tmp_path / "other.pt")

    with pytest.raises(InputError, match=r"other\.pt is no checkpoint of this version"):
        checkpoints.load_model(tmp_path / "other.pt")
    with pytest.raises(InputError, match=r"checkpoint .*none\.pt does not exist"):
        checkpoints.load_model(tmp_path / "none.pt")


def test_a_checkpoint_of_another_hand_model_is_refused(stopped, hand):
    other = HandModel(replace(hand.asset, sha256="0" * 64, name="other"))

    with pytest.raises(InputError, match=r"was trained on the right hand model open-hand .*not on"):
        checkpoints.load_model(stopped[2], other)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"seed": 1}, r"training\.seed = 0, not 1"),
        ({"augment": AugmentConfig(hue=0.1)}, r"training\.augment\.hue = 0\.15, not 0\.1"),
    ],
)
def test_resuming_with_other_settings_is_refused(run, stopped, change, complaint):
    ongoing = session.open_session(run, TINY)
    ongoing.config = replace(TINY, **change)

    with pytest.raises(InputError, match=complaint):
        session.resume(ongoing, stopped[2])

    ongoing.config = replace(TINY, loader_workers=1, save_steps=7)
    session.resume(ongoing, stopped[2])


def test_resuming_with_other_data_is_refused(run, stopped):
    ongoing = session.open_session(run, TINY)
    ongoing.data_sha256 = "0" * 64

    with pytest.raises(InputError, match="was trained on other shards than the run holds now"):
        session.resume(ongoing, stopped[2])


def test_a_fine_tuning_starts_from_the_weights_of_a_checkpoint(stopped, hand):
    trained = checkpoints.load_model(stopped[2])[0]

    model = session.build_model(replace(TINY, start_from=str(stopped[2]), seed=9), hand)

    assert_close(model.state_dict(), trained.state_dict())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"pca_count": 12}, r"pca_count = 30, not 12"),
        ({"mean_pose": False}, r"mean_pose = True, not False"),
        ({"root_joint": 9}, r"root_joint = 0, not 9"),
        ({"normalisation": "half"}, r"normalisation = 'imagenet', not 'half'"),
    ],
)
def test_weights_that_mean_something_else_are_no_start(stopped, hand, change, complaint):
    other = replace(TINY, start_from=str(stopped[2]), model=replace(TINY.model, **change))

    with pytest.raises(InputError, match=rf"has training\.model\.{complaint}"):
        session.build_model(other, hand)


def test_a_sample_that_is_not_finite_is_named_and_leaves_the_weights(run):
    ongoing = session.open_session(run, TINY)
    batch = next(loop.training_batches(ongoing.pictures, 0))
    batch.targets.hand_joints[1, 5, 2] = math.nan
    before = ongoing.bare.hand_branch.pose.weight.clone()

    with pytest.raises(InputError, match=f"step 1: sample {batch.sample_ids[1]} holds values"):
        loop.take_step(ongoing, batch)

    assert torch.equal(before, ongoing.bare.hand_branch.pose.weight)


def test_a_diverged_training_names_the_terms(run):
    ongoing = session.open_session(run, TINY)
    batch = next(loop.training_batches(ongoing.pictures, 0))
    with torch.no_grad():
        ongoing.bare.object_branch.scale.out.bias.fill_(200.0)

    with pytest.raises(InputError, match=r"step 1: .*scale.* is not finite with samples train-"):
        loop.take_step(ongoing, batch)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_asking_for_a_gpu_without_one_is_an_error():
    with pytest.raises(InputError, match="device is cuda, but torch sees no GPU"):
        session.accelerator_for(replace(TINY, device="cuda"))


def test_frozen_statistics_need_some_to_freeze(hand):
    with pytest.raises(InputError, match="keeps statistics that random weights do not have"):
        session.build_model(replace(TINY, freeze_batchnorm=True), hand)


def test_frozen_statistics_stay_as_they_are(run):
    ongoing = session.open_session(run, TINY)
    ongoing.config = replace(TINY, freeze_batchnorm=True)
    before = ongoing.bare.encoder.bn1.running_mean.clone()

    next(loop.fit(ongoing))

    assert torch.equal(before, ongoing.bare.encoder.bn1.running_mean)


def test_random_sphere_points_train_without_the_terms_of_a_mesh(run):
    config = replace(TINY, contact_epochs=0, model=replace(TINY.model, random_sphere_count=50))
    ongoing = session.open_session(run, config)

    record = next(loop.fit(ongoing))

    assert not {"edges", "laplacian", "attraction"} & record.terms.keys()
    with pytest.raises(InputError, match="random_sphere_count is 50, but contact needs"):
        replace(config, contact_epochs=1)


def test_the_rate_warms_up_and_falls_within_each_stage():
    config = replace(TINY, epochs=10, contact_epochs=5, warmup_steps=4)
    rates = [learning_rate(step, 10, config) for step in range(150)]

    assert_close(rates[0], config.learning_rate / 5)
    assert max(rates[:100]) <= config.learning_rate
    assert_close(rates[99], config.learning_rate * LAST_SHARE, rtol=0.05, atol=0)
    assert rates[100] < config.contact_learning_rate < 1.1 * max(rates[100:])
    assert learning_rate(77, 10, replace(config, schedule="constant")) == config.learning_rate


def test_nothing_measured_is_no_score():
    assert Scores(3.0, math.nan, math.nan).overall_mm == 3.0
    assert_close(Scores(3.0, 50.0, 2.0).overall_mm, 8.0)
    assert_close(Scores(math.nan, math.nan, 50.0).overall_mm, 5.0)


def test_the_contact_stage_chooses_its_own_best_however_seldom_it_is_measured(
    run, tmp_path, monkeypatch
):
    """Its first validation is here two epochs after its beginning, and worse than the last."""
    errors = iter((1.0, 9.0))
    monkeypatch.setattr(loop, "validate", lambda *_: Scores(next(errors), math.nan, math.nan))
    config = replace(TINY, epochs=2, contact_epochs=2, validate_every=2)

    loop.train(run, tmp_path, config, Reporter())

    assert checkpoints.read(tmp_path / session.BEST)["info"].epoch == 4


def test_epochs_of_one_step_are_not_all_saved(run, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(session.Session, "save", lambda self, path: saved.append(self.step))
    config = replace(TINY, batch_size=8, epochs=9, contact_epochs=0, validate_every=4, save_steps=7)

    loop.train(run, tmp_path, config, Reporter())

    assert set(saved) == {4, 7, 8, 9}


def invoke(run, *words):
    settings = [part for word in WORDS for part in ("--set", word)]
    return CliRunner().invoke(main, ["--run", str(run), "train", *settings, *words])


def test_the_command_trains_resumes_and_refuses_to_overwrite(run):
    name = ("--name", "cli")
    begun = invoke(run, *name, "--set", "training.epochs=1")
    refused = invoke(run, *name)
    resumed = invoke(run, *name, "--resume")

    folder = run / "training" / "cli"
    assert begun.exit_code == resumed.exit_code == 0, begun.output + resumed.output
    assert f"Checkpoint: {folder / 'best.pt'}" in begun.output
    assert len(json.loads((folder / "history.json").read_text())) == 1
    assert list((folder / "tensorboard").iterdir())
    assert refused.exit_code == 1
    assert "holds a training; go on with --resume" in refused.output


def test_a_few_steps_on_two_samples_halve_the_loss(run):
    config = replace(TINY, epochs=10, augment=loop.PLAIN, learning_rate=1e-3, batch_size=2)
    ongoing = session.open_session(run, config, limit=2)

    records = list(loop.fit(ongoing))

    assert records[-1].total < 0.5 * records[0].total


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"resume": True, "name": "none"}, "there is no training in .*none to resume"),
        ({"preset": "papers"}, "unknown training preset 'papers'. Did you mean 'paper'"),
        ({"device": "tpu"}, "--device takes auto, cpu or cuda, got 'tpu'"),
        ({"overrides": ("training.epoch=3",)}, r"unknown setting training\.epoch\. Did you mean"),
        ({"overrides": ("training.epochs=0",)}, "nothing to train: training.epochs"),
        ({"overrides": ("seed=3",)}, "--set changes settings of training. here"),
        ({"overfit": 9}, "--overfit 9 needs as many training samples, there are 8"),
        *(
            ({"name": name}, "--name must be letters, digits")
            for name in ("", ".", "..", "../x", "a/b", "experiments", "evaluation")
        ),
    ],
)
def test_odd_requests_say_what_is_wrong(run, options, complaint):
    with pytest.raises(InputError, match=complaint):
        start(run, StartOptions(**options), Reporter())


@pytest.mark.parametrize("force", [False, True])
def test_a_request_that_fails_leaves_what_was_trained(tmp_path, run, force):
    copy = tmp_path / "run"
    shutil.copytree(run, copy, ignore=shutil.ignore_patterns("training"))
    kept = copy / "training" / "first" / "best.pt"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"weeks of work")

    words = ("training.start_from=none.pt",)
    options = StartOptions(name="first", overrides=words, force=force)
    with pytest.raises(InputError, match=r"none\.pt does not exist" if force else "--resume"):
        start(copy, options, Reporter())

    assert [path.name for path in kept.parent.iterdir()] == ["best.pt"]


def test_a_training_replaces_another_and_nothing_beside_it(tmp_path, run):
    copy = tmp_path / "run"
    shutil.copytree(run, copy, ignore=shutil.ignore_patterns("training"))
    folder = copy / "training" / "first"
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "notes.txt").write_text("keep")
    (folder / "last.pt").write_bytes(b"of before")

    options = StartOptions(name="first", overrides=(*WORDS, "training.epochs=1"), force=True)
    start(copy, options, Reporter())

    assert (folder / "mine" / "notes.txt").read_text() == "keep"
    assert (folder / "last.pt").stat().st_size > 1000


def test_a_run_without_shards_is_named(tmp_path):
    with pytest.raises(InputError, match=r"manifest\.json does not exist; run"):
        start(tmp_path, StartOptions(), Reporter())


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_valid_configuration(run, name):
    from obman_gen import config as configuration

    resolved = configuration.resolve(base={"training": PRESETS[name]})

    assert isinstance(resolved.training, TrainConfig)
