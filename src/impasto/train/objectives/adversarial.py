"""The adversarial losses: what a discriminator and a generator want of scores. Every objective takes one by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.train.shards import draw

Judge = Callable[[Tensor], list[Tensor]]  # pictures N×3×H×W → maps of scores N×1×h×w, high for real


@dataclass(frozen=True)
class Adversary:
    """One loss: what D wants of real and of fake scores, what G wants of fake ones, and the score that means "cannot tell".

    `middle` is None where only differences between scores mean something; `penalty` weighs the slope's distance from 1.
    """

    real: Callable[[Tensor], Tensor]
    fake: Callable[[Tensor], Tensor]
    fool: Callable[[Tensor], Tensor]
    middle: float | None = 0.0
    penalty: float = 0.0

    def judged(self, real: list[Tensor], fake: list[Tensor]) -> dict[str, Tensor]:
        """The discriminators' losses, summed over their maps: L_D = L_real + L_fake."""
        return {
            "real": torch.stack([self.real(scores).mean() for scores in real]).sum(),
            "fake": torch.stack([self.fake(scores).mean() for scores in fake]).sum(),
        }

    def fooled(self, fake: list[Tensor], weights: Sequence[float] | None = None) -> Tensor:
        """The generator's loss L_adv, summed over the maps with their weights (1 each where none are given)."""
        pairs = zip(weights or [1.0] * len(fake), fake, strict=True)
        return torch.stack([weight * self.fool(scores).mean() for weight, scores in pairs]).sum()

    @torch.no_grad()
    def accuracy(self, real: list[Tensor], fake: list[Tensor]) -> Tensor:
        """The share of scores on the right side, 0.5 for a discriminator that guesses."""
        shares = []
        for true, false in zip(real, fake, strict=True):
            middle = (true.mean() + false.mean()) / 2 if self.middle is None else self.middle
            shares += [(true > middle).float().mean(), (false < middle).float().mean()]
        return torch.stack(shares).mean()


ADVERSARIES = {
    # Non-saturating, cross-entropy on logits: -log σ(D(y)) - log(1 - σ(D(G(x)))); -log σ(D(G(x))) (Goodfellow et al. 2014, section 3)
    "logits": Adversary(lambda s: F.softplus(-s), F.softplus, lambda s: F.softplus(-s)),
    # (D(y) - 1)² + D(G(x))²; (D(G(x)) - 1)² (Mao et al. 2017, eq. 9)
    "least-squares": Adversary(lambda s: (s - 1) ** 2, lambda s: s**2, lambda s: (s - 1) ** 2, middle=0.5),
    # max(0, 1 - D(y)) + max(0, 1 + D(G(x))); -D(G(x)) (Lim & Ye 2017)
    "hinge": Adversary(lambda s: F.relu(1 - s), lambda s: F.relu(1 + s), lambda s: -s),
    # D(G(x)) - D(y) + 10·(‖∇D‖ - 1)²; -D(G(x)) (Gulrajani et al. 2017, eq. 3)
    "wasserstein": Adversary(lambda s: -s, lambda s: s, lambda s: -s, middle=None, penalty=10.0),
}


def check_adversary(name: str) -> None:
    """A ValueError for an unknown name, for the options of objectives."""
    if name not in ADVERSARIES:
        raise ValueError(f"adversarial is {name!r}, not one of {', '.join(ADVERSARIES)}")


def duel(adversary: Adversary, judge: Judge, real: Tensor, fake: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """A discriminator's losses on real and (detached) fake pictures, with the penalty where there is one, and its accuracy."""
    true, false = judge(real), judge(fake.detach())
    losses = adversary.judged(true, false)
    if adversary.penalty:
        losses["penalty"] = adversary.penalty * gradient_penalty(judge, real, fake.detach())
    return losses, adversary.accuracy(true, false)


def gradient_penalty(judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
    """(‖∇D(x̂)‖ - 1)² at random places x̂ between real and fake pictures (Gulrajani et al. 2017, eq. 3)."""
    between = torch.lerp(fake, real, draw(len(real)).to(real)[:, None, None, None]).requires_grad_()
    total = torch.stack([scores.mean((1, 2, 3)).sum() for scores in judge(between)]).sum()
    (slope,) = torch.autograd.grad(total, between, create_graph=True)
    lengths: Tensor = torch.linalg.vector_norm(slope.flatten(1), dim=1)
    return (lengths - 1).square().mean()
