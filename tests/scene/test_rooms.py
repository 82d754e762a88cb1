"""Rooms: one surface, each material once, the same for the same name."""

import numpy as np
from numpy.testing import assert_array_equal

from obman_gen.scene.pools import generator_of
from obman_gen.scene.rooms import furnished_room


def room(name="room-train-0003"):
    drawing = furnished_room(generator_of(name))
    (part,) = drawing.parts
    return drawing, part


def test_a_room_is_one_surface_of_closed_boxes():
    """Every directed edge of a box has its reverse: nothing is open, all faces look outwards."""
    _, part = room()

    edges = np.concatenate([part.faces[:, [i, (i + 1) % 3]] for i in range(3)])
    there, back = (np.unique(pairs, axis=0) for pairs in (edges, edges[:, ::-1]))
    assert_array_equal(there, back)
    assert len(part.faces) % 12 == 0


def test_each_material_of_a_room_is_made_once_and_used():
    _, part = room()

    assert len({id(material) for material in part.materials}) == len(part.materials)
    assert part.material_indices is not None
    assert_array_equal(np.unique(part.material_indices), np.arange(len(part.materials)))


def test_a_room_depends_on_its_name_alone():
    (first, one), (again, same), (_, other) = room(), room(), room("room-train-0004")

    assert_array_equal(one.vertices, same.vertices)
    assert one.uv is not None
    assert same.uv is not None
    assert_array_equal(one.uv, same.uv)
    assert first.lamps == again.lamps
    assert first.seed == again.seed
    assert len(one.vertices) != len(other.vertices)
