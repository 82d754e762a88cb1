"""What a render worker keeps between samples: models, grasps, the artist and the renderer."""

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from obman_gen.blender.threads import cpus_seen
from obman_gen.bodies import body_for, load_body_model
from obman_gen.config import Config
from obman_gen.errors import InputError, SampleRejected
from obman_gen.grasps.files import load_grasps
from obman_gen.hands import load_hand_model
from obman_gen.objects import PreparedObject, load_prepared, read_objects_table
from obman_gen.runfolder import RunFolder
from obman_gen.sample import BodyParameters, Grasp, ObjectMesh, Sample, Split
from obman_gen.scene import Scene, SceneConfig, compose
from obman_gen.scene.artist import Artist
from obman_gen.scene.figure import Figure
from obman_gen.stages.context import rejection, task_config

OBJECTS_KEPT = 32
SAMPLES_BETWEEN_TRIMS = 50
"""A trim takes 6 ms; without, memory that is free but scattered grew by 1.4 % in 1,000 samples."""


@dataclass(frozen=True)
class GraspShelf:
    """A split's grasps, read from their files when they are first drawn."""

    paths: tuple[tuple[Path, ...], ...]
    """Grasp files of each object, all scales."""
    read: Callable[[Path], list[Grasp]]

    @classmethod
    def of(cls, folder: RunFolder, split: Split) -> "GraspShelf":
        """List the grasp files of a split's objects."""
        by_stem: dict[str, list[Path]] = {}
        for path in sorted(folder.grasps.glob("*.json")):
            by_stem.setdefault(path.stem.rpartition("_")[0], []).append(path)
        entries = read_objects_table(folder.objects_table)
        stems = [entry.object_id.replace("/", "_") for entry in entries if entry.split == split]
        paths = tuple(tuple(by_stem[stem]) for stem in stems if stem in by_stem)
        return cls(paths, lru_cache(maxsize=512)(load_grasps))

    def draw(self, rng: np.random.Generator, split: Split) -> Grasp:
        """Draw an object that has grasps, all alike, then one of them.

        Raises:
            InputError: if no object of the split has a grasp.
        """
        for index in rng.permutation(len(self.paths)):
            grasps = [grasp for path in self.paths[index] for grasp in self.read(path)]
            if grasps:
                return grasps[int(rng.integers(len(grasps)))]
        raise InputError(
            f"no object of the {split} split has a grasp; prepare more objects "
            "(objects.per_category) or loosen grasps.limits, then run grasp again"
        )


class Studio:
    """Draws, composes and renders samples of one run. Results depend on the sample id alone."""

    def __init__(self, run: str):
        """Load the run's models and start Blender."""
        self.folder, self.config = RunFolder(Path(run)), task_config(run)
        with cpus_seen(self.config.render.threads):
            from obman_gen.blender.renderer import Renderer

        self._scene_config = scene_config(self.config)
        assets = self.config.assets
        hand_model, body_model = load_hand_model(assets.mano or None), None
        if self._scene_config.person.body:
            body_model = body_for(hand_model, load_body_model(assets.smplh or None))
        self.figure = Figure(hand_model, body_model)
        artist = Artist(self._scene_config, self.figure, self.folder.cache)
        self._renderer = Renderer(self.config.render, artist, artist.sketch)
        self._samples = 0
        self._shelf = lru_cache(maxsize=3)(lambda split: GraspShelf.of(self.folder, split))
        self._prepared = lru_cache(maxsize=OBJECTS_KEPT)(
            lambda object_id: load_prepared(self.folder.objects, object_id)
        )

    def sample(self, draw: compose.Draw) -> Sample:
        """Make one draw of a sample.

        Raises:
            SampleRejected: if the draw breaks a rule.
        """
        grasp = self._shelf(draw.split).draw(draw("grasp"), draw.split)
        held = self._prepared(grasp.object_id)
        scene = compose.run(grasp, held, draw, self._scene_config, self.figure)
        result = self._renderer.render(scene)
        vertices, joints = self.figure.hand_vertices(scene.hand)
        self._samples += 1
        if self._samples % SAMPLES_BETWEEN_TRIMS == 0:
            give_free_memory_back()
        return Sample(
            sample_id=draw.sample_id,
            views=result.views,
            camera=scene.camera,
            hand=scene.hand,
            hand_vertices=vertices,
            hand_joints=joints,
            hand_object_distance=hand_distances(vertices, scene, held),
            body=scene.body or _nobody(),
            object_id=scene.object_id,
            category=scene.category,
            camera_from_object=scene.camera_from_object,
            object_scale=scene.object_scale,
            measures=scene.measures,
            visibility_object=result.visibility_object,
            visibility_hand=result.visibility_hand,
            scene=scene.names,
        )

    def mesh(self, object_id: str) -> ObjectMesh:
        """Return an object's mesh as it is stored beside samples."""
        return self._prepared(object_id).mesh


def give_free_memory_back() -> None:
    """Have the C library return freed pages to the system; only glibc's can be told to."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


@lru_cache(maxsize=1)
def studio_of(run: str) -> Studio:
    """Return this worker's studio for a run, started once."""
    return Studio(run)


def scene_config(config: Config) -> SceneConfig:
    """Return the scene settings with the run's own asset folders filled in."""
    scene, assets = config.scene, config.assets
    background = replace(scene.background, folder=scene.background.folder or assets.backgrounds)
    person = replace(scene.person, scans=scene.person.scans or assets.skin_textures)
    return replace(scene, background=background, person=person)


def hand_distances(
    hand_vertices: Float[np.ndarray, "vertex 3"], scene: Scene, held: PreparedObject
) -> Float[np.ndarray, "vertex"]:
    """Return exact signed distances of hand vertices to the object, metres, negative inside.

    Args:
        hand_vertices: camera frame, metres.
        scene: where the object is.
        held: the object, with its closed surface.
    """
    from obman_gen.metrics import signed_distances

    object_from_camera = np.linalg.inv(scene.camera_from_object)
    points = hand_vertices @ object_from_camera[:3, :3].T + object_from_camera[:3, 3]
    return signed_distances(points, *held.surface) * scene.object_scale


def draw_sample(studio: Studio, draw_of: Mapping[str, Any], draws: int) -> tuple[Sample, list]:
    """Draw a sample again until it passes every rule; return it and the rejections before it.

    Raises:
        InputError: if ``draws`` draws are all rejected, naming the most frequent rule.
    """
    rejections: list[dict[str, Any]] = []
    for attempt in range(draws):
        draw = compose.Draw(**draw_of, attempt=attempt)
        try:
            return studio.sample(draw), rejections
        except SampleRejected as rejected:
            rejections.append(
                rejection(rejected.rule, rejected.detail, sample=draw.sample_id, attempt=attempt)
            )
    rules = [record["rule"] for record in rejections]
    worst = max(sorted(set(rules)), key=rules.count)
    raise InputError(
        f"sample {draw_of['sample_id']}: all {draws} draws were rejected, {rules.count(worst)} by "
        f"rule {worst} (last: {rejections[-1]['detail']}); loosen the rule or change the scene"
    )


def _nobody() -> BodyParameters:
    """Stand in for the body of a hand shown by itself."""
    return BodyParameters(np.zeros(156), np.zeros(10), np.zeros(3))
