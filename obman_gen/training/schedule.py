"""The learning rate as a function of the step: nothing to store, nothing to restore."""

import math

from obman_gen.training.config import TrainConfig

LAST_SHARE = 0.01
"""Of a stage's rate, reached at its end."""


def learning_rate(step: int, steps_per_epoch: int, config: TrainConfig) -> float:
    """Return the rate of a step: each of the two stages warms up, then falls along a cosine."""
    first_stage = config.epochs * steps_per_epoch
    if step < first_stage:
        peak, place, length = config.learning_rate, step, first_stage
    else:
        peak, place = config.contact_learning_rate, step - first_stage
        length = config.contact_epochs * steps_per_epoch
    warmup = min(1.0, (place + 1) / (config.warmup_steps + 1))
    if config.schedule == "constant":
        return peak * warmup
    fall = 0.5 * (1 + math.cos(math.pi * place / max(length, 1)))
    return peak * warmup * (LAST_SHARE + (1 - LAST_SHARE) * fall)
