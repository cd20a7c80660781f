"""Photos as people really drop them, made from good ones or from nothing: black-and-white, dim, pale, pages, flat fields and icons.

A collection of photos has hardly any of these, and a painter who never saw an empty page fills it with whatever strokes he has.
Pictures are 3×P×P in -1..1.
"""

from __future__ import annotations

import string
from collections.abc import Callable

import numpy as np
import torch
from numpy.random import Generator as Random
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from impasto.finish import LUMA

DIMMEST, PALEST = 0.1, 0.2  # shares of a photo's range that are left
LETTERS_PX = (5, 20)


def odd(photo: Tensor, random: Random) -> Tensor:
    """The photo as an old scan, in the dark or in too much light, or something of its size that is no photo."""
    kinds: tuple[Callable[[Tensor, Random], Tensor], ...] = (_grey, _dim, _pale, _made, _made)
    return kinds[int(random.integers(len(kinds)))](photo, random)


def _grey(photo: Tensor, random: Random) -> Tensor:
    return (photo * photo.new_tensor(LUMA)[:, None, None]).sum(0, keepdim=True).expand_as(photo).contiguous()


def _dim(photo: Tensor, random: Random) -> Tensor:
    return (photo + 1) * random.uniform(DIMMEST, 0.5) - 1


def _pale(photo: Tensor, random: Random) -> Tensor:
    return 1 - (1 - photo) * random.uniform(PALEST, 0.6)


def _made(photo: Tensor, random: Random) -> Tensor:
    """A page of text, a field that changes evenly, or a few flat shapes."""
    side = photo.shape[2]
    field = _field(side, random)
    draw: Callable[[ImageDraw.ImageDraw, int, Random], None] = (_text, _shapes, _nothing)[int(random.integers(3))]
    drawn = Image.fromarray(field)
    draw(ImageDraw.Draw(drawn), side, random)
    return torch.from_numpy(np.array(drawn)).permute(2, 0, 1).float() / 127.5 - 1


def _field(side: int, random: Random) -> np.typing.NDArray[np.uint8]:
    """From one colour to a near one, in any direction; paper half the time, and half the rest without any colour."""
    first = _colour(random)
    second = np.clip(first + random.normal(0, 25, 3) * (random.random() < 0.5), 0, 255)
    turn = random.uniform(0, 2 * np.pi)
    along = np.linspace(-1, 1, side)[:, None] * np.sin(turn) + np.linspace(-1, 1, side) * np.cos(turn)
    share = (along[..., None] - along.min()) / np.ptp(along)
    return np.asarray(first + share * (second - first) + 0.5, np.uint8)


def _colour(random: Random) -> np.typing.NDArray[np.float64]:
    if random.random() < 0.5:
        return random.uniform(235, 255) - random.uniform(0, 12, 3)
    return np.full(3, random.uniform(0, 255)) if random.random() < 0.5 else random.uniform(0, 255, 3)


def _text(page: ImageDraw.ImageDraw, side: int, random: Random) -> None:
    size = int(random.integers(*LETTERS_PX))
    font, ink = ImageFont.load_default(size), _ink(random)
    left, letters = int(random.integers(-side // 2, side // 3)), list(string.ascii_letters + " " * 12)
    for top in range(int(random.integers(-size, side // 3)), side, round(size * random.uniform(1.2, 1.8))):
        page.text((left, top), "".join(random.choice(letters, 120)), fill=ink, font=font)


def _shapes(page: ImageDraw.ImageDraw, side: int, random: Random) -> None:
    for _ in range(int(random.integers(1, 6))):
        (left, right), (top, bottom) = np.sort(random.integers(-side // 4, side + side // 4, (2, 2))).tolist()
        shape = page.ellipse if random.random() < 0.5 else page.rectangle
        shape((left, top, right, bottom), fill=_ink(random))


def _nothing(page: ImageDraw.ImageDraw, side: int, random: Random) -> None:
    pass


def _ink(random: Random) -> tuple[int, int, int]:
    red, green, blue = (int(number) for number in random.integers(0, 90 if random.random() < 0.6 else 256, 3))
    return red, green, blue
