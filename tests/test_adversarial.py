"""The adversarial losses on scores where the answer is known by hand."""

import math

import pytest
import torch
from torch import Tensor

from impasto.train.objectives.adversarial import ADVERSARIES, duel, gradient_penalty

BY_HAND = {  # of real scores 2 and fake scores -1: what D pays for each, what G pays
    "logits": (math.log(1 + math.exp(-2)), math.log(1 + math.exp(-1)), math.log(1 + math.exp(1))),
    "least-squares": (1.0, 1.0, 4.0),
    "hinge": (0.0, 0.0, 1.0),
    "wasserstein": (-2.0, -1.0, 1.0),
}


@pytest.mark.parametrize("name", ADVERSARIES)
def test_losses_are_those_computed_by_hand(name: str) -> None:
    real, fake = [torch.full((2, 1, 3, 3), 2.0)], [torch.full((2, 1, 3, 3), -1.0)]
    adversary, expected = ADVERSARIES[name], BY_HAND[name]
    judged = adversary.judged(real, fake)
    assert float(judged["real"]) == pytest.approx(expected[0], abs=1e-6)
    assert float(judged["fake"]) == pytest.approx(expected[1], abs=1e-6)
    assert float(adversary.fooled(fake)) == pytest.approx(expected[2], abs=1e-6)
    assert float(adversary.fooled([*fake, *fake], [1, 2])) == pytest.approx(3 * expected[2], abs=1e-6)


@pytest.mark.parametrize("name", ADVERSARIES)
def test_accuracy_is_one_for_right_answers_and_nought_for_wrong_ones(name: str) -> None:
    high, low = [torch.full((2, 1, 3, 3), 2.0)], [torch.full((2, 1, 3, 3), -1.0)]
    assert float(ADVERSARIES[name].accuracy(high, low)) == 1
    assert float(ADVERSARIES[name].accuracy(low, high)) == 0


@pytest.mark.parametrize("name", ADVERSARIES)
def test_each_side_wants_what_the_other_does_not(name: str) -> None:
    scores = torch.zeros(1, 1, 2, 2, requires_grad=True)
    adversary = ADVERSARIES[name]
    for_judge = torch.autograd.grad(adversary.judged([scores.detach()], [scores])["fake"], scores)[0]
    for_painter = torch.autograd.grad(adversary.fooled([scores]), scores)[0]
    assert for_painter.max() < 0 and for_judge.max() >= 0
    assert name == "least-squares" or for_judge.min() > 0  # least squares is content with a fake score of 0


@pytest.mark.parametrize(("slope", "expected"), [(1.0, 0.0), (3.0, 4.0)])
def test_the_penalty_is_the_distance_of_the_slope_from_one(slope: float, expected: float) -> None:
    direction = torch.randn(3, 8, 8)
    direction *= slope / direction.norm()

    def judge(pictures: Tensor) -> list[Tensor]:
        return [(pictures * direction).sum((1, 2, 3))[:, None, None, None]]

    penalty = gradient_penalty(judge, torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8, 8))
    assert float(penalty) == pytest.approx(expected, abs=1e-4)


def test_no_slope_reaches_the_painting_from_a_duel() -> None:
    fake = torch.randn(2, 3, 8, 8, requires_grad=True)
    weight = torch.ones((), requires_grad=True)

    def judge(pictures: Tensor) -> list[Tensor]:
        return [weight * pictures.mean(1, keepdim=True)]

    losses, accuracy = duel(ADVERSARIES["wasserstein"], judge, torch.randn(2, 3, 8, 8), fake)
    assert set(losses) == {"real", "fake", "penalty"} and 0 <= float(accuracy) <= 1
    assert torch.autograd.grad(torch.stack(list(losses.values())).sum(), fake, allow_unused=True)[0] is None
