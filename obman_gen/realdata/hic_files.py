"""The files of "Hands in Action" (HIC): a mesh, its bones, their motion and their weights.

Formats were learnt from the viewer that its author published (Tzionas et al., IJCV 2016):

- ``.OFF``: the mesh at rest, millimetres.
- ``.SKEL``: the number of poses, then three lines per bone: its parent, its name, its length.
- ``.MOTION``: a bone's name, then a line of 12 numbers per pose (rotation by rows, translation
  in millimetres: camera from bone), for each bone. The first pose is the rest pose.
- ``.SKIN``: the number of bones, their names, then a line of weights per vertex.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from obman_gen.arrays import Vertices
from obman_gen.errors import InputError
from obman_gen.realdata.pictures import read_model

METRES_PER_UNIT = 0.001


@dataclass(frozen=True)
class Skeleton:
    """The bones of a model; each lies along the x axis of its own frame."""

    pose_count: int
    """With the rest pose."""
    names: tuple[str, ...]
    lengths_m: Float[np.ndarray, "bone"]


@dataclass(frozen=True)
class Rig:
    """A mesh and the bones that move it."""

    skeleton: Skeleton
    camera_from_bone: Float[np.ndarray, "pose bone 4 4"]
    """Metres; the first pose is the rest pose."""

    def camera_from_rest(self, pose: int) -> Float[np.ndarray, "bone 4 4"]:
        """Return what takes points of the mesh at rest to the camera frame, bone by bone."""
        return self.camera_from_bone[pose] @ np.linalg.inv(self.camera_from_bone[0])

    def joint(self, pose: int, bone: str) -> Float[np.ndarray, "3"]:
        """Return where a bone begins, camera frame."""
        return self.camera_from_bone[pose, self._at(bone), :3, 3]

    def end(self, pose: int, bone: str) -> Float[np.ndarray, "3"]:
        """Return where a bone ends, camera frame."""
        at = self._at(bone)
        camera_from_bone = self.camera_from_bone[pose, at]
        return self.skeleton.lengths_m[at] * camera_from_bone[:3, 0] + camera_from_bone[:3, 3]

    def _at(self, bone: str) -> int:
        return self.skeleton.names.index(bone)


@lru_cache(maxsize=32)
def read_rig(stem: Path) -> Rig:
    """Read ``STEM.SKEL`` and ``STEM.MOTION``.

    Raises:
        InputError: naming file and line.
    """
    skeleton = read_skeleton(stem.with_suffix(".SKEL"))
    path = stem.with_suffix(".MOTION")
    rows = _motion_rows(path)
    missing = [name for name in skeleton.names if name not in rows]
    if missing:
        raise InputError(f"{path} does not move the bone {missing[0]!r} of the .SKEL beside it")
    for name in skeleton.names:
        if len(rows[name]) != skeleton.pose_count:
            raise InputError(
                f"{path} has {len(rows[name])} poses of {name!r}, the .SKEL beside it says "
                f"{skeleton.pose_count}"
            )
    numbers = np.array([rows[name] for name in skeleton.names]).transpose(1, 0, 2)
    camera_from_bone = np.tile(np.eye(4), (*numbers.shape[:2], 1, 1))
    camera_from_bone[..., :3, :3] = numbers[..., :9].reshape(*numbers.shape[:2], 3, 3)
    camera_from_bone[..., :3, 3] = METRES_PER_UNIT * numbers[..., 9:]
    turns = np.linalg.det(camera_from_bone[0, :, :3, :3])
    if not np.allclose(turns, 1, atol=0.01):
        raise InputError(
            f"{path}: the first pose of {skeleton.names[int(np.argmax(abs(turns - 1)))]!r} is no "
            "rotation, so the mesh at rest cannot be moved"
        )
    return Rig(skeleton, camera_from_bone)


def read_skeleton(path: Path) -> Skeleton:
    """Read a ``.SKEL`` file; empty lines are passed over.

    Raises:
        InputError: naming the file.
    """
    lines = [line.strip() for line in _lines(path) if line.strip()]
    bones = [lines[at : at + 3] for at in range(1, len(lines), 3)]
    try:
        pose_count = int(lines[0])
        lengths = np.array([float(length) for _, _, length in bones])
    except (ValueError, IndexError) as error:
        raise InputError(
            f"{path} is no .SKEL file: need a number of poses, then parent, name and length of "
            f"each bone on lines of their own ({error})"
        ) from error
    if not bones:
        raise InputError(f"{path} has no bone")
    return Skeleton(pose_count, tuple(name for _, name, _ in bones), METRES_PER_UNIT * lengths)


def _motion_rows(path: Path) -> dict[str, list[list[float]]]:
    rows: dict[str, list[list[float]]] = {}
    bone = ""
    for at, line in enumerate(_lines(path), start=1):
        numbers = _numbers(line)
        if numbers is None:
            bone = line.strip()
            rows[bone] = []
        elif len(numbers) == 12 and bone:
            rows[bone].append(numbers)
        elif numbers:
            raise InputError(
                f"{path}, line {at}: {len(numbers)} numbers, need a bone's name, then 12 numbers "
                "per pose"
            )
    return rows


def _numbers(line: str) -> list[float] | None:
    try:
        return [float(word) for word in line.split()]
    except ValueError:
        return None


@lru_cache(maxsize=8)
def read_weights(path: Path, bones: tuple[str, ...]) -> Float[np.ndarray, "vertex bone"]:
    """Read a ``.SKIN`` file; the weights of each vertex add up to one, in the order of ``bones``.

    Raises:
        InputError: if a bone is unknown or the numbers do not fill a table.
    """
    words = [word for line in _lines(path) for word in line.split()]
    names, used = _bone_names(path, words, bones)
    numbers = _numbers(" ".join(words[used:]))
    if not numbers or len(numbers) % len(names):
        raise InputError(f"{path} is no table of weights of {len(names)} bones")
    table = np.array(numbers).reshape(-1, len(names))
    sums = table.sum(axis=1, keepdims=True)
    if not (sums > 0).all():
        raise InputError(f"{path} gives vertex {int(np.argmin(sums))} no weight")
    weights = np.zeros((len(table), len(bones)))
    weights[:, [bones.index(name) for name in names]] = table / sums
    return weights


def _bone_names(path: Path, words: list[str], bones: tuple[str, ...]) -> tuple[list[str], int]:
    """Return the names at the head of a ``.SKIN`` file, some of several words, and their end."""
    count = int(words[0]) if words and words[0].isdigit() else 0
    names, begun = [], []
    for at, word in enumerate(words[1:], start=1):
        if len(names) == count:
            return names, at
        begun.append(word)
        if " ".join(begun) in bones:
            names.append(" ".join(begun))
            begun = []
    raise InputError(f"{path} does not begin with a number of bones and names of the .SKEL's bones")


def posed_mesh(stem: Path, rig: Rig, pose: int) -> tuple[Vertices, np.ndarray]:
    """Return vertices in the camera frame, metres, and faces of a model with ``.OFF``, ``.SKIN``.

    Linear blend skinning: each vertex moves with the weighted mean of its bones' motions.

    Raises:
        InputError: if a file cannot be read or they do not fit together.
    """
    mesh = read_model(stem.with_suffix(".OFF"), METRES_PER_UNIT)
    weights = read_weights(stem.with_suffix(".SKIN"), rig.skeleton.names)
    if len(weights) != len(mesh.vertices):
        raise InputError(
            f"{stem}.SKIN has weights of {len(weights)} vertices, {stem}.OFF has "
            f"{len(mesh.vertices)} vertices"
        )
    blended = np.einsum("vb,bij->vij", weights, rig.camera_from_rest(pose)[:, :3])
    vertices = np.einsum("vij,vj->vi", blended[:, :, :3], mesh.vertices) + blended[:, :, 3]
    return vertices, mesh.faces


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="latin1").splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
