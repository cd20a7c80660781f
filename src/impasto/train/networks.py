"""What every generator promises, and ours: the one modulated by style codes. Knows nothing of files or losses.

Tensors are N×C×H×W in -1..1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.canvas import COMBED, LAID
from impasto.finish import LUMA

SIZE_MULTIPLE = 8  # the generator's input height and width are multiples of this
INPUTS = 3 + LAID  # red, green, blue and the canvas
CELL = 4  # pixels, squared, for which the last layer decides at once
LEAST_DRAWN, MOST_DRAWN = 0.6, 1.15  # times the photo's forms: less is out of focus, more than 1 sharpens edges
PLAIN = 1.3  # times the photo's colours is where a painting starts from: the last layer's tanh takes the rest away
# How much each of what the canvas has can add, in -1..1; left free it is used for everything.
MOST = {"tone": 0.4, "hue": 0.35, "relief": 0.25, "hatch": 0.6, "weave": 0.08}
UNBOUNDED = 1000.0  # so far from any colour that it bounds nothing; palettes from before there was a bound are read with it
BOLDER = 0.3  # of a strength beyond 1 takes a painting further from the photo; all of it makes strokes differ more
DECIDED = {  # numbers a cell
    "colour": 3,
    "light": 3,
    "tone": 3,
    "hue": 3,
    "relief": 1,
    "hatch": 1,
    "weave": 1,
    "ink": 1,
    "drawn": 1,
    "smooth": 1,
    "true": 1,
}
REACH = (3, 7)  # kernels of the blocks at 1/4 and at 1/8 of the size


@dataclass(frozen=True)
class GeneratorOptions:
    """Widths at 1/4 and 1/8 of the picture's size; blocks at 1/4 going down, at 1/8, and at 1/4 going up; the length of a style code.

    `inner` are the widths inside the blocks, in the order in which they run; twice the blocks' own where none are given. `farthest` is how
    much of a colour, in -1..1, a cell can add to the photo's: a page of small letters would else turn dark. A mapping that reverses colours
    needs all of it.
    """

    width: tuple[int, int] = (32, 64)
    blocks: tuple[int, int, int] = (0, 3, 2)
    code_length: int = 64
    inner: tuple[int, ...] = ()
    farthest: float = UNBOUNDED

    def __post_init__(self) -> None:
        if min(self.width) < 4 or min(self.blocks) < 0 or self.code_length < 2:
            raise ValueError("generator widths start at 4, blocks at 0 and the code length at 2")
        if self.inner and (len(self.inner) != sum(self.blocks) or min(self.inner) < 1):
            raise ValueError("inner widths are one for each block, and start at 1")
        if not 0 < self.farthest <= UNBOUNDED:
            raise ValueError(f"farthest is above 0 and at most {UNBOUNDED:g}")

    def inner_widths(self) -> tuple[int, ...]:
        """One for each block, in the order in which they run."""
        (quarter, eighth), (before, middle, after) = self.width, self.blocks
        return self.inner or (2 * quarter,) * before + (2 * eighth,) * middle + (2 * quarter,) * after


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
    """Convolution with reflection padding, then FiLM where a code is given, then LeakyReLU unless it is not `active`."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, code_length: int = 0, active: bool = True
    ) -> None:
        super().__init__()
        self.pad = (kernel - 1) // 2 if stride == 1 else (kernel - stride) // 2
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups)
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


class Bound(nn.Module):
    """At most so much either way, softly; a weight, not a constant, so that a palette carries it."""

    weight: Tensor

    def __init__(self, most: float) -> None:
        super().__init__()
        self.register_buffer("weight", torch.tensor([most]))

    def forward(self, value: Tensor) -> Tensor:
        return _bounded(value, self.weight)


class Block(nn.Module):
    """h + mix(widen(film(reach(h)))): each channel looks around on its own, then the channels of a place are mixed.

    Depthwise and pointwise (Liu et al. 2022, without the norm): a quarter of a plain residual block's time, and it sees further. The one
    modulation stands where it is cheapest, because at inference it costs memory traffic, not arithmetic.
    """

    def __init__(self, channels: int, inner: int, reach: int, code_length: int) -> None:
        super().__init__()
        self.reach = Conv(channels, channels, reach, groups=channels, code_length=code_length, active=False)
        self.widen = Conv(channels, inner, 1)
        self.mix = Conv(inner, channels, 1, active=False)
        self.mix.conv.weight.data.mul_(0.1)

    def forward(self, hidden: Tensor, code: Tensor) -> Tensor:
        return torch.add(hidden, self.mix(self.widen(self.reach(hidden, code), code), code))


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


def tempered(code: Tensor) -> tuple[Tensor, Tensor]:
    """N×length codes with a gate (the first number) of 1 at most, and N×1 what theirs had beyond it."""
    excess = F.relu(code[:, :1] - 1)
    return code / (1 + excess), excess


class FilmGenerator(Generator):
    """A photo on a canvas and a style code in, a painting out. No batch or instance statistics: pixels depend on what is near them.

    The canvas has the photo in strokes that follow its forms, with a tone, a hue and a relief each (`impasto.canvas`).

    The network sees the photo at 1/4 of the size and decides for each cell of 4×4 px what a painter decides: the colour, how much strokes
    differ from one another in tone and hue, how thick the paint is, whether to hatch or to draw outlines, and how much of the photo's
    forms to draw, in strokes, along them or as they are. Between cells that changes slowly, so there is no grid for the eye to find. It
    does not see the canvas, so a clear sky is one decision, and has nothing but strokes in it.

    The first number of the code is the *gate*: the output is `photo + gate·(painting - photo)`, so the code of zeros is the photo,
    exactly, and every style's code has a gate of 1. What a code has beyond that decides nothing anew: by so much strokes differ more from
    one another, and the painting goes further from the photo (`BOLDER`), so that 1.5 is bolder, not broken. The input is N×15×H×W in
    -1..1 with H and W multiples of 8, the output N×3×H×W in -1..1; the code is N×code_length.
    """

    def __init__(self, options: GeneratorOptions) -> None:
        super().__init__()
        quarter, eighth = options.width
        before, middle, after = options.blocks
        length, inner = options.code_length, iter(options.inner_widths())
        self.options = options
        self.inputs, self.code_length, self.size_multiple = INPUTS, length, SIZE_MULTIPLE
        self.stem = Conv(3, quarter, 6, stride=4, code_length=length)
        self.encode = nn.ModuleList(Block(quarter, next(inner), REACH[0], length) for _ in range(before))
        self.down = Conv(quarter, eighth, 4, stride=2, code_length=length)
        self.body = nn.ModuleList(Block(eighth, next(inner), REACH[1], length) for _ in range(middle))
        self.up = Conv(eighth, 4 * quarter, 1, active=False)
        self.decode = nn.ModuleList(Block(quarter, next(inner), REACH[0], length) for _ in range(after))
        self.paint = Conv(quarter, sum(DECIDED.values()), 1, code_length=length, active=False)
        self.paint.conv.weight.data.mul_(0.3)
        cast(Tensor, self.paint.conv.bias).data[-3:] = torch.tensor([2.0, 2.0, 2.0])  # forms are drawn, and as they are, to begin with
        nn.init.zeros_(cast(Film, self.paint.film).scale_shift.weight)  # a hand's own leanings, more ink say, are learned from none
        _smooth_shuffle(self.up.conv, 2)
        self.bound = Bound(options.farthest)
        self.skip = nn.Linear(length, 3, bias=False)
        nn.init.normal_(self.skip.weight, std=0.02)

    def features(self, planes: Tensor, code: Tensor) -> list[Tensor]:
        """At 1/4 and 1/8 of the size."""
        quarter = self.stem(planes[:, :3], code)  # N×quarter×H/4×W/4
        for block in self.encode:
            quarter = block(quarter, code)
        hidden = self.down(quarter, code)  # N×eighth×H/8×W/8
        for block in self.body:
            hidden = block(hidden, code)
        return [quarter, hidden]

    def forward(self, planes: Tensor, code: Tensor) -> Tensor:
        code, excess = tempered(code)
        cells = self._decided(planes, code, 1 + excess)
        # From here on channels come first: runtimes then do a plane at a time, which is more than twice as fast (docs/log.md).
        under, lit, toned, hued, relieved, hatched, woven, inked, drawn, drawn_out, true = torch.split(
            _enlarged(cells.transpose(0, 1)), list(DECIDED.values())
        )
        photo, stroked, hue, hatch, tone, relief, weave, combed, ink = torch.split(planes.transpose(0, 1), [3, 3, 1, 1, 1, 1, 1, 3, 1])
        light = torch.as_tensor(sum(share * plane for share, plane in zip(LUMA.tolist(), torch.split(stroked, 1), strict=True)))
        strokes = lit * light + toned * tone + hued * hue
        surface = relieved * relief + hatched * hatch + woven * weave + inked * ink
        forms = drawn * stroked + drawn_out * combed + true * photo
        painting = torch.tanh(under + strokes + surface + self._kept(code).transpose(0, 1) * forms)
        gate = (code[:, :1] + BOLDER * excess)[None, :, :, None]
        return (photo + gate * (painting - photo)).clamp(-1, 1).transpose(0, 1)

    def _decided(self, planes: Tensor, code: Tensor, more: Tensor) -> Tensor:
        """N×19×H/4×W/4: what is decided for each cell, what a stroke has of its own N×1 times as much."""
        quarter, hidden = self.features(planes, code)
        hidden = quarter + F.pixel_shuffle(self.up(hidden, code), 2)
        for block in self.decode:
            hidden = block(hidden, code)
        decided = torch.split(_calmed(self.paint(hidden, code)), list(DECIDED.values()), dim=1)
        colour, lit, tone, hue, relief, hatch, weave, ink, drawn, smooth, true = decided
        more = more[:, :, None, None]
        bounded = [more * _bounded(grain, most) for grain, most in zip((tone, hue, relief, hatch, weave), MOST.values(), strict=True)]
        drawn = LEAST_DRAWN + (MOST_DRAWN - LEAST_DRAWN) * torch.sigmoid(drawn)
        smooth, true = torch.sigmoid(smooth), torch.sigmoid(true)
        soft = F.avg_pool2d(F.pad(planes[:, 3:][:, COMBED], (CELL // 2,) * 4, mode="reflect"), 2 * CELL, CELL)
        under = self.bound(colour) + self._kept(code) * (1 - drawn) * soft
        return torch.cat(
            [under, lit, *bounded, more * ink, drawn * (1 - smooth), drawn * smooth * (1 - true), drawn * smooth * true], dim=1
        )

    def _kept(self, code: Tensor) -> Tensor:
        """N×3×1×1: how much of the photo's red, green and blue each style starts from."""
        return torch.as_tensor(PLAIN + self.skip(code))[:, :, None, None]

    def receptive_field_px(self) -> int:
        """Width of the square of input pixels that one output pixel depends on, from the layers' kernels and strides.

        A k×k convolution at 1/s of the size adds (k - 1)·s pixels; the shuffles add the width of one cell of the grid they work on.
        """
        before, middle, after = self.options.blocks
        stem, down, calm = 6, (4 - 1) * 4, (5 - 1) * 4
        at_quarter = (REACH[0] - 1) * 4 * (before + after)
        at_eighth = (REACH[1] - 1) * 8 * middle
        return stem + down + calm + at_quarter + at_eighth + 4 + 8


def _bounded(value: Tensor, most: float | Tensor) -> Tensor:
    return most * torch.tanh(value / most)


def _calmed(cells: Tensor) -> Tensor:
    """Each cell with its neighbours, 1-3-4-3-1 both ways: nothing repeats within three cells, so no teeth, no weave."""
    return F.avg_pool2d(F.avg_pool2d(F.avg_pool2d(F.pad(cells, (2,) * 4, mode="reflect"), 3, 1), 2, 1), 2, 1)


def _enlarged(cells: Tensor) -> Tensor:
    """From cells to pixels, linearly."""
    return F.interpolate(cells, scale_factor=CELL, mode="bilinear")


def _smooth_shuffle(convolution: nn.Conv2d, factor: int) -> None:
    """Start the channels that a shuffle lays side by side equal, so that no grid is there to unlearn (ICNR, Aitken et al. 2017)."""
    weight, cell = convolution.weight.data, factor**2
    weight.copy_(weight[::cell].repeat_interleave(cell, dim=0))
