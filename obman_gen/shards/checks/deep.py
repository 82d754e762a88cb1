"""Cast rays at the stored meshes again and compare with the stored depth."""

from collections.abc import Iterator

import numpy as np
import torch

from obman_gen.arrays import transform_points
from obman_gen.hands.boundary import close_loops
from obman_gen.sample import HAND, OBJECT, Camera
from obman_gen.shards.checks.models import body_model_named, model_facts
from obman_gen.shards.checks.problem import Problem
from obman_gen.shards.encoding import decode_depth
from obman_gen.shards.manifest import ShardEntry
from obman_gen.shards.shard_file import ShardFile

DEPTH_TOLERANCE_M = 2e-4
"""Half a step of storage, and float32 vertices seen at grazing angles."""
EDGE_PX = 4
EDGE_SHARE = 0.002
"""Pixels on a silhouette or a crease may fall to its other side when vertices are rounded."""
ATTACHMENT_TOLERANCE_M = 5e-4


def check_depth(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    """Compare depth at hand and object pixels with rays cast at the stored meshes."""
    from obman_gen.scene.raster import cast

    # A hand without a body is shown with a lid on its wrist; a body hides the lid.
    hands, hand_faces = close_loops(
        shard.array("hand/vertices").astype(float), shard.array("hand/faces")
    )
    height, width = shard.shape("depth/ho")[1:]
    for row in range(shard.count):
        camera = Camera(shard.row("camera/intrinsics", row).astype(float), width, height)
        surfaces = {HAND: (hands[row], hand_faces), OBJECT: _placed(shard, row)}
        cast_m = {
            label: cast(vertices, faces, camera).depth_m
            for label, (vertices, faces) in surfaces.items()
        }
        for view, label in (("ho", HAND), ("ho", OBJECT), ("h", HAND), ("o", OBJECT)):
            where = shard.row(f"segmentation/{view}", row) == label
            stored_m = decode_depth(shard.row(f"depth/{view}", row))
            detail = _difference(stored_m[where], cast_m[label][where])
            if detail:
                name = shard.text("sample_id", row)
                yield Problem(entry.path, "depth against mesh", f"depth/{view}: {detail}", name)


def _placed(shard: ShardFile, row: int) -> tuple[np.ndarray, np.ndarray]:
    stem = f"meshes/{shard.text('object/id', row)}"
    transform = shard.row("object/camera_from_object", row).astype(float)
    vertices = shard.array(f"{stem}/vertices").astype(float)
    return transform_points(transform, vertices), shard.array(f"{stem}/faces")


def _difference(stored_m: np.ndarray, cast_m: np.ndarray) -> str:
    """Say how two sets of depths disagree; empty if they agree."""
    wrong = ~(np.abs(stored_m - cast_m) <= DEPTH_TOLERANCE_M)
    if wrong.sum() <= EDGE_PX + EDGE_SHARE * len(stored_m):
        return ""
    missed = int(np.isinf(cast_m[wrong]).sum())
    median_mm = 1000 * float(np.median(np.abs(stored_m - cast_m)[wrong]))
    return (
        f"{int(wrong.sum())} of {len(stored_m)} px are off the mesh, {missed} of them miss it; "
        f"median {median_mm:.2f} mm"
    )


def check_attachment(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    """Pose the body again, where its model is known, and compare its hand with the stored one."""
    sha256, path = model_facts(shard.attributes, "body")
    model = body_model_named(sha256, path) if sha256 else None
    if model is None or not len(model.hand_vertex_ids):
        return
    pose = torch.from_numpy(np.array(shard.array("body/pose")))
    with torch.no_grad():
        vertices = model(
            global_orient=pose[:, :3],
            pose=pose[:, 3:],
            betas=torch.from_numpy(np.array(shard.array("body/betas"))),
            translation=torch.from_numpy(np.array(shard.array("body/translation"))),
            hand_betas=torch.from_numpy(np.array(shard.array("hand/betas"))),
        ).vertices.numpy()
    offsets = vertices[:, model.hand_vertex_ids] - shard.array("hand/vertices")
    error = np.linalg.norm(offsets, axis=-1).max(axis=1)
    for row in map(int, np.flatnonzero(~(error <= ATTACHMENT_TOLERANCE_M))):
        name = shard.text("sample_id", row)
        detail = f"the body's hand is {1000 * error[row]:.2f} mm from hand/vertices"
        yield Problem(entry.path, "attachment", detail, name)
