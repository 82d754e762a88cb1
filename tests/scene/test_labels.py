"""Labels and pictures agree: joints are where the H view shows the hand."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from scene.grasping import box, figure, grasp_of
from scene.stand_in import PERSON_VIEWS, drawing

from obman_gen.errors import SampleRejected
from obman_gen.sample import BODY, HAND
from obman_gen.scene import SceneConfig, compose
from obman_gen.scene.artist import Artist
from obman_gen.scene.drawing import Material, Part
from obman_gen.scene.visibility import (
    Visibility,
    VisibilityRules,
    measure,
    require_visible,
    view_truths,
)

FINGERTIPS = (4, 8, 12, 16, 20)
BALL_CENTRE = np.array([-0.02, 0.01, 0.6])
OUT_OF_THE_IMAGE = np.array([1.0, 0.0, 0.6])


def with_plate(depth_m, joints):
    """Put a plate of body before or behind the stand-in's ball of hand."""
    mesh = trimesh.creation.box((0.5, 0.5, 0.001))
    plate = Part(
        "plate",
        np.array(mesh.vertices) + np.array([0, 0, depth_m]),
        np.array(mesh.faces),
        (Material((0.5, 0.5, 0.5)),),
        np.full(12, BODY),
        in_views=PERSON_VIEWS,
    )
    plain = drawing()
    return replace(plain, parts=(*plain.parts, plate), hand_joints=np.array(joints))


@pytest.mark.parametrize(("depth_m", "covered"), [(0.5, 1), (0.9, 0)])
def test_a_joint_is_covered_if_the_body_stands_before_the_hand(depth_m, covered):
    scene = with_plate(depth_m, [BALL_CENTRE, OUT_OF_THE_IMAGE])

    assert measure(scene, view_truths(scene)).covered_joints == covered


def test_the_object_may_hide_joints():
    behind_the_box = replace(drawing(), hand_joints=BALL_CENTRE[None])
    behind_the_box = replace(
        behind_the_box, parts=(behind_the_box.parts[0], _before(behind_the_box.parts[1]))
    )

    seen = measure(behind_the_box, view_truths(behind_the_box))

    assert seen.hand < 0.5
    assert seen.covered_joints == 0


def _before(thing):
    """Move the stand-in's box between the camera and the middle of the ball."""
    middle = thing.vertices.mean(axis=0)
    return replace(thing, vertices=thing.vertices - middle + 0.75 * BALL_CENTRE)


def test_covered_joints_reject_a_picture_unless_the_rules_allow_them():
    scene = with_plate(0.5, [BALL_CENTRE])
    seen = Visibility(500, 500, 500, 500, measure(scene, view_truths(scene)).covered_joints)
    require_visible(seen, VisibilityRules(max_covered_joints=1))

    with pytest.raises(SampleRejected, match="covered_joints: 1 joints lie behind"):
        require_visible(seen, VisibilityRules())


class BarePainter:
    """Leaves the skin unpainted: labels do not depend on it."""

    def materials(self, skin):
        return ()

    def body_uv(self, skin):
        return np.zeros((len(figure().body_surface.faces), 3, 2))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Pixels of the joints and the H view's labels of six scenes that the rules let pass."""
    held = box(tmp_path_factory.mktemp("object"))
    artist = Artist(SceneConfig(), figure(), tmp_path_factory.mktemp("cache"))
    artist._skins = BarePainter()
    found = []
    for attempt in range(40):
        draw = compose.Draw("train-00000033", "train", 0, attempt)
        try:
            scene = compose.run(grasp_of(held), held, draw, SceneConfig(), figure())
        except SampleRejected:
            continue
        _, joints = figure().hand_vertices(scene.hand)
        shown = replace(
            drawing(of_camera=scene.camera), parts=artist._person(scene), hand_joints=joints
        )
        truths = view_truths(shown)
        if not measure(shown, truths).covered_joints:
            found.append((scene.camera.project(joints), truths["h"].segmentation))
        if len(found) == 6:
            return found
    raise AssertionError("40 draws did not give six scenes")


def test_knuckles_fall_on_pixels_of_the_hand(pictures):
    for pixels, labels in pictures:
        columns, rows = np.floor(np.delete(pixels, (0, *FINGERTIPS), axis=0)).astype(int).T
        assert (labels[rows, columns] == HAND).all()


def test_wrist_and_fingertips_fall_within_a_pixel_and_a_half_of_one(pictures):
    """Fingertips are on the surface, so some stand on the outline, between two pixels."""
    for pixels, labels in pictures:
        rows, columns = np.nonzero(labels == HAND)
        centres = np.stack([columns, rows], axis=1) + 0.5
        ends = pixels[[0, *FINGERTIPS]]
        assert np.linalg.norm(ends[:, None] - centres, axis=2).min(axis=1).max() < 1.5


def test_a_sketch_hides_no_more_than_the_dressed_person(tmp_path):
    """So what a sketch breaks, the picture would break as well."""
    held = box(tmp_path)
    artist = Artist(SceneConfig(), figure(), tmp_path / "cache")
    artist._skins = BarePainter()
    hidden = 0
    for attempt in range(6):
        draw = compose.Draw("train-00000033", "train", 0, attempt)
        try:
            scene = compose.run(grasp_of(held), held, draw, SceneConfig(), figure())
        except SampleRejected:
            continue
        sketch = artist.sketch(scene)
        dressed = replace(sketch, parts=(*artist._person(scene), sketch.parts[1]))
        most, seen = (measure(some, view_truths(some)) for some in (sketch, dressed))
        assert most.hand_px >= seen.hand_px
        assert most.object_px >= seen.object_px
        assert most.object_silhouette_px == seen.object_silhouette_px
        hidden += seen.object_px < seen.object_silhouette_px
    assert hidden
