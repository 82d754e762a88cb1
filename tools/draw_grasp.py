"""Run the example of docs/pygraspit.md and draw where the hand ends up."""

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np

from pygraspit.transforms import points_to

mpl.use("Agg")
from matplotlib import pyplot as plt
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

ROOT = Path(__file__).parents[1]
LIGHT = np.array([0.3, -0.5, 0.8])


def example() -> dict:
    """Return the names that the page's first example defines."""
    page = (ROOT / "docs/pygraspit.md").read_text()
    names: dict = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], names)  # noqa: S102
    return names


def draw(world, path: Path) -> None:
    """Draw all bodies of a world, the hand's in skin colour, the object's see-through."""
    axes = plt.figure(figsize=(6, 5)).add_subplot(projection="3d", elev=15, azim=60)
    own = {body.name for body in world.robots[0].bodies}
    for body in world.bodies:
        corners = points_to(body.world_from_body, body.shape.tree.triangles)
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.maximum(np.linalg.norm(normals, axis=1), 1e-9)
        shade = 0.6 + 0.4 * np.clip(normals @ LIGHT / length / np.linalg.norm(LIGHT), 0, 1)
        colour, alpha = ((0.9, 0.7, 0.6), 1.0) if body.name in own else ((0.5, 0.7, 0.9), 0.35)
        colours = np.column_stack([shade[:, None] * colour, np.full(len(shade), alpha)])
        axes.add_collection3d(Poly3DCollection(corners, facecolors=colours))
    points = np.concatenate(
        [points_to(body.world_from_body, body.shape.vertices) for body in world.bodies]
    )
    middle, reach = (points.min(0) + points.max(0)) / 2, np.ptp(points, axis=0).max() / 2.4
    axes.set(**{f"{n}lim": (m - reach, m + reach) for n, m in zip("xyz", middle, strict=True)})
    axes.set_box_aspect((1, 1, 1))
    axes.set_axis_off()
    path.parent.mkdir(exist_ok=True)
    axes.figure.savefig(path, dpi=90, bbox_inches="tight", pil_kwargs={"quality": 85})


if __name__ == "__main__":
    draw(example()["world"], ROOT / "docs/images/pygraspit.jpg")
