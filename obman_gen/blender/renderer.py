"""Render drawings with Cycles: three pictures of one scene, and their exact ground truth."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Bool, Float32

from obman_gen.blender import session
from obman_gen.blender.build import Builder
from obman_gen.blender.config import RenderConfig
from obman_gen.blender.denoiser import Denoiser
from obman_gen.sample import BACKGROUND, HAND, OBJECT, VIEWS, View
from obman_gen.scene.backgrounds import RenderPanorama
from obman_gen.scene.drawing import Drawing, LinearImage, Pixels
from obman_gen.scene.guides import Box, Guides, view_guides
from obman_gen.scene.raster import Truth
from obman_gen.scene.sensor import expose, metered_gain
from obman_gen.scene.visibility import (
    Visibility,
    VisibilityRules,
    measure,
    require_visible,
    view_truths,
)

CROP_MARGIN_PX = 4
"""The pixel filter reaches 1.5 px beyond a silhouette; the denoiser wants a little context."""

LinearImage4 = Float32[np.ndarray, "height width 4"]

S = TypeVar("S")


@dataclass(frozen=True)
class RenderResult:
    """What comes back from the renderer."""

    views: Mapping[str, View]
    """Keyed by `VIEWS`."""
    visibility_object: float
    """Visible fraction of the object's own silhouette, in [0, 1]."""
    visibility_hand: float


class Renderer(Generic[S]):
    """Owns this process's Blender scene. Results depend on the scene given, not on its history."""

    def __init__(
        self,
        config: RenderConfig,
        draw: Callable[[S, RenderPanorama], Drawing],
        sketch: Callable[[S], Drawing] | None = None,
    ):
        """Start Blender.

        Args:
            config: how to render.
            draw: turns what `render` is given, a `obman_gen.scene.Scene`, into arrays: for
                example an `obman_gen.scene.Artist`. Its second argument renders panoramas,
                should the drawing need one.
            sketch: draws the hand and the object alone, as fast as it can, with nothing that
                would not hide some of them: most of what breaks a rule already does so here.
        """
        self.config = config
        self._draw, self._sketch = draw, sketch
        self._scene = session.start(config)
        self._builder = Builder(self._scene, config.texture_size_px)
        self._denoiser = Denoiser(config.threads) if config.denoise else None
        self._rules = VisibilityRules(
            config.min_object_visible,
            config.min_hand_visible,
            config.min_hand_px,
            config.min_object_px,
            config.max_covered_joints,
        )

    def render(self, scene: S) -> RenderResult:
        """Draw and render a scene.

        Raises:
            SampleRejected: if it shows too little of the hand or object; decided by ray
                casting, before any light is computed.
        """
        if self._sketch is not None:
            self._truths(self._sketch(scene))
        return self.render_drawing(self._draw(scene, self.panorama))

    def render_drawing(self, drawing: Drawing) -> RenderResult:
        """Render the HO, H and O views of a drawing. Raises as `render`."""
        truths, visibility = self._truths(drawing)
        with self.built(drawing):
            pictures = self._pictures(drawing, truths)
        with_normals = {name: self.config.normals and name == "ho" for name in VIEWS}
        views = {name: _view(pictures[name], truths[name], with_normals[name]) for name in VIEWS}
        return RenderResult(views, visibility.object, visibility.hand)

    def _truths(self, drawing: Drawing) -> tuple[dict[str, Truth], Visibility]:
        truths = view_truths(drawing)
        visibility = measure(drawing, truths)
        require_visible(visibility, self._rules)
        return truths, visibility

    def panorama(self, drawing: Drawing, width_px: int, samples: int) -> LinearImage:
        """Render all parts of a drawing as an equirectangular image of linear light."""
        height_px = width_px // 2
        with self.built(drawing):
            lens, settings = self._scene.camera.data, self._scene.cycles
            lens.type, lens.panorama_type = "PANO", "EQUIRECTANGULAR"
            lens.shift_x = lens.shift_y = 0.0
            self._scene.render.pixel_aspect_x = self._scene.render.pixel_aspect_y = 1.0
            render = self._scene.render
            render.resolution_x, render.resolution_y = width_px, height_px
            settings.max_bounces, settings.diffuse_bounces = 4, 3
            settings.use_light_tree, settings.use_denoising = True, self.config.denoise
            session.set_samples(self._scene, 0, samples, samples)
            session.set_crop(self._scene, (0, height_px, 0, width_px))
            linear = session.render_passes(self._scene, keep=False)["Combined"][..., :3]
            settings.max_bounces = self.config.max_bounces
            settings.diffuse_bounces = self.config.diffuse_bounces
            settings.use_denoising = False
            lens.type = "PERSP"
        return linear

    @contextmanager
    def built(self, drawing: Drawing) -> Iterator[None]:
        """Have a drawing's datablocks in Blender, and nothing of it afterwards, come what may."""
        try:
            self._build(drawing)
            yield
        finally:
            self._builder.clear()

    def _build(self, drawing: Drawing) -> None:
        for part in drawing.parts:
            self._builder.add_part(part)
        for lamp in drawing.lamps:
            self._builder.add_lamp(lamp)
        # Choosing among several is worth 1 dB; with one, a tree has nothing to choose.
        self._scene.cycles.use_light_tree = len(drawing.lamps) > 1
        self._builder.set_environment(drawing.environment)
        session.set_camera(self._scene, drawing.camera)
        self._scene.cycles.seed = drawing.seed % 2**31

    def _pictures(self, drawing: Drawing, truths: Mapping[str, Truth]) -> dict[str, Pixels]:
        """Render each view's surroundings of what it shows, and lay it on the background."""
        light = {view: drawing.background.copy() for view in VIEWS}
        fronts = self._fronts(drawing, truths)
        for view, (box, front) in fronts.items():
            top, bottom, left, right = box
            behind = light[view][top:bottom, left:right]
            light[view][top:bottom, left:right] = front[..., :3] + (1 - front[..., 3:]) * behind
        # One exposure for all three, or they would differ in more than what they show.
        of_hand = truths["ho"].segmentation == HAND
        gain = metered_gain(light["ho"], of_hand, drawing.sensor.metering)
        return {view: expose(light[view], drawing.sensor, gain) for view in VIEWS}

    def _fronts(
        self, drawing: Drawing, truths: Mapping[str, Truth]
    ) -> dict[str, tuple[Box, LinearImage4]]:
        """Render what each view shows, premultiplied by its coverage, which is the last channel."""
        boxes = {view: crop_box(np.isfinite(truths[view].depth_m)) for view in VIEWS}
        shown = {view: box for view, box in boxes.items() if box is not None}
        fronts = {}
        for view, box in shown.items():
            self._builder.show(view)
            held = crop_box(np.isin(truths[view].segmentation, (HAND, OBJECT)))
            fronts[view] = box, self._sampled(box, held or box, last=view == list(shown)[-1])
        if self._denoiser is None:
            return fronts
        guides = view_guides(drawing, shown, self._builder.texture_pixels)
        return {
            view: (box, self._denoised(front, guides[view]))
            for view, (box, front) in fronts.items()
        }

    def _sampled(self, box: Box, held: Box, last: bool) -> LinearImage4:
        """Render a box with few samples, then the part around hand and object with the rest."""
        total = self.config.samples
        few = total if held == box else min(self.config.body_samples, total)
        image = self._passes(box, 0, few, keep=few < total or not last)
        if few < total:
            more = self._passes(held, few, total - few, keep=not last)
            rows = slice(held[0] - box[0], held[1] - box[0])
            columns = slice(held[2] - box[2], held[3] - box[2])
            image[rows, columns] += (more - image[rows, columns]) * ((total - few) / total)
        return image

    def _passes(self, box: Box, first: int, count: int, keep: bool) -> LinearImage4:
        session.set_samples(self._scene, first, count, self.config.samples)
        session.set_crop(self._scene, box)
        return session.render_passes(self._scene, keep)["Combined"]

    def _denoised(self, front: LinearImage4, guides: Guides) -> LinearImage4:
        """Take the noise out of light, and out of coverage by taking the exact one."""
        assert self._denoiser is not None
        light = self._denoiser(
            front[..., :3], guides.albedo, guides.normals, self.config.denoise_quality
        )
        return np.concatenate([light, guides.coverage], axis=-1)


def crop_box(seen: Bool[np.ndarray, "height width"]) -> Box | None:
    """Return (top, bottom, left, right) around all pixels that are set, with a margin."""
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        return None
    return (
        max(int(rows[0]) - CROP_MARGIN_PX, 0),
        min(int(rows[-1]) + 1 + CROP_MARGIN_PX, seen.shape[0]),
        max(int(columns[0]) - CROP_MARGIN_PX, 0),
        min(int(columns[-1]) + 1 + CROP_MARGIN_PX, seen.shape[1]),
    )


def _view(image: np.ndarray, truth: Truth, with_normals: bool) -> View:
    labelled = truth.segmentation != BACKGROUND
    depth_m = np.where(labelled, truth.depth_m, np.inf).astype(np.float32)
    normals = None
    if with_normals:
        normals = np.where(labelled[..., None], truth.normals, 0).astype(np.float32)
    return View(image, depth_m, truth.segmentation, normals)
