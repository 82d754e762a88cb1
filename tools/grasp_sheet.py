"""Draw random grasps of a run as one picture: ``python tools/grasp_sheet.py RUN OUT.jpg``.

Each tile shows a grasp from two sides, cast with exact rays and plain shading: the hand in skin
colour, what of it is inside the object in red. A wall that a finger goes through, a gap and a
sunken hand are seen at once. About a quarter of a minute for 64.
"""

from pathlib import Path

import click
import numpy as np
from PIL import Image, ImageDraw

from obman_gen.grasps.files import load_grasps
from obman_gen.hands import HandModel, load_hand_model
from obman_gen.metrics.penetration import signed_distances
from obman_gen.objects import load_prepared
from obman_gen.runfolder import RunFolder
from obman_gen.sample import Camera, Grasp
from obman_gen.scene.raster import cast

TILE_PX, SHARPER, COLUMNS = 128, 2, 8
DISTANCE_M, MARGIN = 0.6, 1.1
SKIN, INSIDE, OBJECT = (0.92, 0.72, 0.60), (0.90, 0.10, 0.10), (0.45, 0.58, 0.72)
PAPER = (0.97, 0.97, 0.97)
DEEP_M = 0.0025
"""Skin deeper in the object than soft pads give way is drawn red."""
VIEWS_RAD = ((0.5, 0.35), (2.6, 0.35))
"""Yaw and pitch of the two looks at each grasp."""


def looking(yaw_rad: float, pitch_rad: float) -> np.ndarray:
    """Return the rotation from the object's axes (y up) to the camera's (y down)."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    yaw = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    cos, sin = np.cos(pitch_rad), np.sin(pitch_rad)
    pitch = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    return np.diag([1.0, -1.0, -1.0]) @ pitch @ yaw


def picture(vertices, faces, colors, camera_from_object) -> Image.Image:
    """Cast rays at coloured vertices; light comes from the camera's upper left."""
    size = TILE_PX * SHARPER
    seen = vertices @ camera_from_object.T
    middle = 0.5 * (seen.min(axis=0) + seen.max(axis=0))
    reach = MARGIN * np.abs(seen - middle)[:, :2].max()
    seen = seen - middle + [0.0, 0.0, DISTANCE_M]
    focal = 0.5 * size * (DISTANCE_M - reach) / reach
    intrinsics = np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1.0]])
    hits = cast(seen, faces, Camera(intrinsics, size, size))
    corners = seen[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    light = np.array([-0.4, -0.6, -0.69])
    shade = 0.3 + 0.7 * np.abs(normals @ light)
    color = np.einsum("hwk,hwkc->hwc", hits.weights, colors[faces[hits.faces]])
    shaded = np.where((hits.faces >= 0)[..., None], color * shade[hits.faces][..., None], PAPER)
    image = Image.fromarray(np.uint8(255 * np.clip(shaded, 0, 1)))
    return image.resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)


def tile(grasp: Grasp, run: RunFolder, hand_model: HandModel) -> Image.Image:
    """Draw one grasp from two sides."""
    prepared = load_prepared(run.objects, grasp.object_id)
    scale = grasp.metres_per_unit
    surface = np.asarray(prepared.surface.vertices) * scale, prepared.surface.faces
    hand, _ = hand_model.vertices_of(grasp.hand)
    sunken = signed_distances(hand, *surface) < -DEEP_M
    skin = np.where(sunken[:, None], INSIDE, SKIN)
    shown = np.asarray(prepared.mesh.vertices) * scale
    hand, hand_faces = hand_model.close_boundary(hand)
    skin = np.concatenate([skin, np.tile(SKIN, (len(hand) - len(skin), 1))])
    vertices = np.concatenate([hand, shown])
    faces = np.concatenate([hand_faces, prepared.mesh.faces + len(hand)])
    colors = np.concatenate([skin, np.tile(OBJECT, (len(shown), 1))])
    out = Image.new("RGB", (2 * TILE_PX, TILE_PX))
    for number, view in enumerate(VIEWS_RAD):
        out.paste(picture(vertices, faces, colors, looking(*view)), (number * TILE_PX, 0))
    return out


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--count", default=64, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(run: Path, out: Path, count: int, seed: int):
    """Write OUT, a sheet of COUNT grasps drawn from all of RUN."""
    folder, hand_model = RunFolder(run), load_hand_model()
    grasps = [grasp for path in sorted(folder.grasps.glob("*.json")) for grasp in load_grasps(path)]
    chosen = np.random.default_rng(seed).permutation(len(grasps))[:count]
    columns = COLUMNS // 2
    rows = -(-len(chosen) // columns)
    sheet = Image.new("RGB", (2 * columns * TILE_PX, rows * TILE_PX), (255, 255, 255))
    for place, index in enumerate(sorted(chosen)):
        corner = (place % columns * 2 * TILE_PX, place // columns * TILE_PX)
        sheet.paste(tile(grasps[index], folder, hand_model), corner)
        measures = grasps[index].measures
        held = "" if np.isnan(measures.directions_held) else f" {measures.directions_held:.0f}/6"
        label = f"{place} {1e3 * measures.max_penetration_m:.1f} mm{held}"
        ImageDraw.Draw(sheet).text((corner[0] + 3, corner[1] + 2), label, fill=(90, 90, 90))
    sheet.save(out, quality=82)
    click.echo(f"{out}: {out.stat().st_size // 1024} KB, {len(chosen)} of {len(grasps)} grasps")


if __name__ == "__main__":
    main()
