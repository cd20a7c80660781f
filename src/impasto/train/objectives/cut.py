"""CUT: what a patch of the painting shows must be told from its own place in the photo (Park et al. 2020).

L_G = L_adv(D(G(x))) + λ·(NCE(x, G(x)) + NCE(y, G(y)))/2        (eq. 4), for photos x and paintings y.
NCE takes features of the generator's own way down, sent through small heads; a place of the painting is the query v, the same place of the
photo its positive v⁺, other places of that photo the negatives v⁻: -log(exp(v·v⁺/τ) / (exp(v·v⁺/τ) + Σ exp(v·v⁻/τ)))        (eq. 1-3).
One generator and one discriminator, so a step costs about half of CycleGAN's.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.canvas import LAID
from impasto.train.data import Batch, canvases_under
from impasto.train.discriminators import discriminator, trainable
from impasto.train.objectives.adversarial import ADVERSARIES, check_adversary, duel
from impasto.train.objectives.contract import Objective, freeze_norms, one_painter
from impasto.train.painter import Painter
from impasto.train.recipe import Recipe, build


@dataclass(frozen=True)
class CutOptions:
    """The adversarial loss, λ, whether paintings must stay what they are, places a picture, τ and the heads' width.

    From `freeze` of the run on, norms stand still.
    """

    adversarial: str = "least-squares"
    contrast: float = 1.0
    identity: bool = True
    places: int = 256
    temperature: float = 0.07
    head_width: int = 256
    freeze: float = 0.7

    def __post_init__(self) -> None:
        check_adversary(self.adversarial)
        if min(self.contrast, self.temperature) < 0 or self.places < 2:
            raise ValueError("contrast and temperature are not negative, and there are at least 2 places")


@dataclass(frozen=True)
class Fakes:
    """G(x), and G(y) where paintings must stay what they are; N×3×H×W in -1..1."""

    paintings: Tensor
    kept: Tensor | None


class Head(nn.Module):
    """Features of places to vectors of length 1, through two layers."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(channels, width), nn.ReLU(), nn.Linear(width, width))

    def forward(self, places: Tensor) -> Tensor:
        return F.normalize(self.layers(places), dim=-1)


class Cut(Objective):
    """The objective: owns a painter, a discriminator and the heads, which learn with the generator."""

    shipped: Painter

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.options = build(CutOptions, recipe.options, "recipe.options")
        self.adversary = ADVERSARIES[self.options.adversarial]
        self.shipped = one_painter(recipe)
        self.judge = discriminator(recipe)
        size_px = 8 * self.shipped.generator.size_multiple
        with torch.no_grad():
            taps = self.taps(torch.zeros(1, 3, size_px, size_px), torch.zeros(1, LAID, size_px, size_px))
        self.heads = nn.ModuleList(Head(tap.shape[1], self.options.head_width) for tap in taps)

    def groups(self) -> dict[str, list[nn.Parameter]]:
        return {"generator": [*self.shipped.parameters(), *self.heads.parameters()], "discriminator": trainable(self.judge)}

    def begin(self, share: float) -> None:
        freeze_norms(self.shipped, share >= self.options.freeze)

    def translate(self, batch: Batch) -> Fakes:
        kept = self.shipped.paint(batch.paintings, canvases_under(batch.paintings)) if self.options.identity else None
        return Fakes(self.shipped.paint(batch.photos, batch.canvas), kept)

    def discriminator_losses(self, batch: Batch, fakes: Fakes) -> dict[str, Tensor]:
        losses, self.figures["accuracy"] = duel(self.adversary, self.judge, batch.paintings, fakes.paintings)
        return losses

    def generator_losses(self, batch: Batch, fakes: Fakes) -> dict[str, Tensor]:
        contrast = self.contrast(fakes.paintings, batch.photos, batch.canvas)
        if fakes.kept is not None:
            contrast = (contrast + self.contrast(fakes.kept, batch.paintings, batch.canvas)) / 2
        return {"adversarial": self.adversary.fooled(self.judge(fakes.paintings)), "contrast": self.options.contrast * contrast}

    def taps(self, pictures: Tensor, canvas: Tensor) -> list[Tensor]:
        """The picture itself and the generator's features of it, each N×C×h×w."""
        planes = self.shipped.planes(pictures, canvas)
        return [pictures, *self.shipped.generator.features(planes, self.shipped.code(len(pictures)))]

    def contrast(self, made: Tensor, source: Tensor, canvas: Tensor) -> Tensor:
        """NCE between a picture and what it was made of, averaged over the taps."""
        with torch.no_grad():
            sources = self.taps(source, canvas)
        triples = zip(self.heads, self.taps(made, canvas), sources, strict=True)
        return torch.stack([self._contrast(head, tap, kept) for head, tap, kept in triples]).mean()

    def _contrast(self, head: nn.Module, made: Tensor, source: Tensor) -> Tensor:
        count = min(self.options.places, made.shape[2] * made.shape[3])
        places = torch.randperm(made.shape[2] * made.shape[3])[:count].to(made.device)
        query = head(made.flatten(2)[:, :, places].transpose(1, 2))  # N×places×width
        with torch.no_grad():
            key = head(source.flatten(2)[:, :, places].transpose(1, 2))
        return patch_contrast(query, key, self.options.temperature)


def patch_contrast(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of finding each query's own key among those of its picture: N×places×width of length 1 → a scalar."""
    likeness = (query @ key.transpose(1, 2) / temperature).float()  # N×places×places
    own = torch.arange(likeness.shape[1], device=likeness.device).expand(len(likeness), -1)
    return F.cross_entropy(likeness.flatten(0, 1), own.flatten())
