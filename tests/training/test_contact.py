import json

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck
from torch.testing import assert_close

from obman_gen.errors import InputError
from obman_gen.reconstruction.config import ContactConfig
from obman_gen.reconstruction.contact import Regions, contact_regions, contact_terms, saturate
from obman_gen.reconstruction.sphere import icosphere

RADIUS_M = 0.05


def sphere(radius_m=RADIUS_M, dtype=torch.float64):
    mesh = icosphere(2)
    return torch.tensor(radius_m * mesh.vertices, dtype=dtype)[None], torch.from_numpy(mesh.faces)


def regions(groups, count):
    member = torch.zeros(count, dtype=torch.bool)
    members = torch.tensor(groups)
    member[members] = True
    return Regions(members, member)


def points_at(*distances_m):
    """Points along an axis through a vertex of the sphere, where its distance is exact."""
    axis = torch.tensor(icosphere(2).vertices[0], dtype=torch.float64)
    return (torch.tensor(distances_m, dtype=torch.float64)[:, None] * axis)[None]


def test_saturation_starts_as_the_distance_and_ends_at_the_reach():
    assert_close(
        saturate(torch.tensor([1e-4, 1.0]), 0.01), torch.tensor([1e-4, 0.01]), rtol=1e-4, atol=0
    )


def test_outside_is_attracted_and_not_repelled():
    vertices, faces = sphere()
    hand = points_at(0.055, 0.07)

    terms = contact_terms(hand, vertices, faces, regions([[0, 1]], 2), ContactConfig())

    assert terms.repulsion.item() == 0
    assert_close(terms.attraction.item(), 0.01 * np.tanh(0.005 / 0.01), rtol=1e-6, atol=0)


def test_inside_is_repelled_and_not_attracted():
    vertices, faces = sphere()
    hand = points_at(0.046, 0.07)

    terms = contact_terms(
        hand, vertices, faces, regions([[0]], 2), ContactConfig(distance="vertices")
    )

    assert terms.inside.tolist() == [[True, False]]
    assert terms.attraction.item() == 0
    assert_close(terms.repulsion.item(), 0.02 * np.tanh(0.004 / 0.02), rtol=1e-6, atol=0)


def test_only_the_nearest_of_a_region_moves_and_it_moves_to_the_object():
    vertices, faces = sphere()
    hand = points_at(0.06, 0.07, 0.08).requires_grad_()

    terms = contact_terms(hand, vertices, faces, regions([[0, 1], [2, 2]], 3), ContactConfig())
    (gradient,) = torch.autograd.grad(terms.attraction.sum(), hand)

    outward = (gradient[0] * hand.detach()[0]).sum(1)
    assert outward[0] > 0  # descending takes it inwards
    assert outward[1] == 0
    assert outward[2] > 0


def test_far_skin_is_let_go():
    """Three reaches away the slope of the saturation is 1 - tanh(3)^2 = 1 %."""
    vertices, faces = sphere()
    slopes = []
    for distance_m in (0.051, 0.08):
        hand = points_at(distance_m).requires_grad_()
        terms = contact_terms(hand, vertices, faces, regions([[0]], 1), ContactConfig())
        (gradient,) = torch.autograd.grad(terms.attraction.sum(), hand)
        slopes.append(gradient.norm().item())

    assert_close(slopes[0], 1 - np.tanh(0.1) ** 2, rtol=1e-4, atol=0)
    assert_close(slopes[1], 1 - np.tanh(3) ** 2, rtol=1e-3, atol=0)


@pytest.mark.parametrize("distance", ["surface", "vertices"])
def test_gradients_are_right_for_both_sides(distance):
    vertices, faces = sphere()
    generator = torch.Generator().manual_seed(1)
    hand = 0.05 * torch.randn(1, 30, 3, generator=generator, dtype=torch.float64)
    groups = regions([[0, 1, 2], [3, 4, 5]], 30)
    config = ContactConfig(distance=distance)

    def both(hand, vertices):
        terms = contact_terms(hand, vertices, faces, groups, config)
        return terms.attraction, terms.repulsion

    both_sides = (100 * hand).requires_grad_(), (100 * vertices).requires_grad_()
    assert gradcheck(lambda a, b: both(a / 100, b / 100), both_sides)


@pytest.mark.parametrize(
    ("gradient", "moves"), [("both", (1, 1)), ("hand", (1, 0)), ("object", (0, 1))]
)
def test_the_chosen_side_gets_the_gradient(gradient, moves):
    vertices, faces = sphere()
    hand, vertices = points_at(0.06, 0.04).requires_grad_(), vertices.requires_grad_()

    terms = contact_terms(
        hand, vertices, faces, regions([[0]], 2), ContactConfig(gradient=gradient)
    )
    (terms.attraction + terms.repulsion).sum().backward()

    for tensor, wanted in zip((hand, vertices), moves, strict=True):
        assert (tensor.grad is not None and bool(tensor.grad.any())) == bool(wanted)


def test_a_sample_costs_the_same_whoever_shares_its_batch():
    vertices, faces = sphere()
    groups, config = regions([[0]], 3), ContactConfig()
    one, other = points_at(0.06, 0.04, 0.03), points_at(0.09, 0.09, 0.045)

    alone = contact_terms(one, vertices, faces, groups, config)
    together = contact_terms(
        torch.cat([one, other]), vertices.expand(2, -1, -1), faces, groups, config
    )

    assert_close(together.attraction[:1], alone.attraction)
    assert_close(together.repulsion[:1], alone.repulsion)


def test_a_swallowed_hand_gets_out(hand):
    """The published loss has no slope for a hand in the middle of a large object."""
    vertices, faces = sphere(0.25, torch.float32)
    posed = hand().vertices.detach()
    shift = (-posed.mean(dim=1) + torch.tensor([0.02, 0.0, 0.0])).requires_grad_()
    groups, config = contact_regions(hand, ContactConfig()), ContactConfig()
    optimizer = torch.optim.Adam([shift], lr=0.02)

    swallowed = contact_terms(posed + shift[:, None], vertices, faces, groups, config)
    for _ in range(40):
        optimizer.zero_grad()
        terms = contact_terms(posed + shift[:, None], vertices, faces, groups, config)
        terms.repulsion.sum().backward()
        optimizer.step()

    assert swallowed.inside.all()
    assert terms.inside.float().mean() < 0.05


def test_skin_on_the_surface_has_a_finite_gradient():
    vertices, faces = sphere()
    hand = vertices[:, :1].clone().requires_grad_()

    terms = contact_terms(hand, vertices, faces, regions([[0]], 1), ContactConfig())
    (gradient,) = torch.autograd.grad((terms.attraction + terms.repulsion).sum(), hand)

    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize(("kind", "groups"), [("zones", 6), ("tips", 5), ("all", 1669)])
def test_regions_come_from_the_hand_model(hand, kind, groups):
    found = contact_regions(hand, ContactConfig(regions=kind))

    assert len(found.members) == groups
    assert int(found.is_member.sum()) == len(np.unique(found.members))


def test_regions_come_from_a_file(hand, tmp_path):
    path = tmp_path / "regions.json"
    regions = {"palm": [3, 4, 5], "tip": [9]}
    stats = {"hand_model": {"name": "mine", "sha256": hand.sha256}, "contact_regions": regions}
    for content in (regions, stats):
        path.write_text(json.dumps(content))

        found = contact_regions(hand, ContactConfig(regions_file=str(path)))

        assert found.members.tolist() == [[3, 4, 5], [9, 9, 9]]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "cannot be read"),
        ("{}", "has no contact regions"),
        ('{"palm": [1.5]}', "region 'palm' is not a list of vertex numbers"),
        ('{"palm": []}', "region 'palm' is not a list of vertex numbers"),
        ('{"contact_regions": {}}', "has no contact regions"),
        (
            '{"contact_regions": {"palm": [1]}, "hand_model": {"name": "mano", "sha256": "1"}}',
            "is of the hand model mano, not open-hand",
        ),
        ('{"palm": [99999]}', "names vertex 99999, but the hand has 1669"),
    ],
)
def test_odd_region_files_say_what_is_wrong(hand, tmp_path, content, complaint):
    path = tmp_path / "regions.json"
    path.write_text(content)

    with pytest.raises(InputError, match=complaint):
        contact_regions(hand, ContactConfig(regions_file=str(path)))
