"""Pictures of reconstructions: meshes over the image, and from the side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Integer, UInt8
from PIL import Image, ImageDraw

from obman_gen.hands import HandModel
from obman_gen.reconstruction.sphere import icosphere
from obman_gen.sample import HAND, OBJECT, Camera
from obman_gen.scene.drawing import Material, Part
from obman_gen.scene.raster import ground_truth
from obman_gen.training.evaluation_measures import HandAndObject

COLORS = {HAND: (0.95, 0.62, 0.45), OBJECT: (0.35, 0.6, 0.95)}
OPACITY = 0.8
CAPTION_PX = 18
GAP_PX = 4
BEAD_RADIUS_M = 0.006
MIN_TILE_PX = 192
"""Smaller pictures are enlarged: meshes show more than their pixels do, and captions fit."""


@dataclass(frozen=True)
class Portrait:
    """What the picture of one case needs."""

    caption: str
    image: UInt8[np.ndarray, "side side 3"]
    intrinsics: Float[np.ndarray, "3 3"]
    predicted: HandAndObject
    """In the camera frame."""
    true: HandAndObject
    """In the camera frame."""


def overlay(
    image: UInt8[np.ndarray, "height width 3"],
    shape: HandAndObject,
    hand: HandModel,
    intrinsics: Float[np.ndarray, "3 3"],
) -> UInt8[np.ndarray, "height width 3"]:
    """Draw a hand and an object, in the camera frame, over an image."""
    height, width, _ = image.shape
    truth = ground_truth(_parts(shape, hand), Camera(intrinsics, width, height))
    palette = np.zeros((OBJECT + 1, 3))
    for segment, color in COLORS.items():
        palette[segment] = color
    # Lit from the eye: surfaces that face it are bright.
    light = 0.35 + 0.65 * np.abs(truth.normals[..., 2:])
    drawn = 255 * palette[truth.segmentation] * light
    blend = np.where(truth.segmentation[..., None] > 0, OPACITY, 0.0)
    return np.rint((1 - blend) * image + blend * drawn).astype(np.uint8)


def from_the_side(
    shape: HandAndObject, hand: HandModel, intrinsics: Float[np.ndarray, "3 3"], side_px: int
) -> UInt8[np.ndarray, "side side 3"]:
    """Draw a hand and an object as seen from the camera's right, before white."""
    centre = shape.hand_joints.mean(axis=0)
    turn = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    ahead = np.array([0, 0, centre[2]])

    def turned(points):
        return (points - centre) @ turn.T + ahead

    moved = HandAndObject(
        None if shape.hand_vertices is None else turned(shape.hand_vertices),
        turned(shape.hand_joints),
        turned(shape.object_vertices),
        shape.object_faces,
    )
    straight = intrinsics.copy()
    straight[:2, 2] = side_px / 2
    return overlay(np.full((side_px, side_px, 3), 255, np.uint8), moved, hand, straight)


def gallery(portraits: Sequence[Portrait], hand: HandModel) -> Image.Image:
    """Draw a row per case: image, prediction, truth, and both from the side."""
    return _stacked([_row(enlarged(portrait), hand) for portrait in portraits])


def enlarged(portrait: Portrait) -> Portrait:
    """Return the portrait with a picture of at least `MIN_TILE_PX`, its intrinsics with it."""
    factor = MIN_TILE_PX / len(portrait.image)
    if factor <= 1:
        return portrait
    image = Image.fromarray(portrait.image).resize((MIN_TILE_PX, MIN_TILE_PX))
    zoom = np.array([[factor], [factor], [1.0]])
    return replace(portrait, image=np.asarray(image), intrinsics=zoom * portrait.intrinsics)


def _row(portrait: Portrait, hand: HandModel) -> Image.Image:
    side_px = len(portrait.image)
    shapes = portrait.predicted, portrait.true
    tiles = {
        "image": portrait.image,
        "predicted": overlay(portrait.image, shapes[0], hand, portrait.intrinsics),
        "true": overlay(portrait.image, shapes[1], hand, portrait.intrinsics),
        "predicted, from the right": from_the_side(shapes[0], hand, portrait.intrinsics, side_px),
        "true, from the right": from_the_side(shapes[1], hand, portrait.intrinsics, side_px),
    }
    top = 2 * CAPTION_PX
    row = Image.new("RGB", (len(tiles) * (side_px + GAP_PX), top + side_px), "white")
    draw = ImageDraw.Draw(row)
    draw.text((2, 3), portrait.caption, fill="black")
    for place, (caption, tile) in enumerate(tiles.items()):
        left = place * (side_px + GAP_PX)
        draw.text((left + 2, CAPTION_PX + 1), caption, fill="black")
        row.paste(Image.fromarray(tile), (left, top))
    return row


def _stacked(rows: Sequence[Image.Image]) -> Image.Image:
    height_px = sum(row.height + GAP_PX for row in rows)
    sheet = Image.new("RGB", (max(row.width for row in rows), height_px), "white")
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height + GAP_PX
    return sheet


def _parts(shape: HandAndObject, hand: HandModel) -> list[Part]:
    """Return the meshes; where a hand's is unknown, its joints as beads."""
    if shape.hand_vertices is None:
        skin = beads(shape.hand_joints, BEAD_RADIUS_M)
    else:
        skin = hand.close_boundary(shape.hand_vertices)
    thing = shape.object_vertices, shape.object_faces
    return [_part("hand", *skin, HAND), _part("object", *thing, OBJECT)]


def beads(
    centres: Float[np.ndarray, "point 3"], radius: float
) -> tuple[Float[np.ndarray, "vertex 3"], Integer[np.ndarray, "face 3"]]:
    """Return a sphere around each point as one mesh."""
    ball = icosphere(1)
    vertices = (centres[:, None] + radius * ball.vertices).reshape(-1, 3)
    starts = len(ball.vertices) * np.arange(len(centres))[:, None, None]
    return vertices, (starts + ball.faces).reshape(-1, 3)


def _part(name: str, vertices: np.ndarray, faces: np.ndarray, segment: int) -> Part:
    segments = np.full(len(faces), segment)
    return Part(name, np.asarray(vertices, np.float64), faces, (Material(),), segments)
