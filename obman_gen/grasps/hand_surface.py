"""The flat hand's surface, cut into one closed piece per bone."""

from dataclasses import dataclass

import numpy as np
import trimesh
from jaxtyping import Float, Integer

from obman_gen.errors import InputError
from obman_gen.hands import HandModel
from obman_gen.hands.boundary import close_loops
from pygraspit.model import Geometry

MM_PER_M = 1000.0


@dataclass(frozen=True)
class HandSurface:
    """The flat hand in the palm frame (rest axes, origin at the wrist joint), millimetres."""

    vertices: Float[np.ndarray, "vertex 3"]
    faces: Integer[np.ndarray, "face 3"]
    normals: Float[np.ndarray, "vertex 3"]
    bones: Integer[np.ndarray, "vertex"]
    """The joint in MANO's order that moves each vertex most."""
    pads: Integer[np.ndarray, "5"]
    """A vertex in the middle of each fingertip's pad, thumb first."""

    @classmethod
    def of(cls, hand_model: HandModel, vertices_m, wrist_m) -> "HandSurface":
        """Move a flat hand to the palm frame and close its wrist."""
        closed_m, faces = hand_model.close_boundary(vertices_m)
        bones = np.zeros(len(closed_m), int)  # what closes the wrist moves with the palm
        bones[: len(vertices_m)] = np.asarray(hand_model.weights).argmax(axis=1)
        mesh = trimesh.Trimesh(MM_PER_M * (closed_m - wrist_m), faces, process=False)
        pads = np.asarray(hand_model.pad_ids)
        normals = np.array(mesh.vertex_normals)
        return cls(np.array(mesh.vertices), np.array(faces, np.int64), normals, bones, pads)

    @property
    def palmar(self) -> Float[np.ndarray, "3"]:
        """Unit direction out of the palm: where the four finger pads look."""
        mean = self.normals[self.pads[1:]].mean(axis=0)
        return mean / np.linalg.norm(mean)

    def piece(self, bone: int) -> Geometry:
        """Return the part of the surface that follows a bone, its cuts closed, palm frame.

        Raises:
            InputError: if no face follows the bone.
        """
        mine = (self.bones == bone)[self.faces].sum(axis=1) >= 2
        if not mine.any():
            raise InputError(f"no face of the hand follows bone {bone}: its weights are wrong")
        kept, faces = np.unique(self.faces[mine], return_inverse=True)
        return Geometry(*close_loops(self.vertices[kept], faces.reshape(-1, 3)))

    def nearest_along(self, bone: int, start, direction) -> int:
        """Return the vertex of a bone closest to a ray, among those on the ray's side."""
        offsets = self.vertices - start
        along = offsets @ direction
        across = np.linalg.norm(offsets - along[:, None] * direction, axis=1)
        candidates = (self.bones == bone) & (along > 0)
        return int(np.where(candidates, across, np.inf).argmin())
