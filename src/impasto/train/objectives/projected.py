"""The conditional projected GAN: one generator learns every style of a palette, judged through a frozen network's eyes.

Projected GANs (Sauer et al. 2021) put discriminators on random projections of pretrained features; projection conditioning (Miyato &
Koyama 2018) tells them the style; a patch discriminator on the pixels (Isola et al. 2017) sees the texture that features miss.
Generator loss = adversarial + content + style statistics + calm; discriminator loss = real + fake, both hinge (Lim & Ye 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.errors import ImpastoError
from impasto.train.data import Batch
from impasto.train.features import TAPS, FrozenFeatures
from impasto.train.networks import SIZE_MULTIPLE, FeatureHead, FilmGenerator, GeneratorOptions, PixelDiscriminator
from impasto.train.recipe import Recipe, build

PROJECTED_CHANNELS = 48
HALVINGS = (2, 1, 1, 0, 0)  # stride-2 steps of each tap's discriminator, so that each judges patches of its own scale
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


@dataclass(frozen=True)
class ProjectedOptions:
    """Loss weights: `content` for features and coarse light, `statistics` for feature moments, `calm` against confetti in flat areas,
    `grid` against a pattern that repeats with the network's coarsest cell.

    `judges` weighs the discriminators (taps at strides 2 to 32, then pixels) in the generator's loss: the deep ones have slopes many times
    as steep, and left alone they drown the shallow ones, which see brushwork. `bold_power` says how fast the content weight falls as
    the strength asked for rises above 1.
    """

    content: float = 0.3
    statistics: float = 3.0
    calm: float = 5.0
    grid: float = 20.0
    luminance: float = 5.0
    bold_power: float = 3.0
    judges: tuple[float, float, float, float, float, float] = (2.0, 2.0, 1.0, 0.5, 0.1, 4.0)

    def __post_init__(self) -> None:
        if min(self.content, self.statistics, self.calm, self.grid, self.luminance) < 0:
            raise ValueError("loss weights are not negative")


@dataclass(frozen=True)
class Fakes:
    """What one translation made: paintings N×3×H×W in -1..1, their features and the real paintings', and the discriminators' condition."""

    paintings: Tensor
    features: list[Tensor]
    real_features: list[Tensor]
    condition: Tensor


class StyleCodes(nn.Module):
    """A code and a brush direction for every style; the gate (first number) of a code is 1 and that of a direction 0."""

    def __init__(self, styles: int, length: int) -> None:
        super().__init__()
        self.free = nn.Parameter(torch.randn(styles, length - 1))
        self.brush_free = nn.Parameter(torch.zeros(styles, length - 1))

    def code(self) -> Tensor:
        """styles×length."""
        return F.pad(self.free, (1, 0), value=1.0)

    def brush(self) -> Tensor:
        """styles×length."""
        return F.pad(self.brush_free, (1, 0), value=0.0)

    def forward(self, style: Tensor, brush: Tensor, strength: Tensor) -> Tensor:
        """N×length codes for N style indices, N×1 brushes in -1..1 and N×1 strengths."""
        return strength * (self.code()[style] + brush * self.brush()[style])


class Painter(nn.Module):
    """What is shipped: the generator and its codes."""

    def __init__(self, styles: int, options: GeneratorOptions) -> None:
        super().__init__()
        self.generator = FilmGenerator(options)
        self.codes = StyleCodes(styles, options.code_length)

    def forward(self, photos: Tensor, canvas: Tensor, style: Tensor, brush: Tensor, strength: Tensor) -> Tensor:
        """N×3×H×W photos on N×1×H×W canvas → N×3×H×W paintings."""
        return torch.as_tensor(self.generator(torch.cat([photos, canvas], dim=1), self.codes(style, brush, strength)))


class Judges(nn.Module):
    """All discriminators: one head a tap of the frozen features, through fixed random 1×1 projections, and one on the pixels."""

    def __init__(self, conditions: int) -> None:
        super().__init__()
        self.projections = nn.ModuleList(nn.Conv2d(channels, PROJECTED_CHANNELS, 1, bias=False) for channels in TAPS.values())
        self.projections.requires_grad_(False)
        self.heads = nn.ModuleList(FeatureHead(PROJECTED_CHANNELS, halvings, conditions) for halvings in HALVINGS)
        self.pixels = PixelDiscriminator(conditions)

    def forward(self, pictures: Tensor, features: list[Tensor], condition: Tensor) -> list[Tensor]:
        """One map of scores a discriminator, each N×1×h×w; high means real."""
        triples = zip(self.heads, self.projections, features, strict=True)
        return [head(project(tap), condition) for head, project, tap in triples] + [self.pixels(pictures, condition)]


class Projected(nn.Module):
    """The objective: owns its networks and says what each side of the game wants."""

    style_weights: Tensor  # styles×2: each style's multiples of the content and the statistics weight

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.options = build(ProjectedOptions, recipe.options, "recipe.options")
        generator: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in recipe.generator.items()}
        try:
            options = GeneratorOptions(**generator)
        except (TypeError, ValueError) as error:
            raise ImpastoError(f"recipe.generator: {error}.", "It takes width, blocks and code_length.") from None
        self.styles = len(recipe.styles)
        self.shipped = Painter(self.styles, options)
        self.judges = Judges(self.styles + 2)
        self.features = FrozenFeatures()
        weights = torch.tensor([[style.content, style.statistics] for style in recipe.styles])
        self.register_buffer("style_weights", weights, persistent=False)

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """The parameters each optimiser owns."""
        return {
            "generator": list(self.shipped.parameters()),
            "discriminator": [weight for weight in self.judges.parameters() if weight.requires_grad],
        }

    def translate(self, batch: Batch) -> Fakes:
        """Paint the batch's photos in its styles."""
        paintings = self.shipped(batch.photos, batch.canvas, batch.style, batch.brush, batch.bold)
        style = F.one_hot(batch.style, self.styles).to(paintings.dtype)
        condition = torch.cat([style, batch.brush, batch.bold - 1], dim=1)
        with torch.no_grad():
            real_features = self.features(batch.paintings)
        return Fakes(paintings, self.features(paintings), real_features, condition)

    def discriminator_losses(self, batch: Batch, fakes: Fakes) -> dict[str, Tensor]:
        """Hinge, summed over the discriminators: max(0, 1 - D(real)) + max(0, 1 + D(fake))."""
        real = self.judges(batch.paintings, fakes.real_features, fakes.condition)
        fake = self.judges(fakes.paintings.detach(), [tap.detach() for tap in fakes.features], fakes.condition)
        return {
            "real": torch.stack([F.relu(1 - scores).mean() for scores in real]).sum(),
            "fake": torch.stack([F.relu(1 + scores).mean() for scores in fake]).sum(),
        }

    def generator_losses(self, batch: Batch, fakes: Fakes) -> dict[str, Tensor]:
        """Adversarial (-D(fake)), content, style statistics and calm, each already weighted."""
        options = self.options
        content_weight, statistics_weight = self.style_weights[batch.style].unbind(1)  # N each
        with torch.no_grad():
            photo = self.features(batch.photos)
        judged = self.judges(fakes.paintings, fakes.features, fakes.condition)
        content = 10 * feature_distance(fakes.features[2:4], photo[2:4])
        content = content + options.luminance * light_distance(fakes.paintings, batch.photos)
        timid = content_weight * batch.bold[:, 0] ** -options.bold_power
        moments = statistics_distance(fakes.features[:4], fakes.real_features[:4], batch.style)
        return {
            "adversarial": -torch.stack([weight * scores.mean() for weight, scores in zip(options.judges, judged, strict=True)]).sum(),
            "content": options.content * (timid * content).mean(),
            "statistics": options.statistics * (statistics_weight * moments).mean(),
            "calm": options.calm * confetti(fakes.paintings, batch.photos),
            "grid": options.grid * grid(fakes.paintings - batch.photos),
        }


def feature_distance(first: list[Tensor], second: list[Tensor]) -> Tensor:
    """Mean cosine distance of feature vectors over the given taps: N values in 0..2."""
    distances = [1 - F.cosine_similarity(a.float(), b.float(), dim=1).mean((1, 2)) for a, b in zip(first, second, strict=True)]
    return torch.stack(distances).mean(0)


def luma(picture: Tensor) -> Tensor:
    """N×1×H×W of N×3×H×W."""
    return (picture * picture.new_tensor(LUMA)[None, :, None, None]).sum(1, keepdim=True)


def light_distance(first: Tensor, second: Tensor) -> Tensor:
    """L1 of luma averaged over 8×8 px: N values. Keeps where light and dark lie, leaves strokes free."""
    return F.avg_pool2d((luma(first) - luma(second)).float(), 8).abs().mean((1, 2, 3))


def statistics_distance(fake: list[Tensor], real: list[Tensor], style: Tensor) -> Tensor:
    """Distance of a style's feature moments (mean, deviation, correlation), crops of one style taken together: N values.

    Σ over taps of the L1 between the averages over the style's crops, after Gatys et al. 2016 with moments in place of the Gram matrix.
    """
    groups = F.one_hot(style).float()
    groups = (groups / groups.sum(0).clamp(min=1)).T  # styles×N: averages the crops of each style
    total = torch.zeros(len(style), device=style.device)
    for fake_tap, real_tap in zip(fake, real, strict=True):
        scale = real_tap.float().std((0, 2, 3), keepdim=True) + 1e-3  # so that every channel counts alike
        for fake_moment, real_moment in zip(moments(fake_tap / scale), moments(real_tap / scale), strict=True):
            apart = (groups @ fake_moment - groups @ real_moment).abs().mean(1)  # styles
            total = total + apart[style]
    return total


def moments(tap: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """N×C means, N×C deviations and N×C² correlations of N×C×h×w features."""
    flat = tap.float().flatten(2)  # N×C×hw
    mean = flat.mean(2)
    centred = flat - mean[:, :, None]
    deviation = (centred.square().mean(2) + 1e-6).sqrt()
    unit = centred / deviation[:, :, None]
    correlation = unit @ unit.transpose(1, 2) / flat.shape[2]
    return mean, deviation, correlation.flatten(1)


def confetti(painting: Tensor, photo: Tensor) -> Tensor:
    """Mean colour (not light) difference between neighbouring pixels where the photo is flat: coloured specks in a sky."""
    chroma = (painting - luma(painting)).float()
    with torch.no_grad():
        light = luma(photo).float()
        busy = F.avg_pool2d(light**2, 9, 1, 4) - F.avg_pool2d(light, 9, 1, 4) ** 2
        flat = torch.exp(-busy.clamp(min=0) / 0.003)  # N×1×H×W: 1 in a clear sky, 0 in foliage
    across = (chroma[..., 1:] - chroma[..., :-1]).abs() * flat[..., 1:]
    down = (chroma[..., 1:, :] - chroma[..., :-1, :]).abs() * flat[..., 1:, :]
    return across.mean() + down.mean()


def grid(change: Tensor, cells: int = 4) -> Tensor:
    """How much of a change repeats from cell to cell of the coarsest grid: the mean cell of each `cells`×`cells` block, less its own mean.

    Strokes average away over a block of cells, a checkerboard does not. N×3×H×W → a scalar.
    """
    size, block = SIZE_MULTIPLE, SIZE_MULTIPLE * cells
    height, width = change.shape[2] // block * block, change.shape[3] // block * block
    split = change[..., :height, :width].float().unflatten(3, (-1, cells, size)).unflatten(2, (-1, cells, size))
    cell = split.mean((3, 6))  # N×3×blocks×size×blocks×size
    return (cell - cell.mean((3, 5), keepdim=True)).abs().mean()
