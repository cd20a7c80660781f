"""What the loop asks of every objective, and what those with a single style share."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from impasto.errors import ImpastoError
from impasto.train.data import Batch
from impasto.train.painter import Painter, Shipped, generator
from impasto.train.recipe import Recipe
from impasto.train.resnet import FreezingNorm


class Objective(nn.Module):
    """Owns its networks and says what each side of the game wants.

    `shipped` is what is exported (as a running average). `figures` are scalars worth watching that are no losses; `discriminator_losses`
    fills in "accuracy". Whatever must outlive a stop is a parameter or a buffer; randomness comes from torch, which the loop
    seeds anew every step.
    """

    shipped: Shipped

    def __init__(self) -> None:
        super().__init__()
        self.figures: dict[str, Tensor] = {}

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """The parameters of "generator" and, where there is one, of "discriminator", an optimiser each."""
        raise NotImplementedError

    def begin(self, share: float) -> None:
        """A step begins; `share` of the run (0..1) lies behind."""

    def translate(self, batch: Batch) -> Any:
        """Paint; whatever both losses need. Has `paintings`, N×3×H×W in -1..1."""
        raise NotImplementedError

    def discriminator_losses(self, batch: Batch, fakes: Any) -> dict[str, Tensor]:
        """Scalars whose sum the discriminators descend; no slope reaches the generators."""
        raise NotImplementedError

    def generator_losses(self, batch: Batch, fakes: Any) -> dict[str, Tensor]:
        """Scalars, already weighted, whose sum the generators descend."""
        raise NotImplementedError


def one_painter(recipe: Recipe) -> Painter:
    """A painter of the recipe's only style; an ImpastoError where it has several."""
    if len(recipe.styles) != 1:
        raise ImpastoError(
            f"The objective {recipe.objective} learns one style, and the recipe has {len(recipe.styles)}.",
            'Keep one [[styles]], or use objective = "projected".',
        )
    return Painter(1, generator(recipe))


def freeze_norms(networks: nn.Module, frozen: bool) -> None:
    """Make the norms of a generator measure each picture, or normalise with their averages, as the exported network does."""
    for layer in networks.modules():
        if isinstance(layer, FreezingNorm):
            layer.train(not frozen)
