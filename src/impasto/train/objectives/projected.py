"""The conditional projected GAN: one generator learns every style of a palette, judged through a frozen network's eyes.

Projected GANs (Sauer et al. 2021) put discriminators on random projections of pretrained features; projection conditioning (Miyato &
Koyama 2018) tells them the style; a patch discriminator on the pixels (Isola et al. 2017) sees the texture that features miss.
Generator loss = adversarial + content + style statistics + calm + grid; discriminator loss = real + fake, by default hinge (Lim & Ye 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.train.blemishes import apart, blotches, grid, lattice, luma, unevenness, unrest
from impasto.train.data import Batch
from impasto.train.discriminators import Judges, trainable
from impasto.train.features import TAPS, FrozenFeatures
from impasto.train.networks import SIZE_MULTIPLE
from impasto.train.objectives.adversarial import ADVERSARIES, check_adversary, gradient_penalty
from impasto.train.objectives.contract import Objective, freeze_norms
from impasto.train.painter import Painter, generator
from impasto.train.recipe import Recipe, build
from impasto.train.shards import gathered

CONTENT_TAPS = slice(1, 4)  # strides 4 to 16: an eye is no larger than a stroke, and must stay one
STYLE_TAPS = 4  # the taps whose moments make a style; the deepest sees what is depicted
BRUSHES = (-1.0, 0.0, 1.0)  # where the averages of a style are kept, in log2 of the brush size
SLOWEST_RATE = 0.02  # an average is over the last 50 visits or so
FORMS_PX = (3, 12)  # squares whose light is compared: an eye's, and a head's against the sky behind it


@dataclass(frozen=True)
class ProjectedOptions:
    """Loss weights: `content` for features and coarse light, `statistics` for feature moments, `typical` for those of
    each picture, `calm` against confetti in flat areas (and,
    as a share of it, `blotches` against what is larger than a stroke there), `grid` against a pattern that repeats with the network's
    coarsest cell, `lattice` against one that is faint but stands out in a calm picture's spectrum. `even` weighs what near places differ
    in the painting and not in the photo: a dark cloud on a white wall, a green chin.

    `forms` weighs what the correlation of the paintings' light with the photos', as differences between neighbouring squares of 3 px and
    of 12 px, lacks to `kept` (and to half the way from there to 1): strokes cost nothing as long as what is depicted can be seen.

    `judges` weighs the discriminators (taps at strides 2 to 32, then pixels at full and at half size) in the generator's loss: the deep
    ones have slopes many times as steep, and left alone they drown the shallow ones, which see brushwork. `bold_power` says how fast the
    content weight falls as the strength asked for rises above 1. From `freeze` of the run on the norms of a generator that has some stand
    still.
    """

    content: float = 0.3
    statistics: float = 30.0
    typical: float = 4.0
    calm: float = 5.0
    blotches: float = 1.0
    grid: float = 20.0
    lattice: float = 4.0
    luminance: float = 5.0
    forms: float = 0.0
    even: float = 0.0
    kept: float = 0.75
    adversarial: str = "hinge"
    bold_power: float = 3.0
    freeze: float = 0.7
    judges: tuple[float, float, float, float, float, float, float] = (2.0, 2.0, 1.0, 0.5, 0.1, 4.0, 4.0)

    def __post_init__(self) -> None:
        check_adversary(self.adversarial)
        weights = (
            self.content,
            self.statistics,
            self.typical,
            self.calm,
            self.blotches,
            self.grid,
            self.lattice,
            self.luminance,
            self.forms,
            self.even,
        )
        if min(weights) < 0:
            raise ValueError("loss weights are not negative")


@dataclass(frozen=True)
class Fakes:
    """What one translation made: paintings N×3×H×W in -1..1, their change of the whole photos, the photos cut like the paintings, the
    features of both kinds of paintings, and the discriminators' condition."""

    paintings: Tensor
    change: Tensor
    photos: Tensor
    real_paintings: Tensor
    features: list[Tensor]
    real_features: list[Tensor]
    condition: Tensor


class Projected(Objective):
    """The objective: owns its networks and says what each side of the game wants."""

    shipped: Painter
    style_weights: Tensor  # styles×3: each style's multiples of the content, statistics and calm weights

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.options = build(ProjectedOptions, recipe.options, "recipe.options")
        self.adversary = ADVERSARIES[self.options.adversarial]
        self.styles = len(recipe.styles)
        self.shipped = Painter(self.styles, generator(recipe))
        self.judges = Judges(self.styles + 2)
        self.features = FrozenFeatures()
        self.seen = StyleMoments(self.styles, [3, *TAPS.values()][: STYLE_TAPS + 1])
        weights = torch.tensor([[style.content, style.statistics, style.flatness] for style in recipe.styles])
        self.register_buffer("style_weights", weights, persistent=False)

    def groups(self) -> dict[str, list[nn.Parameter]]:
        return {"generator": list(self.shipped.parameters()), "discriminator": trainable(self.judges)}

    def begin(self, share: float) -> None:
        freeze_norms(self.shipped, share >= self.options.freeze)

    def translate(self, batch: Batch) -> Fakes:
        """Paint the batch's photos in its styles.

        Everything that is judged is cut at the batch's offset: the strides of the frozen network then fall on other places of the
        generator's own grid every step, and their pattern does not add up to one in the paintings.
        """
        whole = self.shipped(batch.photos, batch.canvas, batch.style, batch.brush, batch.bold)
        paintings, photos, real_paintings = (shifted(picture, batch.offset) for picture in (whole, batch.photos, batch.paintings))
        style = F.one_hot(batch.style, self.styles).to(paintings.dtype)
        condition = torch.cat([style, batch.brush, batch.bold - 1], dim=1)
        with torch.no_grad():
            real_features = self.features(real_paintings)
            found = moments(style_taps(real_paintings, real_features))
            self.seen.observe(*(gathered(known) for known in (found, batch.style, batch.brush)))
        return Fakes(paintings, whole - batch.photos, photos, real_paintings, self.features(paintings), real_features, condition)

    def discriminator_losses(self, batch: Batch, fakes: Fakes) -> dict[str, Tensor]:
        """Real and fake, summed over the discriminators."""
        real = self.judges(fakes.real_paintings, fakes.real_features, fakes.condition)
        fake = self.judges(fakes.paintings.detach(), [tap.detach() for tap in fakes.features], fakes.condition)
        losses = self.adversary.judged(real, fake)
        if self.adversary.penalty:

            def judge(pictures: Tensor) -> list[Tensor]:
                return list(self.judges(pictures, self.features(pictures), fakes.condition))

            losses["penalty"] = self.adversary.penalty * gradient_penalty(judge, fakes.real_paintings, fakes.paintings.detach())
        self.figures["accuracy"] = self.adversary.accuracy(real, fake)
        return losses

    def generator_losses(self, batch: Batch, fakes: Fakes) -> dict[str, Tensor]:
        """Adversarial, content, style statistics and calm, each already weighted."""
        options = self.options
        content_weight, statistics_weight, quiet = self.style_weights[batch.style].unbind(1)  # N each
        with torch.no_grad():
            photo = self.features(fakes.photos)
        judged = self.judges(fakes.paintings, fakes.features, fakes.condition)
        content = 10 * feature_distance(fakes.features[CONTENT_TAPS], photo[CONTENT_TAPS])
        content = content + options.luminance * light_distance(fakes.paintings, fakes.photos)
        timid = content_weight * batch.bold[:, 0] ** -options.bold_power
        found = moments(style_taps(fakes.paintings, fakes.features))
        apart = self.seen.distance(found, batch.style, batch.brush)
        odd = self.seen.oddness(found, batch.style, batch.brush)
        colour_unrest, light_unrest = unrest(fakes.paintings, fakes.photos)
        marks = light_unrest + options.blotches * blotches(fakes.paintings, fakes.photos)
        return {
            "adversarial": self.adversary.fooled(judged, options.judges),
            "content": options.content * (timid * content).mean(),
            "statistics": options.statistics * (statistics_weight * apart).mean(),
            "typical": options.typical * (statistics_weight * odd).mean(),
            "calm": options.calm * ((1 + quiet) * colour_unrest + quiet * marks).mean(),
            "grid": options.grid * grid(fakes.change),
            "forms": options.forms * self._forms_lost(fakes, batch.style),
            "even": options.even * unevenness(fakes.paintings, fakes.photos).mean(),
            "lattice": options.lattice * lattice(batch.photos + fakes.change),
        }

    def _forms_lost(self, fakes: Fakes, style: Tensor) -> Tensor:
        """What the paintings' forms lack; of large ones half as much may be lost."""
        fine, coarse = (forms_kept(fakes.paintings, fakes.photos, style, square_px) for square_px in FORMS_PX)
        return (F.relu(self.options.kept - fine) + F.relu((1 + self.options.kept) / 2 - coarse)).mean()


def shifted(picture: Tensor, offset: tuple[int, int]) -> Tensor:
    """The picture without `offset` of the first rows and columns and without the rest of a cell's worth of the last ones."""
    (down, right), cell = offset, SIZE_MULTIPLE
    return picture[..., down : down + picture.shape[2] - cell, right : right + picture.shape[3] - cell]


def feature_distance(first: list[Tensor], second: list[Tensor]) -> Tensor:
    """Mean cosine distance of feature vectors over the given taps: N values in 0..2."""
    distances = [1 - F.cosine_similarity(a.float(), b.float(), dim=1).mean((1, 2)) for a, b in zip(first, second, strict=True)]
    return torch.stack(distances).mean(0)


def light_distance(first: Tensor, second: Tensor) -> Tensor:
    """L1 of luma averaged over 8×8 px: N values. Keeps where light and dark lie, leaves strokes free."""
    return F.avg_pool2d((luma(first) - luma(second)).float(), 8).abs().mean((1, 2, 3))


def forms_kept(paintings: Tensor, photos: Tensor, style: Tensor, square_px: int = FORMS_PX[0]) -> Tensor:
    """Correlation of differences of light between neighbouring squares, over all crops of a style together: N values in -1..1.

    Together, because a clear sky alone has no forms that could be kept.
    """
    together = F.one_hot(style).float()  # N×styles
    sums = []
    steps = [_steps(F.avg_pool2d(luma(picture).float(), square_px)) for picture in (paintings, photos)]  # N×D each
    for first, second in ((0, 1), (0, 0), (1, 1)):
        sums.append(together.T @ (steps[first] * steps[second]).mean(1))
    return (sums[0] / (sums[1] * sums[2] + 1e-8).sqrt())[style]


def _steps(light: Tensor) -> Tensor:
    """Across and down, N×D."""
    return torch.cat([steps.flatten(1) for steps in apart(light)], dim=1)


def style_taps(pictures: Tensor, features: list[Tensor]) -> list[Tensor]:
    """What a style is measured by: the colours of N×3×H×W pictures, averaged over 4×4 px, and all features but the deepest."""
    return [F.avg_pool2d(pictures, 4), *features[:STYLE_TAPS]]


def moments(taps: list[Tensor]) -> Tensor:
    """N×M: means, deviations and correlations of N×C×h×w features, tap after tap (in place of the Gram matrices of Gatys et al. 2016)."""
    found = []
    for tap in taps:
        flat = tap.float().flatten(2)  # N×C×hw
        mean = flat.mean(2)
        centred = flat - mean[:, :, None]
        deviation = (centred.square().mean(2) + 1e-6).sqrt()
        unit = centred / deviation[:, :, None]
        found += [mean, deviation, (unit @ unit.transpose(1, 2) / flat.shape[2]).flatten(1)]
    return torch.cat(found, dim=1)


class StyleMoments(nn.Module):
    """What the moments of each style's paintings are on average, learned as they pass, for small, medium and large brushes.

    The few crops of one step lie further from their style's average than a good painting does; measured against the average the
    generator is told the same thing every time.
    """

    averages: Tensor  # styles×brushes×M
    visits: Tensor  # styles×brushes
    spreads: Tensor  # styles×M, the mean square of how far single crops are from the averages

    def __init__(self, styles: int, channels: list[int]) -> None:
        super().__init__()
        self.lengths = [length for count in channels for length in (count, count, count * count)]
        self.register_buffer("averages", torch.zeros(styles, len(BRUSHES), sum(self.lengths)))
        self.register_buffer("visits", torch.zeros(styles, len(BRUSHES)))
        self.register_buffer("spreads", torch.zeros(styles, sum(self.lengths)))

    @torch.no_grad()
    def observe(self, found: Tensor, style: Tensor, brush: Tensor) -> None:
        """Take the N×M moments of real crops into the averages; the crops of one style count as one visit."""
        for index in torch.unique(style).tolist():
            crops = style == index
            near = _nearness(brush[crops]).mean(0)  # brushes
            if not self.visits[index].any():
                near = torch.ones_like(near)  # the first sight of a style stands for every brush
            self.visits[index] += near
            rate = near * (1 / self.visits[index].clamp(min=1)).clamp(min=SLOWEST_RATE)
            self.averages[index] += rate[:, None] * (found[crops].mean(0) - self.averages[index])
            apart = (found[crops] - self._target(style[crops], brush[crops])).square().mean(0)
            self.spreads[index].lerp_(apart, SLOWEST_RATE if self.spreads[index].any() else 1.0)

    def distance(self, found: Tensor, style: Tensor, brush: Tensor) -> Tensor:
        """How far each style's crops, taken together, are from its averages: N values, mean L1 over kinds and taps.

        In deviations between single crops of the style, so that what all its paintings share counts most.
        """
        together = F.one_hot(style).float()
        together = (together / together.sum(0).clamp(min=1)).T  # styles×N
        apart = (together @ ((found - self._target(style, brush)) / self._spread(style))).abs()  # styles×M
        return torch.stack([part.mean(1) for part in torch.split(apart, self.lengths, 1)]).mean(0)[style]

    def oddness(self, found: Tensor, style: Tensor, brush: Tensor) -> Tensor:
        """How far each crop's means and deviations lie outside what single crops of its style's paintings have: N values.

        In deviations between those crops, beyond the first: a dark photo may stay dark where the style's paintings are now bright, now
        dark, and not where all of them are on the same pale paper.
        """
        apart = (found - self._target(style, brush)).abs() / self._spread(style)
        outside = torch.split(F.relu(apart - 1), self.lengths, 1)
        kinds = [part.mean(1) for kind, part in enumerate(outside) if kind % 3 < 2]  # of every tap, without the correlations
        return torch.stack(kinds).mean(0)

    def _target(self, style: Tensor, brush: Tensor) -> Tensor:
        """N×M: the averages for N styles and N×1 brushes."""
        return (_nearness(brush)[:, :, None] * self.averages[style]).sum(1)

    def _spread(self, style: Tensor) -> Tensor:
        """N×M: how far single crops are from the averages, with a little of each channel's own scale for those that never move."""
        return self.spreads[style].sqrt() + 0.02 * self._scale()

    def _scale(self) -> Tensor:
        """M: each channel's deviation for its mean and its deviation, 1 for correlations, so that every channel counts alike."""
        average = self.averages.sum((0, 1)) / (self.visits > 0).sum().clamp(min=1)
        parts = list(torch.split(average, self.lengths))
        for mean in range(0, len(parts), 3):
            parts[mean] = parts[mean + 1] = parts[mean + 1] + 1e-3
            parts[mean + 2] = torch.ones_like(parts[mean + 2])
        return torch.cat(parts)


def _nearness(brush: Tensor) -> Tensor:
    """N×brushes weights that blend the averages for N×1 brushes: 1 at its own, 0 at the next."""
    return (1 - (brush - brush.new_tensor(BRUSHES)).abs()).clamp(min=0)
