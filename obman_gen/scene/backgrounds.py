"""What stands behind the hand: the user's photographs, rendered rooms, gradients or white.

Every background also says what light comes from around it.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from PIL import Image, UnidentifiedImageError
from scipy import ndimage
from scipy.spatial.transform import Rotation as Turn

from obman_gen.arrays import Rotation
from obman_gen.errors import InputError, SampleRejected, require_between
from obman_gen.registry import lookup
from obman_gen.sample import Camera, Split
from obman_gen.scene import panorama, textures
from obman_gen.scene.color import decode_srgb, tone_mapped, white_balance_gains
from obman_gen.scene.drawing import Drawing, LinearImage
from obman_gen.scene.pools import (
    SPLIT_SHARES,
    ArrayCache,
    draw_name,
    generator_of,
    split_by_hash,
)
from obman_gen.scene.rooms import furnished_room

logger = logging.getLogger(__name__)

FOLDER_VARIABLE = "OBMAN_GEN_BACKGROUNDS"
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
ROOM_WIDENING = 1.7
"""Rooms are seen with a focal length this much shorter than the hand."""
PITCH_KEPT = 0.4
"""Rooms are looked at with this share of the camera's angle to the horizon."""
DEFOCUS_STOPS = 2
"""f/2.8 to f/11: full-frame cameras of ObMan's view blur what is 3 m away by 16 to 4 px across."""
ROOM_KEY, ROOM_WHITE = 0.32, 4.0
"""How rooms are exposed: by the mean, dark ones with windows were black and white."""

RenderPanorama = Callable[[Drawing, int, int], LinearImage]
"""(drawing, width_px, samples) -> the view all round, linear light."""


@dataclass(frozen=True)
class BackgroundConfig:
    """Which backgrounds are used, and how often."""

    folder: str = ""
    """Folder of images (LSUN, ImageNet, any tree); empty: $OBMAN_GEN_BACKGROUNDS, then none."""
    kinds: dict[str, float] = field(
        default_factory=lambda: {"image": 6.0, "room": 3.0, "gradient": 0.5, "white": 0.0}
    )
    """Relative frequencies by name; ``image`` counts only where there is a folder."""
    rooms: dict[str, int] = field(default_factory=lambda: {"train": 6, "val": 2, "test": 2})
    """How many rooms each split has. One costs a few CPU seconds, once per run folder."""
    room_width_px: int = 768
    room_samples: int = 4
    blur_max_px: float = 4.0
    """Largest defocus of a background in a 256 px wide image: a standard deviation, which grows
    with the image. The smallest is `DEFOCUS_STOPS` halvings less."""
    balance: float = 0.75
    """How far the camera's white balance takes out the colour of a room's light, 1: entirely."""

    def __post_init__(self):
        require_between("background", self, ("blur_max_px",), 0)
        require_between("background", self, ("balance",), 0, 1)
        require_between("background", self, ("room_width_px",), 64)
        require_between("background", self, ("room_samples",), 1)
        if any(count < 1 for count in self.rooms.values()):
            raise InputError(f"background.rooms must be 1 or more of each split, got {self.rooms}")
        for name in self.kinds:
            lookup(KINDS, name, "background")
        if sum(share for name, share in self.kinds.items() if name != "image") <= 0 and (
            not self.image_folder
        ):
            raise InputError(
                f"background.kinds is {self.kinds}, but no image folder is given; set "
                f"background.folder or {FOLDER_VARIABLE}"
            )

    @property
    def image_folder(self) -> str:
        """Folder of the user's images, or an empty string."""
        return self.folder or os.environ.get(FOLDER_VARIABLE, "")


@dataclass(frozen=True)
class Background:
    """What was drawn for one scene; JSON-able."""

    kind: str
    name: str
    seed: int
    """Of where it is looked at: turn, crop, blur."""


class Surroundings(NamedTuple):
    """A background as seen by the camera, and the light around it in the world frame."""

    image: LinearImage
    light: Float[np.ndarray, "32 64 3"]


def draw_background(rng: np.random.Generator, split: Split, config: BackgroundConfig) -> Background:
    """Draw a background that belongs to the split."""
    kinds = dict(config.kinds)
    if not config.image_folder:
        kinds.pop("image", None)
    names = sorted(name for name, share in kinds.items() if share > 0)
    shares = np.array([kinds[name] for name in names])
    kind = str(rng.choice(names, p=shares / shares.sum()))
    if kind == "image":
        files = split_files(config.image_folder, split)
        name = files[int(rng.integers(len(files)))]
    elif kind == "room":
        name = draw_name(rng, "room", split, config.rooms[split])
    else:
        name = draw_name(rng, kind, split, 1 if kind == "white" else 100_000)
    return Background(kind, name, int(rng.integers(2**31)))


@lru_cache(maxsize=8)
def split_files(folder: str, split: Split) -> tuple[str, ...]:
    """List a split's images below a folder, relative to it, sorted.

    A file belongs to the split its name hashes to, so adding files moves no other.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"background folder {folder} does not exist; check background.folder")
    names = (path.relative_to(root).as_posix() for path in root.rglob("*"))
    mine = [
        name
        for name in names
        if Path(name).suffix.lower() in IMAGE_SUFFIXES and split_by_hash(name) == split
    ]
    if not mine:
        share = SPLIT_SHARES[split][1] - SPLIT_SHARES[split][0]
        raise InputError(
            f"background folder {folder} has no image for the {split} split, which gets "
            f"{share} % of the files; add images"
        )
    return tuple(sorted(mine))


@dataclass(frozen=True)
class BackgroundPainter:
    """Paints drawn backgrounds; rooms are rendered once and kept."""

    config: BackgroundConfig
    cache: ArrayCache

    def paint(
        self,
        background: Background,
        camera: Camera,
        camera_from_world: Rotation,
        render_panorama: RenderPanorama,
    ) -> Surroundings:
        """Return the picture behind a scene and the light around it.

        Raises:
            SampleRejected: ``unreadable_background`` for a broken image file.
        """
        rng = np.random.default_rng(background.seed)
        paint = lookup(KINDS, background.kind, "background")
        image, light = paint(self, background, _Eye(camera, camera_from_world), render_panorama)
        image = _defocused(image, self.config.blur_max_px * 2 ** (-DEFOCUS_STOPS * rng.random()))
        return Surroundings(image.astype(np.float32), light)

    def room(self, name: str, render_panorama: RenderPanorama) -> LinearImage:
        """Return a room's panorama, rendering it the first time."""

        def make() -> np.ndarray:
            drawing = furnished_room(generator_of(name))
            light = render_panorama(drawing, self.config.room_width_px, self.config.room_samples)
            return np.minimum(panorama.without_streaks(light), 60000).astype(np.float16)

        stem = f"{name}-{self.config.room_width_px}x{self.config.room_samples}"
        return self.cache.get(stem, make).astype(np.float32)


class _Eye(NamedTuple):
    camera: Camera
    camera_from_world: Rotation


def _defocused(image: np.ndarray, blur_px: float) -> np.ndarray:
    """Blur as a lens focused on the hand would, before any clipping: lights stay bright."""
    radius = blur_px * image.shape[1] / 256
    if radius < 0.3:
        return image
    return ndimage.gaussian_filter(image, (radius, radius, 0), mode="nearest", truncate=3)


def _paint_room(painter: BackgroundPainter, background, eye: _Eye, render_panorama):
    """Look into a room in a random direction; expose it as a photographer would."""
    rng = np.random.default_rng([background.seed, 1])
    full = painter.room(background.name, render_panorama)
    full = np.roll(full, int(rng.integers(full.shape[1])), axis=1)
    light = panorama.as_environment(full, np.eye(3)).astype(np.float64)
    image = panorama.view(full, _wider(eye.camera), _levelled(eye.camera_from_world))
    # Bright spots are left out: they are seen, they hardly light what is around them.
    color = panorama.mean_light(np.minimum(light, np.quantile(light, 0.99)))
    image *= white_balance_gains(color, painter.config.balance)
    return tone_mapped(image, ROOM_KEY * np.exp(0.4 * rng.normal()), ROOM_WHITE), light


def _levelled(camera_from_world: Rotation) -> Rotation:
    """Bring the view nearer to the horizon: ceilings and floors alone are dull backgrounds."""
    forward = camera_from_world[2]
    steepness_rad = np.arcsin(np.clip(forward[1], -1, 1))
    across = np.cross([0.0, 1.0, 0.0], forward)
    length = np.linalg.norm(across)
    if length < 1e-6:
        return camera_from_world
    turn = Turn.from_rotvec(across / length * (PITCH_KEPT - 1) * steepness_rad)
    return camera_from_world @ turn.as_matrix()


def _wider(camera: Camera) -> Camera:
    """Open the lens: rooms stay recognisable, and a panorama's pixels are not blown up."""
    intrinsics = camera.intrinsics.astype(np.float64).copy()
    intrinsics[[0, 1], [0, 1]] /= ROOM_WIDENING
    return Camera(intrinsics, camera.width_px, camera.height_px)


def _paint_gradient(_painter, background, eye: _Eye, _render_panorama):
    """A studio backdrop: two colours, a soft spot of light, fine grain."""
    rng = generator_of(background.name)
    low, high = (textures.random_color(rng, (0.15, 0.95), 0.4) for _ in range(2))
    height, width = eye.camera.height_px, eye.camera.width_px
    rows, columns = np.mgrid[0:height, 0:width]
    angle = rng.normal() * 0.5
    share = np.clip(
        0.5 + np.cos(angle) * (rows / height - 0.5) + np.sin(angle) * (columns / width - 0.5), 0, 1
    )
    spot_from = np.hypot(rows / height - rng.random(), columns / width - rng.random())
    spot = np.exp(-2.5 * spot_from**2)
    grain = textures.noise(rng, max(height, width), 40, 3)[:height, :width]
    shade = (0.65 + 0.5 * spot) * (0.97 + 0.06 * grain)
    return textures.mixed(low, high, share) * shade[..., None], _plain_light(np.array(high))


def _plain_light(color: np.ndarray) -> np.ndarray:
    """Light of a plain place: brighter above, tinted by the backdrop."""
    upwards = -panorama.panorama_directions(32, 64)[..., 1:2]
    return (0.6 + 0.4 * upwards) * (0.75 + 0.25 * color / max(color.max(), 1e-6))


def _paint_white(_painter, _background, eye: _Eye, _render_panorama):
    return np.ones((eye.camera.height_px, eye.camera.width_px, 3)), _plain_light(np.ones(3))


def _paint_image(painter: BackgroundPainter, background, eye: _Eye, _render_panorama):
    """Crop a photograph; its colours, smoothed, stand in for the light around it."""
    path = Path(painter.config.image_folder) / background.name
    rng = np.random.default_rng([background.seed, 1])
    try:
        with Image.open(path) as file:
            crop = _cropped(file.convert("RGB"), rng, eye.camera)
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError) as error:
        raise SampleRejected("unreadable_background", f"{path}: {error}") from error
    linear = decode_srgb(np.asarray(crop))
    mirrored = np.concatenate([linear[:, ::-1], linear, linear, linear[:, ::-1]], axis=1)
    small = np.asarray(
        ndimage.zoom(mirrored, (32 / linear.shape[0], 64 / mirrored.shape[1], 1), order=1)
    )
    light = ndimage.gaussian_filter(small, (4, 6, 0), mode=panorama.EDGES)
    return linear, light * (1 - 0.5 * panorama.panorama_directions(32, 64)[..., 1:2])


def _cropped(image: Image.Image, rng: np.random.Generator, camera: Camera) -> Image.Image:
    """Cut out a window of the camera's shape, 60 to 100 % of the largest, perhaps mirrored."""
    scale = min(image.width / camera.width_px, image.height / camera.height_px)
    scale *= rng.uniform(0.6, 1.0)
    width, height = camera.width_px * scale, camera.height_px * scale
    left, top = rng.random() * (image.width - width), rng.random() * (image.height - height)
    size = (camera.width_px, camera.height_px)
    box = (left, top, left + width, top + height)
    crop = image.resize(size, Image.Resampling.LANCZOS, box=box)
    return crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else crop


KINDS: Mapping[str, Callable] = {
    "image": _paint_image,
    "room": _paint_room,
    "gradient": _paint_gradient,
    "white": _paint_white,
}
