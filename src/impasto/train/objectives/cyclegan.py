"""CycleGAN: two generators that must undo each other (Zhu et al. 2017).

With photos x, paintings y, G: x → y and F: y → x:
L_G = L_adv(D_Y(G(x))) + L_adv(D_X(F(y)))                       (eq. 1)
    + λ·(‖F(G(x)) - x‖₁ + ‖G(F(y)) - y‖₁)                       (eq. 2)
    + λ·identity·(‖G(y) - y‖₁ + ‖F(x) - x‖₁)                    (section 5.2);
each D sees what its pool gives out, not only the newest paintings (section 4; Shrivastava et al. 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.train.data import Batch, canvases_under
from impasto.train.discriminators import discriminator, trainable
from impasto.train.objectives.adversarial import ADVERSARIES, check_adversary, duel
from impasto.train.objectives.contract import Objective, freeze_norms, one_painter
from impasto.train.painter import Directions
from impasto.train.recipe import Recipe, build
from impasto.train.shards import gathered, part


@dataclass(frozen=True)
class CycleganOptions:
    """The adversarial loss, λ, the identity term as a share of λ, and the pool's size; from `freeze` of the run on, norms stand still."""

    adversarial: str = "least-squares"
    cycle: float = 10.0
    identity: float = 0.5
    pool: int = 50
    freeze: float = 0.7

    def __post_init__(self) -> None:
        check_adversary(self.adversarial)
        if min(self.cycle, self.identity, self.pool) < 0:
            raise ValueError("weights and the pool's size are not negative")


@dataclass(frozen=True)
class Fakes:
    """G(x), F(y), F(G(x)) and G(F(y)), each N×3×H×W in -1..1."""

    paintings: Tensor
    photos: Tensor
    photos_again: Tensor
    paintings_again: Tensor


class ImagePool(nn.Module):
    """The last pictures that a generator made; what it gives out is half of the time an old one, in exchange for the new.

    It is a buffer, so a checkpoint holds it. All processes keep the same pool.
    """

    pictures: Tensor  # size×3×P×P
    filled: Tensor  # a count

    def __init__(self, size: int, picture_px: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("pictures", torch.zeros(size, 3, picture_px, picture_px))
        self.register_buffer("filled", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def exchange(self, made: Tensor) -> Tensor:
        """As many pictures as come in, N×3×P×P."""
        if not self.size:
            return made.detach()
        return part(torch.stack([self._one(picture) for picture in gathered(made)]))

    def _one(self, picture: Tensor) -> Tensor:
        filled = int(self.filled)
        if filled < self.size:
            self.pictures[filled] = picture
            self.filled += 1
            return picture
        old, place = float(torch.rand(())) < 0.5, int(torch.randint(self.size, ()))
        if not old:
            return picture
        given = self.pictures[place].clone().to(picture.dtype)
        self.pictures[place] = picture
        return given


class Cyclegan(Objective):
    """The objective: owns both painters, both discriminators and both pools."""

    shipped: Directions

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.options = build(CycleganOptions, recipe.options, "recipe.options")
        self.adversary = ADVERSARIES[self.options.adversarial]
        self.shipped = Directions(one_painter(recipe), one_painter(recipe))
        self.judges = nn.ModuleDict({domain: discriminator(recipe) for domain in ("paintings", "photos")})
        self.pools = nn.ModuleDict({domain: ImagePool(self.options.pool, recipe.data.crop_px) for domain in ("paintings", "photos")})

    def groups(self) -> dict[str, list[nn.Parameter]]:
        return {"generator": list(self.shipped.parameters()), "discriminator": trainable(self.judges)}

    def begin(self, share: float) -> None:
        freeze_norms(self.shipped, share >= self.options.freeze)

    def translate(self, batch: Batch) -> Fakes:
        there, back = self.shipped.there, self.shipped.back
        paintings, photos = there.paint(batch.photos, batch.canvas), back.paint(batch.paintings, canvases_under(batch.paintings))
        again = back.paint(paintings, canvases_under(paintings)), there.paint(photos, canvases_under(photos))
        return Fakes(paintings, photos, *again)

    def discriminator_losses(self, batch: Batch, fakes: Fakes) -> dict[str, Tensor]:
        total: dict[str, Tensor] = {}
        accuracies = []
        for domain, judge in self.judges.items():
            made = self.pools[domain].exchange(getattr(fakes, domain))  # type: ignore[operator]
            losses, accuracy = duel(self.adversary, judge, getattr(batch, domain), made)
            total = {name: total.get(name, 0) + loss for name, loss in losses.items()}
            accuracies.append(accuracy)
        self.figures["accuracy"] = torch.stack(accuracies).mean()
        return total

    def generator_losses(self, batch: Batch, fakes: Fakes) -> dict[str, Tensor]:
        fooled = [self.adversary.fooled(judge(getattr(fakes, domain))) for domain, judge in self.judges.items()]
        cycle = F.l1_loss(fakes.photos_again, batch.photos) + F.l1_loss(fakes.paintings_again, batch.paintings)
        losses = {"adversarial": fooled[0] + fooled[1], "cycle": self.options.cycle * cycle}
        if self.options.identity:
            kept = F.l1_loss(self.shipped.there.paint(batch.paintings, canvases_under(batch.paintings)), batch.paintings)
            kept = kept + F.l1_loss(self.shipped.back.paint(batch.photos, batch.canvas), batch.photos)
            losses["identity"] = self.options.cycle * self.options.identity * kept
        return losses
