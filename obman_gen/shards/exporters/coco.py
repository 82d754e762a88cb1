"""COCO: one JSON per split with hands as 21 keypoints, objects by category, masks as RLE."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from obman_gen.sample import HAND, OBJECT, SPLITS
from obman_gen.shards.encoding import decode_depth
from obman_gen.shards.exporters.rle import encode_mask
from obman_gen.shards.exporters.rows import (
    Row,
    Track,
    box_of,
    rows_of,
    whole_folder,
    write_file,
    write_json,
)
from obman_gen.shards.manifest import Manifest
from obman_gen.shards.schema import SIDES
from obman_gen.shards.whole_run import WholeRun

HAND_CATEGORY = 1
FINGERS = ("thumb", "index", "middle", "ring", "little")
KEYPOINTS = ("wrist", *(f"{finger}_{place}" for finger in FINGERS for place in (1, 2, 3, "tip")))
SKELETON = [
    [1 if place == 0 else 1 + 4 * finger + place, 2 + 4 * finger + place]
    for finger in range(5)
    for place in range(4)
]
"""Bones as pairs of keypoints, counted from 1 as COCO does."""
SKIN_M = 0.025
"""A joint lies at most this far under the skin in front of it; deeper, something covers it."""
OUTSIDE, COVERED, SEEN = range(3)
"""COCO's visibility flags; here 0 means outside the image."""


def export_coco(run: Path, out: Path, track: Track | None = None) -> int:
    """Write ``images/SPLIT/ID.jpg`` and ``annotations/SPLIT.json``; return the sample count.

    Masks show what is visible in the image of hand and object. A hand's annotation also has
    the MANO parameters, joints in metres (camera frame) and ``side``; an object's has
    ``object_id`` and ``camera_from_object``; an image has the camera's ``intrinsics``.
    """
    names = sorted(set(WholeRun(run, ("sample_id",)).column("object/category").tolist()))
    numbers = {name: place for place, name in enumerate(names, start=HAND_CATEGORY + 1)}
    splits = [split for split in SPLITS if Manifest.require(run).of(split)]
    documents = {split: _document(numbers) for split in splits}
    with whole_folder(out) as folder:
        for row in rows_of(run, track):
            name = f"{row.sample_id}.jpg"
            write_file(folder / "images" / row.split / name, row.jpeg("ho"))
            _add(documents[row.split], row, name, numbers)
        for split, document in documents.items():
            write_json(folder / "annotations" / f"{split}.json", document)
    return sum(len(document["images"]) for document in documents.values())


def _document(numbers: dict[str, int]) -> dict[str, Any]:
    hand = {
        "id": HAND_CATEGORY,
        "name": "hand",
        "supercategory": "hand",
        "keypoints": list(KEYPOINTS),
        "skeleton": SKELETON,
    }
    objects = [
        {"id": number, "name": name, "supercategory": "object"} for name, number in numbers.items()
    ]
    return {
        "info": {"description": "obman-gen", "version": "1"},
        "licenses": [],
        "images": [],
        "annotations": [],
        "categories": [hand, *objects],
    }


def _add(document: dict[str, Any], row: Row, file_name: str, numbers: dict[str, int]) -> None:
    segmentation = row.array("segmentation/ho")
    height, width = segmentation.shape
    image_id = len(document["images"]) + 1
    document["images"].append(
        {
            "id": image_id,
            "file_name": file_name,
            "width": width,
            "height": height,
            "intrinsics": _numbers(row.array("camera/intrinsics")),
        }
    )
    joints_px = row.array("hand/joints_2d")
    flags = keypoint_flags(
        row.array("hand/joints"), joints_px, segmentation, decode_depth(row.array("depth/ho"))
    )
    points = labelled(joints_px, flags)
    hand = {
        "category_id": HAND_CATEGORY,
        "keypoints": [round(value, 3) for value in points.ravel().tolist()],
        "num_keypoints": int((flags > 0).sum()),
        "joints_m": _numbers(row.array("hand/joints")),
        "mano": {
            name: _numbers(row.array(f"hand/{name}"))
            for name in ("global_orient", "pose", "betas", "translation")
        },
        "side": SIDES[int(row.array("hand/side"))],
    }
    thing = {
        "category_id": numbers[row.text("object/category")],
        "object_id": row.object_id,
        "camera_from_object": _numbers(row.array("object/camera_from_object")),
    }
    for annotation, part in ((hand, HAND), (thing, OBJECT)):
        mask = segmentation == part
        if mask.any():
            document["annotations"].append(
                annotation
                | {
                    "id": 2 * image_id - (part == HAND),
                    "image_id": image_id,
                    "segmentation": encode_mask(mask),
                    "area": int(mask.sum()),
                    "bbox": box_of(mask),
                    "iscrowd": 0,
                }
            )


def keypoint_flags(
    joints_m: Float[np.ndarray, "21 3"],
    joints_px: Float[np.ndarray, "21 2"],
    segmentation: UInt8[np.ndarray, "height width"],
    depth_m: Float[np.ndarray, "height width"],
) -> Int[np.ndarray, "21"]:
    """Return COCO's flag of each joint: outside the image, covered, or seen."""
    height, width = segmentation.shape
    pixels = np.floor(joints_px).astype(int)
    inside = ((pixels >= 0) & (pixels < (width, height))).all(axis=1)
    x, y = np.clip(pixels, 0, (width - 1, height - 1)).T
    under_m = joints_m[:, 2] - depth_m[y, x]
    seen = (segmentation[y, x] == HAND) & (under_m < SKIN_M)
    return np.where(inside, np.where(seen, SEEN, COVERED), OUTSIDE)


def labelled(
    joints_px: Float[np.ndarray, "21 2"], flags: Int[np.ndarray, "21"]
) -> Float[np.ndarray, "21 3"]:
    """Return x, y and flag of each keypoint; by COCO's rule zeros where it is not labelled."""
    points = np.column_stack([joints_px, flags]).astype(np.float64)
    points[flags == OUTSIDE] = 0
    return points


def _numbers(values: np.ndarray) -> list:
    return np.round(values.astype(np.float64), 7).tolist()
