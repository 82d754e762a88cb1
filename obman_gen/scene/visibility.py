"""How much of the hand and the object a picture shows, and whether that is enough.

Decided from ray-cast ground truth, before any light is computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool
from scipy.ndimage import binary_dilation

from obman_gen.errors import SampleRejected
from obman_gen.sample import HAND, OBJECT, VIEWS
from obman_gen.scene.drawing import Drawing, Part, face_mask
from obman_gen.scene.raster import Truth, ground_truth


@dataclass(frozen=True)
class Visibility:
    """Pixels of the hand and of the object, with and without what may hide them."""

    hand_px: int
    """In the HO view."""
    object_px: int
    hand_silhouette_px: int
    """Of the hand by itself, within the image."""
    object_silhouette_px: int
    covered_joints: int = 0
    """Joints in the image of which the H view shows no hand within a pixel."""

    @property
    def hand(self) -> float:
        """Visible fraction of the hand's own silhouette."""
        return self.hand_px / max(self.hand_silhouette_px, 1)

    @property
    def object(self) -> float:
        """Visible fraction of the object's own silhouette."""
        return self.object_px / max(self.object_silhouette_px, 1)


def view_truths(drawing: Drawing) -> dict[str, Truth]:
    """Cast rays for each of the three views; HO is merged from H and O, nearest first."""
    truths = {view: ground_truth(drawing.of_view(view), drawing.camera) for view in ("h", "o")}
    return {"ho": _nearest(truths["h"], truths["o"])} | truths


def _nearest(one: Truth, other: Truth) -> Truth:
    first = one.depth_m <= other.depth_m
    return Truth(
        np.where(first, one.depth_m, other.depth_m),
        np.where(first, one.segmentation, other.segmentation),
        np.where(first[..., None], one.normals, other.normals),
    )


def measure(drawing: Drawing, truths: Mapping[str, Truth]) -> Visibility:
    """Count visible pixels against silhouettes."""
    assert tuple(truths) == VIEWS
    hand_alone = truths["h"].segmentation
    if any((part.segments != HAND).any() for part in drawing.of_view("h")):
        hand_alone = ground_truth(_hand_parts(drawing), drawing.camera).segmentation
    everything = truths["ho"].segmentation
    return Visibility(
        int((everything == HAND).sum()),
        int((everything == OBJECT).sum()),
        int((hand_alone == HAND).sum()),
        int((truths["o"].segmentation == OBJECT).sum()),
        _covered(drawing, truths["h"].segmentation == HAND),
    )


def _hand_parts(drawing: Drawing) -> list[Part]:
    """Return the hand's faces of the parts that the H view shows."""
    hand_parts = []
    for part in drawing.of_view("h"):
        keep = face_mask(part, HAND)
        if keep.any():
            indices = None if part.material_indices is None else part.material_indices[keep]
            uv = None if part.uv is None else part.uv[keep]
            hand_parts.append(
                replace(
                    part,
                    faces=part.faces[keep],
                    segments=part.segments[keep],
                    material_indices=indices,
                    uv=uv,
                )
            )
    return hand_parts


def _covered(drawing: Drawing, hand: Bool[np.ndarray, "height width"]) -> int:
    """Count the joints in the image with no hand in the 3 x 3 pixels around them.

    Fingertips are points of the surface: seen from the side they stand on the outline, whose
    nearest pixel centre can be a pixel away.
    """
    pixels = np.floor(drawing.camera.project(drawing.hand_joints)).astype(int)
    inside = ((pixels >= 0) & (pixels < hand.shape[::-1])).all(axis=1)
    columns, rows = pixels[inside].T
    near_hand = np.asarray(binary_dilation(hand, np.ones((3, 3))))
    return int((near_hand[rows, columns] == 0).sum())


@dataclass(frozen=True)
class VisibilityRules:
    """ObMan's rules: at least 40 % of the object and 100 px of either; and one of ours: no joint
    behind the person's own body, where no picture shows what its label says.
    """

    min_object_visible: float = 0.4
    min_hand_visible: float = 0.0
    min_hand_px: int = 100
    min_object_px: int = 100
    max_covered_joints: int = 0


def require_visible(visibility: Visibility, rules: VisibilityRules) -> None:
    """Reject a picture that shows too little.

    Raises:
        SampleRejected: ``few_pixels``, ``covered_joints``, ``object_visibility`` or
            ``hand_visibility``.
    """
    if visibility.covered_joints > rules.max_covered_joints:
        raise SampleRejected(
            "covered_joints",
            f"{visibility.covered_joints} joints lie behind the person's own body, "
            f"at most {rules.max_covered_joints} may",
        )
    counts = (
        ("hand", visibility.hand_px, rules.min_hand_px),
        ("object", visibility.object_px, rules.min_object_px),
    )
    for name, pixels, needed in counts:
        if pixels < needed:
            raise SampleRejected("few_pixels", f"{pixels} px of the {name}, need {needed}")
    fractions = (
        ("object", visibility.object, rules.min_object_visible),
        ("hand", visibility.hand, rules.min_hand_visible),
    )
    for name, fraction, needed in fractions:
        if fraction < needed:
            raise SampleRejected(
                f"{name}_visibility", f"{fraction:.0%} of the {name} is visible, need {needed:.0%}"
            )
