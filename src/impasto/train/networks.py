"""What every generator promises, and ours: the one modulated by style codes. Knows nothing of files or losses.

Tensors are N×C×H×W in -1..1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIZE_MULTIPLE = 8  # the generator's input height and width are multiples of this
INPUTS = 4  # red, green, blue and the canvas


@dataclass(frozen=True)
class GeneratorOptions:
    """Widths at 1/2, 1/4 and 1/8 of the picture's size, residual blocks at each, and the length of a style code."""

    width: tuple[int, int, int] = (16, 32, 64)
    blocks: tuple[int, int, int] = (0, 2, 1)
    code_length: int = 64

    def __post_init__(self) -> None:
        if min(self.width) < 4 or min(self.blocks) < 0 or self.code_length < 2:
            raise ValueError("generator widths start at 4, blocks at 0 and the code length at 2")


class Film(nn.Module):
    """Feature-wise scale and shift, h·(1 + γ) + β, with γ and β linear in the code (FiLM, Perez et al. 2018, eq. 2)."""

    def __init__(self, channels: int, code_length: int) -> None:
        super().__init__()
        self.scale_shift = nn.Linear(code_length, 2 * channels, bias=False)
        nn.init.normal_(self.scale_shift.weight, std=0.03)

    def forward(self, hidden: Tensor, code: Tensor) -> Tensor:
        gamma, beta = torch.chunk(self.scale_shift(code)[:, :, None, None], 2, dim=1)  # N×C×1×1 each
        return hidden * (1 + gamma) + beta


class Conv(nn.Module):
    """Convolution with reflection padding, then FiLM where a code is given, then LeakyReLU unless it is the last."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, code_length: int = 0, active: bool = True) -> None:
        super().__init__()
        self.pad = (kernel - 1) // 2
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride)
        nn.init.kaiming_normal_(self.conv.weight, a=0.2)  # the usual default lets the deep path fade beside the skips
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]
        self.film = Film(outputs, code_length) if code_length else None
        self.active = active

    def forward(self, hidden: Tensor, code: Tensor) -> Tensor:
        if self.pad:
            hidden = F.pad(hidden, (self.pad,) * 4, mode="reflect")
        hidden = self.conv(hidden)
        if self.film is not None:
            hidden = self.film(hidden, code)
        return F.leaky_relu(hidden, 0.2) if self.active else hidden


class Residual(nn.Module):
    """h + conv(film(conv(h))): one modulation a block, because at inference a modulation costs memory traffic, not arithmetic."""

    def __init__(self, channels: int, code_length: int) -> None:
        super().__init__()
        self.first = Conv(channels, channels, 3, code_length=code_length)
        self.second = Conv(channels, channels, 3, active=False)
        self.second.conv.weight.data.mul_(0.1)

    def forward(self, hidden: Tensor, code: Tensor) -> Tensor:
        return torch.add(hidden, self.second(self.first(hidden, code), code))


class Generator(nn.Module):
    """A network that a palette can hold: planes N×inputs×H×W and codes N×code_length in, N×3×H×W out, all in -1..1.

    H and W are multiples of `size_multiple`. The code of zeros gives the photo, exactly. In `eval()` a pixel depends on nothing outside its
    receptive field.
    """

    inputs: int
    code_length: int
    size_multiple: int

    def features(self, planes: Tensor, code: Tensor) -> list[Tensor]:
        """Hidden layers on the way down, the last one being the deepest."""
        raise NotImplementedError

    def fold(self) -> None:
        """Make the network as small as it can be without changing what `eval()` paints; for good, before export."""

    def receptive_field_px(self) -> int:
        """Width of the square of input pixels that one output pixel depends on."""
        raise NotImplementedError


def tempered(code: Tensor) -> Tensor:
    """N×length codes, of which what is beyond a gate (the first number) of 1 counts half."""
    excess = F.relu(code[:, :1] - 1)
    return code * (1 + excess / 2) / (1 + excess)


class FilmGenerator(Generator):
    """A photo on a canvas and a style code in, a painting out. No batch or instance statistics: pixels depend on what is near them.

    The canvas is a fourth plane of fixed noise. Without it a clear sky gives every pixel the same neighbourhood, and all a network can
    paint there is a grid; with it strokes can begin somewhere (noise as in Karras et al. 2019, but fixed to the place).

    The first number of the code is the *gate*: the output is `photo + gate·(painting - photo)`, so the code of zeros is the photo,
    exactly, and every style's code has a gate of 1. What a code has beyond that counts half, so that 1.5 is bolder, not broken. The
    input is N×4×H×W in -1..1 with H and W multiples of 8, the output N×3×H×W in -1..1; the code is N×code_length.
    """

    def __init__(self, options: GeneratorOptions) -> None:
        super().__init__()
        half, quarter, eighth = options.width
        before, middle, after = options.blocks
        length = options.code_length
        self.options = options
        self.inputs, self.code_length, self.size_multiple = INPUTS, length, SIZE_MULTIPLE
        self.stem = Conv(4 * INPUTS, half, 3)
        self.down_quarter = Conv(half, quarter, 4, stride=2, code_length=length)
        self.encode = nn.ModuleList(Residual(quarter, length) for _ in range(before))
        self.down_eighth = Conv(quarter, eighth, 4, stride=2, code_length=length)
        self.body = nn.ModuleList(Residual(eighth, length) for _ in range(middle))
        self.up_quarter = Conv(eighth, 4 * quarter, 1, active=False)
        self.decode = nn.ModuleList(Residual(quarter, length) for _ in range(after))
        self.up_half = Conv(quarter, 4 * half, 1, active=False)
        self.refine = Conv(half, half, 3, code_length=length)
        self.paint = Conv(half, 12, 3, active=False)
        self.paint.conv.weight.data.mul_(0.3)
        for layer in (self.up_quarter, self.up_half, self.paint):
            _smooth_shuffle(layer.conv)
        self.skip = nn.Linear(length, 3, bias=False)
        nn.init.normal_(self.skip.weight, std=0.02)

    def features(self, planes: Tensor, code: Tensor) -> list[Tensor]:
        """At 1/2, 1/4 and 1/8 of the size."""
        stem = self.stem(F.pixel_unshuffle(planes, 2), code)  # N×half×H/2×W/2
        quarter = self.down_quarter(stem, code)  # N×quarter×H/4×W/4
        for block in self.encode:
            quarter = block(quarter, code)
        hidden = self.down_eighth(quarter, code)  # N×eighth×H/8×W/8
        for block in self.body:
            hidden = block(hidden, code)
        return [stem, quarter, hidden]

    def forward(self, canvas: Tensor, code: Tensor) -> Tensor:
        code = tempered(code)
        photo = canvas[:, :3]
        stem, quarter, hidden = self.features(canvas, code)
        hidden = quarter + F.pixel_shuffle(self.up_quarter(hidden, code), 2)
        for block in self.decode:
            hidden = block(hidden, code)
        hidden = stem + F.pixel_shuffle(self.up_half(hidden, code), 2)
        hidden = self.paint(self.refine(hidden, code), code)  # N×12×H/2×W/2
        skip = (1 + self.skip(code))[:, :, None, None]  # N×3×1×1: how much of the photo each style starts from
        painting = torch.tanh(F.pixel_shuffle(hidden, 2) + skip * photo)
        gate = code[:, :1, None, None]
        return (photo + gate * (painting - photo)).clamp(-1, 1)

    def receptive_field_px(self) -> int:
        """Width of the square of input pixels that one output pixel depends on, from the layers' kernels and strides.

        Each 3×3 convolution at 1/s of the size adds 2·s pixels, each 4×4 with stride 2 at 1/s adds 3·s; the shuffles add
        the width of one cell of the grid they work on.
        """
        before, middle, after = self.options.blocks
        at_half = 2 * 3 * 2 + 3 * 2  # stem, refine, paint, and the 4×4 that leaves this grid
        at_quarter = 2 * (2 * before + 2 * after) * 4 + 3 * 4
        at_eighth = 2 * (2 * middle) * 8
        return at_half + at_quarter + at_eighth + 2 * 8


def _smooth_shuffle(convolution: nn.Conv2d) -> None:
    """Start the four channels that a shuffle lays side by side equal, so that no grid is there to unlearn (ICNR, Aitken et al. 2017)."""
    weight = convolution.weight.data
    weight.copy_(weight[::4].repeat_interleave(4, dim=0))
