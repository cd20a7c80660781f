"""The canvas: fixed noise under every painting, combed along the forms of the photo.

In a flat sky every pixel has the same neighbourhood; on a canvas strokes can begin somewhere, and along its grain they follow what they
paint, as a brush does. Knows pictures and places, no network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from impasto.finish import LUMA

Pixels = NDArray[np.float32]  # H×W×3 in 0..1
Planes = NDArray[np.float32]  # 2×H×W
Pair = tuple[int, int]  # rows and columns

PERIOD_PX = 512  # the noise repeats after this
DIRECTIONS = 16  # in which it is there, half a turn in all
GRAINS_PX = ((7.0, 1.7), (5.0, 0.8))  # broad strokes and fine ones: deviations of a Gaussian along and across them
CRISPNESS = 1.6  # how steeply a stroke's edges rise
CELL_PX = 4  # directions are found and kept in squares of this width
REACHES = ((1.5, 1.0), (5.0, 0.1), (16.0, 0.01))  # in cells, and how much what is so far away counts
LEVEL = 1e-7  # how strongly strokes lie level where there is nothing to follow


@dataclass(frozen=True, eq=False)
class Flow:
    """Which way strokes run in a picture of `height`×`width` px: unit vectors at twice the angle, 2×h×w, one for each cell."""

    vectors: NDArray[np.float32]
    height: int
    width: int


def flow(pixels: Pixels) -> Flow:
    """Along edges and bands of equal light, and along the nearest ones where there are none (structure tensor, Bigün & Granlund 1987)."""
    height, width = pixels.shape[:2]
    light = np.pad(pixels @ LUMA, ((0, -height % CELL_PX), (0, -width % CELL_PX)), mode="edge")
    cells = light.reshape(light.shape[0] // CELL_PX, CELL_PX, light.shape[1] // CELL_PX, CELL_PX).mean((1, 3))
    framed = np.pad(cells, 1, mode="edge")
    across, down = framed[1:-1, 2:] - framed[1:-1, :-2], framed[2:, 1:-1] - framed[:-2, 1:-1]
    tensor = np.stack([down**2 - across**2, -2 * across * down])  # a quarter turn from the gradient
    spread = sum(share * _blurred(tensor, reach) for reach, share in REACHES) + np.array([LEVEL, 0], np.float32)[:, None, None]
    return Flow(np.asarray(spread / (np.hypot(*spread) + 1e-12), np.float32), height, width)


def canvas(flow: Flow, height: int, width: int, *, at: Pair = (0, 0), size: Pair | None = None, shift: Pair = (0, 0)) -> Planes:
    """The broad and the fine grain, 2×H×W in -1..1, for the part at row and column `at` of the flow's picture at `size`, its own without.

    A place has the same grain whatever part it is asked for in, which begins at multiples of `CELL_PX`. `shift` takes another piece of
    the same cloth.
    """
    whole_height, whole_width = size or (flow.height, flow.width)
    rows, columns = np.arange(at[0], at[0] + height), np.arange(at[1], at[1] + width)
    turns = _turns(flow, rows[::CELL_PX] // CELL_PX, columns[::CELL_PX] // CELL_PX, (flow.height / whole_height, flow.width / whole_width))
    places = turns.repeat(CELL_PX, 0)[:height].repeat(CELL_PX, 1)[:, :width] * PERIOD_PX**2
    places += ((rows + shift[0]) % PERIOD_PX * PERIOD_PX).astype(np.int32)[:, None]
    places += ((columns + shift[1]) % PERIOD_PX).astype(np.int32)
    return np.stack([_cloth(grain).reshape(-1).take(places) for grain in GRAINS_PX])


def canvas_of(pixels: Pixels, shift: Pair = (0, 0)) -> Planes:
    """The canvas of a whole picture."""
    return canvas(flow(pixels), *pixels.shape[:2], shift=shift)


def _blurred(planes: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    """C×h×w under a Gaussian that sees nothing beyond the edges."""
    down, across = (_gaussian(side, deviation) for side in planes.shape[1:])
    return np.asarray(down @ planes @ across.T, np.float32)


@lru_cache(maxsize=32)
def _gaussian(side: int, deviation: float) -> NDArray[np.float32]:
    places = np.arange(side)
    weights = np.exp(-0.5 * ((places[:, None] - places) / deviation) ** 2)
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


def _turns(flow: Flow, rows: NDArray[np.int64], columns: NDArray[np.int64], scale: tuple[float, float]) -> NDArray[np.int32]:
    """Which of the directions each square of a picture takes that is drawn to another scale; there too squares are `CELL_PX` wide."""
    x, y = _between(_between(flow.vectors, 1, rows, scale[0]), 2, columns, scale[1])
    turns: NDArray[np.int32] = np.rint(np.arctan2(y, x) * (DIRECTIONS / (2 * math.pi))).astype(np.int32) % DIRECTIONS
    return turns


def _between(vectors: NDArray[np.float32], axis: int, squares: NDArray[np.int64], scale: float) -> NDArray[np.float32]:
    """The cells' vectors in the middle of squares along one axis, linearly; the outermost ones hold beyond the edge."""
    at = np.clip((squares + 0.5) * scale - 0.5, 0, vectors.shape[axis] - 1)
    before = np.minimum(at.astype(np.int64), vectors.shape[axis] - 2) if vectors.shape[axis] > 1 else np.zeros(len(at), np.int64)
    shape = [1, 1, 1]
    shape[axis] = len(at)
    share = np.asarray(at - before, np.float32).reshape(shape)
    after = np.minimum(before + 1, vectors.shape[axis] - 1)
    return np.asarray((1 - share) * vectors.take(before, axis) + share * vectors.take(after, axis))


@cache
def _cloth(grain: tuple[float, float]) -> NDArray[np.float32]:
    """D×P×P: one noise under a long Gaussian that points in each direction."""
    noise = np.random.RandomState(1).random_sample((PERIOD_PX, PERIOD_PX)) - 0.5  # this old stream is frozen for good
    spectrum = np.fft.rfft2(noise.astype(np.float32))
    down, across = (places.astype(np.float32) for places in (np.fft.fftfreq(PERIOD_PX)[:, None], np.fft.rfftfreq(PERIOD_PX)[None]))
    long, short = grain
    woven = np.empty((DIRECTIONS, PERIOD_PX, PERIOD_PX), np.float32)
    for direction in range(DIRECTIONS):
        angle = math.pi * direction / DIRECTIONS
        along, aside = math.cos(angle) * across + math.sin(angle) * down, math.cos(angle) * down - math.sin(angle) * across
        combed = np.fft.irfft2(spectrum * np.exp(-2 * (math.pi * along * long) ** 2 - 2 * (math.pi * aside * short) ** 2), noise.shape)
        woven[direction] = np.tanh(combed * (CRISPNESS / combed.std()))
    woven.flags.writeable = False
    return woven
