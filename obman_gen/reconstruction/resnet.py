"""ResNet image encoders whose parameters carry torchvision's names.

The network of He et al., CVPR 2016, with the stride of a bottleneck in its 3x3 convolution,
as torchvision has it, so that a state dict saved by torchvision loads as it is.
"""

import pickle
import struct
from pathlib import Path

import torch
from jaxtyping import Float
from torch import nn

from obman_gen.errors import InputError

NORMALISATION = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "half": ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0)),
}
"""Mean and deviation of sRGB values in [0, 1], by the name in the configuration."""

UNREADABLE = (
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    struct.error,
)
"""What torch's reader raises on files that are not what it wrote."""


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int, downsample: nn.Module | None):
        super().__init__()
        self.conv1 = _convolution(inputs, width, 3, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = _convolution(width, width, 3)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = downsample

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map (B, inputs, H, W) to (B, width, H / stride, W / stride)."""
        shortcut = features if self.downsample is None else self.downsample(features)
        out = self.relu(self.bn1(self.conv1(features)))
        return self.relu(self.bn2(self.conv2(out)) + shortcut)


class Bottleneck(nn.Module):
    """A 3x3 convolution between two 1x1 convolutions, around a shortcut."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int, downsample: nn.Module | None):
        super().__init__()
        self.conv1 = _convolution(inputs, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _convolution(width, width, 3, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = _convolution(width, width * self.expansion, 1)
        self.bn3 = nn.BatchNorm2d(width * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map (B, inputs, H, W) to (B, 4 width, H / stride, W / stride)."""
        shortcut = features if self.downsample is None else self.downsample(features)
        out = self.relu(self.bn1(self.conv1(features)))
        out = self.relu(self.bn2(self.conv2(out)))
        return self.relu(self.bn3(self.conv3(out)) + shortcut)


LAYERS = {"resnet18": (BasicBlock, (2, 2, 2, 2)), "resnet50": (Bottleneck, (3, 4, 6, 3))}


class ResNet(nn.Module):
    """An encoder without the classifier: its features are the mean over the picture."""

    _mean: torch.Tensor
    _deviation: torch.Tensor

    def __init__(self, name: str, normalisation: str):
        super().__init__()
        block, depths = LAYERS[name]
        self.width = 512 * block.expansion
        mean, deviation = NORMALISATION[normalisation]
        self.register_buffer("_mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("_deviation", torch.tensor(deviation)[:, None, None], persistent=False)
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        inputs = 64
        for place, depth in enumerate(depths):
            width = 64 * 2**place
            layer = _layer(block, inputs, width, depth, stride=1 if place == 0 else 2)
            self.add_module(f"layer{place + 1}", layer)
            inputs = width * block.expansion
        self._initialise()
        # Channels last is what fast convolutions want: 7 % of a step on CPUs, more on GPUs.
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] (stubs lack it)

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Float[torch.Tensor, "batch 3 height width"]) -> torch.Tensor:
        """Return (B, width) features of sRGB pictures in [0, 1]."""
        features = (images - self._mean) / self._deviation
        features = features.contiguous(memory_format=torch.channels_last)
        features = self.maxpool(self.relu(self.bn1(self.conv1(features))))
        for place in range(1, 5):
            features = getattr(self, f"layer{place}")(features)
        return features.mean(dim=(2, 3))


def _layer(block, inputs: int, width: int, depth: int, stride: int) -> nn.Sequential:
    outputs = width * block.expansion
    downsample = None
    if stride != 1 or inputs != outputs:
        downsample = nn.Sequential(
            _convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs)
        )
    blocks = [block(inputs, width, stride, downsample)]
    blocks += [block(outputs, width, 1, None) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)


def load_torchvision_weights(encoder: ResNet, path: Path) -> None:
    """Load a state dict as torchvision publishes them; the classifier in it is left out.

    Raises:
        InputError: if the file is not one, or is of another network.
    """
    if not path.is_file():
        raise InputError(f"training.model.encoder_weights: there is no file {path}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise InputError(
            f"{path} cannot be read as a state dict ({path.stat().st_size} bytes); "
            "give a .pth file as torchvision publishes them"
        ) from error
    if not isinstance(state, dict):
        raise InputError(f"{path} holds a {type(state).__name__}, need a state dict")
    state = {name: value for name, value in state.items() if not name.startswith("fc.")}
    wanted = encoder.state_dict()
    odd = sorted(
        name
        for name in wanted.keys() | state.keys()
        # Files of before 2018 lack the counter of batches, which nothing uses.
        if not name.endswith("num_batches_tracked")
        and (name not in state or name not in wanted or state[name].shape != wanted[name].shape)
    )
    if odd:
        raise InputError(
            f"{path} does not fit the encoder: {len(odd)} tensors are missing, unknown or of "
            f"another shape, the first is {odd[0]}; is training.model.encoder right?"
        )
    encoder.load_state_dict(state, strict=False)
