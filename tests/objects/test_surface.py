"""The closed surface of any mesh: right volume, thin walls thin, openings open."""

import igl
import numpy as np
import pytest
from numpy.testing import assert_allclose
from objects.shapes import box, joined, sheet_bowl, shuffled_winding

from obman_gen.errors import SampleRejected
from obman_gen.objects.surface import closed_pieces, outer_surface, volume, wrapped
from pygraspit.sdf import bake

RESOLUTION = 48


def is_closed(faces):
    """The reference twin: count every directed edge in a dictionary."""
    seen = {}
    for a, b, c in faces.tolist():
        for edge in ((a, b), (b, c), (c, a)):
            seen[edge] = seen.get(edge, 0) + 1
    return all(count == 1 and seen.get(edge[::-1]) == 1 for edge, count in seen.items())


def is_inside(surface, points):
    numbers = igl.fast_winding_number(
        np.ascontiguousarray(surface.vertices),
        np.ascontiguousarray(surface.faces),
        np.array(points),
    )
    return np.asarray(numbers) > 0.5


def test_overlapping_boxes_become_their_union():
    mesh = joined(box(), box(center=(0.5, 0.2, 0.1)))

    surface = outer_surface(*mesh, RESOLUTION)

    # Inclusion and exclusion: the overlap measures 0.5 x 0.8 x 0.9.
    assert_allclose(volume(surface), 2 - 0.5 * 0.8 * 0.9, rtol=1e-9)
    assert is_closed(surface.faces)


def test_winding_does_not_matter_for_a_closed_mesh():
    vertices, faces = box(2.0, 1.0, 3.0)

    surface = outer_surface(vertices, shuffled_winding(faces), RESOLUTION)

    assert_allclose(volume(surface), 6.0, rtol=1e-9)


def test_a_cavity_that_nothing_reaches_is_filled():
    vertices, faces = joined(box(), box(0.5, 0.5, 0.5))
    faces[12:] = faces[12:, ::-1]

    assert_allclose(volume(outer_surface(vertices, faces, RESOLUTION)), 1.0, rtol=1e-9)


def missing_face(mesh):
    return mesh[0], mesh[1][1:]


def doubled_edges(mesh):
    """Three boxes, two of which share an edge, which so has four faces."""
    vertices, faces = joined(mesh, box(center=(1.0, 1.0, 0.0)))
    vertices, index = np.unique(vertices, axis=0, return_inverse=True)
    return vertices, index.reshape(-1)[faces]


def islands(mesh):
    """Loose triangles inside, as ShapeNet's models are full of."""
    rng = np.random.default_rng(0)
    loose = rng.uniform(-0.3, 0.3, (60, 1, 3)) + rng.normal(size=(60, 3, 3)) * 0.02
    return joined(missing_face(mesh), (loose.reshape(-1, 3), np.arange(180).reshape(-1, 3)))


@pytest.mark.parametrize(
    ("breaking", "content"),
    [(doubled_edges, 2.0), (islands, 1.0)],
)
def test_a_broken_solid_keeps_its_volume_to_a_film(breaking, content):
    vertices, faces = breaking(box())

    surface = wrapped(vertices, shuffled_winding(faces), RESOLUTION)

    step = np.ptp(vertices, axis=0).max() / (RESOLUTION - 1)
    assert is_closed(surface.faces)
    if breaking is islands:
        # The missing triangle is a hole wider than two steps: the box is a shell.
        assert volume(surface) < 0.5
        return
    area = 12.0
    assert_allclose(volume(surface), content, atol=1.5 * 0.04 * step * area)


def test_a_sheet_becomes_a_thin_bowl_whose_inside_is_outside():
    vertices, faces = sheet_bowl()

    surface = wrapped(vertices, shuffled_winding(faces), RESOLUTION)

    step = 2 / (RESOLUTION - 1)
    thickness = 2 * 0.04 * step
    assert is_closed(surface.faces)
    assert_allclose(volume(surface), 2 * np.pi * thickness, rtol=0.1)
    assert not is_inside(surface, [[0.0, y, 0.0] for y in (-0.9, -0.5, -0.1, 0.1)]).any()


def test_a_plate_thinner_than_a_grid_step_stays_thin():
    vertices, faces = missing_face(box(1.0, 0.1, 0.002))

    surface = wrapped(vertices, faces, RESOLUTION)

    assert_allclose(np.ptp(surface.vertices, axis=0), [1.0, 0.1, 0.002], atol=0.1 / RESOLUTION)


def test_an_opening_of_four_steps_stays_open():
    """A box without its upper side, and its mouth narrowed to a slot."""
    vertices, faces = box()
    open_box = (vertices, faces[[0, 1, 2, 3, 4, 5, 6, 7, 10, 11]])
    slot = 4 / (RESOLUTION - 1)
    lids = [box((1 - slot) / 2, 0.01, 1.0, (s * (0.5 - (1 - slot) / 4), 0.5, 0)) for s in (-1, 1)]

    surface = wrapped(*joined(open_box, *lids), RESOLUTION)

    assert not is_inside(surface, [[0.0, 0.0, 0.0]]).any()


def test_a_box_without_openings_is_solid_even_if_it_is_a_shell():
    vertices, faces = joined(box(), box(0.9, 0.9, 0.9))
    twins = np.concatenate([faces, faces[:1]])

    surface = wrapped(vertices, twins, RESOLUTION)

    assert is_inside(surface, [[0.0, 0.0, 0.0]]).all()


def test_a_probe_pushed_into_a_broken_solid_penetrates():
    vertices, faces = doubled_edges(box())
    surface = wrapped(vertices, faces[np.random.default_rng(0).permutation(len(faces))], RESOLUTION)

    grid = bake(surface.vertices, surface.faces)

    probe = np.array([[0.0, 0.0, 0.5 - depth] for depth in (-0.1, 0.05, 0.2)])
    assert_allclose(grid.distance(probe), [0.1, -0.05, -0.2], atol=0.01)


def test_faces_without_area_enclose_nothing():
    line = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]])

    with pytest.raises(SampleRejected, match="every face of the mesh has zero area"):
        wrapped(line, np.array([[0, 1, 2], [1, 2, 3]]), RESOLUTION)


def test_a_flat_closed_mesh_has_no_inside():
    vertices, faces = box(1.0, 1.0, 0.0)

    assert closed_pieces(vertices, faces) == []
