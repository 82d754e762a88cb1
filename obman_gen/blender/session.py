"""One Blender scene per process: Cycles' settings, its camera, and its pixels in memory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import no_type_check

import bpy
import cycles  # pyright: ignore[reportMissingImports]
import numpy as np

from obman_gen.blender.config import RenderConfig
from obman_gen.errors import InputError
from obman_gen.sample import Camera

SENSOR_WIDTH_MM = 36.0


_passes: dict[str, np.ndarray] = {}
"""The passes of the last render, by Blender's names."""
_raised: list[BaseException] = []
"""What was raised during the last render."""


@cache
def _capture_results() -> None:
    """Copy the passes of each render out of Cycles' result: no file, no compositor.

    Cycles calls `CyclesRender.render` in this process; when it returns, the result it was
    filling still holds every pass as floats.
    """
    original, original_del = cycles.CyclesRender.render, cycles.CyclesRender.__del__

    @no_type_check  # Blender counts this method's arguments; a wrapper would hide them
    def render(engine, depsgraph):
        try:
            original(engine, depsgraph)
            _copy_passes(engine.get_result())
        except BaseException as error:  # Blender would print it, Ctrl-C included, and go on
            _raised.append(error)

    @no_type_check
    def delete(engine):
        # Python may collect an engine after Blender has freed it; nothing is left to free then.
        with suppress(ReferenceError):
            original_del(engine)

    cycles.CyclesRender.render, cycles.CyclesRender.__del__ = render, delete


def _copy_passes(result) -> None:
    width, height = result.resolution_x, result.resolution_y
    _passes.clear()
    for layer_pass in result.layers[0].passes:
        pixels = np.zeros(width * height * layer_pass.channels, np.float32)
        layer_pass.rect.foreach_get(pixels)
        image = pixels.reshape(height, width, layer_pass.channels)
        _passes[layer_pass.name] = image[::-1]  # Blender's rows run bottom-up


@contextmanager
def quiet() -> Iterator[None]:
    """Send Blender's own progress lines, which bypass Python, nowhere."""
    with open(os.devnull, "wb") as sink:  # noqa: PTH123
        kept = os.dup(1)
        os.dup2(sink.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def start(config: RenderConfig):
    """Make a new scene with its own camera, set Cycles up for it, and return it."""
    _forget_user_settings()
    _capture_results()
    scene = bpy.data.scenes.new("scene")
    scene.render.engine = "CYCLES"
    scene.render.threads_mode = "FIXED"
    scene.render.threads = config.threads
    scene.render.film_transparent = True
    scene.render.use_compositing = False
    scene.render.use_sequencer = False
    scene.render.resolution_percentage = 100
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    with quiet():  # choosing a denoiser makes Cycles look for graphics cards, and say so
        _set_sampling(scene.cycles, config)
    _set_device(scene.cycles, config.device)
    return scene


@cache
def _forget_user_settings() -> None:
    """Start from factory settings, once: doing it again would take other scenes away."""
    with quiet():
        bpy.ops.wm.read_factory_settings(use_empty=True)


def _set_sampling(settings, config: RenderConfig) -> None:
    settings.use_adaptive_sampling = False
    settings.max_bounces = config.max_bounces
    settings.diffuse_bounces = config.diffuse_bounces
    settings.glossy_bounces = config.glossy_bounces
    settings.transmission_bounces = config.max_bounces
    settings.caustics_reflective = settings.caustics_refractive = False
    settings.use_denoising = False  # `denoiser` does it, and better, but for panoramas
    settings.denoiser = "OPENIMAGEDENOISE"
    settings.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    settings.denoising_prefilter = settings.denoising_quality = "FAST"


def set_samples(scene, first: int, count: int, total: int) -> None:
    """Draw only some of a pixel's samples: ``count`` of its ``total`` from ``first`` on."""
    settings = scene.cycles
    settings.samples = total
    settings.use_sample_subset = True
    settings.sample_offset, settings.sample_subset_length = first, count


def _set_device(settings, device: str) -> None:
    if device == "cpu":
        settings.device = "CPU"
        return
    preferences = bpy.context.preferences.addons["cycles"].preferences
    preferences.compute_device_type = device.upper()
    preferences.refresh_devices()
    devices = [item for item in preferences.devices if item.type == device.upper()]
    if not devices:
        raise InputError(
            f"render.device is {device!r} but Cycles finds no such device; use render.device=cpu"
        )
    for item in preferences.devices:
        item.use = item in devices
    settings.device = "GPU"


def set_camera(scene, camera: Camera) -> None:
    """Give Blender's camera, which stands at the origin looking down -z, exact intrinsics."""
    fx, fy = float(camera.intrinsics[0, 0]), float(camera.intrinsics[1, 1])
    cx, cy = float(camera.intrinsics[0, 2]), float(camera.intrinsics[1, 2])
    if abs(camera.intrinsics[0, 1]) > 1e-9:
        raise InputError(
            f"camera: Blender has no skewed pixels, K[0, 1] is {camera.intrinsics[0, 1]}"
        )
    width, height = camera.width_px, camera.height_px
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.pixel_aspect_x = max(1.0, fy / fx)
    scene.render.pixel_aspect_y = max(1.0, fx / fy)
    lens = scene.camera.data
    lens.sensor_fit, lens.sensor_width = "HORIZONTAL", SENSOR_WIDTH_MM
    lens.lens = fx * SENSOR_WIDTH_MM / width
    lens.shift_x = (width / 2 - cx) / width
    lens.shift_y = (cy - height / 2) / width * (fx / fy)
    lens.clip_start, lens.clip_end = 0.01, 100.0


def set_crop(scene, box: tuple[int, int, int, int]) -> None:
    """Render only rows [top, bottom) and columns [left, right); the result has that size."""
    top, bottom, left, right = box
    render = scene.render
    width, height = render.resolution_x, render.resolution_y
    render.use_border = render.use_crop_to_border = True
    # The setters clamp against each other, so open the border before narrowing it.
    render.border_min_x, render.border_max_x = 0.0, 1.0
    render.border_min_y, render.border_max_y = 0.0, 1.0
    render.border_min_x, render.border_max_x = left / width, right / width
    render.border_min_y, render.border_max_y = 1 - bottom / height, 1 - top / height


def render_passes(scene, keep: bool) -> dict[str, np.ndarray]:
    """Render the scene as it stands and return its passes, (H, W, C) floats, by Blender's names.

    Args:
        scene: Blender's.
        keep: whether Cycles may reuse its data for the next render. True between the views of
            one drawing, which differ in hidden objects and the border alone. Across drawings it
            is not safe: Cycles takes a new image for an old one if both had one address.
    """
    # Setting any of Blender's own properties also has Cycles look at its settings again, which
    # it would keep; tagging the scene would have it take over all meshes, 13 ms each time.
    scene.render.use_persistent_data = keep
    _raised.clear()
    with quiet():
        bpy.ops.render.render(scene=scene.name)
    if _raised:
        raise _raised.pop()
    return dict(_passes)
