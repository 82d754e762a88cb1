"""Skin painted from seeds: one person's hand and body, without a seam between them.

Colour follows two pigments. Melanin moves along a curve through measured skin albedos from
very light to very dark, in log space, so that dark skin keeps its hue; haemoglobin absorbs
green and blue on top. Every field is a function of the rest pose's surface in metres, shared by the
hand's and the body's image.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from obman_gen.scene.anatomy import FINGERS, HandAnatomy
from obman_gen.scene.color import encode_srgb
from obman_gen.scene.drawing import Pixels
from obman_gen.scene.noise3 import field

ALBEDOS = np.array(
    [
        [0.608, 0.423, 0.333],
        [0.533, 0.348, 0.256],
        [0.443, 0.268, 0.183],
        [0.323, 0.178, 0.110],
        [0.183, 0.095, 0.056],
        [0.076, 0.038, 0.022],
    ]
)
"""Linear albedo of Fitzpatrick types I to VI; melanin 0 to 1 runs from the first to the last.
Measured reflectances less 0.012 of gloss, which shading adds: with it, dark skin was grey."""
HAEMOGLOBIN = np.array([0.10, 0.50, 0.42])
"""Absorption per unit of haemoglobin."""
NAIL_PLATE = np.array([0.62, 0.385, 0.325])
RELIEF_M = 0.0012
"""Height between black and white of the relief image."""


@dataclass(frozen=True)
class Person:
    """What one seed decides about a skin."""

    melanin: float
    redness: float
    mottling: float
    freckles: float
    veins: float
    wrinkles: float
    nail_length: float
    seed: int


class SkinImages(NamedTuple):
    """One atlas image of a skin."""

    color: Pixels
    relief: Pixels
    """Grey: 0 to 255 is 0 to `RELIEF_M`."""


def draw_person(rng: np.random.Generator) -> Person:
    """Draw a person evenly over the whole human range of melanin."""
    return Person(
        melanin=float(rng.random()),
        redness=float(rng.uniform(0.0, 0.45)),
        mottling=float(rng.uniform(0.5, 1.4)),
        freckles=float(rng.random() ** 3),
        veins=float(rng.random()),
        wrinkles=float(rng.uniform(0.4, 1.3)),
        nail_length=float(rng.uniform(0.9, 1.08)),
        seed=int(rng.integers(2**31)),
    )


def albedo(
    melanin: Float[np.ndarray, "texel"], haemoglobin: Float[np.ndarray, "texel"]
) -> Float[np.ndarray, "texel 3"]:
    """Return linear albedo: log-linear between the measured types, then Beer-Lambert for blood."""
    at = np.clip(melanin, 0, 1) * (len(ALBEDOS) - 1)
    low = np.minimum(at.astype(int), len(ALBEDOS) - 2)
    share = (at - low)[:, None]
    logs = np.log(ALBEDOS)
    pigment = logs[low] * (1 - share) + logs[low + 1] * share
    return np.exp(pigment - haemoglobin[:, None] * HAEMOGLOBIN)


def _bump_between(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """Rise smoothly from 0 at ``low`` to 1 at ``high``."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def common_fields(points: np.ndarray, person: Person) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return melanin, haemoglobin and relief of skin anywhere: mottling, freckles, pores."""
    seed = person.seed
    large, middle = field(points, seed, 0.05, 3), field(points, seed + 1, 0.014, 3)
    fine = field(points, seed + 2, 0.0035, 2)
    melanin = person.melanin + 0.025 * large + 0.012 * middle + 0.008 * fine
    spots = _bump_between(field(points, seed + 3, 0.006, 1), 0.62, 0.8)
    density = _bump_between(field(points, seed + 4, 0.08, 2), -0.3, 0.5)
    melanin = melanin + 0.16 * person.freckles * spots * density
    moles = _bump_between(field(points, seed + 5, 0.022, 1), 0.88, 0.93)
    melanin = melanin + 0.3 * moles
    blood = person.redness + person.mottling * (
        0.10 * large + 0.10 * middle + 0.06 * field(points, seed + 6, 0.007, 2)
    )
    relief = 0.55 + 0.02 * field(points, seed + 7, 0.0013, 2)
    relief = relief + 0.02 * field(points, seed + 8, 0.004, 2)
    return melanin, blood, relief


def body_skin(points: np.ndarray, person: Person) -> tuple[np.ndarray, np.ndarray]:
    """Return linear colours and relief of the body's texels."""
    melanin, blood, relief = common_fields(points, person)
    return albedo(melanin, blood), relief


def hand_skin(anatomy: HandAnatomy, person: Person) -> tuple[np.ndarray, np.ndarray]:
    """Return linear colours and relief of the hand's texels."""
    points = anatomy.points
    melanin, blood, relief = common_fields(points, person)
    # What is special about hands fades out over the wrist: the forearm goes on without it.
    hand = _bump_between(anatomy.beyond_wrist_m, -0.014, 0.014)
    palm = hand * _bump_between(anatomy.palmar, -0.45, 0.6)
    palm_melanin = 0.12 + 0.5 * person.melanin
    melanin = melanin + palm * (np.minimum(palm_melanin, person.melanin) - person.melanin)
    blotches = field(points, person.seed + 20, 0.01, 3)
    flush = 0.30 - 0.22 * person.melanin
    blood = blood + palm * (flush + 0.2 * person.mottling * blotches)
    melanin, blood, relief = _folds(anatomy, person, hand, palm, (melanin, blood, relief))
    blood = blood + 0.25 * palm * anatomy.pads
    color = albedo(melanin, blood)
    color = _veined(color, anatomy, person, hand * (1 - palm))
    return _with_nails(color, relief, anatomy, person)


def _folds(anatomy: HandAnatomy, person: Person, hand, palm, layers):
    """Add knuckles, the creases of joints and palm, and fine lines everywhere."""
    melanin, blood, relief = layers
    wobble = 0.0007 * field(anatomy.points, person.seed + 30, 0.006, 2)
    back = hand * (1 - palm)
    crease = np.zeros(len(melanin))
    for along_m, weight in anatomy.palmar_creases:
        line = np.exp(-(((along_m + wobble) / 0.00055) ** 2))
        line += 0.6 * np.exp(-(((along_m + wobble - 0.0016) / 0.0004) ** 2))
        crease = np.maximum(crease, line * weight * palm)
    lines = anatomy.palm_lines(wobble)
    broken = 0.45 + 0.25 * field(anatomy.points, person.seed + 32, 0.012, 2)
    crease = np.maximum(crease, np.exp(-((lines / 0.0006) ** 2)) * palm * broken)
    fine = np.abs(field(anatomy.points, person.seed + 31, 0.007, 2))
    fine_lines = _bump_between(fine, 0.06, 0.0) * 0.25 * palm
    wrinkle, knuckle = anatomy.knuckles(person.seed, wobble)
    wrinkle = wrinkle * back * person.wrinkles
    knuckle = knuckle * back
    dark = person.melanin
    melanin = melanin + crease * (0.06 + 0.10 * dark) + 0.03 * fine_lines
    melanin = melanin + (0.05 + 0.05 * dark) * knuckle + (0.05 + 0.06 * dark) * wrinkle
    blood = blood + 0.55 * crease + 0.2 * fine_lines + 0.22 * knuckle + 0.25 * wrinkle
    relief = relief - 0.45 * crease - 0.12 * fine_lines - 0.30 * wrinkle + 0.06 * knuckle
    return melanin, blood, relief


def _veined(color: np.ndarray, anatomy: HandAnatomy, person: Person, back: np.ndarray):
    """Tint the back of the hand blue-green where veins run along it, here nearer the surface."""
    stretched = anatomy.points - np.outer(anatomy.points @ anatomy.axis, anatomy.axis) * 0.85
    ridge = np.abs(field(stretched, person.seed + 40, 0.022, 2))
    near = _bump_between(field(anatomy.points, person.seed + 41, 0.03, 2), -0.2, 0.4)
    vein = _bump_between(ridge, 0.18, 0.0) * near * back * (1 - anatomy.on_fingers)
    amount = 0.2 * person.veins * (1 - 0.6 * person.melanin) * vein
    return color * (1 - amount[:, None] * np.array([0.9, 0.35, 0.25]))


def _with_nails(color, relief, anatomy: HandAnatomy, person: Person):
    """Paint nail plates: pink bed, pale moon and free edge, a dark rim of skin around them."""
    tone = albedo(np.array([person.melanin]), np.zeros(1))[0] / ALBEDOS[0]
    bed = NAIL_PLATE * tone**0.6  # the plate is clear, the skin below it has less melanin
    for finger in range(len(FINGERS)):
        along, across, rim_m = anatomy.nail(finger, person.nail_length)
        inside = _bump_between(rim_m, -0.0002, 0.0003)[:, None]
        moon = _bump_between(0.24 - along - 0.35 * across**2, 0.0, 0.08) * 0.35
        edge = _bump_between(along - 0.06 * across**2, 0.86, 0.93) * 0.6
        pale = np.clip(moon + edge, 0, 1)[:, None]
        edge_color = np.array([0.70, 0.60, 0.50]) * (0.6 + 0.4 * (1 - person.melanin))
        plate = bed * (1 - pale) + pale * edge_color
        stripes = 1 + 0.02 * np.sin(across * 40)
        fold = np.exp(-((rim_m / 0.0006) ** 2))[:, None]
        color = color * (1 - 0.35 * fold * (1 - inside))
        color = color * (1 - inside) + plate * stripes[:, None] * inside
        relief = relief * (1 - inside[:, 0]) + inside[:, 0] * (0.62 - 0.1 * across**2)
        relief = relief - 0.25 * fold[:, 0] * (1 - inside[:, 0])
    return color, relief


def encoded(color: np.ndarray, relief: np.ndarray) -> SkinImages:
    """Turn (H, W, 3) linear colours and (H, W) relief into the images a renderer wants."""
    grey = np.rint(np.clip(relief, 0, 1) * 255).astype(np.uint8)
    return SkinImages(encode_srgb(color), np.repeat(grey[..., None], 3, axis=2))
