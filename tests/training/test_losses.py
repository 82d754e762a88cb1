import pytest
import torch
from torch.autograd import gradcheck
from torch.testing import assert_close

from obman_gen.errors import InputError
from obman_gen.reconstruction import losses
from obman_gen.reconstruction.config import LossWeights
from obman_gen.reconstruction.sphere import (
    SparseSquare,
    cotangent_laplacian,
    edges_of,
    icosphere,
    random_sphere_points,
)


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def laplacian_of(subdivisions):
    return losses.Laplacian(cotangent_laplacian(*icosphere(subdivisions)))


def test_chamfer_of_two_points_is_twice_their_squared_distance():
    assert_close(losses.chamfer(torch.zeros(1, 1, 3), torch.tensor([[[0.0, 3, 4]]])).item(), 50.0)


def test_chamfer_of_a_shifted_lattice_is_twice_the_squared_shift():
    steps = torch.arange(4.0)
    lattice = torch.cartesian_prod(steps, steps, steps)[None]

    assert_close(losses.chamfer(lattice, lattice + torch.tensor([0.25, 0, 0])).item(), 2 * 0.0625)


def test_chamfer_weighs_both_directions_whatever_their_counts():
    one = torch.zeros(1, 1, 3)
    three = torch.tensor([[[0.0, 0, 0], [1.0, 0, 0], [2.0, 0, 0]]])

    assert_close(losses.chamfer(one, three).item(), 0 + (0 + 1 + 4) / 3)


def test_chamfer_is_that_of_the_loop_over_all_pairs():
    points, others = normal(2, 7, 3), normal(2, 5, 3, seed=1)
    pairs = (points[:, :, None] - others[:, None]).square().sum(-1)

    expected = pairs.amin(2).mean(1) + pairs.amin(1).mean(1)

    assert_close(losses.chamfer(points, others), expected)


def test_chamfer_far_from_the_origin_loses_nothing_to_cancellation():
    points = torch.tensor([[[650.0, 0, 0]]])

    assert_close(losses.chamfer(points, points + 0.5).item(), 1.5)


def test_every_term_has_the_right_gradient():
    points, others = normal(2, 12, 3).requires_grad_(), normal(2, 9, 3, seed=1).requires_grad_()
    sphere = icosphere(1)
    mesh = normal(2, len(sphere.vertices), 3, seed=2).requires_grad_()
    edges, laplacian = torch.from_numpy(edges_of(sphere.faces)), laplacian_of(1)

    assert gradcheck(losses.chamfer, (points, others))
    assert gradcheck(losses.mean_squared, (points[:, :9], others))
    assert gradcheck(lambda moved: losses.edge_regularity(moved, edges), (mesh,))
    assert gradcheck(laplacian, (mesh,))


def test_equal_edges_cost_nothing_and_the_term_grows_with_the_square_of_the_size():
    tetrahedron = torch.tensor([[[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]])
    edges = torch.tensor([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
    uneven = tetrahedron * torch.tensor([1.0, 2.0, 3.0])

    assert_close(losses.edge_regularity(tetrahedron, edges).item(), 0.0)
    assert_close(
        losses.edge_regularity(3 * uneven, edges), 9 * losses.edge_regularity(uneven, edges)
    )


def test_laplacian_ignores_where_a_mesh_is_and_grows_with_its_size():
    laplacian, mesh = laplacian_of(2), normal(1, 162, 3)

    assert_close(laplacian(mesh + 5), laplacian(mesh))
    assert_close(laplacian(2 * mesh), 2 * laplacian(mesh))


def test_laplacian_of_a_regular_icosahedron_is_its_symmetric_value():
    """Each vertex minus the mean of its five neighbours, which lie 1/sqrt(5) up its axis."""
    vertices = torch.from_numpy(icosphere(0).vertices)[None]

    assert_close(laplacian_of(0)(vertices).item(), 1 - 5**-0.5, rtol=0, atol=1e-6)


def test_laplacian_of_a_flat_point_is_zero():
    rows = SparseSquare(*(torch.tensor(part).numpy() for part in ([0, 0], [0, 1], [1.0, -1.0])))
    laplacian, points = losses.Laplacian(rows), torch.ones(1, 2, 3, requires_grad=True)

    (gradient,) = torch.autograd.grad(laplacian(points).sum(), points)

    assert torch.isfinite(gradient).all()


def test_icosphere_has_the_published_size_and_unit_radius():
    sphere = icosphere(3)

    assert (len(sphere.vertices), len(sphere.faces)) == (642, 1280)
    assert len(edges_of(sphere.faces)) == 642 + 1280 - 2  # Euler
    assert_close(torch.from_numpy(sphere.vertices).norm(dim=1), torch.ones(642))


def test_random_points_are_on_the_sphere_and_even():
    """The mean of uniform unit vectors vanishes like 1 / sqrt(n)."""
    points = random_sphere_points(4000, torch.Generator().manual_seed(0))

    assert_close(points.norm(dim=1), torch.ones(4000))
    assert points.mean(dim=0).abs().max() < 4 / (3 * 4000) ** 0.5


def test_masked_means_count_only_what_applies():
    values = torch.tensor([1.0, 2.0, 6.0])

    assert losses.mean_where(values, torch.tensor([1.0, 0.0, 1.0])).item() == 3.5
    assert losses.mean_where(values, torch.zeros(3)).item() == 0


def test_terms_and_weights_must_name_the_same():
    with pytest.raises(KeyError, match="odd ones out: \\['scale'\\]"):
        losses.weighted_total({"pose": torch.ones(())}, {"pose": 1.0, "scale": 2.0})


def test_total_is_the_weighted_sum():
    terms = {"pose": torch.tensor(2.0), "scale": torch.tensor(5.0)}

    assert losses.weighted_total(terms, {"pose": 0.5, "scale": 3.0}).item() == 16.0


def test_a_negative_weight_names_itself():
    with pytest.raises(InputError, match=r"training\.weights\.edges must be 0 or more, got -1"):
        LossWeights(edges=-1)
