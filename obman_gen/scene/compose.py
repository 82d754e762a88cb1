"""Compose a scene: a grasp, the person whose hand it is, a camera, light and surroundings."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from scipy.spatial.transform import Rotation as Turn

from obman_gen.arrays import Transform, Vertices
from obman_gen.bodies.attach import attach
from obman_gen.errors import SampleRejected
from obman_gen.sample import BodyParameters, Grasp, Split
from obman_gen.scene.backgrounds import draw_background
from obman_gen.scene.figure import Figure
from obman_gen.scene.frames import moved_body, moved_hand
from obman_gen.scene.lights import draw_light
from obman_gen.scene.object_looks import draw_look
from obman_gen.scene.people import Looks, draw_looks, draw_pose_name, pose_of
from obman_gen.scene.placement import Subject, glance, place
from obman_gen.scene.posture import Held, is_free
from obman_gen.scene.scene import Scene, SceneConfig
from obman_gen.scene.sensor import draw_sensor
from obman_gen.streams import RandomStreams

POSE_DRAWS = 80
"""Body poses tried before the sample is rejected."""


@runtime_checkable
class HeldObject(Held, Protocol):
    """What composing needs of a `obman_gen.objects.PreparedObject`."""

    @property
    def object_id(self) -> str:
        """``SYNSET/ID``."""
        ...

    @property
    def category(self) -> str:
        """Name of its category."""
        ...

    @property
    def path(self) -> Path:
        """The .obj file that is rendered."""
        ...


@dataclass(frozen=True)
class Draw:
    """One draw of one sample: the address of all its randomness."""

    sample_id: str
    split: Split
    seed: int
    attempt: int = 0

    def __call__(self, stage: str) -> np.random.Generator:
        """Return the generator of one stage."""
        return RandomStreams(self.seed, self.sample_id)(stage, self.attempt)


def run(grasp: Grasp, held: HeldObject, draw: Draw, config: SceneConfig, figure: Figure) -> Scene:
    """Compose the scene of one draw.

    Raises:
        SampleRejected: ``body_pose`` or ``placement`` if no body pose, or no camera position,
            of those tried leaves hand and object free; ``unclear_view`` as `placement.place`.
    """
    glance(figure.hand_vertices(grasp.hand)[1], draw("camera"), config.placement)
    looks = draw_looks(draw("looks"), draw.split, config.person)
    posed = _posed(grasp, held, looks, draw, config, figure) if config.person.body else None
    pose_name, body = ("none", None) if posed is None else (posed.name, posed.body)
    camera = config.camera.camera()
    subject = _subject(grasp, held, posed, figure)
    placed = place(subject, camera, draw("camera"), config.placement)
    camera_from_object = placed.camera_from_subject @ np.diag([*(grasp.metres_per_unit,) * 3, 1.0])
    wrist = figure.hand_model.rest_wrist(grasp.hand.betas)
    return Scene(
        sample_id=draw.sample_id,
        split=draw.split,
        camera=camera,
        hand=moved_hand(grasp.hand, wrist, placed.camera_from_subject),
        body=None if body is None else _moved(body, grasp, placed.camera_from_subject, figure),
        object_id=held.object_id,
        category=held.category,
        object_path=str(held.path),
        object_scale=grasp.metres_per_unit,
        camera_from_object=camera_from_object,
        camera_from_world=placed.camera_from_world,
        measures=grasp.measures,
        skin=looks.skin,
        wardrobe=looks.wardrobe,
        body_pose=pose_name,
        background=draw_background(draw("background"), draw.split, config.background),
        light=draw_light(draw("light"), config.light),
        object_look=draw_look(draw("object look"), config.objects),
        sensor=draw_sensor(draw("sensor"), config.sensor),
        seed=int(draw("noise").integers(2**31)),
    )


class _Posed(NamedTuple):
    """A body in the object's frame."""

    name: str
    """Of its pose."""
    body: BodyParameters
    vertices: Vertices


def _posed(
    grasp: Grasp, held: HeldObject, looks: Looks, draw: Draw, config: SceneConfig, figure: Figure
) -> "_Posed":
    """Draw body poses until hand, object and body are clear of one another."""
    rng = draw("body pose")
    for _ in range(POSE_DRAWS):
        name = draw_pose_name(rng, draw.split, config.person)
        pose = pose_of(name, draw.split, config.person)
        body = attach(figure.hand_model, figure.body, grasp.hand, pose, looks.betas)
        vertices, _ = figure.body_vertices(body, grasp.hand)
        if is_free(figure, vertices, held, grasp.metres_per_unit):
            return _Posed(name, body, vertices)
    raise SampleRejected("body_pose", f"none of {POSE_DRAWS} poses keeps the body off the object")


def _subject(grasp: Grasp, held: HeldObject, posed: _Posed | None, figure: Figure) -> Subject:
    """Say what the camera looks at, in the object's frame."""
    _, joints = figure.hand_vertices(grasp.hand)
    both = np.concatenate([joints, held.mesh.vertices * grasp.metres_per_unit])
    center = 0.5 * (both.min(axis=0) + both.max(axis=0))
    if posed is None:
        return Subject(joints, center, None, None, None, None, None)
    up = Turn.from_rotvec(posed.body.pose[:3]).apply([0.0, 1.0, 0.0])
    surface = figure.body_surface
    eyes = posed.vertices[figure.eye_ids].mean(axis=0)
    return Subject(joints, center, up, eyes, posed.vertices, surface.faces, surface.is_hand)


def _moved(
    body: BodyParameters, grasp: Grasp, camera_from_object: Transform, figure: Figure
) -> BodyParameters:
    return moved_body(body, figure.rest_pelvis(body, grasp.hand), camera_from_object)
