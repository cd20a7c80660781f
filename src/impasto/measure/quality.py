"""How close paintings come to a style and how much of the photo they keep. Judges with Lite2's features; Lite0's train the painters.

Pictures are 3×H×W tensors in -1..1.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.train.blemishes import luma
from impasto.train.features import SCORE_TAPS, FrozenFeatures
from impasto.train.objectives.projected import feature_distance

STRUCTURE_PX = 128  # size at which gradients are compared
CROP_PX = 256


class StyleSpace:
    """Vectors of feature means and deviations, measured in the deviations of the style's own paintings."""

    def __init__(self) -> None:
        self.features = FrozenFeatures(scoring=True)

    @torch.no_grad()
    def vectors(self, pictures: list[Tensor]) -> Tensor:
        """One row a crop; of each picture the two ends of its longer side (squares on the short side) count as crops."""
        rows = []
        for picture in pictures:
            taps = self.features(_ends(picture))
            parts = [torch.cat([tap.mean((2, 3)), (tap.var((2, 3)) + 1e-6).sqrt()], dim=1) for tap in taps]
            rows.append(torch.cat(parts, dim=1))
        return torch.cat(rows)

    def deep_means(self, vectors: Tensor) -> Tensor:
        """Of such vectors the part with the means of the deepest layer."""
        channels = list(SCORE_TAPS.values())[-1]
        return vectors[:, -2 * channels : -channels]

    @torch.no_grad()
    def perceptual_distance(self, painting: Tensor, photo: Tensor) -> float:
        """Mean cosine distance of features at strides 8 and 16, place by place: 0 for equal pictures, at most 2."""
        taps = [self.features(_ends(picture))[2:] for picture in (painting, photo)]
        return float(feature_distance(taps[0], taps[1]).mean())


def style_distance(made: Tensor, paintings: Tensor) -> float:
    """Squared maximum mean discrepancy (Gretton et al. 2012, eq. 3, biased) of style vectors: 0 for equal sets.

    Vectors are scaled by the paintings' own spread; the Gaussian kernel is as wide as the median distance between paintings.
    """
    spread = paintings.std(0) + 1e-3
    made, paintings = made / spread, paintings / spread
    apart = torch.cdist(paintings, paintings)
    width = apart[apart > 0].median()

    def likeness(first: Tensor, second: Tensor) -> Tensor:
        return torch.exp(-0.5 * (torch.cdist(first, second) / width) ** 2).mean()

    return float(likeness(made, made) + likeness(paintings, paintings) - 2 * likeness(made, paintings))


def kernel_distance(made: Tensor, paintings: Tensor) -> float:
    """KID: squared maximum mean discrepancy with the kernel (x·y/d + 1)³, unbiased (Bińkowski et al. 2018, eq. 4), of N×d and M×d vectors.

    Vectors are measured from the paintings' mean in the paintings' own spread, so that every number of them counts alike. About zero on
    average for two samples of one distribution, whatever their sizes (each at least 2); a single figure may lie below.
    """
    middle, spread = paintings.mean(0), paintings.std(0) + 1e-3
    made, paintings = ((points - middle).double() / spread for points in (made, paintings))

    def likeness(first: Tensor, second: Tensor) -> Tensor:
        return (first @ second.T / first.shape[1] + 1) ** 3

    def among(points: Tensor) -> Tensor:
        found = likeness(points, points)
        return (found.sum() - found.diagonal().sum()) / (len(points) * (len(points) - 1))

    return float(among(made) + among(paintings) - 2 * likeness(made, paintings).mean())


def frechet_distance(made: Tensor, paintings: Tensor) -> float:
    """‖m₁ - m₂‖² + tr(C₁ + C₂ - 2·(C₁C₂)^½) of N×d and M×d vectors (Heusel et al. 2017, eq. 6).

    Biased upwards for few samples: compare figures of equal counts only.
    """
    means, covariances = [], []
    for points in (made.double(), paintings.double()):
        means.append(points.mean(0))
        covariances.append(torch.cov(points.T))
    root = _square_root(covariances[0])
    mixed = _square_root(root @ covariances[1] @ root)
    spread = covariances[0].trace() + covariances[1].trace() - 2 * mixed.trace()
    return float((means[0] - means[1]).square().sum() + spread)


def _square_root(matrix: Tensor) -> Tensor:
    """Of a symmetric matrix without negative eigenvalues (but for rounding)."""
    values, vectors = torch.linalg.eigh(matrix)
    return torch.as_tensor((vectors * values.clamp(min=0).sqrt()) @ vectors.T)


def structure(painting: Tensor, photo: Tensor) -> float:
    """Correlation of luma gradients with the photo's at 128 px on the short side: 1 for the photo itself."""
    first, second = _gradients(painting), _gradients(photo)
    first, second = first - first.mean(), second - second.mean()
    return float((first * second).sum() / (first.norm() * second.norm() + 1e-9))


def _gradients(picture: Tensor) -> Tensor:
    """Horizontal and vertical luma differences, in one row."""
    scale = STRUCTURE_PX / min(picture.shape[1:])
    size = [round(side * scale) for side in picture.shape[1:]]
    light = luma(F.interpolate(picture[None], size, mode="bicubic", antialias=True, align_corners=False))[0, 0]
    return torch.cat([(light[:, 1:] - light[:, :-1]).flatten(), (light[1:] - light[:-1]).flatten()])


def _ends(picture: Tensor) -> Tensor:
    """2×3×256×256: the first and the last square of a picture, each as wide as its short side."""
    side = min(picture.shape[1:])
    squares = torch.stack([picture[:, :side, :side], picture[:, -side:, -side:]])
    return F.interpolate(squares, (CROP_PX, CROP_PX), mode="bicubic", antialias=True, align_corners=False)
