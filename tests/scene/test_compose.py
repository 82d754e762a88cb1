"""Scenes: the body's hand is the hand of the grasp, and everything depends on the address."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scene.grasping import box, figure, grasp_of

from obman_gen.arrays import transform_points
from obman_gen.errors import InputError, SampleRejected
from obman_gen.sample import SPLITS
from obman_gen.scene import Scene, SceneConfig, compose
from obman_gen.scene.people import PersonConfig, draw_looks, draw_pose_name
from obman_gen.scene.placement import PlacementConfig, Subject, glance, place, view_of_hand
from obman_gen.scene.pools import generator_of

AGREE_M = 1e-4


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    return box(tmp_path_factory.mktemp("object"))


def composed(held, number=0, config=None, attempt=0):
    """Compose a sample's first draw that passes."""
    for later in range(attempt, attempt + 20):
        draw = compose.Draw(f"train-{number:08d}", "train", 0, later)
        try:
            return compose.run(grasp_of(held), held, draw, config or SceneConfig(), figure())
        except SampleRejected:
            continue
    raise AssertionError("20 draws were rejected")


def test_hand_of_the_body_is_the_hand_of_the_sample(held):
    for number in range(3):
        scene = composed(held, number)

        hand, _ = figure().hand_vertices(scene.hand)
        body, _ = figure().body_vertices(scene.body, scene.hand)
        assert_allclose(body[figure().body.hand_vertex_ids], hand, atol=AGREE_M)


def test_hand_and_object_keep_the_pose_of_the_grasp(held):
    scene = composed(held)

    in_camera, _ = figure().hand_vertices(scene.hand)
    raw = transform_points(np.linalg.inv(scene.camera_from_object), in_camera)
    wanted, _ = figure().hand_vertices(grasp_of(held).hand)
    assert_allclose(raw * scene.object_scale, wanted, atol=1e-7)


def test_wrist_stands_in_the_configured_range_and_joints_in_the_image(held):
    near = SceneConfig(placement=PlacementConfig(distance_min_m=0.5, distance_max_m=0.55))
    for number in range(3):
        scene = composed(held, number, near)

        _, joints = figure().hand_vertices(scene.hand)
        pixels = scene.camera.project(joints)
        assert 0.5 <= joints[0, 2] <= 0.55
        assert ((pixels > 0) & (pixels < 256)).all()


def test_a_scene_depends_on_its_address_alone(held):
    first = composed(held, 5)
    composed(held, 6)

    assert composed(held, 5).to_json() == first.to_json()
    assert composed(held, 6).to_json() != first.to_json()
    assert composed(held, 5, attempt=9).to_json() != first.to_json()


def test_json_round_trip_is_exact(held):
    scene = composed(held)

    again = Scene.from_json(scene.to_json())

    assert again.to_json() == scene.to_json()
    assert_array_equal(again.camera_from_object, scene.camera_from_object)


def test_world_up_is_where_the_head_is(held):
    scene = composed(held)

    _, joints = figure().body_vertices(scene.body, scene.hand)
    up = scene.camera_from_world.T @ (joints[15] - joints[0])
    assert up[1] < -0.9 * np.linalg.norm(up)


def test_body_inside_the_object_is_rejected(held):
    class Everywhere:
        def distance(self, points):
            return np.full(len(points), -1.0)

    draw = compose.Draw("train-00000000", "train", 0)
    inside = replace(held, distance=Everywhere())
    all_views = SceneConfig(placement=PlacementConfig(unclear_kept=1.0))
    with pytest.raises(SampleRejected, match="body_pose: none of 80 poses"):
        compose.run(grasp_of(held), inside, draw, all_views, figure())


def test_hand_without_body_is_composed_too(held):
    config = SceneConfig(person=PersonConfig(body=False))

    scene = compose.run(
        grasp_of(held), held, compose.Draw("test-00000001", "test", 0), config, figure(body=False)
    )

    assert scene.body is None
    assert scene.names.body_pose == "none"


def test_no_skin_clothes_or_pose_is_shared_between_splits():
    names = {}
    for split in SPLITS:
        rng = generator_of(split)
        looks = [draw_looks(rng, split, PersonConfig()) for _ in range(200)]
        poses = {draw_pose_name(rng, split, PersonConfig()) for _ in range(200)}
        names[split] = poses | {look.skin for look in looks} | {look.wardrobe for look in looks}

    assert not names["train"] & names["val"]
    assert not names["train"] & names["test"]
    assert not names["val"] & names["test"]


def small_hand(rng):
    """Joints in no order, small beside the distance of any camera."""
    return 0.003 * rng.normal(size=(21, 3))


def pointing_finger(rng):
    """Joints in a row: from the wrist to one fingertip in even steps, the others between them."""
    along = np.linspace(0, 1, 21)
    along[[0, 9, 10, 11, 12]] = [0, 0.25, 0.5, 0.75, 1]
    return 0.01 * along[:, None] * [1.0, 0, 0] + 1e-9 * rng.normal(size=(21, 3))


@pytest.mark.parametrize("kept", [0.0, 0.25])
@pytest.mark.parametrize(
    ("joints_of", "limits", "share"),
    [
        (small_hand, {"edge_on_below": 0.4, "foreshortened_below": 0.0}, 0.4),
        (pointing_finger, {"edge_on_below": 0.0, "foreshortened_below": 0.6}, 0.2),
    ],
)
def test_as_many_unclear_views_are_left_as_asked_for(joints_of, limits, share, kept):
    """All directions alike, cosines with the line of sight are uniform: 1/5 have a sine < 3/5."""
    rng, camera = np.random.default_rng(1), SceneConfig().camera.camera()
    joints = joints_of(rng)
    alone = Subject(joints, joints.mean(axis=0), None, None, None, None, None)
    config = PlacementConfig(**limits, unclear_kept=kept)
    count = 1500

    views, rejected = [], 0
    while len(views) < count:
        try:
            placed = place(alone, camera, rng, config)
        except SampleRejected as redrawn:
            rejected += redrawn.rule == "unclear_view"
        else:
            views.append(view_of_hand(joints, placed.camera_from_subject[:3, :3]))
    views = np.array(views)
    unclear = (views < [limits["edge_on_below"], limits["foreshortened_below"]]).any(axis=1)

    left = share * kept / (share * kept + 1 - share)
    assert abs(unclear.mean() - left) <= 3 * np.sqrt(left * (1 - left) / count)
    lost = share * (1 - kept)
    assert abs(rejected / (rejected + count) - lost) <= 3 * np.sqrt(lost / count)
    with pytest.raises(InputError, match="unclear_kept must be from 0 to 1, got 2"):
        PlacementConfig(unclear_kept=2.0)


def test_a_glance_foresees_what_placing_would_reject_first():
    camera, joints = SceneConfig().camera.camera(), small_hand(np.random.default_rng(2))
    alone = Subject(joints, joints.mean(axis=0), None, None, None, None, None)
    config = PlacementConfig(draws=1)

    for seed in range(200):
        outcomes = []
        for look in (
            lambda rng: place(alone, camera, rng, config),
            lambda rng: glance(joints, rng, config),
        ):
            try:
                look(np.random.default_rng(seed))
            except SampleRejected as rejected:
                outcomes.append(f"{rejected.rule}: {rejected.detail}")
            else:
                outcomes.append("clear")
        assert outcomes[0] == outcomes[1]
