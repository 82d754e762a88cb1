"""The one definition of every dataset in a shard: the writer, the reader, `verify` and the
documentation all follow this table.
"""

from collections.abc import Mapping

import numpy as np

from obman_gen.sample import VIEWS, Sample
from obman_gen.shards.encoding import encode_depth, encode_normals
from obman_gen.shards.field import Field

SCHEMA_VERSION = 1
FORMAT = "obman-gen shard"
SIDES = ("right", "left")
"""Values of `hand/side`."""

CAMERA = "camera"
PIXELS = "pixels"


def _view_fields(view: str, shows: str) -> list[Field]:
    return [
        Field(
            f"images/{view}/bytes",
            ("B",),
            "uint8",
            f"JPEGs (sRGB, quality 95, 4:4:4) of {shows}, one after the other",
            per="shard",
        ),
        Field(
            f"images/{view}/offset",
            ("N+1",),
            "int64",
            "sample i's JPEG is bytes[offset[i]:offset[i + 1]]",
            unit="bytes",
            per="shard",
        ),
        Field(
            f"depth/{view}",
            ("N", "H", "W"),
            "uint16",
            f"z-depth at pixel centres of {shows}; 0: no surface",
            unit="0.1 mm",
            frame=CAMERA,
            recompute="cast a ray through each pixel centre at the posed meshes",
            dense=True,
            value=lambda sample: encode_depth(sample.views[view].depth_m),
        ),
        Field(
            f"segmentation/{view}",
            ("N", "H", "W"),
            "uint8",
            f"what is at each pixel centre of {shows}: 0 background, 1 hand, "
            "2 rest of the body, 3 object",
            dense=True,
            value=lambda sample: sample.views[view].segmentation,
        ),
    ]


_SHOWS = {"ho": "hand and object", "h": "the hand without the object", "o": "the object alone"}


def _hand_parameter(name: str, width: int, meaning: str, unit: str, recompute: str = "") -> Field:
    return Field(
        f"hand/{name}",
        ("N", width),
        "float32",
        meaning,
        unit=unit,
        frame=CAMERA if name in ("global_orient", "translation") else "",
        recompute=recompute,
        value=lambda sample: getattr(sample.hand, name),
    )


def _body_parameter(name: str, width: int, meaning: str, unit: str) -> Field:
    return Field(
        f"body/{name}",
        ("N", width),
        "float32",
        meaning,
        unit=unit,
        frame="" if name == "betas" else CAMERA,
        value=lambda sample: getattr(sample.body, name),
    )


def _measure(name: str, meaning: str, unit: str = "", optional: bool = False) -> Field:
    return Field(
        f"grasp/{name}",
        ("N",),
        "uint8" if name == "links_in_contact" else "float32",
        meaning,
        unit=unit,
        optional=optional,
        value=lambda sample: getattr(sample.measures, name),
    )


def _scene_name(name: str, meaning: str) -> Field:
    return Field(
        f"scene/{name}",
        ("N",),
        "str",
        meaning,
        value=lambda sample: getattr(sample.scene, name),
    )


def _object_array(name: str, shape: tuple[int | str, ...], dtype: str, meaning: str) -> Field:
    unit = "" if name == "faces" else "raw mesh units"
    frame = "" if name == "faces" else "object"
    return Field(f"meshes/ID/{name}", shape, dtype, meaning, unit, frame, per="object")


def _normals_of(sample: Sample) -> np.ndarray:
    normals = sample.views["ho"].normals
    if normals is None:
        raise ValueError(f"{sample.sample_id} has no normals")
    return encode_normals(normals)


_MODEL_CALL = "HandModel(global_orient, pose, betas, translation)"

_ALL = (
    Field(
        "sample_id",
        ("N",),
        "str",
        "stable name: split and index, train-00000042",
        value=lambda sample: sample.sample_id,
    ),
    *(field for view in VIEWS for field in _view_fields(view, _SHOWS[view])),
    Field(
        "normals/ho",
        ("N", "H", "W", 3),
        "int8",
        "surface normal at pixel centres of hand and object, 127 times the unit vector, "
        "towards the camera; zero: no surface",
        unit="1/127",
        frame=CAMERA,
        dense=True,
        optional=True,
        value=_normals_of,
    ),
    Field(
        "camera/intrinsics",
        ("N", 3, 3),
        "float32",
        "pinhole matrix K, OpenCV axes (x right, y down, z forward), pixel centres at .5",
        unit=PIXELS,
        value=lambda sample: sample.camera.intrinsics,
    ),
    Field(
        "hand/vertices",
        ("N", "V", 3),
        "float32",
        "vertices of the hand",
        unit="m",
        frame=CAMERA,
        recompute=f"{_MODEL_CALL}.vertices, within 0.1 mm",
        value=lambda sample: sample.hand_vertices,
    ),
    Field(
        "hand/joints",
        ("N", 21, 3),
        "float32",
        "wrist, then thumb, index, middle, ring, little, each base to tip",
        unit="m",
        frame=CAMERA,
        recompute=f"{_MODEL_CALL}.joints, within 0.1 mm",
        value=lambda sample: sample.hand_joints,
    ),
    Field(
        "hand/joints_2d",
        ("N", 21, 2),
        "float32",
        "hand/joints in the image",
        unit=PIXELS,
        recompute="project hand/joints with camera/intrinsics, within 0.01 px",
        value=lambda sample: sample.camera.project(sample.hand_joints),
    ),
    _hand_parameter("global_orient", 3, "rotation vector of the wrist", "rad"),
    _hand_parameter(
        "pose",
        45,
        "rotation vectors of the 15 finger joints in MANO's order, relative to the flat "
        "template hand (flat_hand_mean=True)",
        "rad",
        "hands_mean + pca @ components",
    ),
    Field(
        "hand/pca",
        ("N", 45),
        "float32",
        "hand/pose in the hand model's principal components",
        recompute="components^-1 (pose - hands_mean)",
        value=None,
    ),
    _hand_parameter("betas", 10, "shape coefficients", "standard deviations"),
    _hand_parameter(
        "translation",
        3,
        "added after posing; the rotation is about the model's own wrist joint",
        "m",
    ),
    Field(
        "hand/side",
        ("N",),
        "uint8",
        "0 right, 1 left",
        value=lambda sample: SIDES.index(sample.hand.side),
    ),
    Field(
        "hand/object_distance",
        ("N", "V"),
        "float16",
        "signed distance of each hand vertex to the object's watertight surface, negative inside",
        unit="m",
        recompute="signed distance of hand/vertices to the object",
        value=lambda sample: sample.hand_object_distance,
    ),
    Field(
        "hand/faces",
        ("F", 3),
        "int32",
        "triangles of the hand, rows of hand/vertices",
        per="shard",
    ),
    _body_parameter(
        "pose",
        156,
        "global rotation vector and those of 51 joints, SMPL+H's order; vertices are "
        "recomputed with the body model, not stored",
        "rad",
    ),
    _body_parameter("betas", 10, "shape coefficients of the body", "standard deviations"),
    _body_parameter("translation", 3, "added after posing", "m"),
    Field(
        "object/id",
        ("N",),
        "str",
        "SYNSET/ID: which of meshes/",
        value=lambda sample: sample.object_id,
    ),
    Field(
        "object/category",
        ("N",),
        "str",
        "name of the object's category",
        value=lambda sample: sample.category,
    ),
    Field(
        "object/camera_from_object",
        ("N", 4, 4),
        "float32",
        "takes meshes/ID/vertices to the camera frame, scale included",
        unit="m per raw mesh unit",
        frame=CAMERA,
        value=lambda sample: sample.camera_from_object,
    ),
    Field(
        "object/scale",
        ("N",),
        "float32",
        "size of a raw mesh unit",
        unit="m",
        recompute="cube root of the determinant of camera_from_object[:3, :3]",
        value=lambda sample: sample.object_scale,
    ),
    _object_array("vertices", ("P", 3), "float32", "vertices of the object as rendered"),
    _object_array("faces", ("Q", 3), "int32", "triangles, rows of vertices"),
    _object_array(
        "surface_points", (2048, 3), "float32", "points drawn evenly from the outer surface"
    ),
    _measure(
        "epsilon",
        "radius of the largest origin-centred ball in the grasp wrench space (L1), "
        "-1 if the grasp is not in force closure",
    ),
    _measure("volume", "volume of the 6-D grasp wrench space"),
    _measure("quality", "mano_grasp's score: |(epsilon, volume)|, weighted by contacts"),
    _measure("max_penetration_m", "deepest hand vertex inside the object", "m"),
    _measure("intersection_volume_m3", "volume that hand and object share", "m^3"),
    _measure(
        "simulation_displacement_m",
        "how far the object moves in physics with the hand held still; NaN: not simulated",
        "m",
    ),
    _measure("links_in_contact", "bones of the hand, the palm's among them, whose skin touches"),
    _measure(
        "directions_held",
        "in how many of six directions gravity may pull without the hand losing the object; "
        "NaN: not simulated",
        optional=True,
    ),
    Field(
        "visibility/object",
        ("N",),
        "float32",
        "visible share of the object's own silhouette, in [0, 1]",
        value=lambda sample: sample.visibility_object,
    ),
    Field(
        "visibility/hand",
        ("N",),
        "float32",
        "visible share of the hand's own silhouette, in [0, 1]",
        value=lambda sample: sample.visibility_hand,
    ),
    _scene_name("skin", "name of the skin and of the clothes worn with it"),
    _scene_name("background", "JSON: kind, name and seed of the background"),
    _scene_name("object_appearance", "JSON: how the object looks"),
    _scene_name("body_pose", "name of the body pose"),
    _scene_name("light", "JSON: lamps, exposure and the renderer's noise seed"),
    Field(
        "crc32",
        ("N",),
        "uint32",
        "zlib.crc32 of the sample's JPEG bytes: ho, then h, then o",
        recompute="crc32 of the three JPEGs in this order",
    ),
)

FIELDS: Mapping[str, Field] = {field.path: field for field in _ALL}
"""Every dataset, by path."""

SAMPLE_FIELDS: Mapping[str, Field] = {
    path: field for path, field in FIELDS.items() if field.per == "sample"
}
"""Those with a row per sample."""

MESH_FIELDS: Mapping[str, Field] = {
    path.rsplit("/", 1)[1]: field for path, field in FIELDS.items() if field.per == "object"
}
"""Those of each object, by their last name."""

ATTRIBUTES: Mapping[str, str] = {
    "format": f"always '{FORMAT}'",
    "schema_version": f"{SCHEMA_VERSION}; a reader refuses what is newer than itself",
    "split": "train, val or test",
    "seed": "seed of the run",
    "config": "JSON: the run's resolved configuration",
    "software": "JSON: versions of what made it",
    "hand_model": "JSON: name and sha256 of the hand model",
    "body_model": "JSON: name and sha256 of the body model",
}
"""Attributes of the file."""
