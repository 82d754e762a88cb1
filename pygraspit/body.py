"""A rigid body standing in a world."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Integer

from pygraspit.errors import DescriptionError
from pygraspit.hulls import hull_of
from pygraspit.materials import MATERIALS
from pygraspit.model import BodyModel
from pygraspit.regions import Surface
from pygraspit.trees import Tree, build_tree

if TYPE_CHECKING:
    from pygraspit.world import World

Triangles = Float[np.ndarray, "face 3 3"]


class Shape:
    """What of a body does not depend on where it stands: made once, shared by copies.

    Attributes:
        tree: boxes over its triangles.
        vertices: (n, 3) distinct corners, mm.
        corner_ids: (face, 3) of the tree's triangles into ``vertices``.
        surface: the three, for kernels.
        hull: the convex hull of the vertices, mm.
        centre_of_gravity: (3,) mm, body frame.
        max_radius_mm: of the farthest vertex from the centre of gravity.
    """

    def __init__(self, model: BodyModel):
        triangles = checked_triangles(model)
        self.model = model
        self.tree: Tree = build_tree(triangles)
        self.vertices: Float[np.ndarray, "vertex 3"]
        self.corner_ids: Integer[np.ndarray, "face 3"]
        self.vertices, corner_ids = np.unique(
            self.tree.triangles.reshape(-1, 3), axis=0, return_inverse=True
        )
        self.corner_ids = np.ascontiguousarray(corner_ids.reshape(-1, 3))
        self.surface = Surface(self.tree, self.corner_ids, self.vertices)
        self.hull = hull_of(self.vertices)
        self.centre_of_gravity = _centre_of_gravity(model, triangles)
        reach = np.linalg.norm(self.vertices - self.centre_of_gravity, axis=1)
        self.max_radius_mm = float(reach.max(initial=0.0))


class Body:
    """A body in a world: its shape, and where it stands."""

    def __init__(self, world: "World", index: int, name: str, shape: Shape):
        self._world, self._index, self._name, self._shape = world, index, name, shape

    @property
    def name(self) -> str:
        """Unique in its world."""
        return self._name

    @property
    def index(self) -> int:
        """Place in the world's scene."""
        return self._index

    @property
    def shape(self) -> Shape:
        """Surface, centre of gravity and size."""
        return self._shape

    @property
    def model(self) -> BodyModel:
        """What the body was made from."""
        return self._shape.model

    @property
    def world_from_body(self) -> Float[np.ndarray, "4 4"]:
        """Where it stands, mm."""
        return self._world.poses[self._index].copy()

    def set_pose(self, world_from_body: Float[np.ndarray, "4 4"]) -> None:
        """Put the body somewhere, whatever is there; its contacts end if it moves."""
        self._world.put([self], np.asarray(world_from_body, np.float64)[None])

    def closest_points(self, points: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 3"]:
        """Return the points of the surface closest to the given ones, all in the world, mm."""
        return self._world.closest_points(self, points)


def checked_triangles(model: BodyModel) -> Triangles:
    """Return a body's triangles.

    Raises:
        DescriptionError: if there are none, or they are not finite, or the material is unknown.
    """
    if model.material not in MATERIALS:
        raise DescriptionError(
            f"body {model.name!r} is of {model.material!r}; known materials are "
            f"{', '.join(MATERIALS)}"
        )
    vertices, faces = model.geometry.vertices, model.geometry.faces
    if len(faces) == 0:
        raise DescriptionError(f"body {model.name!r} has no triangles")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise DescriptionError(
            f"a face of body {model.name!r} names vertex {faces.max()} of {len(vertices)}"
        )
    triangles = np.ascontiguousarray(model.geometry.triangles, np.float64)
    if not np.isfinite(triangles).all():
        raise DescriptionError(f"body {model.name!r} has a vertex that is not finite")
    return triangles


def _centre_of_gravity(model: BodyModel, triangles: Triangles) -> Float[np.ndarray, "3"]:
    """Return the stated centre, or the area-weighted centroid of the surface."""
    if model.centre_of_gravity is not None:
        return np.asarray(model.centre_of_gravity, np.float64)
    sides = triangles[:, 1:] - triangles[:, :1]
    areas = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    if areas.sum() == 0.0:
        return triangles.reshape(-1, 3).mean(axis=0)
    return np.average(triangles.mean(axis=1), axis=0, weights=areas)
