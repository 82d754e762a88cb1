"""The training loop, top to bottom."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from obman_gen.errors import InputError
from obman_gen.progress import Reporter
from obman_gen.reconstruction.losses import weighted_total
from obman_gen.reconstruction.sphere import random_sphere_points
from obman_gen.training import session as sessions
from obman_gen.training.config import AugmentConfig, TrainConfig
from obman_gen.training.data import Batch, data_of, training_batches
from obman_gen.training.log import TrainingLog
from obman_gen.training.schedule import learning_rate
from obman_gen.training.session import BEST, LAST, Session
from obman_gen.training.validation import Scores, validate

OVERFIT_STEPS = 600
OVERFIT_GOAL_MM = 2.0
OVERFIT_RATE = 1e-3
PLAIN = AugmentConfig(
    centre_jitter=0, scale_jitter=0, rotation_rad=0, blur_px=0,
    brightness=0, contrast=0, saturation=0, hue=0,
)  # fmt: skip


class StepRecord(NamedTuple):
    """What one step did."""

    step: int
    """Counted from 1."""
    total: float
    terms: dict[str, float]
    """Unweighted."""
    gradient_norm: float
    rate: float


def train(
    run: Path,
    out: Path,
    config: TrainConfig,
    reporter: Reporter,
    *,
    again: bool = False,
    begin: Callable[[], None] = lambda: None,
) -> Scores:
    """Train on a run's shards; leave `best.pt`, `last.pt` and logs in ``out``.

    Args:
        run: the run folder; not looked at if the configuration names other data.
        out: where to write.
        config: how to train.
        reporter: shows progress.
        again: go on from ``last.pt``.
        begin: called when data and weights are found, before anything is written.

    Returns:
        The scores of the last validation.
    """
    session = sessions.open_session(run, config)
    if again:
        sessions.resume(session, out / LAST)
    begin()
    _say_start(session, run, reporter)
    with TrainingLog(out, session) as log:
        steps = reporter.track(
            fit(session), session.total_steps - session.step, "train", "step", log.note
        )
        for record in steps:
            log.step(record)
            ended = record.step % session.steps_per_epoch == 0
            measured = ended and _end_epoch(session, out, log, reporter)
            # Not after every epoch: of few pictures it is one step, and to save takes longer.
            if measured or record.step % config.save_steps == 0:
                session.save(out / LAST)
    return _last_scores(session)


def overfit(
    run: Path,
    out: Path,
    config: TrainConfig,
    reporter: Reporter,
    *,
    samples: int,
    begin: Callable[[], None] = lambda: None,
) -> Scores:
    """Fit a handful of samples, as a test of everything between the shards and the loss.

    Without augmentation; stops when the hand error on the same samples is under 2 mm.

    Raises:
        InputError: if there are fewer samples.
    """
    config = replace(
        config,
        augment=replace(PLAIN, crop_factor=config.augment.crop_factor),
        batch_size=min(samples * len(config.images), config.batch_size),
        contact_epochs=0,
        learning_rate=OVERFIT_RATE,
    )
    session = sessions.open_session(run, config, limit=samples)
    held = max(len(rows) for rows in session.pictures.rows)
    if held < samples:
        raise InputError(f"--overfit {samples} needs as many training samples, there are {held}")
    begin()
    session.config = replace(config, epochs=-(-OVERFIT_STEPS // session.steps_per_epoch))
    _say_start(session, run, reporter)
    with TrainingLog(out, session) as log:
        for record in reporter.track(
            fit(session), session.total_steps, "overfit", "step", log.note
        ):
            log.step(record)
            if record.step % 50 == 0 or record.step == session.total_steps:
                scores = validate(session.bare, session.validation)
                log.scores(scores)
                reporter.say(f"step {record.step}: {describe(scores)}")
                if scores.hand_error_mm < OVERFIT_GOAL_MM:
                    break
        session.save(out / LAST)
    return _last_scores(session)


def fit(session: Session) -> Iterator[StepRecord]:
    """Take the steps that are left, yielding after each; the caller logs, measures and saves."""
    world = session.accelerator.num_processes
    while session.step < session.total_steps:
        epoch, first = divmod(session.step, session.steps_per_epoch)
        rank = session.accelerator.process_index
        for batch in training_batches(session.pictures, epoch, first, rank, world):
            yield take_step(session, batch)


def take_step(session: Session, batch: Batch) -> StepRecord:
    """Move the weights once.

    Raises:
        InputError: if a loss term or the gradient is not finite; the weights are as before.
    """
    config, accelerator = session.config, session.accelerator
    with_contact = session.step >= config.epochs * session.steps_per_epoch
    set_training(session.model, frozen_statistics=config.freeze_batchnorm)
    batch = batch.to(accelerator.device)
    prediction = session.model(batch.images.float() / 255, _sphere(session))
    terms = session.objective(prediction, batch.targets, config.image_px, with_contact=with_contact)
    weights = session.objective.weights(config.weights, with_contact=with_contact)
    total = weighted_total(terms, weights)
    session.optimizer.zero_grad()
    accelerator.backward(total)
    limit = config.clip_norm or float("inf")
    norm = torch.as_tensor(accelerator.clip_grad_norm_(session.model.parameters(), limit))
    rate = learning_rate(session.step, session.steps_per_epoch, config)
    numbers = torch.stack([total.detach(), norm, *(term.detach() for term in terms.values())])
    total_value, norm_value, *values = numbers.tolist()  # the one wait for the device
    record = StepRecord(
        session.step + 1, total_value, dict(zip(terms, values, strict=True)), norm_value, rate
    )
    _require_finite(record, batch)
    for group in session.optimizer.param_groups:
        group["lr"] = rate
    session.optimizer.step()
    session.step += 1
    return record


def set_training(model: nn.Module, *, frozen_statistics: bool) -> None:
    """Switch to training, batch normalisation optionally with its running statistics."""
    model.train()
    if frozen_statistics:
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()


def _sphere(session: Session) -> torch.Tensor | None:
    """Return this step's random points of the sphere, or None for the icosphere."""
    count = session.config.model.random_sphere_count
    if not count:
        return None
    generator = torch.Generator().manual_seed(session.config.seed + session.step)
    return random_sphere_points(count, generator).to(session.accelerator.device)


def _require_finite(record: StepRecord, batch: Batch) -> None:
    numbers = {"total": record.total, "gradient": record.gradient_norm, **record.terms}
    odd = [name for name, value in numbers.items() if not math.isfinite(value)]
    if not odd:
        return
    for sample, *targets in zip(batch.sample_ids, *batch.targets, strict=True):
        if not all(bool(target.isfinite().all()) for target in targets):
            raise InputError(
                f"step {record.step}: sample {sample} holds values that are not finite; "
                "`obman-gen verify` names broken shards"
            )
    raise InputError(
        f"step {record.step}: {', '.join(odd)} is not finite with samples "
        f"{', '.join(batch.sample_ids[:8])}; lower training.learning_rate, now {record.rate:.2g}, "
        "or set training.clip_norm; the last checkpoint is from before"
    )


def _end_epoch(session: Session, out: Path, log: TrainingLog, reporter: Reporter) -> bool:
    """Measure if it is time, and save what is best; return whether it was time."""
    epoch = session.step // session.steps_per_epoch
    is_last = session.step == session.total_steps
    # Contact changes what is best: the second stage begins its own comparison.
    if epoch == session.config.epochs + 1:
        session.best_mm = float("inf")
    if epoch % session.config.validate_every and not is_last:
        return False
    scores = validate(session.bare, session.validation)
    log.scores(scores)
    reporter.say(f"epoch {epoch}: {describe(scores)}")
    if scores.overall_mm < session.best_mm:
        session.best_mm = scores.overall_mm
        session.save(out / BEST)
    return True


def describe(scores: Scores) -> str:
    """Say scores in words."""
    return (
        f"hand error {scores.hand_error_mm:.2f} mm, "
        f"object Chamfer {scores.object_chamfer_mm2:.0f} mm^2"
    )


def _last_scores(session: Session) -> Scores:
    return Scores(**{name: session.history[-1][name] for name in Scores._fields})


def _say_start(session: Session, run: Path, reporter: Reporter) -> None:
    config, hand = session.config, session.bare.hand
    data = ", ".join(str(where) for where in data_of(run, config, "train"))
    reporter.say(
        f"training on {len(session.pictures)} pictures ({', '.join(config.images)}) of {data}, "
        f"hand model {hand.name}, on {session.accelerator.device}: {session.total_steps} steps "
        f"in {config.epochs} + {config.contact_epochs} epochs, step {session.step} done"
    )
