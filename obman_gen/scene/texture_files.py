"""Texture files as pixels: read once, reduced to a size, the last used of them kept."""

import logging
from collections import OrderedDict
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image, UnidentifiedImageError

from obman_gen.scene.drawing import Pixels

logger = logging.getLogger(__name__)

TEXTURES_KEPT = 12


class TextureFiles:
    """Reads texture files; one that cannot be read is noted once and stays out."""

    def __init__(self, size_px: int):
        self._size_px = size_px
        self._kept: OrderedDict[Path, Pixels | None] = OrderedDict()

    def __call__(self, path: Path) -> Pixels | None:
        """Return a file's sRGB pixels, None if it cannot be read."""
        if path in self._kept:
            self._kept.move_to_end(path)
            return self._kept[path]
        try:
            pixels = _read(path, self._size_px)
        except (OSError, UnidentifiedImageError, ValueError, SyntaxError) as error:
            logger.warning("texture %s is unreadable, its surface stays plain: %s", path, error)
            pixels = None
        self._kept[path] = pixels
        if len(self._kept) > TEXTURES_KEPT:
            self._kept.popitem(last=False)
        return pixels


def _read(path: Path, size_px: int) -> Pixels:
    """Read an image file with no edge above ``size_px``."""
    with Image.open(path) as image:
        if image.format == "JPEG" and image.mode in ("RGB", "L") and max(image.size) <= size_px:
            return simplejpeg.decode_jpeg(path.read_bytes(), colorspace="RGB")  # thrice as fast
        image.draft("RGB", (size_px, size_px))
        rgb = image.convert("RGB")
    scale = size_px / max(rgb.size)
    if scale < 1:
        rgb = rgb.resize([max(1, round(edge * scale)) for edge in rgb.size], Image.Resampling.BOX)
    return np.asarray(rgb)
