"""The generator of CycleGAN. Knows nothing of files or losses.

Tensors are N×C×H×W in -1..1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.train.networks import Generator

NORMS = ("instance", "none")


@dataclass(frozen=True)
class ResnetOptions:
    """Channels at full size, residual blocks, and the normalisation: "instance" as published, or "none"."""

    width: int = 64
    blocks: int = 9
    norm: str = "instance"

    def __post_init__(self) -> None:
        if self.width < 4 or self.blocks < 1 or self.norm not in NORMS:
            raise ValueError(f"resnet widths start at 4, blocks at 1, and the norm is one of {', '.join(NORMS)}")


class FreezingNorm(nn.InstanceNorm2d):
    """Instance norm (Ulyanov et al. 2016) that can be told to stop measuring.

    Palettes allow no statistics at inference, since a tile would look different from the picture it was cut from. So running averages
    are kept while training measures each picture; over the end of a run `eval()` normalises with the averages, which is a fixed scale
    and shift, and the generator learns to live with what will be exported.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, momentum=0.01, track_running_stats=True)


class Layer(nn.Module):
    """Convolution (reflected borders where `reflect`), normalisation, ReLU where `active`."""

    def __init__(self, convolution: nn.Conv2d | nn.ConvTranspose2d, norm: str, *, reflect: int = 0, active: bool = True) -> None:
        super().__init__()
        self.convolution, self.reflect, self.active = convolution, reflect, active
        self.norm = FreezingNorm(convolution.out_channels) if norm == "instance" else nn.Identity()
        if norm == "instance":
            nn.init.normal_(convolution.weight, std=0.02)  # as published; the norm makes it large enough
        else:
            nn.init.kaiming_normal_(convolution.weight)
        nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]

    def forward(self, hidden: Tensor) -> Tensor:
        if self.reflect:
            hidden = F.pad(hidden, (self.reflect,) * 4, mode="reflect")
        hidden = self.norm(self.convolution(hidden))
        return F.relu(hidden) if self.active else torch.as_tensor(hidden)

    def fold(self) -> None:
        """Turn a norm that stands still into what it is, a scale and a shift of the convolution's output."""
        if isinstance(self.norm, FreezingNorm):
            assert self.norm.running_mean is not None and self.norm.running_var is not None and self.convolution.bias is not None
            scale = (self.norm.running_var + self.norm.eps).rsqrt()
            outputs = (1, -1, 1, 1) if isinstance(self.convolution, nn.ConvTranspose2d) else (-1, 1, 1, 1)
            self.convolution.weight.data.mul_(scale.view(outputs))
            self.convolution.bias.data.sub_(self.norm.running_mean).mul_(scale)
            self.norm = nn.Identity()


class Block(nn.Module):
    """h + two 3×3 layers of h (He et al. 2016)."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.first = Layer(nn.Conv2d(channels, channels, 3), norm, reflect=1)
        self.second = Layer(nn.Conv2d(channels, channels, 3), norm, reflect=1, active=False)
        if norm == "none":
            self.second.convolution.weight.data.mul_(0.1)

    def forward(self, hidden: Tensor) -> Tensor:
        return torch.add(hidden, self.second(self.first(hidden)))


class ResnetGenerator(Generator):
    """Two halvings, residual blocks at 1/4, two doublings (Johnson et al. 2016; 9 blocks and width 64 in Zhu et al. 2017).

    The planes are red, green and blue; the code is the gate alone, and what is painted is `photo + gate·(painting - photo)`, kept in range.
    """

    inputs, code_length, size_multiple = 3, 1, 4

    def __init__(self, options: ResnetOptions) -> None:
        super().__init__()
        self.options = options
        width, norm = options.width, options.norm
        self.stem = Layer(nn.Conv2d(3, width, 7), norm, reflect=3)
        self.down_half = Layer(nn.Conv2d(width, 2 * width, 3, 2, 1), norm)
        self.down_quarter = Layer(nn.Conv2d(2 * width, 4 * width, 3, 2, 1), norm)
        self.body = nn.ModuleList(Block(4 * width, norm) for _ in range(options.blocks))
        self.up_half = Layer(nn.ConvTranspose2d(4 * width, 2 * width, 3, 2, 1, output_padding=1), norm)
        self.up_full = Layer(nn.ConvTranspose2d(2 * width, width, 3, 2, 1, output_padding=1), norm)
        self.paint = Layer(nn.Conv2d(width, 3, 7), "none", reflect=3, active=False)
        nn.init.normal_(self.paint.convolution.weight, std=0.02)

    def features(self, planes: Tensor, code: Tensor) -> list[Tensor]:
        """At 1/2 and 1/4 of the size, after the middle and after the last of the blocks."""
        half = self.down_half(self.stem(planes))  # N×2·width×H/2×W/2
        hidden = quarter = self.down_quarter(half)  # N×4·width×H/4×W/4
        middle = quarter
        for index, block in enumerate(self.body):
            hidden = block(hidden)
            middle = hidden if index == len(self.body) // 2 else middle
        return [half, quarter, middle, hidden]

    def forward(self, photo: Tensor, code: Tensor) -> Tensor:
        hidden = self.features(photo, code)[-1]
        painting = torch.tanh(self.paint(self.up_full(self.up_half(hidden))))
        return (photo + code[:, :1, None, None] * (painting - photo)).clamp(-1, 1)

    def fold(self) -> None:
        """Norms into convolutions."""
        for layer in self.modules():
            if isinstance(layer, Layer):
                layer.fold()

    def receptive_field_px(self) -> int:
        """From kernels and strides: a k×k convolution at 1/s of the size adds (k - 1)·s; a doubling reaches one cell further."""
        at_full, at_half, at_quarter = 6 + 2 + 6, 2 * 2, 2 * 2 * 4 * self.options.blocks
        return 1 + at_full + at_half + at_quarter + 2 * (2 + 4)
