from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from obman_gen.reconstruction import camera
from obman_gen.reconstruction.config import ContactConfig, LossWeights, ModelConfig
from obman_gen.reconstruction.losses import weighted_total
from obman_gen.reconstruction.model import Prediction
from obman_gen.reconstruction.objective import Objective, Targets
from obman_gen.reconstruction.sphere import icosphere

IMAGE_PX = 200
POINTS_ONLY = ModelConfig(random_sphere_count=642)  # no terms of a mesh


def truth(hand, kinds=("ho",)):
    """Hands in front of a camera, each with an ellipsoid 8 cm beside its root."""
    batch = len(kinds)
    generator = torch.Generator().manual_seed(0)
    output = hand(pose=0.2 * torch.randn(batch, 45, generator=generator))
    root = torch.tensor([0.02, -0.01, 0.6]).expand(batch, 3)
    vertices, joints = (points - output.joints[:, :1] for points in output)
    intrinsics = torch.tensor([[400.0, 0, 90], [0, 400.0, 110], [0, 0, 1]]).expand(batch, 3, 3)
    ellipsoid = torch.from_numpy(icosphere(3).vertices) * torch.tensor([0.03, 0.04, 0.05])
    return Targets(
        vertices,
        joints,
        camera.project(joints + root[:, None], intrinsics),
        root,
        (ellipsoid + torch.tensor([0.08, 0, 0])).expand(batch, -1, -1),
        intrinsics,
        torch.tensor([float("h" in kind) for kind in kinds]),
        torch.tensor([float("o" in kind) for kind in kinds]),
        torch.ones(batch),
    )


def perfect(targets):
    """The prediction that says exactly what is true."""
    batch = len(targets.root)
    centre = targets.object_points.mean(dim=1)
    centred = targets.object_points - centre[:, None]
    scale = centred.square().sum(2).mean(1).sqrt()
    depth = camera.focal_length(targets.intrinsics) * camera.CROP_WIDTH_M / IMAGE_PX
    pixels = camera.project(targets.root[:, None], targets.intrinsics)[:, 0]
    numbers = [2 / IMAGE_PX * pixels - 1, (targets.root[:, 2] / depth).log()[:, None]]
    return Prediction(
        targets.hand_vertices,
        targets.hand_joints,
        torch.eye(3).expand(batch, 3, 3),
        torch.zeros(batch, 30),
        torch.zeros(batch, 10),
        targets.object_points,
        centred / scale[:, None, None],
        scale,
        centre,
        torch.cat(numbers, dim=1),
    )


def terms_of(hand, prediction, targets, config=POINTS_ONLY, *, with_contact=False):
    objective = Objective(config, ContactConfig(), hand)
    return objective(prediction, targets, IMAGE_PX, with_contact=with_contact)


def test_the_truth_costs_nothing(hand):
    targets = truth(hand)

    terms = terms_of(hand, perfect(targets), targets)

    for name, value in terms.items():
        assert_close(
            value.item(), 0.0, rtol=0, atol=1e-6, msg=lambda text, name=name: f"{name}: {text}"
        )


@pytest.mark.parametrize(
    ("name", "change", "cost"),
    [
        ("vertices", lambda p: p._replace(hand_vertices=p.hand_vertices + 0.003), 9.0),
        ("joints", lambda p: p._replace(hand_joints=p.hand_joints - 0.002), 4.0),
        ("pose", lambda p: p._replace(pose_coefficients=p.pose_coefficients + 2), 4.0),
        ("shape", lambda p: p._replace(betas=p.betas + 3), 9.0),
        ("translation", lambda p: p._replace(translation=p.translation + 0.001), 1.0),
        ("scale", lambda p: p._replace(scale_m=p.scale_m - 0.004), 16.0),
        ("chamfer_centred", lambda p: p._replace(shape_points=7 * p.shape_points), 0.0),
        ("chamfer", lambda p: p._replace(object_points=p.object_points + 1e-4), 2 * 3e-2),
        (
            "root_depth",
            lambda p: p._replace(root_numbers=p.root_numbers + torch.tensor([0, 0, 0.2])),
            0.04,
        ),
    ],
)
def test_each_term_measures_its_own_error_in_millimetres(hand, name, change, cost):
    targets = truth(hand)

    terms = terms_of(hand, change(perfect(targets)), targets)

    assert_close(terms[name].item(), cost, rtol=1e-3, atol=1e-4)


def test_moved_joints_cost_their_pixels(hand):
    targets = truth(hand)
    moved = targets._replace(joints_2d=targets.joints_2d + torch.tensor([3.0, 4.0]))

    assert_close(
        terms_of(hand, perfect(targets), moved)["joints_2d"].item(), 12.5, rtol=1e-3, atol=0
    )


def test_published_scale_is_the_largest_radius(hand):
    targets = truth(hand)

    terms = terms_of(hand, perfect(targets), targets, replace(POINTS_ONLY, scale_gauge="free"))

    rms_mm = 1000 * perfect(targets).scale_m.item()
    assert_close(terms["scale"].item(), (50 - rms_mm) ** 2, rtol=1e-3, atol=0)


def test_a_picture_teaches_only_what_it_shows(hand):
    targets = truth(hand, ("ho", "h", "o"))
    prediction = Prediction._make(value.clone().requires_grad_() for value in perfect(targets))
    wrong = Prediction._make(value + 0.01 for value in prediction)

    terms = terms_of(hand, wrong, targets, ModelConfig(), with_contact=True)
    sum(terms.values()).backward()

    learns = {
        name: [bool(row.any()) for row in getattr(prediction, name).grad]
        for name in (
            "hand_vertices",
            "betas",
            "shape_points",
            "translation",
            "scale_m",
            "root_numbers",
        )
    }
    assert (
        learns["hand_vertices"] == learns["betas"] == learns["root_numbers"] == [True, True, False]
    )
    assert learns["shape_points"] == [True, False, True]
    assert learns["translation"] == learns["scale_m"] == [True, False, False]


@pytest.mark.parametrize(
    ("config", "with_contact"),
    [(ModelConfig(), False), (ModelConfig(), True), (POINTS_ONLY, False)],
)
def test_terms_and_weights_always_match(hand, config, with_contact):
    targets, objective = truth(hand), Objective(config, ContactConfig(), hand)

    terms = objective(perfect(targets), targets, IMAGE_PX, with_contact=with_contact)

    weights = objective.weights(LossWeights(), with_contact=with_contact)
    assert torch.isfinite(weighted_total(terms, weights))
    assert ("attraction" in terms) == with_contact
