"""Input that is no grasp, no hand or no file: a clear error or the defined value."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pygraspit import World
from pygraspit.errors import DescriptionError
from pygraspit.formats import read_body, read_robot
from pygraspit.formats.geometry import read_geometry
from pygraspit.model import BodyModel, Geometry, RobotModel
from pygraspit.transforms import translation
from tests.pygraspit.shapes import box, gripper

TRIANGLE = np.array([[0.0, 0, 0], [40, 0, 0], [0, 40, 0]])


def body(vertices, faces, **more):
    return BodyModel("thing", Geometry(np.asarray(vertices, float), np.asarray(faces, int)), **more)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (body(TRIANGLE, np.zeros((0, 3))), "no triangles"),
        (body(TRIANGLE * np.nan, [[0, 1, 2]]), "not finite"),
        (body(TRIANGLE, [[0, 1, 3]]), "names vertex 3 of 3"),
        (body(TRIANGLE, [[0, 1, 2]], material="cheese"), "'cheese'; known materials"),
    ],
)
def test_a_body_that_is_none_says_what_is_wrong(model, said):
    with pytest.raises(DescriptionError, match=said):
        World().add_body(model)


def test_one_triangle_is_an_open_surface_that_can_be_touched():
    world = World()
    sheet = world.add_body(body(TRIANGLE, [[0, 1, 2]]))
    block = world.add_body(box("block", (10.0, 10.0, 10.0)), translation(10, 10, 5.1))

    assert_allclose(world.distance_mm(sheet, block), 0.1, atol=1e-12)
    assert world.collisions() == []
    assert len(world.find_contacts()) == 4


def test_triangles_without_area_do_no_harm():
    world = World()
    line = world.add_body(body(TRIANGLE * [1.0, 0, 0], [[0, 1, 2], [0, 0, 0]]))
    block = world.add_body(box("block", (10.0, 10.0, 10.0)), translation(0, 0, 7))

    assert_allclose(world.distance_mm(line, block), 2.0, atol=1e-12)


def test_many_triangles_at_one_place_make_a_tree():
    count = 3000
    faces = np.arange(3 * count).reshape(-1, 3)

    stacked = World().add_body(body(np.tile(TRIANGLE, (count, 1)), faces))

    assert len(stacked.shape.tree.triangles) == count


def test_triangles_of_ever_smaller_size_do_not_make_a_tree_too_deep():
    """Split at the mean, each node of these would part with only one triangle."""
    sizes = 0.5 ** np.arange(200)
    vertices = (sizes[:, None, None] * 1e6 * (TRIANGLE + np.array([50.0, 0, 0]))).reshape(-1, 3)
    world = World()
    nest = world.add_body(body(vertices, np.arange(600).reshape(-1, 3)))
    block = world.add_body(box("block", (1.0, 1.0, 1.0)), translation(-3, 0, 0))

    assert_allclose(world.distance_mm(nest, block), 2.5, atol=1e-6)


def test_a_hand_without_dofs_closes_at_once():
    world = World()
    hand = world.add_robot(RobotModel("stick", box("palm", (9.0, 9.0, 9.0)), (), ()))

    assert hand.auto_grasp()
    hand.force_dofs(np.zeros(0))
    assert hand.contacts() == []


@pytest.mark.parametrize("dofs", [np.zeros(3), np.array([np.nan, 0.0])])
def test_wrong_dofs_are_refused(dofs):
    hand = World().add_robot(gripper())

    with pytest.raises(DescriptionError, match="takes 2 finite DOFs"):
        hand.force_dofs(dofs)


def test_a_hand_that_starts_inside_the_object_stays_and_says_so():
    world = World()
    hand = world.add_robot(gripper())
    world.add_body(box("block", (200.0, 5.0, 5.0)), translation(0, 0, 45))

    assert not hand.auto_grasp()

    assert_array_equal(hand.dofs, [0.0, 0.0])
    assert world.collisions()


def test_an_object_inside_the_palm_is_no_collision_of_surfaces():
    world = World()
    world.add_robot(gripper())

    world.add_body(box("crumb", (2.0, 2.0, 2.0)))

    assert world.collisions() == []


def test_a_gripper_holds_a_block_between_its_fingers():
    world = World()
    hand = world.add_robot(gripper(velocity=10.0))
    block = world.add_body(box("block", (40.0, 8.0, 8.0)), translation(0, 0, 45))

    assert hand.auto_grasp()

    # Fingers are 10 mm thick, 60 mm out; the block reaches 20 mm: 35 mm of way.
    assert_allclose(hand.dofs, 35.0, atol=0.2)
    assert world.find_contacts()
    # Flat faces of four hard contacts each resist every wrench.
    assert world.quality(block).epsilon > 0.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<robot", "not XML"),
        ("<body/>", "<body>: a hand's file begins with <robot>"),
        ("<robot><dof type='x'/><palm>p.xml</palm></robot>", r"dof\[0\]>: type 'x' is none of"),
        ("<robot/>", "<robot>: has no <palm>"),
    ],
)
def test_a_wrong_hand_file_names_file_element_and_reason(tmp_path, text, said):
    path = tmp_path / "hand.xml"
    path.write_text(text)

    with pytest.raises(DescriptionError, match=rf"hand\.xml.*{said}"):
        read_robot(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<root/>", "has no <geometryFile>"),
        ("<root><geometryFile/></root>", "names no file"),
        ("<root><geometryFile>no.off</geometryFile></root>", "there is no such file"),
        ("<root><material>cheese</material></root>", "'cheese' is none of"),
        ("<root><mass>heavy</mass><geometryFile>a.off</geometryFile></root>", "no such|1 numbers"),
    ],
)
def test_a_wrong_body_file_names_file_and_reason(tmp_path, text, said):
    path = tmp_path / "thing.xml"
    path.write_text(text)

    with pytest.raises(DescriptionError, match=said):
        read_body(path)


@pytest.mark.parametrize("suffix", ["off", "ply", "obj", "iv"])
def test_a_wrong_geometry_file_is_named(tmp_path, suffix):
    path = tmp_path / f"broken.{suffix}"
    path.write_text("nothing of the kind")

    with pytest.raises(DescriptionError, match=rf"broken\.{suffix}"):
        read_geometry(path)
