"""From a coarse painting to a finer one, whole or in part: which pixels of each size a part depends on, and the arithmetic between sizes.

A painting larger than the working size is painted level by level, each at most twice the one before. A part of the last level depends
on a window of every level; with the windows of `plan` its pixels are those of the whole. Pure functions of sizes and arrays; knows no
network, only its halo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.picture import resize

Pixels = NDArray[np.float32]  # H×W×3 in 0..1
Size = tuple[int, int]  # width, height

BAND_ROWS = 512  # arithmetic goes in bands where whole pictures would need more memory
_REACH_UP_PX = 3  # what bicubic enlarging looks at beyond a place, in px of the smaller picture
_REACH_DOWN_PX = 8  # what making small by at most 2 with Lanczos looks at, in px of the larger


@dataclass(frozen=True)
class Window:
    """A part of a picture, in px: from the left and the top up to the right and the bottom, those not included."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return self.width * self.height

    @classmethod
    def of_shares(cls, shares: tuple[float, float, float, float], size: Size) -> Window:
        """The window that holds a part given as left, top, right and bottom shares of a picture of this size; never empty."""
        left, top = (min(math.floor(share * edge), edge - 1) for share, edge in zip(shares[:2], size, strict=True))
        right, bottom = (math.ceil(share * edge) for share, edge in zip(shares[2:], size, strict=True))
        return cls(left, top, max(left + 1, right), max(top + 1, bottom))

    def of(self, pixels: Pixels, source: Window | None = None) -> Pixels:
        """Its pixels out of a whole picture, or out of those of a window around it."""
        left, top = (source.left, source.top) if source else (0, 0)
        return pixels[self.top - top : self.bottom - top, self.left - left : self.right - left]

    def grown(self, by_px: int, size: Size, multiple: int = 1) -> Window:
        """Larger on every side and out to multiples, as far as a picture of this size goes."""
        left, top = ((edge - by_px) // multiple * multiple for edge in (self.left, self.top))
        right, bottom = (-(-(edge + by_px) // multiple) * multiple for edge in (self.right, self.bottom))
        return Window(max(0, left), max(0, top), min(size[0], right), min(size[1], bottom))

    def at(self, size: Size, other: Size) -> Window:
        """The pixels of a picture of size `other` that show what these show in one of `size`."""
        across, down = other[0] / size[0], other[1] / size[1]
        right, bottom = math.ceil(self.right * across), math.ceil(self.bottom * down)
        return Window(math.floor(self.left * across), math.floor(self.top * down), min(other[0], right), min(other[1], bottom))


def whole(size: Size) -> Window:
    """All of a picture."""
    return Window(0, 0, *size)


@dataclass(frozen=True)
class Level:
    """One painting on the way: of a picture of `size` the `result` comes out, for which the network paints `painted`."""

    size: Size
    painted: Window
    result: Window


def plan(sizes: list[Size], part: Window, halo: int, multiple: int) -> list[Level]:
    """The levels for a part of the last size, the coarsest first, which is painted whole.

    A network without global statistics paints the pixels of a window right that lie `halo` inside of it.
    """
    levels: list[Level] = []
    result = part
    for coarse, fine in zip(sizes[-2::-1], sizes[:0:-1], strict=True):
        drifting = result.at(fine, coarse).grown(_REACH_UP_PX, coarse)
        finer = drifting.at(coarse, fine).grown(_REACH_DOWN_PX, fine)
        levels.append(Level(fine, finer.grown(halo, fine, multiple), result))
        result = levels[-1].painted.at(fine, coarse).grown(_REACH_UP_PX, coarse)
    return [Level(sizes[0], whole(sizes[0]), result), *reversed(levels)]


def guide(painting: Pixels, coarse: Pixels, fine: Pixels, detail: float, below: Level, level: Level) -> Pixels:
    """The painting enlarged, with a part of the detail that the fine photo has over the coarse one; the pixels of `level.painted`.

    up(painting) + detail·(fine - up(coarse)), with one enlargement because it is linear. `painting` has the pixels of `below.result`, the
    photos are whole.
    """
    share = np.float32(detail)
    enlarged = _resized(painting - share * below.result.of(coarse), below.result, below.size, level.painted, level.size)
    part = level.painted.of(fine)
    for row in range(0, len(enlarged), BAND_ROWS):
        band = enlarged[row : row + BAND_ROWS]
        band += share * part[row : row + BAND_ROWS]
        np.clip(band, 0, 1, out=band)
    return enlarged


def anchored(finer: Pixels, painting: Pixels, below: Level, level: Level) -> Pixels:
    """The finer painting with its coarse part replaced by the painting it came from; the pixels of `level.result`.

    finer + up(painting - down(finer)): colours and strokes stay the preview's, and only what is finer than those is new. `finer` has the
    pixels of `level.painted`, `painting` those of `below.result`.
    """
    drifting = level.result.at(level.size, below.size).grown(_REACH_UP_PX, below.size)
    coarse = _resized(finer, level.painted, level.size, drifting, below.size)
    drift = _resized(drifting.of(painting, below.result) - coarse, drifting, below.size, level.result, level.size)
    result = level.result.of(finer, level.painted)
    result += drift
    return np.clip(result, 0, 1, out=result)


def _resized(pixels: Pixels, source: Window, size: Size, target: Window, target_size: Size) -> Pixels:
    """The pixels of a target window, resampled from those of a source window of the same picture at another size."""
    across, down = size[0] / target_size[0], size[1] / target_size[1]
    box = (
        max(0.0, target.left * across - source.left),
        max(0.0, target.top * down - source.top),
        min(float(source.width), target.right * across - source.left),
        min(float(source.height), target.bottom * down - source.top),
    )
    return resize(pixels, target.width, target.height, box)
