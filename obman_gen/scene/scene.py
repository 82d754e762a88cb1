"""A scene as data: what stands where, by name and parameter, before anything is drawn."""

import json
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from obman_gen.arrays import Rotation, Transform
from obman_gen.sample import (
    BodyParameters,
    Camera,
    GraspMeasures,
    HandParameters,
    SceneNames,
    Split,
)
from obman_gen.scene.backgrounds import Background, BackgroundConfig
from obman_gen.scene.lights import Light, LightConfig
from obman_gen.scene.object_looks import ObjectLook, ObjectLookConfig
from obman_gen.scene.people import PersonConfig
from obman_gen.scene.placement import CameraConfig, PlacementConfig
from obman_gen.scene.sensor import Sensor, SensorConfig


@dataclass(frozen=True)
class SceneConfig:
    """Everything that decides what pictures show, but for the grasps themselves."""

    preset: str = ""
    """A file of ``blender_scenes/``, or a path ending in .toml, whose settings come first."""
    camera: CameraConfig = field(default_factory=CameraConfig)
    placement: PlacementConfig = field(default_factory=PlacementConfig)
    person: PersonConfig = field(default_factory=PersonConfig)
    objects: ObjectLookConfig = field(default_factory=ObjectLookConfig)
    background: BackgroundConfig = field(default_factory=BackgroundConfig)
    light: LightConfig = field(default_factory=LightConfig)
    sensor: SensorConfig = field(default_factory=SensorConfig)


@dataclass(frozen=True)
class Scene:
    """One composed scene. The camera frame is OpenCV's; lengths are metres."""

    sample_id: str
    split: Split
    camera: Camera
    hand: HandParameters
    body: BodyParameters | None
    """None: the hand is shown by itself."""
    object_id: str
    category: str
    object_path: str
    """The .obj file that is rendered."""
    object_scale: float
    """Metres per raw unit."""
    camera_from_object: Transform
    """Takes raw mesh units to metres in the camera frame, scale included."""
    camera_from_world: Rotation
    """World axes: x right, y down, z forward; gravity points along its y."""
    measures: GraspMeasures
    skin: str
    wardrobe: str
    body_pose: str
    background: Background
    light: Light
    object_look: ObjectLook
    sensor: Sensor
    seed: int
    """Of the renderer's sampling noise."""

    def to_json(self) -> str:
        """Return a string from which `Scene.from_json` makes an equal scene."""
        return json.dumps(asdict(self), default=_plain, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Scene":
        """Undo `to_json`, exactly."""
        return _revived(cls, json.loads(text))

    @property
    def names(self) -> SceneNames:
        """What is stored beside a sample to render it again."""
        return SceneNames(
            skin=f"{self.skin}+{self.wardrobe}",
            background=json.dumps(asdict(self.background), sort_keys=True),
            object_appearance=json.dumps(asdict(self.object_look), sort_keys=True),
            body_pose=self.body_pose,
            light=json.dumps(
                asdict(self.light) | {"sensor": asdict(self.sensor), "noise_seed": self.seed},
                sort_keys=True,
            ),
        )


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} in a scene has no JSON form")


_ARRAYS = frozenset(
    {
        "intrinsics",
        "global_orient",
        "pose",
        "betas",
        "translation",
        "camera_from_object",
        "camera_from_world",
    }
)
_NESTED: dict[str, type] = {
    "camera": Camera,
    "hand": HandParameters,
    "body": BodyParameters,
    "measures": GraspMeasures,
    "background": Background,
    "light": Light,
    "object_look": ObjectLook,
    "sensor": Sensor,
}


def _revived(kind: type, values: dict[str, Any]) -> Any:
    assert is_dataclass(kind)
    arguments = {}
    for spec in fields(kind):
        value = values[spec.name]
        if spec.name in _NESTED and value is not None:
            value = _revived(_NESTED[spec.name], value)
        elif spec.name in _ARRAYS:
            value = np.array(value, dtype=np.float64)
        arguments[spec.name] = value
    return kind(**arguments)


Distances = Float[np.ndarray, "vertex"]
"""Signed, metres, negative inside."""
