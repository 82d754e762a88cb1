"""Skins by name: painted ones are made once per run folder, scans are the user's own files."""

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from PIL import Image

from obman_gen.runfolder import write_atomically
from obman_gen.scene.anatomy import HandAnatomy
from obman_gen.scene.atlas import Atlas, atlas_of
from obman_gen.scene.drawing import Material
from obman_gen.scene.face import painted_face
from obman_gen.scene.figure import Figure
from obman_gen.scene.people import PersonConfig
from obman_gen.scene.pools import generator_of
from obman_gen.scene.scans import SCAN_PREFIX, scan_uv, tone_of
from obman_gen.scene.skin import (
    RELIEF_M,
    Person,
    SkinImages,
    body_skin,
    draw_person,
    encoded,
    hand_skin,
)

JPEG_QUALITY = 95
SKIN_ROUGHNESS = 0.48


class SkinMaterials(NamedTuple):
    """What a person's faces are made of, in the order of `Skinned.materials`."""

    body: Material
    hand: Material


@dataclass(frozen=True)
class SkinPainter:
    """Paints the skins of one figure into a folder, or finds them there."""

    figure: Figure
    config: PersonConfig
    folder: Path

    def materials(self, name: str) -> SkinMaterials:
        """Return the materials of a skin."""
        if name.startswith(SCAN_PREFIX):
            return self._scanned(Path(self.config.scans) / name.removeprefix(SCAN_PREFIX))
        return self._painted(name, draw_person(generator_of(name)))

    def body_uv(self, name: str) -> Float[np.ndarray, "face 3 2"]:
        """Return where the body's faces lie in a skin's images: scans may bring a layout."""
        if name.startswith(SCAN_PREFIX) and self.scan_uv is not None:
            return self.scan_uv
        return self.figure.body_surface.uv

    @cached_property
    def scan_uv(self) -> Float[np.ndarray, "face 3 2"] | None:
        """Corner coordinates that come with the scans, if they fit the body."""
        if self.figure.body_model is None or not self.config.scans:
            return None
        return scan_uv(self.config.scans, len(self.figure.body.faces))

    def _scanned(self, path: Path) -> SkinMaterials:
        if self.scan_uv is not None:
            tone_of(path)  # refuses what cannot be read, before anything is drawn
            skin = Material((1.0, 1.0, 1.0), path, roughness=SKIN_ROUGHNESS, specular=0.35)
            return SkinMaterials(skin, skin)
        melanin, blood = tone_of(path)
        name = f"scan-{zlib.crc32(str(path).encode()):08x}"
        return self._painted(
            name, replace(draw_person(generator_of(name)), melanin=melanin, redness=blood)
        )

    def _painted(self, name: str, person: Person) -> SkinMaterials:
        hand = self._material(name, "hand", lambda: self._paint_hand(person))
        if self.figure.body_model is None:
            return SkinMaterials(hand, hand)
        return SkinMaterials(self._material(name, "body", lambda: self._paint_body(person)), hand)

    def _material(self, name: str, part: str, paint: Callable[[], SkinImages]) -> Material:
        """Return a material whose images are files, painted the first time."""
        stem = f"{name}-{part}-{self.config.skin_size_px}-{self.figure.hand_model.sha256[:8]}"
        color = self.folder / f"{stem}.jpg"
        relief = self.folder / f"{stem}-relief.jpg"
        if not (color.exists() and relief.exists()):
            images = paint()
            # The colour comes last: where it is, the other is, too.
            _write_image(relief, images.relief[..., 0])
            _write_image(color, images.color)
        return Material(
            (1.0, 1.0, 1.0),
            color,
            roughness=SKIN_ROUGHNESS,
            specular=0.35,
            bump=relief,
            bump_height_m=RELIEF_M,
        )

    @cached_property
    def _hand_atlas(self) -> Atlas:
        uv = self.figure.hand_uv
        return _atlas(uv, self.config.skin_size_px)

    @cached_property
    def _anatomy(self) -> HandAnatomy:
        return HandAnatomy(self.figure.hand_shape, self._hand_atlas, self.figure.hand_model.faces)

    @cached_property
    def _body_atlas(self) -> Atlas:
        return _atlas(self.figure.body_uv, self.config.skin_size_px)

    def _paint_hand(self, person: Person) -> SkinImages:
        color, relief = hand_skin(self._anatomy, person)
        return encoded(self._hand_atlas.image(color), self._hand_atlas.image(relief))

    def _paint_body(self, person: Person) -> SkinImages:
        shape, atlas = self.figure.body_shape, self._body_atlas
        points = atlas.sample(shape.faces, shape.vertices)
        color, relief = body_skin(points, person)
        face = self.figure.face
        if face is not None:
            on_eyeball = face.eyeball_faces[atlas.faces]
            color = painted_face(color, points, on_eyeball, face, person.seed)
        return encoded(atlas.image(color), atlas.image(relief))


def _atlas(uv: np.ndarray, size_px: int) -> Atlas:
    """Rasterise corner coordinates given face by face."""
    corners = np.arange(3 * len(uv)).reshape(-1, 3)
    return atlas_of(uv.reshape(-1, 2), corners, size_px)


def _write_image(path: Path, pixels: np.ndarray) -> None:
    """Write a JPEG without chroma subsampling, complete or not at all."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    write_atomically(path, buffer.getvalue())
