"""Render contact sheets of procedural objects: ``python tools/object_sheets.py docs/images``.

One picture per category, 30 objects each, every object in its own materials, about 6 minutes on
one core. ``--category bottle --count 12 --seed 3`` narrows it down.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from PIL import Image

from obman_gen.objects.categories import chosen
from obman_gen.objects.procedural import make, name_of
from obman_gen.sample import Camera
from obman_gen.scene.drawing import Drawing, Lamp
from obman_gen.scene.object_looks import ObjectLook, object_part

TILE_PX = 128
"""A power of two: crops of the render are then whole pixels."""
COLUMNS = 6
VIEWS_RAD = {
    "bottle": [(0.3, 0.25)],
    "bowl": [(0.3, 0.55)],
    "can": [(0.3, 0.5)],
    "jar": [(0.3, 0.35)],
    "knife": [(0.15, 0.1), (-0.35, 0.35)],
    "cellphone": [(0.5, 0.2), (-0.45, 0.1), (np.pi + 0.45, 0.15)],
    "camera": [(0.45, 0.25), (-0.45, 0.3), (np.pi + 0.4, 0.25)],
    "remote control": [(0.45, 0.35), (-0.4, 0.3)],
}
"""Yaw and pitch of the camera about the object, in turn."""


def viewpoint(yaw_rad: float, pitch_rad: float) -> np.ndarray:
    """Return the rotation from an object's axes (y up) to the camera's (y down)."""
    cos, sin = np.cos(-yaw_rad), np.sin(-yaw_rad)
    yaw = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    cos, sin = np.cos(pitch_rad), np.sin(pitch_rad)
    pitch = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    return np.diag([1.0, -1.0, -1.0]) @ pitch @ yaw


def studio() -> np.ndarray:
    """Return soft surroundings: bright above, two windows, a grey floor."""
    light = np.full((32, 64, 3), 0.35, np.float32)
    light[:12] = 0.9
    light[22:] = 0.22
    light[5:17, 8:18] = 5.0
    light[6:16, 46:54] = 2.5
    return light


def drawing(path: Path, yaw_rad: float, pitch_rad: float) -> Drawing:
    """Return an object alone, filling the picture."""
    camera_from_object = np.eye(4)
    camera_from_object[:3, :3] = viewpoint(yaw_rad, pitch_rad)
    camera_from_object[2, 3] = 4.0
    part = object_part(str(path), camera_from_object, ObjectLook("own", 0))
    part = replace(part, in_views=frozenset({"o"}))
    pixels = part.vertices[:, :2] / part.vertices[:, 2:]
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    focal = 0.9 * TILE_PX / float((high - low).max())
    center = TILE_PX / 2 - focal * (low + high) / 2
    intrinsics = np.array([[focal, 0, center[0]], [0, focal, center[1]], [0, 0, 1.0]])
    key = Lamp("area", 90.0, (1.0, 0.97, 0.93), (-2.0, -2.5, 1.5), (0.5, 0.6, 0.62), 1.5)
    background = np.full((TILE_PX, TILE_PX, 3), 0.75, np.float32)
    camera = Camera(intrinsics, TILE_PX, TILE_PX)
    return Drawing(camera, (part,), studio(), background, (key,))


def write_object(home: Path, synset: str, seed: int, number: int) -> Path:
    """Make one object's files."""
    for name, content in make(name_of(synset, seed, number)).files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)
    return home / "models/model_normalized.obj"


def as_given(scene: Drawing, _panorama) -> Drawing:
    """Draw what is a drawing already."""
    return scene


def render_sheet(renderer, category, paths: list[Path]) -> Image.Image:
    """Render a grid of objects."""
    rows = -(-len(paths) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * TILE_PX, rows * TILE_PX), (222, 222, 222))
    views = VIEWS_RAD[category.name]
    for number, path in enumerate(paths):
        picture = renderer.render_drawing(drawing(path, *views[number % len(views)]))
        tile = Image.fromarray(picture.views["o"].image)
        sheet.paste(tile, (number % COLUMNS * TILE_PX, number // COLUMNS * TILE_PX))
    return sheet


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--category", multiple=True, help="[default: all]")
@click.option("--count", default=30, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(out: Path, category: tuple[str, ...], count: int, seed: int):
    """Write OUT/objects_CATEGORY.jpg."""
    from obman_gen.blender.config import RenderConfig
    from obman_gen.blender.renderer import Renderer

    config = RenderConfig(
        samples=8,
        max_bounces=6,
        min_hand_px=0,
        min_object_px=0,
        min_object_visible=0.0,
    )
    renderer = Renderer(config, as_given)
    out.mkdir(parents=True, exist_ok=True)
    for kind in chosen(category):
        with tempfile.TemporaryDirectory() as folder:
            paths = [
                write_object(Path(folder) / str(number), kind.synset, seed, number)
                for number in range(count)
            ]
            sheet = render_sheet(renderer, kind, paths)
        path = out / f"objects_{kind.name.replace(' ', '_')}.jpg"
        sheet.save(path, quality=88)
        click.echo(f"{path}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
