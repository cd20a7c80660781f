"""The discriminators, which teach the generator and are thrown away. Chosen by name in the recipe. Knows nothing of files or losses.

Tensors are N×C×H×W in -1..1; scores are maps N×1×h×w, high for real.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from impasto.train.features import TAPS, FrozenFeatures
from impasto.train.painter import chosen
from impasto.train.recipe import Recipe

PROJECTED_CHANNELS = 48
HALVINGS = (2, 1, 1, 0, 0)  # stride-2 steps of each tap's discriminator, so that each judges patches of its own scale
PIXEL_SCALES = (1, 2)  # pictures are reduced by this before each discriminator on the pixels


class FeatureHead(nn.Module):
    """One discriminator on one tap of a frozen network, with projection conditioning (Miyato & Koyama 2018, eq. 3)."""

    def __init__(self, channels: int, halvings: int, conditions: int, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index in range(halvings):
            convolution = nn.Conv2d(channels if index == 0 else width, width, 4, 2, 1)
            layers += [spectral_norm(convolution), nn.GroupNorm(8, width), nn.LeakyReLU(0.2)]
        inputs = width if halvings else channels
        layers += [spectral_norm(nn.Conv2d(inputs, width, 3, 1, 1)), nn.LeakyReLU(0.2)]
        self.trunk = nn.Sequential(*layers)
        self.score = spectral_norm(nn.Conv2d(width, 1, 1))
        self.project = spectral_norm(nn.Linear(conditions, width, bias=False))

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        hidden = self.trunk(features)  # N×width×h×w
        projected = (hidden * self.project(condition)[:, :, None, None]).sum(1, keepdim=True)
        return torch.add(self.score(hidden), projected)  # N×1×h×w


class PixelDiscriminator(nn.Module):
    """A patch discriminator on the pixels themselves, for the texture that a frozen network does not see (Isola et al. 2017).

    It starts from nothing, so it has no spectral norm to hold it back: beside pretrained features it would never catch up.
    """

    def __init__(self, conditions: int, width: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((12, width), (width, 2 * width), (2 * width, 2 * width)):
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.GroupNorm(8, outputs), nn.LeakyReLU(0.2)]
        self.trunk = nn.Sequential(*layers)
        self.score = nn.Conv2d(2 * width, 1, 1)
        self.project = nn.Linear(conditions, 2 * width, bias=False)
        nn.init.normal_(self.project.weight, std=0.05)

    def forward(self, picture: Tensor, condition: Tensor) -> Tensor:
        hidden = self.trunk(F.pixel_unshuffle(picture, 2))  # N×C×H/16×W/16
        return torch.add(self.score(hidden), (hidden * self.project(condition)[:, :, None, None]).mean(1, keepdim=True))


class Judges(nn.Module):
    """All discriminators: one head a tap of the frozen features, through fixed random 1×1 projections, and one on the pixels of each
    scale: the half-size one sees whether marks stand in rows."""

    def __init__(self, conditions: int) -> None:
        super().__init__()
        self.projections = nn.ModuleList(nn.Conv2d(channels, PROJECTED_CHANNELS, 1, bias=False) for channels in TAPS.values())
        self.projections.requires_grad_(False)
        self.heads = nn.ModuleList(FeatureHead(PROJECTED_CHANNELS, halvings, conditions) for halvings in HALVINGS)
        self.pixels = nn.ModuleList(PixelDiscriminator(conditions) for _ in PIXEL_SCALES)

    def forward(self, pictures: Tensor, features: list[Tensor], condition: Tensor) -> list[Tensor]:
        """One map of scores a discriminator, each N×1×h×w; high means real."""
        triples = zip(self.heads, self.projections, features, strict=True)
        seen = [head(project(tap), condition) for head, project, tap in triples]
        scales = zip(self.pixels, PIXEL_SCALES, strict=True)
        return seen + [judge(F.avg_pool2d(pictures, scale), condition) for judge, scale in scales]


@dataclass(frozen=True)
class PatchganOptions:
    """Channels of the first layer, and how many times the picture is halved: 3 gives patches of 70×70 px, 2 of 34, 1 of 16."""

    width: int = 64
    halvings: int = 3

    def __post_init__(self) -> None:
        if self.width < 4 or not 1 <= self.halvings <= 5:
            raise ValueError("patchgan widths start at 4, and there are 1 to 5 halvings")


class Patchgan(nn.Module):
    """Judges every 70×70 patch by itself (Isola et al. 2017, section 3.2.2), with instance norm as in CycleGAN."""

    def __init__(self, options: PatchganOptions) -> None:
        super().__init__()
        widths = [options.width * min(2**index, 8) for index in range(options.halvings + 1)]
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 2, 1), nn.LeakyReLU(0.2)]
        for index, (inputs, outputs) in enumerate(pairwise(widths)):
            stride = 2 if index < options.halvings - 1 else 1
            layers += [nn.Conv2d(inputs, outputs, 4, stride, 1), nn.InstanceNorm2d(outputs), nn.LeakyReLU(0.2)]
        layers.append(nn.Conv2d(widths[-1], 1, 4, 1, 1))
        self.layers = nn.Sequential(*layers)
        for layer in layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.02)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        return [self.layers(pictures)]


@dataclass(frozen=True)
class FeatureJudgesOptions:
    """Channels of each head."""

    width: int = 64


class FeatureJudges(nn.Module):
    """One head a tap of a frozen network, through fixed random projections (Sauer et al. 2021); knows one style only."""

    def __init__(self, options: FeatureJudgesOptions) -> None:
        super().__init__()
        self.features = FrozenFeatures()
        self.projections = nn.ModuleList(nn.Conv2d(channels, PROJECTED_CHANNELS, 1, bias=False) for channels in TAPS.values())
        self.projections.requires_grad_(False)
        self.heads = nn.ModuleList(FeatureHead(PROJECTED_CHANNELS, halvings, 1, options.width) for halvings in HALVINGS)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        one = pictures.new_ones(len(pictures), 1)
        triples = zip(self.heads, self.projections, self.features(pictures), strict=True)
        return [head(project(tap), one) for head, project, tap in triples]


DISCRIMINATORS: dict[str, tuple[type[Any], Callable[[Any], nn.Module]]] = {
    "patchgan": (PatchganOptions, Patchgan),
    "projected": (FeatureJudgesOptions, FeatureJudges),
}


def discriminator(recipe: Recipe) -> nn.Module:
    """The discriminator of a recipe; "patchgan" where it names none."""
    made: nn.Module = chosen(recipe.discriminator, DISCRIMINATORS, "recipe.discriminator", "patchgan")
    return made


def trainable(network: nn.Module) -> list[nn.Parameter]:
    """The parameters that learn."""
    return [weight for weight in network.parameters() if weight.requires_grad]
