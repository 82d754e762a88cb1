"""Pictures of a run's hands for the page: the contact map, and poses far from each other."""

import io

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from obman_gen.hands import HandModel
from obman_gen.sample import HandParameters
from obman_gen.shards.figures.hand import SKIN, draw_hand, facing, flat_hand, heat_colors
from obman_gen.shards.statistics.poses import distinct_rows, spread_out

CONTACT_PX, CONTACT_RADIUS_M = 380, 0.121
POSE_COUNT, POSE_PX, POSE_RADIUS_M = 24, 132, 0.105
POSE_CANDIDATES = 4000
_TURN_RAD = np.radians(-35)
"""About the vertical, so that bent fingers do not hide behind themselves."""


def contact_views(
    hand: HandModel, frequency: Float[np.ndarray, "vertex"], top: float
) -> tuple[bytes, bytes]:
    """Return PNGs of the palm and the back of the flat hand, coloured up to frequency ``top``."""
    vertices, _ = hand.vertices_of(flat_hand(hand))
    colors = heat_colors(frequency / top)
    palm, back = (
        draw_hand(facing(hand, vertices, side), hand.faces, colors, CONTACT_PX, CONTACT_RADIUS_M)
        for side in ("palm", "back")
    )
    return _png(palm), _png(back)


def scale_top(frequency: Float[np.ndarray, "vertex"]) -> float:
    """Return the frequency of the darkest colour: the next tenth above nearly all vertices."""
    return max(float(np.ceil(10 * np.percentile(frequency, 99.5)) / 10), 0.1)


def pose_views(hand: HandModel, poses: Float[np.ndarray, "sample 45"]) -> list[bytes]:
    """Return PNGs of hands in finger poses that are far from each other."""
    distinct = poses[distinct_rows(poses)][:POSE_CANDIDATES].astype(np.float64)
    flat = flat_hand(hand)
    colors = np.tile(SKIN, (len(hand.template), 1))
    turn = np.array(
        [
            [np.cos(_TURN_RAD), 0, np.sin(_TURN_RAD)],
            [0, 1, 0],
            [-np.sin(_TURN_RAD), 0, np.cos(_TURN_RAD)],
        ]
    )
    pictures = []
    for at in spread_out(distinct, POSE_COUNT):
        posed = HandParameters(flat.global_orient, distinct[at], flat.betas, flat.translation)
        vertices, _ = hand.vertices_of(posed)
        turned = facing(hand, vertices, "palm") @ turn.T
        pictures.append(_png(draw_hand(turned, hand.faces, colors, POSE_PX, POSE_RADIUS_M)))
    return pictures


def _png(picture: UInt8[np.ndarray, "height width 4"]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=9)
    return buffer.getvalue()
