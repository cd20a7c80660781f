"""A GAN with a content loss, the smallest that paints: one generator, one discriminator.

L_G = L_adv(D(G(x))) + λ·L_content(G(x), x);  L_D = L_real(D(y)) + L_fake(D(G(x))), for photos x and paintings y.
The content loss is a distance of pixels (L1, as in Isola et al. 2017, eq. 3), of features of a frozen network (Johnson et al. 2016, eq. 2;
cosine distance here), or of both (as in Chen et al. 2018, CartoonGAN, for features).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from impasto.train.data import Batch
from impasto.train.discriminators import discriminator, trainable
from impasto.train.features import FrozenFeatures
from impasto.train.objectives.adversarial import ADVERSARIES, check_adversary, duel
from impasto.train.objectives.contract import Objective, freeze_norms, one_painter
from impasto.train.objectives.projected import feature_distance
from impasto.train.painter import Painter
from impasto.train.recipe import Recipe, build

CONTENTS = ("pixel", "feature", "both")
CONTENT_TAPS = slice(2, 4)  # strides 8 and 16: what is where, not how it is painted


@dataclass(frozen=True)
class ContentOptions:
    """The adversarial loss, the content loss ("pixel", "feature" or "both") and its weight λ.

    From `freeze` of the run on, norms stand still.
    """

    adversarial: str = "least-squares"
    content: str = "both"
    weight: float = 10.0
    freeze: float = 0.7

    def __post_init__(self) -> None:
        check_adversary(self.adversarial)
        if self.content not in CONTENTS or self.weight < 0:
            raise ValueError(f"content is one of {', '.join(CONTENTS)}, and its weight is not negative")


@dataclass(frozen=True)
class Fakes:
    """N×3×H×W in -1..1."""

    paintings: Tensor


class Content(Objective):
    """The objective: owns a painter, a discriminator and the frozen features."""

    shipped: Painter

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.options = build(ContentOptions, recipe.options, "recipe.options")
        self.adversary = ADVERSARIES[self.options.adversarial]
        self.shipped = one_painter(recipe)
        self.judge = discriminator(recipe)
        self.features = FrozenFeatures() if self.options.content != "pixel" else None

    def groups(self) -> dict[str, list[nn.Parameter]]:
        return {"generator": list(self.shipped.parameters()), "discriminator": trainable(self.judge)}

    def begin(self, share: float) -> None:
        freeze_norms(self.shipped, share >= self.options.freeze)

    def translate(self, batch: Batch) -> Fakes:
        return Fakes(self.shipped.paint(batch.photos, batch.canvas))

    def discriminator_losses(self, batch: Batch, fakes: Fakes) -> dict[str, Tensor]:
        losses, self.figures["accuracy"] = duel(self.adversary, self.judge, batch.paintings, fakes.paintings)
        return losses

    def generator_losses(self, batch: Batch, fakes: Fakes) -> dict[str, Tensor]:
        return {
            "adversarial": self.adversary.fooled(self.judge(fakes.paintings)),
            "content": self.options.weight * self.content(fakes.paintings, batch.photos),
        }

    def content(self, paintings: Tensor, photos: Tensor) -> Tensor:
        """How far paintings are from what they show: L1 of pixels, cosine distance of features, or their sum."""
        apart = F.l1_loss(paintings, photos) if self.options.content != "feature" else paintings.new_zeros(())
        if self.features is None:
            return apart
        taps = [self.features(pictures)[CONTENT_TAPS] for pictures in (paintings, photos)]
        return apart + feature_distance(taps[0], taps[1]).mean()
