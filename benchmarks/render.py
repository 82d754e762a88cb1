"""Rendering: CPU seconds per HO+H+O triplet, split by cause; its quality; ObMan's way; the floor.

Usage: OMP_NUM_THREADS=1 python benchmarks/render.py [RUN] [--scenes 8] [--compared 2]

RUN (default: runs/default) is a run folder with objects and grasps; what is made anew (skins,
rooms, shards) goes into a temporary copy of its settings. Reported are CPU
seconds of one process with one thread:

- the triplet: compose, draw, ray-cast ground truth, build, render, expose, encode, write, but
  for skins, rooms and objects, which a run makes or reads once;
- the floor: Cycles and the denoiser alone on the same finished scenes, same samples and crops;
- ObMan's way: emission instead of reflection, no lamps, 128 samples, three full frames, fresh
  compositor nodes, colours, depth and indices through temporary files (Blender 5's nodes);
- PSNR on hand and object pixels of the HO picture against 1,024 samples without denoising.
"""

import argparse
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from obman_gen.blender.threads import cpus_seen

with cpus_seen(1):
    import bpy

    from obman_gen.blender import denoiser, session
    from obman_gen.blender import renderer as renderer_module
from obman_gen.sample import HAND, OBJECT, VIEWS
from obman_gen.scene import artist, backgrounds, compose, panorama, skins
from obman_gen.scene.sensor import expose, metered_gain
from obman_gen.scene.visibility import view_truths
from obman_gen.shards import write_shard
from obman_gen.stages import studio as studio_module
from obman_gen.stages.render import MAX_DRAWS, _attributes

NEW_SKINS, NEW_ROOMS, NEW_OBJECTS = "paint new skins", "render new rooms", "read new objects"
WHOLE = frozenset({NEW_SKINS, NEW_ROOMS, NEW_OBJECTS})
OBMAN_SAMPLES, REFERENCE_SAMPLES = 128, 1024


class Clock:
    """CPU seconds by cause; what a timed call spends in another one counts there alone.

    But all that a cause of `WHOLE` calls is its own.
    """

    def __init__(self):
        self.seconds: dict[str, float] = {}
        self._inner = [0.0]
        self._in_whole = False

    @contextmanager
    def cause(self, name: str):
        """Charge a block to a cause."""
        if self._in_whole:
            yield
            return
        begin = time.process_time()
        self._inner.append(0.0)
        self._in_whole = name in WHOLE
        try:
            yield
        finally:
            self._in_whole = False
            spent = time.process_time() - begin
            own = spent - self._inner.pop()
            self._inner[-1] += spent
            self.seconds[name] = self.seconds.get(name, 0.0) + own

    def watch(self, owner, attribute: str, name: str) -> None:
        """Charge every call of a function to a cause."""
        original = getattr(owner, attribute)

        def timed(*args, **kwargs):
            with self.cause(name):
                return original(*args, **kwargs)

        setattr(owner, attribute, timed)


def watch_all(clock: Clock) -> None:
    """Name the causes."""
    render = renderer_module.Renderer
    clock.watch(compose, "run", "compose (pose, place)")
    clock.watch(artist.Artist, "__call__", "draw (clothes, background, light)")
    clock.watch(skins.SkinPainter, "_paint_hand", NEW_SKINS)
    clock.watch(skins.SkinPainter, "_paint_body", NEW_SKINS)
    clock.watch(skins, "_write_image", NEW_SKINS)
    clock.watch(backgrounds, "furnished_room", NEW_ROOMS)
    clock.watch(render, "panorama", NEW_ROOMS)
    clock.watch(panorama, "without_streaks", NEW_ROOMS)
    clock.watch(renderer_module, "view_truths", "ground truth (rays)")
    clock.watch(renderer_module, "measure", "ground truth (rays)")
    clock.watch(studio_module, "load_prepared", NEW_OBJECTS)
    clock.watch(render, "_build", "build (meshes, images)")
    clock.watch(session, "render_passes", "Cycles")
    clock.watch(denoiser.Denoiser, "__call__", "denoise")
    clock.watch(renderer_module, "view_guides", "guides of the denoiser (rays)")
    clock.watch(renderer_module, "expose", "expose")
    clock.watch(studio_module, "hand_distances", "hand-object distances")


class Bench:
    """One studio, and the drawings of the samples it made."""

    def __init__(self, run: Path, folder: Path):
        for name in ("objects", "grasps", "config.toml"):
            (folder / name).symlink_to((run / name).resolve())
        self.folder, self.clock, self.drawings = folder, Clock(), []
        with self.clock.cause("start"):
            self.studio = studio_module.Studio(str(folder))
        self.renderer = self.studio._renderer
        original = self.renderer.render_drawing

        def kept(drawing):
            result = original(drawing)
            self.drawings.append(drawing)
            return result

        self.renderer.render_drawing = kept

    def sample(self, index: int):
        """Make one sample, redrawing as a run does."""
        address = {"sample_id": f"train-{index:08d}", "split": "train", "seed": 1}
        return studio_module.draw_sample(self.studio, address, MAX_DRAWS)[0]

    def write(self, samples) -> None:
        """Encode and write a shard."""
        meshes = {sample.object_id: self.studio.mesh(sample.object_id) for sample in samples}
        attributes = _attributes(self.studio, "train")
        path = self.folder / "bench.h5"
        write_shard(path, iter(samples), meshes, attributes, self.studio.config.shards)

    def show(self, view: str) -> None:
        """Hide what a view does not show."""
        self.renderer._builder.show(view)

    def floor_s(self, drawing) -> float:
        """Return the CPU seconds of Cycles and the denoiser alone for the three pictures."""
        known = []

        def guides(*_):
            return known[0]

        original = renderer_module.view_guides
        known.append(original(drawing, self.boxes(drawing), self.renderer._builder.texture_pixels))
        renderer_module.view_guides = guides
        try:
            with self.renderer.built(drawing):
                truths = view_truths(drawing)
                begin = time.process_time()
                self.renderer._fronts(drawing, truths)
                return time.process_time() - begin
        finally:
            renderer_module.view_guides = original

    def boxes(self, drawing):
        """Return the boxes that are rendered."""
        boxes = {}
        for view, truth in view_truths(drawing).items():
            boxes[view] = renderer_module.crop_box(np.isfinite(truth.depth_m))
            assert boxes[view] is not None  # an accepted sample shows something in each view
        return boxes

    def obman_s(self, drawing) -> float:
        """Return the CPU seconds of ObMan's way for the three pictures."""
        scene = self.renderer._scene
        with self.renderer.built(drawing):
            emit(self.renderer._builder)
            session.set_samples(scene, 0, OBMAN_SAMPLES, OBMAN_SAMPLES)
            begin = time.process_time()
            with tempfile.TemporaryDirectory() as folder:
                for view in VIEWS:
                    self.show(view)
                    through_files(scene, Path(folder), drawing.camera)
            return time.process_time() - begin

    def psnr_db(self, drawing) -> float:
        """Return the PSNR of hand and object pixels of HO against many samples."""
        truth = view_truths(drawing)["ho"]
        graspers = np.isin(truth.segmentation, (HAND, OBJECT))
        rows, columns = (np.flatnonzero(graspers.any(axis=axis)) for axis in (1, 0))
        box = (int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
        inside = graspers[box[0] : box[1], box[2] : box[3]]
        scene, sensor = self.renderer._scene, drawing.sensor
        with self.renderer.built(drawing):
            whole, front = self.renderer._fronts(drawing, view_truths(drawing))["ho"]
            light = laid(front, whole, drawing)
            gain = metered_gain(light, truth.segmentation == HAND, sensor.metering)
            ours = expose(light, sensor, gain)[box[0] : box[1], box[2] : box[3]]
            self.show("ho")
            session.set_samples(scene, 0, REFERENCE_SAMPLES, REFERENCE_SAMPLES)
            session.set_crop(scene, box)
            front = session.render_passes(scene, keep=False)["Combined"]
            reference = expose(laid(front, box, drawing), sensor, gain)
            reference = reference[box[0] : box[1], box[2] : box[3]]
        error = (ours[inside].astype(float) - reference[inside]) / 255
        return float(-10 * np.log10(np.mean(error**2)))


def laid(front, box, drawing):
    """Lay what is rendered in a box on the background."""
    top, bottom, left, right = box
    linear = drawing.background.copy()
    behind = linear[top:bottom, left:right]
    linear[top:bottom, left:right] = front[..., :3] + (1 - front[..., 3:]) * behind
    return linear


def emit(builder) -> None:
    """Let every surface give off its colour instead of reflecting light; put the lamps out."""
    for _, blender_object in builder.objects:
        for material in blender_object.data.materials:
            nodes, links = material.node_tree.nodes, material.node_tree.links
            shader = nodes["Principled BSDF"]
            emission = nodes.new("ShaderNodeEmission")
            color = shader.inputs["Base Color"]
            if color.links:
                links.new(color.links[0].from_socket, emission.inputs["Color"])
            else:
                emission.inputs["Color"].default_value = color.default_value
            links.new(emission.outputs["Emission"], nodes["Material Output"].inputs["Surface"])
            material.cycles.emission_sampling = "NONE"
    for block in builder._owned:
        if isinstance(block, bpy.types.Light):
            block.energy = 0.0


def through_files(scene, folder: Path, camera) -> None:
    """Render a full frame with fresh compositor nodes, and read its files back."""
    layer, render = scene.view_layers[0], scene.render
    layer.use_pass_z = layer.use_pass_object_index = True
    tree = bpy.data.node_groups.new("comp", "CompositorNodeTree")
    scene.compositing_node_group = tree
    layers = tree.nodes.new("CompositorNodeRLayers")
    layers.scene = scene
    output = tree.nodes.new("CompositorNodeOutputFile")
    output.directory, output.file_name = str(folder), "passes"
    for name in ("Depth", "Object Index"):
        output.file_output_items.new("FLOAT", name)
        tree.links.new(layers.outputs[name], output.inputs[name])
    render.use_compositing, render.use_persistent_data = True, False
    session.set_crop(scene, (0, camera.height_px, 0, camera.width_px))
    render.filepath = str(folder / "color.png")
    with session.quiet():
        bpy.ops.render.render(scene=scene.name, write_still=True)
    np.asarray(Image.open(folder / "color.png"))
    written = [path.read_bytes() for path in folder.rglob("*.exr")]
    assert written, "the compositor wrote no file"
    render.use_compositing = False
    scene.compositing_node_group = None
    bpy.data.node_groups.remove(tree)
    layer.use_pass_z = layer.use_pass_object_index = False


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path, nargs="?", default=Path("runs/default"))
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--compared", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments.run, Path(folder))
        measure_speed(bench, arguments.scenes, arguments.compared)


def measure_speed(bench: Bench, scenes: int, compared: int) -> None:
    """Print cost by cause, floor, ObMan's way and PSNR."""
    clock = bench.clock
    watch_all(clock)
    print(f"start (imports excluded): {clock.seconds.pop('start'):.2f} CPU s")
    bench.sample(0)  # compiled kernels are loaded
    clock.seconds.clear()
    bench.drawings.clear()
    floors, samples = [], []
    for index in range(1, scenes + 1):
        with clock.cause("rest"):
            samples.append(bench.sample(index))
        before = dict(clock.seconds)
        floors.append(bench.floor_s(bench.drawings[-1]))
        clock.seconds = before
    with clock.cause("encode and write"):
        bench.write(samples)
    once = {name: clock.seconds.pop(name, 0.0) for name in WHOLE}
    for name, spent in sorted(clock.seconds.items(), key=lambda item: -item[1]):
        print(f"{name:36} {spent / scenes:7.3f}")
    total, floor = sum(clock.seconds.values()) / scenes, float(np.mean(floors))
    print(f"{'triplet with ground truth':36} {total:7.3f}  (goal 0.7)")
    print(f"{'floor: Cycles alone':36} {floor:7.3f}  (ratio {total / floor:.2f}, goal 1.3)")
    made = ", ".join(f"{name} {once[name]:.1f}" for name in sorted(once))
    print(f"once per run, CPU s for {scenes} scenes: {made}")
    ours, theirs = [], []
    for drawing in bench.drawings[:compared]:
        ours.append(bench.floor_s(drawing) * total / floor)
        theirs.append(bench.obman_s(drawing))
    ratio = sum(theirs) / sum(ours)
    print(f"{'ObMan way, same scenes':36} {np.mean(theirs):7.3f}  ({ratio:.1f} times, goal 10)")
    quality = [bench.psnr_db(drawing) for drawing in bench.drawings[:compared]]
    print(f"PSNR on hand and object: {np.mean(quality):.1f} dB {np.round(quality, 1)} (goal 42)")


if __name__ == "__main__":
    main()
