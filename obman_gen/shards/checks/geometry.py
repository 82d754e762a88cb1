"""Do a shard's numbers agree with one another? Everything but rendering, a shard at a time."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Shaped

from obman_gen.arrays import Points
from obman_gen.sample import BODY, HAND, OBJECT
from obman_gen.shards.checks.models import hand_model_named, model_facts
from obman_gen.shards.checks.problem import Problem
from obman_gen.shards.manifest import ShardEntry
from obman_gen.shards.schema import SAMPLE_FIELDS, SIDES
from obman_gen.shards.shard_file import ShardFile

VERTEX_TOLERANCE_M = 1e-4
PIXEL_TOLERANCE = 0.01
PCA_TOLERANCE_RAD = 1e-3
"""float32 coefficients times components whose entries reach a few units."""
RIGID_TOLERANCE = 1e-4
"""Relative: float32 has 6e-8 per entry."""
JOINT_WINDOW_PX = 2
"""Fingertip joints lie on the skin, so their pixel may be just outside the silhouette."""

Rows = Shaped[np.ndarray, "sample *value"]


class Rule:
    """Turns a per-sample failure mask into problems."""

    def __init__(self, shard: ShardFile, entry: ShardEntry):
        self._path = entry.path
        self._ids = [text.decode() for text in shard.array("sample_id")]

    def broken(self, name: str, failed: Bool[np.ndarray, "sample"], detail) -> Iterator[Problem]:
        """Yield a problem for each failed sample; ``detail`` says what, given its row."""
        for row in map(int, np.flatnonzero(failed)):
            yield Problem(self._path, name, detail(row), self._ids[row])


def check_numbers(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    """Check that what must be a number is one, and that indices point somewhere."""
    rule = Rule(shard, entry)
    for path, spec in SAMPLE_FIELDS.items():
        may_be_missing = path.startswith("grasp/")
        if not spec.dtype.startswith("float") or may_be_missing:
            continue
        values = shard.array(path).reshape(shard.count, -1)
        failed = ~np.isfinite(values).all(axis=1)
        yield from rule.broken("numbers", failed, lambda row, path=path: f"{path} is not finite")
    for name in ("object", "hand"):
        visible = shard.array(f"visibility/{name}")
        yield from rule.broken(
            "visibility",
            (visible < 0) | (visible > 1),
            lambda row, v=visible, name=name: f"visibility/{name} is {v[row]}, need 0 to 1",
        )
    yield from _check_indices(shard, entry)


def _check_indices(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    wearing = {"hand/faces": shard.shape("hand/vertices")[1]}
    for object_id in shard.object_ids:
        stem = f"meshes/{object_id}"
        wearing[f"{stem}/faces"] = shard.shape(f"{stem}/vertices")[0]
    for path, count in wearing.items():
        faces = shard.array(path)
        if len(faces) and not 0 <= faces.min() <= faces.max() < count:
            yield Problem(entry.path, "faces", f"{path} name vertices outside 0..{count - 1}")
    shown = {text.decode() for text in shard.array("object/id")}
    for object_id in sorted(shown - set(shard.object_ids)):
        yield Problem(entry.path, "meshes", f"samples show {object_id}, whose mesh is missing")


def check_hand(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    """Rebuild vertices, joints and PCA coefficients from the stored parameters."""
    sha256, path = model_facts(shard.attributes, "hand")
    sides, rule = shard.array("hand/side"), Rule(shard, entry)
    yield from rule.broken("side", sides > 1, lambda row: f"hand/side is {sides[row]}")
    for number, side in enumerate(SIDES):
        rows = np.flatnonzero(sides == number)
        model = hand_model_named(sha256, path, side) if len(rows) else None
        if model is not None:
            yield from _check_model(shard, rule, model, rows)


def _check_model(shard: ShardFile, rule: Rule, model, rows) -> Iterator[Problem]:
    vertices, joints = posed(model, shard, rows)
    pose = model.pose_from_pca(shard.array("hand/pca")[rows].astype(float))
    comparisons = (
        ("hand/vertices", vertices, VERTEX_TOLERANCE_M, "m from the hand model's"),
        ("hand/joints", joints, VERTEX_TOLERANCE_M, "m from the hand model's"),
    )
    for path, rebuilt, tolerance, unit in comparisons:
        error = _per_row(np.linalg.norm(shard.array(path)[rows] - rebuilt, axis=-1), rows, shard)
        yield from rule.broken(
            "hand parameters",
            error > tolerance,
            lambda row, e=error, p=path, u=unit: f"{p} is {e[row]:.6f} {u}",
        )
    error = _per_row(np.abs(shard.array("hand/pose")[rows] - pose), rows, shard)
    yield from rule.broken(
        "hand parameters",
        error > PCA_TOLERANCE_RAD,
        lambda row: f"hand/pca gives a pose {error[row]:.6f} rad from hand/pose",
    )


def posed(model, shard: ShardFile, rows) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices and joints that a hand model makes of the stored parameters."""
    import torch

    with torch.no_grad():
        output = model(
            **{
                name: torch.from_numpy(shard.array(f"hand/{name}")[rows])
                for name in ("global_orient", "pose", "betas", "translation")
            }
        )
    return output.vertices.numpy(), output.joints.numpy()


def _per_row(error: np.ndarray, rows: np.ndarray, shard: ShardFile) -> Float[np.ndarray, "sample"]:
    """Spread the worst error of some rows over all rows of the shard."""
    worst = np.zeros(shard.count)
    worst[rows] = error.reshape(len(rows), -1).max(axis=1)
    return worst


def check_projection(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    """Project the joints again."""
    intrinsics = shard.array("camera/intrinsics").astype(float)
    projected = project(shard.array("hand/joints").astype(float), intrinsics)
    error = np.linalg.norm(shard.array("hand/joints_2d") - projected, axis=-1).max(axis=1)
    yield from Rule(shard, entry).broken(
        "projection",
        ~(error <= PIXEL_TOLERANCE),
        lambda row: f"hand/joints_2d is {error[row]:.3f} px from the projection of hand/joints",
    )


def project(points: Points, intrinsics: Float[np.ndarray, "sample 3 3"]) -> np.ndarray:
    """Return (sample, point, 2) pixels of (sample, point, 3) points in the camera frame."""
    homogeneous = np.einsum("nij,npj->npi", intrinsics, points)
    return homogeneous[..., :2] / homogeneous[..., 2:]


def check_transforms(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    """Check that objects are placed by rotation, translation and the stored scale alone."""
    transforms = shard.array("object/camera_from_object").astype(float)
    scales = shard.array("object/scale").astype(float)
    linear = transforms[:, :3, :3] / scales[:, None, None]
    off = np.abs(np.swapaxes(linear, 1, 2) @ linear - np.eye(3)).max(axis=(1, 2))
    mirrored = np.linalg.det(linear) < 0
    bottom = (transforms[:, 3] != (0, 0, 0, 1)).any(axis=1)
    yield from Rule(shard, entry).broken(
        "transform",
        ~(off <= 2 * RIGID_TOLERANCE) | mirrored | bottom,
        lambda row: (
            f"object/camera_from_object is not a rotation times {scales[row]:.6f} "
            f"(off by {off[row]:.2g})"
        ),
    )


def check_pixels(shard: ShardFile, entry: ShardEntry) -> Iterator[Problem]:
    """Read every dense map; compare segmentation with depth, joints and visibility."""
    joints_px = shard.array("hand/joints_2d")
    for row in range(shard.count):
        name = shard.text("sample_id", row)
        labels = {view: shard.row(f"segmentation/{view}", row) for view in ("ho", "h", "o")}
        depths = {view: shard.row(f"depth/{view}", row) for view in ("ho", "h", "o")}
        if "normals/ho" in shard:
            shard.row("normals/ho", row)
        for rule, detail in _pixel_failures(labels, depths, joints_px[row]):
            yield Problem(entry.path, rule, detail, name)
        yield from _check_visibility(shard, entry, row, labels)


def _pixel_failures(labels, depths, joints_px) -> Iterator[tuple[str, str]]:
    for view, label in labels.items():
        if label.max() > OBJECT:
            yield "segmentation", f"segmentation/{view} holds {label.max()}, need 0 to {OBJECT}"
        flying = int(((label > 0) & (depths[view] == 0)).sum())
        if flying:
            yield "depth", f"{flying} px of segmentation/{view} have no depth/{view}"
    if (labels["h"] == OBJECT).any() or np.isin(labels["o"], (HAND, BODY)).any():
        yield "segmentation", "the hand's view shows the object, or the object's the hand"
    lost = joints_off_hand(joints_px, labels["h"])
    if lost:
        yield "joints", f"joints {', '.join(map(str, lost))} lie beside the hand in segmentation/h"


def joints_off_hand(joints_px: Float[np.ndarray, "21 2"], label: np.ndarray) -> list[int]:
    """Return the joints inside the image with neither hand nor body near their pixel."""
    height, width = label.shape
    lost = []
    for joint, (u, v) in enumerate(joints_px):
        if not (0 <= u < width and 0 <= v < height):
            continue
        row, column = int(v), int(u)
        near = label[
            max(row - JOINT_WINDOW_PX, 0) : row + JOINT_WINDOW_PX + 1,
            max(column - JOINT_WINDOW_PX, 0) : column + JOINT_WINDOW_PX + 1,
        ]
        if not ((near == HAND) | (near == BODY)).any():
            lost.append(joint)
    return lost


def _check_visibility(shard: ShardFile, entry: ShardEntry, row: int, labels) -> Iterator[Problem]:
    alone = int((labels["o"] == OBJECT).sum())
    visible = int((labels["ho"] == OBJECT).sum()) / max(alone, 1)
    stored = float(shard.array("visibility/object")[row])
    if abs(stored - visible) > 1e-4:
        yield Problem(
            entry.path,
            "visibility",
            f"visibility/object is {stored:.4f}, the segmentations say {visible:.4f}",
            shard.text("sample_id", row),
        )
