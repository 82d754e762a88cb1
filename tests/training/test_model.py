from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from obman_gen.errors import InputError
from obman_gen.reconstruction import ReconstructionModel, camera
from obman_gen.reconstruction.branches import SphereDecoder, normalised, sixd_matrices
from obman_gen.reconstruction.config import ModelConfig
from obman_gen.reconstruction.resnet import ResNet, load_torchvision_weights

PAPER = ModelConfig(normalisation="half", rotation="rotvec", mean_pose=False, scale_gauge="free")


@pytest.fixture(scope="module")
def model(hand):
    torch.manual_seed(0)
    return ReconstructionModel(ModelConfig(), hand)


@pytest.fixture(scope="module")
def pictures():
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_both_encoders_have_torchvisions_parameter_names():
    small, large = (ResNet(name, "imagenet") for name in ("resnet18", "resnet50"))

    for encoder, million, name in (
        (small, 11.1765, "layer2.0.downsample.1.running_var"),
        (large, 23.508, "layer4.2.conv3.weight"),
    ):
        count = sum(parameter.numel() for parameter in encoder.parameters())
        assert abs(count / 1e6 - million) < 1e-3  # torchvision's, less its classifier
        assert name in encoder.state_dict()
    assert large.width == 2048


def test_a_published_state_dict_loads_without_its_classifier(tmp_path):
    torch.manual_seed(1)
    source, target = ResNet("resnet18", "imagenet"), ResNet("resnet18", "imagenet")
    state = {**source.state_dict(), "fc.weight": torch.zeros(1000, 512), "fc.bias": torch.ones(1)}
    state = {name: value for name, value in state.items() if "num_batches" not in name}
    torch.save(state, tmp_path / "weights.pth")

    load_torchvision_weights(target, tmp_path / "weights.pth")

    assert_close(target.layer3[0].conv1.weight, source.layer3[0].conv1.weight)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"not a file of weights", "cannot be read as a state dict"),
        ([1, 2], "holds a list, need a state dict"),
        ({"conv1.weight": torch.zeros(1)}, r"does not fit the encoder: .* the first is bn1\.bias"),
    ],
)
def test_odd_weights_say_what_is_wrong(tmp_path, content, complaint):
    path = tmp_path / "weights.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)

    with pytest.raises(InputError, match=complaint):
        load_torchvision_weights(ResNet("resnet18", "imagenet"), path)


def test_imagenets_mean_becomes_zero():
    encoder = ResNet("resnet18", "imagenet")

    picture = torch.tensor([0.485, 0.456, 0.406])[:, None, None]

    assert_close((picture - encoder._mean) / encoder._deviation, torch.zeros(3, 1, 1))


def test_predicted_parameters_give_the_predicted_hand(model, pictures):
    prediction = model.predict(pictures)

    hand = model.hand(**model.hand_parameters(prediction))

    assert_close(hand.vertices, prediction.hand_vertices, rtol=0, atol=1e-6)
    assert_close(hand.joints, prediction.hand_joints, rtol=0, atol=1e-6)
    assert_close(prediction.hand_joints[:, 0], torch.zeros(2, 3))


@pytest.mark.parametrize("root", [0, 9])
def test_everything_is_relative_to_the_chosen_root(hand, pictures, root):
    model = ReconstructionModel(ModelConfig(root_joint=root, pca_count=6), hand)

    assert_close(model.predict(pictures).hand_joints[:, root], torch.zeros(2, 3))


def test_place_and_size_are_the_heads_alone(model, pictures):
    prediction = model.predict(pictures)

    shape = prediction.shape_points
    assert_close(shape.mean(dim=1), torch.zeros(2, 3), rtol=0, atol=1e-6)
    assert_close(shape.square().sum(2).mean(1), torch.ones(2))
    assert_close(prediction.object_points.mean(dim=1), prediction.translation)
    assert (prediction.scale_m > 0).all()


def test_the_published_choices_are_to_be_had(hand, pictures):
    model = ReconstructionModel(PAPER, hand)

    prediction = model.predict(pictures)

    assert_close(prediction.scale_m, torch.full((2,), 1e-3), rtol=0, atol=5e-4)
    assert_close(
        prediction.object_points,
        prediction.scale_m[:, None, None] * prediction.shape_points
        + prediction.translation[:, None],
    )


def test_normalising_twice_changes_nothing():
    points = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(0))

    assert_close(normalised(normalised(points)), normalised(points))


def test_decoder_is_the_published_one_on_concatenated_inputs():
    torch.manual_seed(0)
    decoder, sphere, features = SphereDecoder(16).eval(), torch.randn(5, 3), torch.randn(2, 16)
    joined = torch.cat([sphere.expand(2, 5, 3), features[:, None].expand(2, 5, 16)], dim=2)
    weight = torch.cat([decoder.of_point.weight, decoder.of_features.weight], dim=1)

    hidden = (joined @ weight.T + decoder.of_point.bias).flatten(0, 1)
    hidden = decoder.norm1(hidden).relu()
    hidden = decoder.norm2(decoder.layer2(hidden)).relu()
    hidden = decoder.norm3(decoder.layer3(hidden)).relu()

    assert_close(decoder(sphere, features), decoder.out(hidden).unflatten(0, (2, 5)))


def test_six_numbers_give_rotations():
    turns = sixd_matrices(torch.randn(8, 6, generator=torch.Generator().manual_seed(0)))

    assert_close(turns @ turns.mT, torch.eye(3).expand(8, 3, 3), rtol=0, atol=1e-5)
    assert_close(torch.linalg.det(turns), torch.ones(8))


def test_given_sphere_points_are_mapped_one_by_one(model, pictures):
    with torch.no_grad():
        some = model.eval()(pictures, model.sphere[:5]).object_points

    assert some.shape == (2, 5, 3)


def test_a_separate_encoder_serves_the_shape_alone(hand, pictures):
    model = ReconstructionModel(ModelConfig(separate_object_encoder=True), hand).eval()
    with torch.no_grad():
        before = model(pictures)
        model.object_encoder.conv1.weight.mul_(2)
        after = model(pictures)

    assert not torch.equal(before.shape_points, after.shape_points)
    assert torch.equal(before.translation, after.translation)
    assert torch.equal(before.hand_vertices, after.hand_vertices)


def test_predicting_leaves_the_model_as_it_was(model, pictures):
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}

    model.predict((255 * pictures).byte())

    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("shape", [(1, 3, 64, 48), (1, 3, 16, 16)])
def test_wrong_picture_sizes_are_named(model, shape):
    with pytest.raises(
        InputError, match=f"pictures are {shape[3]} x {shape[2]} pixels, need squares"
    ):
        model.predict(torch.zeros(shape))


def test_root_is_seen_where_the_head_says_at_the_depth_it_says():
    turn = np.pi / 5
    intrinsics = torch.tensor([[[500.0, 0, 90], [0, 500.0, 140], [0, 0, 1]]], dtype=torch.float64)
    numbers = torch.tensor([[0.25, -0.5, np.log(1.2)]], dtype=torch.float64)

    root = camera.root_in_camera(numbers, intrinsics, 200)

    assert_close(camera.project(root[:, None], intrinsics)[0, 0].tolist(), [125.0, 50.0])
    assert_close(root[0, 2].item(), 1.2 * 500 * camera.CROP_WIDTH_M / 200)
    cosine, sine = np.cos(turn), np.sin(turn)
    turned = torch.tensor([[[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]]]) @ intrinsics
    assert_close(camera.focal_length(turned), camera.focal_length(intrinsics))


def test_odd_settings_name_themselves():
    with pytest.raises(
        InputError, match=r"training\.model\.pca_count must lie in \[6, 45\], got 5"
    ):
        replace(ModelConfig(), pca_count=5)
    with pytest.raises(
        InputError, match=r"training\.model\.root_joint must lie in \[0, 20\], got 21"
    ):
        replace(ModelConfig(), root_joint=21)
