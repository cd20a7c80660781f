"""A hand's leanings: what a person adds to what a style has learned, as its palette is made. Knows no files.

A loss that matches scans likes their grain more than people do, and outlines less. Here a person has the last word: each style's own scale
and shift of what is decided for a cell is moved, and no other style's (`recipe.Hand` says in which units).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.train.networks import DECIDED, MOST, Film, FilmGenerator
from impasto.train.painter import Painter
from impasto.train.recipe import Hand, Recipe


def lean(painter: Painter, recipe: Recipe) -> None:
    """Give every style of a painter its recipe's hand, for good; an ImpastoError where the generator cannot lean."""
    hands = {index: style.hand for index, style in enumerate(recipe.styles) if style.hand != Hand()}
    if not hands:
        return
    film = painter.generator.paint.film if isinstance(painter.generator, FilmGenerator) else None
    if not isinstance(film, Film):
        raise ImpastoError("Only the film generator has a hand that can be led.", "Leave `hand` out of the recipe's styles.")
    for index, hand in hands.items():
        painter.codes.brush_free.data[index] *= hand.brush
    weight = film.scale_shift.weight.data  # 2·decided×length
    codes, alone = painter.codes.code().detach(), _alone(painter)
    for index, hand in hands.items():
        weight += _change(hand, weight @ codes[index])[:, None] * alone[index]


def _alone(painter: Painter) -> Tensor:
    """styles×length: vectors whose product with their own style's code is 1, and 0 with every other code and every brush direction."""
    spanned = torch.cat([painter.codes.code(), painter.codes.brush()]).detach().double()
    return torch.as_tensor(torch.linalg.pinv(spanned, rtol=1e-9).T[: len(painter.codes.free)]).float()


def _change(hand: Hand, now: Tensor) -> Tensor:
    """What is to be added to a style's scales and shifts, one after the other."""
    scale, shift = (dict(zip(DECIDED, torch.split(half, list(DECIDED.values())), strict=True)) for half in now.chunk(2))
    more, beside = ({name: torch.zeros_like(part) for name, part in half.items()} for half in (scale, shift))
    for name in MOST:
        factor = getattr(hand, name) - 1
        more[name], beside[name] = factor * (1 + scale[name]), factor * shift[name]
    beside["ink"] -= hand.ink
    for name in ("drawn", "smooth", "true"):
        beside[name] += math.log(getattr(hand, name))
    for name in ("colour", "light"):
        beside[name] += torch.tensor(getattr(hand, name))
    return torch.cat([*more.values(), *beside.values()])
