"""Put a grasp, and the person whose hand it is, in front of the camera."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.distance import pdist

from obman_gen.arrays import Faces, Rotation, Transform, Vertices, uniform_rotation
from obman_gen.errors import InputError, SampleRejected, require_between
from obman_gen.sample import Camera
from obman_gen.scene.raster import cast

OCCLUSION_TEST_PX = 64
PALM = (0, 5, 17)
"""Wrist and bases of index and little finger, of `obman_gen.hands.orders.MANOPTH`."""
LENGTH = (0, 9, 10, 11, 12)
"""Wrist to tip of the middle finger."""


@dataclass(frozen=True)
class CameraConfig:
    """ObMan's camera: 256 x 256 px, 480 px focal length, the optical axis in the middle."""

    width_px: int = 256
    height_px: int = 256
    focal_x_px: float = 480.0
    focal_y_px: float = 480.0
    center_x_px: float = 128.0
    center_y_px: float = 128.0

    def __post_init__(self):
        if min(self.width_px, self.height_px) < 1 or min(self.focal_x_px, self.focal_y_px) <= 0:
            raise InputError(
                f"camera: sizes and focal lengths must be positive, got {self.width_px} x "
                f"{self.height_px} px, focal {self.focal_x_px} and {self.focal_y_px} px"
            )

    def camera(self) -> Camera:
        """Return the camera."""
        intrinsics = np.array(
            [
                [self.focal_x_px, 0.0, self.center_x_px],
                [0.0, self.focal_y_px, self.center_y_px],
                [0.0, 0.0, 1.0],
            ]
        )
        return Camera(intrinsics, self.width_px, self.height_px)


@dataclass(frozen=True)
class PlacementConfig:
    """Where the camera may stand."""

    distance_min_m: float = 0.5
    """Of the hand's wrist along the optical axis."""
    distance_max_m: float = 0.8
    viewpoint: str = "uniform"
    """``uniform``: any direction equally likely; ``egocentric``: from about the person's eyes."""
    roll: str = "upright"
    """``upright``: the person stands upright in the image, give or take; ``uniform``: any."""
    roll_spread_rad: float = 0.45
    """Standard deviation of the roll of ``upright``."""
    center_jitter: float = 0.08
    """Largest offset of the hand from the image centre, as a share of the image."""
    min_joints_inside: int = 21
    """Of the 21 joints, how many the image must hold."""
    body_clearance_m: float = 0.15
    """No part of the body but the hand comes nearer to the camera."""
    min_hand_clear: float = 0.75
    """Share of the hand's silhouette that the rest of the body must leave visible."""
    edge_on_below: float = 0.4
    """Cosine between optical axis and palm normal below which a hand counts as edge-on."""
    foreshortened_below: float = 0.62
    """Span below which a hand counts as foreshortened: the widest distance between two of its
    joints across the optical axis, as a share of the hand's length when stretched out."""
    unclear_kept: float = 0.05
    """Share of views edge-on or foreshortened that is kept. 1: all directions alike, as ObMan."""
    draws: int = 60
    """Camera positions tried before the sample is rejected."""

    def __post_init__(self):
        if not 0 < self.distance_min_m <= self.distance_max_m:
            raise InputError(
                "placement: need 0 < distance_min_m <= distance_max_m, got "
                f"{self.distance_min_m} and {self.distance_max_m}"
            )
        shares = ("edge_on_below", "foreshortened_below", "unclear_kept", "min_hand_clear")
        require_between("placement", self, (*shares, "center_jitter"), 0, 1)
        require_between("placement", self, ("roll_spread_rad", "body_clearance_m"), 0)
        require_between("placement", self, ("min_joints_inside",), 0, 21)
        require_between("placement", self, ("draws",), 1)
        for name, choices in (
            ("viewpoint", ("uniform", "egocentric")),
            ("roll", ("upright", "uniform")),
        ):
            if getattr(self, name) not in choices:
                raise InputError(
                    f"placement.{name} must be one of {', '.join(choices)}, "
                    f"got {getattr(self, name)!r}"
                )


@dataclass(frozen=True)
class Subject:
    """What the camera looks at, in a common frame (the object's), metres."""

    joints: Float[np.ndarray, "21 3"]
    center: Float[np.ndarray, "3"]
    """Middle of hand and object."""
    up: Float[np.ndarray, "3"] | None
    """Unit, where the person's head is; None without a body."""
    eyes: Float[np.ndarray, "3"] | None
    body_vertices: Vertices | None
    """Of the whole body, the hand included."""
    body_faces: Faces | None
    is_hand_face: Bool[np.ndarray, "face"] | None


class Placed(NamedTuple):
    """Where the camera ended up."""

    camera_from_subject: Transform
    camera_from_world: Rotation


def place(
    subject: Subject, camera: Camera, rng: np.random.Generator, config: PlacementConfig
) -> Placed:
    """Draw camera positions until one sees the hand past the body; keep few unclear views.

    Raises:
        SampleRejected: ``unclear_view`` at the first that sees the hand edge-on or foreshortened,
            but for `unclear_kept` of them; ``placement`` if none of ``config.draws`` will do.
    """
    for _ in range(config.draws):
        camera_from_subject = np.eye(4)
        camera_from_subject[:3, :3] = _rotation(subject, rng, config)
        camera_from_subject[:3, 3] = _translation(
            camera_from_subject[:3, :3], subject, camera, rng, config
        )
        if _is_framed(subject, camera_from_subject, camera, config) and _is_clear(
            subject, camera_from_subject, camera, config
        ):
            return Placed(camera_from_subject, _world(subject, camera_from_subject, rng))
    raise SampleRejected(
        "placement", f"none of {config.draws} camera positions sees the hand past the body"
    )


def glance(
    joints: Float[np.ndarray, "21 3"], rng: np.random.Generator, config: PlacementConfig
) -> None:
    """Reject what `place`, given this generator as it is, would reject at its first look.

    It takes no body, so half of all draws end before one is posed.
    """
    if config.viewpoint == "uniform":
        _clear_direction(joints, uniform_rotation(rng), rng, config)


def _rotation(subject: Subject, rng: np.random.Generator, config: PlacementConfig) -> Rotation:
    """Draw which way the camera looks, then how it is rolled."""
    rotation = uniform_rotation(rng)
    if config.viewpoint == "egocentric" and subject.eyes is not None:
        forward = subject.center - subject.eyes
        forward /= np.linalg.norm(forward)
        rotation = _looking(forward + 0.22 * rng.normal(size=3), rotation)
    _clear_direction(subject.joints, rotation, rng, config)
    if config.roll == "uniform" or subject.up is None:
        return rotation
    up = rotation @ subject.up
    angle = np.arctan2(-up[0], -up[1]) + rng.normal() * config.roll_spread_rad
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]]) @ rotation


def _looking(forward: np.ndarray, roll_from: Rotation) -> Rotation:
    """Return a rotation whose optical axis is ``forward`` and whose roll is that of another."""
    z = forward / np.linalg.norm(forward)
    x = roll_from[0] - (roll_from[0] @ z) * z
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z])


def _translation(rotation, subject, camera, rng, config) -> np.ndarray:
    """Put the wrist at the drawn depth and the subject's middle near the image's middle."""
    wrist, center = rotation @ subject.joints[0], rotation @ subject.center
    depth_m = rng.uniform(config.distance_min_m, config.distance_max_m)
    z = depth_m - wrist[2]
    size = np.array([camera.width_px, camera.height_px])
    pixel = (0.5 + rng.uniform(-1, 1, 2) * config.center_jitter) * size
    ray = np.linalg.inv(camera.intrinsics) @ [*pixel, 1.0]
    return np.array([*(ray[:2] * (center[2] + z) - center[:2]), z])


class HandView(NamedTuple):
    """How much of a hand is seen along an optical axis."""

    palm: float
    """Cosine of palm normal and axis: 1 sees palm or back squarely, 0 the hand's edge."""
    span: float
    """Widest distance between two joints across the axis, as a share of wrist to middle fingertip
    along the bones: about 1 for a flat hand seen squarely, 0.4 for a fist seen along the arm."""


def view_of_hand(joints: Float[np.ndarray, "21 3"], camera_from_joints: Rotation) -> HandView:
    """Return how much of a hand a camera sees, whatever its roll."""
    seen = joints @ camera_from_joints.T
    wrist, index, little = seen[list(PALM)]
    normal = np.cross(index - wrist, little - wrist)
    length = np.linalg.norm(np.diff(seen[list(LENGTH)], axis=0), axis=1).sum()
    return HandView(
        float(abs(normal[2]) / np.linalg.norm(normal)), float(pdist(seen[:, :2]).max() / length)
    )


def _clear_direction(joints, rotation: Rotation, rng, config: PlacementConfig) -> None:
    """Reject all but a share of the directions that see the hand edge-on or foreshortened."""
    view = view_of_hand(joints, rotation)
    is_clear = view.palm >= config.edge_on_below and view.span >= config.foreshortened_below
    if rng.random() >= config.unclear_kept and not is_clear:
        raise SampleRejected(
            "unclear_view",
            f"camera looks at a cosine of {view.palm:.2f} to the palm's normal, hand seen at "
            f"{view.span:.0%} of its length; {config.unclear_kept:.0%} of such views are kept",
        )


def _is_framed(subject, camera_from_subject, camera, config) -> bool:
    joints = subject.joints @ camera_from_subject[:3, :3].T + camera_from_subject[:3, 3]
    if joints[:, 2].min() <= 0.05:
        return False
    pixels = camera.project(joints)
    inside = (pixels > 0).all(axis=1) & (pixels < [camera.width_px, camera.height_px]).all(axis=1)
    return int(inside.sum()) >= config.min_joints_inside


def _is_clear(subject, camera_from_subject, camera, config) -> bool:
    """Tell whether the camera stands outside the body and sees the hand past it."""
    if subject.body_vertices is None:
        return True
    vertices = subject.body_vertices @ camera_from_subject[:3, :3].T + camera_from_subject[:3, 3]
    if np.linalg.norm(vertices, axis=1).min() < config.body_clearance_m:
        return False
    scale = OCCLUSION_TEST_PX / camera.width_px
    small = Camera(
        np.diag([scale, scale, 1.0]) @ camera.intrinsics,
        OCCLUSION_TEST_PX,
        max(1, round(camera.height_px * scale)),
    )
    alone = cast(vertices, subject.body_faces[subject.is_hand_face], small).faces >= 0
    first = cast(vertices, subject.body_faces, small).faces
    seen = (first >= 0) & subject.is_hand_face[first]
    return bool(seen.sum() >= config.min_hand_clear * max(alone.sum(), 1))


def _world(subject: Subject, camera_from_subject: Transform, rng) -> Rotation:
    """Return how the camera is held in the room: up is where the person's head is."""
    if subject.up is None:
        tilt = rng.normal() * 0.25
        cos, sin = np.cos(tilt), np.sin(tilt)
        return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
    down = -camera_from_subject[:3, :3] @ subject.up
    helper = np.array([0, 0, 1.0]) if abs(down[2]) < 0.9 else np.array([1.0, 0, 0])
    x = np.cross(down, helper)
    x /= np.linalg.norm(x)
    return np.stack([x, down, np.cross(x, down)], axis=1)
