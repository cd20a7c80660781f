"""How like the examples a painting is, told by feature moments, and the first guess that follows from it. Knows no optimiser.

The moments are those of `objectives.projected`; the examples' are measured once, at three brush sizes, so that every step is told the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator as Random
from torch import Tensor

from impasto.guess import shortest_mix
from impasto.train.examples import Image, crop
from impasto.train.features import TAPS, FrozenFeatures
from impasto.train.networks import FilmGenerator
from impasto.train.objectives.projected import STYLE_TAPS, moments

PAINTING_PX = (360.0, 480.0)  # the examples' short sides are scaled to this: strokes are decided at 512 px on the long edge
BRUSH_OCTAVES = 0.75  # how much larger the examples are shown for the largest brush
CROP_PX = 256  # wide enough for where a picture is dense and where it is empty: narrower crops are hatched all over
LEAST_CROPS, MOST_CROPS = 10, 60  # measured at each brush size
LENGTHS = [length for channels in list(TAPS.values())[:STYLE_TAPS] for length in (channels, channels, channels * channels)]


@dataclass(frozen=True)
class Apart:
    """How far paintings are from the examples: `colours` by means and deviations, `strokes` by correlations. 0 is alike."""

    colours: Tensor
    strokes: Tensor


def eyes() -> FrozenFeatures:
    """The frozen network up to the last tap that makes a style; what lies deeper sees what is depicted, and is left out."""
    features = FrozenFeatures()
    features.blocks = features.blocks[: list(TAPS)[STYLE_TAPS - 1] + 1]
    return features


class Likeness:
    """The examples' average moments (3×M, for a brush of 0.5, 1 and 2) and the scale in which distances are measured."""

    @torch.no_grad()
    def __init__(self, images: list[Image], seed: int, features: FrozenFeatures) -> None:
        random = np.random.default_rng([seed, 1])
        self.features = features
        self.averages = torch.stack([self._average(images, octaves, random) for octaves in (-BRUSH_OCTAVES, 0.0, BRUSH_OCTAVES)])
        parts = list(torch.split(self.averages[1], LENGTHS))
        for mean in range(0, len(parts), 3):  # each channel's deviation for its mean and its deviation, 1 for correlations
            parts[mean] = parts[mean + 1] = parts[mean + 1] + 1e-3
            parts[mean + 2] = torch.ones_like(parts[mean + 2])
        self.scale = torch.cat(parts)

    def _average(self, images: list[Image], octaves: float, random: Random) -> Tensor:
        count = min(MOST_CROPS, max(LEAST_CROPS, 2 * len(images)))
        chosen = [images[index % len(images)] for index in random.permutation(max(count, len(images)))[:count]]
        crops = [crop(image, random, max(CROP_PX, random.uniform(*PAINTING_PX) * 2**octaves), CROP_PX) for image in chosen]
        found = [moments(self.features(torch.stack(crops[first : first + 6]))) for first in range(0, count, 6)]
        return torch.cat(found).mean(0)

    def wanted(self, brush: float) -> Tensor:
        """M moments for a brush in -1..1 (log2 of its size), between those that were measured."""
        near, far = self.averages[1], self.averages[2 if brush > 0 else 0]
        return near + abs(brush) * (far - near)

    def apart(self, found: Tensor, brush: float = 0.0) -> Apart:
        """How far N×M moments, taken together, are from the examples'."""
        parts = torch.split(((found.mean(0) - self.wanted(brush)) / self.scale).abs(), LENGTHS)
        means = torch.stack([part.mean() for part in parts])
        return Apart(means[0::3].sum() + means[1::3].sum(), means[2::3].sum())

    @torch.no_grad()
    def guess(self, generator: FilmGenerator, codes: Tensor, planes: Tensor) -> Tensor:
        """Weights of the codes (S×length) whose paintings' mixed moments come closest to the examples': S values ≥ 0 that sum to 1.

        `planes` are N×10×H×W photos on canvas.
        """
        found = [moments(self.features(generator(planes, code.expand(len(planes), -1)))).mean(0) for code in codes]
        weight = torch.cat([torch.full((length,), length**-0.5) for length in LENGTHS])
        differences = (torch.stack(found) - self.averages[1]) / self.scale * weight  # S×M
        return torch.from_numpy(shortest_mix(differences.double().numpy())).float()
