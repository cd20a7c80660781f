"""A hand's leanings: one style's decisions move by just so much, every other style paints as before."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.train import recipe
from impasto.train.hand import lean
from impasto.train.networks import DECIDED
from impasto.train.painter import Painter
from impasto.train.recipe import Hand, Recipe, StyleRecipe
from impasto.train.resnet import ResnetGenerator, ResnetOptions
from tests import film

NAMES = ("a", "b", "c")
LEANT = {"ink": -0.3, "relief": 0.25, "true": math.log(0.5), "light": torch.tensor([0.1, 0.0, -0.2])[:, None, None]}


def plan(**hands: Hand) -> Recipe:
    styles = (StyleRecipe(name=name, title=name, paintings=name, hand=hands.get(name, Hand())) for name in NAMES)
    return Recipe(name="x", title="X", styles=tuple(styles))


@pytest.fixture
def painter() -> Painter:
    generator = film.network()
    made = Painter(len(NAMES), generator).eval()
    torch.nn.init.normal_(made.codes.brush_free, std=0.1)
    return made


@torch.no_grad()
def decided(painter: Painter, style: int, brush: float = 0.0) -> dict[str, Tensor]:
    """What one style decides for the cells of a noisy picture, as the last layer gives it."""
    planes = torch.rand(1, painter.generator.inputs, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    found: list[Tensor] = []
    hook = painter.generator.get_submodule("paint").register_forward_hook(lambda layer, inputs, output: found.append(output))
    painter.generator(planes, painter.codes(torch.tensor([style]), torch.full((1, 1), brush), torch.ones(1, 1)))
    hook.remove()
    return dict(zip(DECIDED, torch.split(found[0][0], list(DECIDED.values())), strict=True))


@pytest.mark.parametrize("brush", [0.0, -1.0])
def test_only_the_style_that_is_led_changes(painter: Painter, brush: float) -> None:
    before = [decided(painter, style, brush) for style in range(3)]
    lean(painter, plan(b=Hand(ink=0.3, relief=0.25, true=0.5, light=(0.1, 0.0, -0.2))))
    after = [decided(painter, style, brush) for style in range(3)]
    for style in (0, 2):
        for name in DECIDED:
            torch.testing.assert_close(after[style][name], before[style][name], atol=1e-4, rtol=0)
    for name in DECIDED:
        was = before[1][name]
        expected = LEANT[name] * was if name == "relief" else was + LEANT.get(name, 0)
        if name != "relief" or not brush:  # a brush of another size moves the scale that is multiplied
            torch.testing.assert_close(after[1][name], expected, atol=1e-4, rtol=0)


def test_two_hands_do_not_meet(painter: Painter) -> None:
    before = [decided(painter, style) for style in range(3)]
    lean(painter, plan(a=Hand(ink=0.2), c=Hand(ink=-0.1, tone=2.0)))
    after = [decided(painter, style) for style in range(3)]
    for style, ink in enumerate((-0.2, 0.0, 0.1)):
        torch.testing.assert_close(after[style]["ink"], before[style]["ink"] + ink, atol=1e-4, rtol=0)
    torch.testing.assert_close(after[2]["tone"], 2 * before[2]["tone"], atol=1e-4, rtol=0)


def test_a_brush_can_be_left_to_its_strokes(painter: Painter) -> None:
    before = [decided(painter, style, brush) for style, brush in ((1, 0.0), (2, -1.0))]
    lean(painter, plan(b=Hand(ink=0.3, brush=0.0)))
    for name in DECIDED:
        expected = before[0][name] - 0.3 if name == "ink" else before[0][name]
        torch.testing.assert_close(decided(painter, 1, -1.0)[name], expected, atol=1e-4, rtol=0)
        torch.testing.assert_close(decided(painter, 2, -1.0)[name], before[1][name], atol=1e-4, rtol=0)


def test_no_hand_changes_nothing(painter: Painter) -> None:
    before = {name: value.clone() for name, value in painter.state_dict().items()}
    lean(painter, plan())
    assert all(torch.equal(before[name], value) for name, value in painter.state_dict().items())


def test_a_generator_without_a_hand_is_refused() -> None:
    painter = Painter(1, ResnetGenerator(ResnetOptions(width=4, blocks=1)))
    with pytest.raises(ImpastoError, match="Only the film generator"):
        lean(painter, replace(plan(), styles=plan(a=Hand(ink=0.1)).styles[:1]))


@pytest.mark.parametrize("hand", [{"relief": -1}, {"true": 0}, {"ink": "much"}, {"outline": 1}])
def test_a_wrong_hand_is_named(hand: dict[str, object]) -> None:
    style = {"name": "a", "title": "A", "paintings": "a", "hand": hand}
    with pytest.raises(ImpastoError, match="hand"):
        recipe.build(Recipe, {"name": "x", "title": "X", "styles": [style]}, "recipe")
