"""Small synthetic runs: random hands of the open model around simple objects, ray cast.

Everything in them is consistent (vertices from parameters, projections, depth from the very
meshes), nothing in them is natural. Made in a fraction of a second per sample, without Blender.
"""

import json
from functools import lru_cache

import numpy as np
import trimesh

from obman_gen.arrays import transform_points, uniform_rotation
from obman_gen.bodies import attach, load_body_model, sample_body_pose
from obman_gen.hands import HandPosePrior, load_hand_model
from obman_gen.sample import (
    HAND,
    OBJECT,
    SPLITS,
    Camera,
    GraspMeasures,
    HandParameters,
    ObjectMesh,
    Sample,
    SceneNames,
    View,
)
from obman_gen.scene.drawing import Material, Part
from obman_gen.scene.raster import ground_truth
from obman_gen.shards import HandFacts, Manifest, ShardAttributes, shard_path, write_shard
from obman_gen.streams import RandomStreams

SYNSETS = {"bottle": "02876657", "bowl": "02880940", "can": "02946921"}
SCALE_M = 0.08
"""Of the unit-sized objects: metres per raw unit."""
_NOISE = 0.007
"""Of backgrounds; with it a picture of 256 px takes 20 KB as JPEG, as a rendered one does."""


@lru_cache(maxsize=1)
def hand_model():
    return load_hand_model()


@lru_cache(maxsize=1)
def pose_prior():
    return HandPosePrior(hand_model())


@lru_cache(maxsize=1)
def body_model():
    return load_body_model()


def object_names(split):
    """List (category, object id) of a split: two objects per category."""
    number = SPLITS.index(split)
    return [
        (category, f"{synset}/{category}-{2 * number + which}")
        for category, synset in SYNSETS.items()
        for which in (0, 1)
    ]


@lru_cache(maxsize=32)
def object_mesh(object_id):
    """Make a unit-sized, watertight object whose proportions follow from its id."""
    rng = RandomStreams(1, object_id)("shape")
    kind = object_id.split("/")[1].split("-")[0]
    if kind == "bottle":
        mesh = trimesh.creation.capsule(1.0, rng.uniform(0.25, 0.4), count=[12, 12])
    elif kind == "bowl":
        mesh = trimesh.creation.icosphere(2, rng.uniform(0.4, 0.6))
    else:
        mesh = trimesh.creation.cylinder(rng.uniform(0.3, 0.4), rng.uniform(0.8, 1.2), sections=24)
    mesh.apply_transform(np.diag([1, 1, rng.uniform(0.8, 1.2), 1]))
    points, _ = trimesh.sample.sample_surface(mesh, 2048, seed=0)
    return ObjectMesh(np.array(mesh.vertices), np.array(mesh.faces), np.asarray(points, np.float64))


def camera(size_px=256):
    focal_px = 480 * size_px / 256
    middle = size_px / 2
    return Camera(
        np.array([[focal_px, 0, middle], [0, focal_px, middle], [0, 0, 1.0]]), size_px, size_px
    )


@lru_cache(maxsize=64)
def sample(split, index, seed=0, size_px=256, normals=True):
    """Draw one sample; it depends on its arguments alone."""
    sample_id = f"{split}-{index:08d}"
    rng = RandomStreams(seed, sample_id)("synthetic")
    names = object_names(split)
    category, object_id = names[int(rng.integers(len(names)))]
    hand, vertices, joints = _hand(rng)
    camera_from_object = np.eye(4)
    camera_from_object[:3, :3] = SCALE_M * uniform_rotation(rng)
    camera_from_object[:3, 3] = _beside_the_palm(vertices)
    mesh = object_mesh(object_id)
    placed = transform_points(camera_from_object, mesh.vertices)
    seen_by = camera(size_px)
    views, visible = _views(vertices, (placed, mesh.faces), seen_by, rng, normals)
    return Sample(
        sample_id=sample_id,
        views=views,
        camera=seen_by,
        hand=hand,
        hand_vertices=vertices,
        hand_joints=joints,
        hand_object_distance=np.linalg.norm(vertices - camera_from_object[:3, 3], axis=1)
        - SCALE_M * 0.4,
        body=attach(hand_model(), body_model(), hand, sample_body_pose(rng), rng.normal(0, 1, 10)),
        object_id=object_id,
        category=category,
        camera_from_object=camera_from_object,
        object_scale=SCALE_M,
        measures=_measures(rng),
        visibility_object=visible["object"],
        visibility_hand=visible["hand"],
        scene=_scene(split, rng),
    )


def _hand(rng):
    """Draw a hand about 0.65 m before the camera, near the image centre."""
    model = hand_model()
    turn = uniform_rotation(rng)
    orient = trimesh.transformations.rotation_from_matrix(_homogeneous(turn))
    at_origin = HandParameters(
        np.asarray(orient[1]) * orient[0],
        pose_prior().sample(rng),
        rng.normal(0, 1, 10),
        np.zeros(3),
    )
    vertices, _ = model.vertices_of(at_origin)
    target = np.array([*rng.uniform(-0.02, 0.02, 2), rng.uniform(0.55, 0.75)])
    hand = HandParameters(
        at_origin.global_orient, at_origin.pose, at_origin.betas, target - vertices.mean(axis=0)
    )
    return hand, *model.vertices_of(hand)


def _homogeneous(rotation):
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    return matrix


def _beside_the_palm(vertices):
    pads = vertices[np.asarray(hand_model().pad_ids)]
    palm = vertices[np.asarray(hand_model().regions["palm"])].mean(axis=0)
    return 0.5 * pads.mean(axis=0) + 0.5 * palm


def _views(hand_vertices, thing, seen_by, rng, normals):
    """Ray cast hand, object and both; shade them over a gradient with noise."""
    closed, hand_faces = hand_model().close_boundary(hand_vertices)
    skin, paint = rng.uniform(0.3, 0.9, 3), rng.uniform(0.1, 0.9, 3)
    hand = _part("hand", closed, hand_faces, HAND)
    held = _part("object", *thing, OBJECT)
    parts = {"ho": (hand, held), "h": (hand,), "o": (held,)}
    truths = {view: ground_truth(shown, seen_by) for view, shown in parts.items()}
    background = _background(seen_by, rng)
    views = {
        view: View(
            _shaded(truth, background, skin, paint),
            truth.depth_m.astype(np.float32),
            truth.segmentation,
            truth.normals.astype(np.float32) if normals and view == "ho" else None,
        )
        for view, truth in truths.items()
    }
    both = truths["ho"].segmentation
    visible = {
        "hand": float((both == HAND).sum() / max((truths["h"].segmentation == HAND).sum(), 1)),
        "object": float(
            (both == OBJECT).sum() / max((truths["o"].segmentation == OBJECT).sum(), 1)
        ),
    }
    return views, visible


def _part(name, vertices, faces, segment):
    return Part(name, vertices, faces, (Material(),), np.full(len(faces), segment))


def _background(seen_by, rng):
    rows, columns = np.mgrid[0 : seen_by.height_px, 0 : seen_by.width_px] / seen_by.height_px
    slopes, base = rng.uniform(-0.4, 0.4, (2, 3)), rng.uniform(0.3, 0.7, 3)
    smooth = base + rows[..., None] * slopes[0] + columns[..., None] * slopes[1]
    return smooth + rng.normal(0, _NOISE, smooth.shape)


def _shaded(truth, background, skin, paint):
    light = np.array([-0.4, -0.6, -0.7])
    brightness = 0.35 + 0.65 * np.clip(truth.normals @ light, 0, 1)
    color = np.where((truth.segmentation == HAND)[..., None], skin, paint)
    image = np.where((truth.segmentation > 0)[..., None], brightness[..., None] * color, background)
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _measures(rng):
    epsilon, volume = float(rng.uniform(0, 0.3)), float(rng.uniform(0, 0.5))
    return GraspMeasures(
        epsilon=epsilon,
        volume=volume,
        quality=float(np.hypot(epsilon, volume)),
        max_penetration_m=float(rng.exponential(0.003)),
        intersection_volume_m3=float(rng.exponential(2e-6)),
        simulation_displacement_m=float("nan")
        if rng.random() < 0.1
        else float(rng.exponential(0.01)),
        links_in_contact=int(rng.integers(3, 12)),
        directions_held=float(rng.integers(0, 7)),
    )


def _scene(split, rng):
    background = {
        "kind": "room",
        "name": f"room-{split}-{rng.integers(9):04d}",
        "seed": int(rng.integers(2**31)),
    }
    return SceneNames(
        skin=f"skin-{split}-{rng.integers(9):04d}+shirt",
        background=json.dumps(background, sort_keys=True),
        object_appearance=json.dumps({"color": [0.5, 0.5, 0.5], "name": "paint"}, sort_keys=True),
        body_pose="holding",
        light=json.dumps({"kind": "room", "tone": float(rng.uniform(0, 1))}, sort_keys=True),
    )


def attributes(split, seed=0):
    return ShardAttributes(
        split=split,
        seed=seed,
        config={"seed": seed},
        software={"obman-gen": "test"},
        hand=HandFacts.of(hand_model()),
        body_name=body_model().name,
        body_sha256=body_model().sha256,
    )


def meshes(split):
    return {object_id: object_mesh(object_id) for _, object_id in object_names(split)}


def write_one(run, split, number, first, count, *, seed=0, size_px=256, config=None):
    """Write one shard of a synthetic run and return its entry."""
    return write_shard(
        run / shard_path(split, number),
        (sample(split, first + place, seed, size_px) for place in range(count)),
        meshes(split),
        attributes(split, seed),
        config,
    )


def make_run(root, counts=None, *, per_shard=4, seed=0, size_px=64, config=None):
    """Make a run folder with manifest and shards; return the folder.

    Args:
        root: an empty or missing folder.
        counts: samples by split.
        per_shard: samples per shard.
        seed: of the samples.
        size_px: image width and height.
        config: how to compress.
    """
    counts = counts or {"train": 8, "val": 4, "test": 4}
    root.mkdir(parents=True, exist_ok=True)
    (root / "config.toml").write_text(
        f"seed = {seed}\n\n[samples]\n"
        + "".join(f"{split} = {counts.get(split, 0)}\n" for split in SPLITS)
        + f"per_shard = {per_shard}\n"
    )
    manifest = Manifest(root)
    for split in SPLITS:
        for number, first in enumerate(range(0, counts.get(split, 0), per_shard)):
            count = min(per_shard, counts[split] - first)
            manifest = manifest.with_entry(
                write_one(
                    root, split, number, first, count, seed=seed, size_px=size_px, config=config
                )
            )
    manifest.save(root)
    return root
