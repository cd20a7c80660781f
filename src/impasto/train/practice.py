"""The photos that a style is practised on when nobody gives any: the sample photo, and made-up scenes with edges and soft shadings.

The scenes are dead leaves (Lee, Mumford & Huang 2001): shapes of all sizes that hide each other have the statistics of photos, and
networks learn from them nearly as well (Baradad et al. 2021). Knows no network.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.random import Generator as Random
from numpy.typing import NDArray

import impasto
from impasto import picture
from impasto.train.examples import Image, gather

SCENES = 5
LIGHTS = 15  # how many lights the sample photo is seen in: with made-up scenes alone edges smear on real photos
SCENE_PX = 256
FINER = 2  # scenes are drawn larger by this
LEAVES = 90
SMALLEST, LARGEST = 0.03, 0.5  # radii of leaves, in widths of the scene


def photos(folder: Path | None, seed: int) -> list[Image]:
    """The pictures of a folder of photos, or the built-in ones; the same seed gives the same."""
    if folder is not None:
        return gather([folder]).images
    sample = picture.load(Path(impasto.__file__).parent / "studio" / "static" / "sample.jpg")
    known, random = np.asarray(sample.pixels * 255 + 0.5, np.uint8), np.random.default_rng([seed, 3])
    return [_recoloured(known, random) for _ in range(LIGHTS)] + [scene(random) for _ in range(SCENES)]


def scene(random: Random) -> Image:
    """A made-up picture: a sky that shades, and leaves of all sizes over it, each shaded and grained."""
    size_px = FINER * SCENE_PX
    pixels = _shaded((size_px, size_px), random)
    for _ in range(LEAVES):
        # Sizes with the density r^-3 look alike at every scale.
        radius = size_px * SMALLEST / np.sqrt(1 - random.random() * (1 - (SMALLEST / LARGEST) ** 2))
        top, left = random.integers(0, size_px, 2)
        reach = round(radius)
        box = slice(max(0, top - reach), top + reach + 1), slice(max(0, left - reach), left + reach + 1)
        rows, columns = np.mgrid[box[0], box[1]][:, : size_px - box[0].start, : size_px - box[1].start]
        inside = _leaf(rows - top, columns - left, radius, random)
        pixels[box][inside] = _shaded(inside.shape, random)[inside]
    pixels = pixels.reshape(SCENE_PX, FINER, SCENE_PX, FINER, 3).mean((1, 3))  # soft edges
    return np.asarray(pixels.clip(0, 1) * 255 + 0.5, np.uint8)


def _leaf(down: NDArray[np.int64], across: NDArray[np.int64], radius: float, random: Random) -> NDArray[np.bool_]:
    """Where an ellipse or a box lies."""
    turn, stretch = random.uniform(0, np.pi), random.uniform(0.2, 0.9)
    along = np.cos(turn) * down + np.sin(turn) * across
    aside = (np.cos(turn) * across - np.sin(turn) * down) / stretch
    if random.random() < 0.6:
        return np.asarray(along**2 + aside**2 < radius**2)
    return np.asarray(np.maximum(abs(along), abs(aside)) < 0.7 * radius)


def _shaded(shape: tuple[int, ...], random: Random) -> NDArray[np.float64]:
    """H×W×3 of a mostly muted colour, as in photos, whose light changes slowly, with more or less grain."""
    grey, tint = random.beta(1.5, 1.5), random.normal(scale=0.07, size=3)
    rows, columns = np.linspace(-0.5, 0.5, shape[0])[:, None], np.linspace(-0.5, 0.5, shape[1])
    slope = random.normal(scale=0.2, size=2)
    light = grey + slope[0] * rows + slope[1] * columns + random.exponential(0.02) * random.normal(size=shape)
    return np.asarray(light[..., None] + tint)


def _recoloured(image: Image, random: Random) -> Image:
    """The picture in another light: channels exchanged or blended towards grey, gamma and white balance."""
    levels = image[..., random.permutation(3)] / 255
    levels = levels + random.uniform(-0.3, 0.8) * (levels.mean(2, keepdims=True) - levels)
    levels = levels.clip(0, 1) ** np.exp(random.normal(scale=0.35)) * np.exp(random.normal(scale=0.12, size=3))
    return np.asarray(levels.clip(0, 1) * 255 + 0.5, np.uint8)
