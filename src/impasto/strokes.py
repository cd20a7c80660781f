"""Brush strokes: where each of them lies, which way it runs and how its bristles left it. Knows no photo and no network.

A layout covers a square of cloth with strokes of one tool, painted over one another, and repeats. All its strokes turn about their own
middles, so where forms bend, a stroke goes on under the next direction. A pixel is told by its layout which way the middle of its stroke
lies; whoever paints takes the colour from there.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LAYOUT_PX = 256  # layouts repeat after this
DIRECTIONS = 16  # in which each is there, half a turn in all
HATCH_PX = 4.2  # between the lines of a hatching
BRISTLE = 0.35  # how deep they cut, as a share of the thickness of a stroke
NUMBERS = 4  # rows and columns to the middle of the stroke, its relief, its hatching: one byte each


class Tool(NamedTuple):
    """Half the length and half the width of its strokes, and how far apart they begin."""

    long_px: float
    short_px: float
    gap_px: float


TOOLS = (Tool(22.0, 6.0, 6.4), Tool(10.0, 3.0, 3.8))  # for what is plain, and for what has forms
LONGEST_PX = math.ceil(max(tool.long_px for tool in TOOLS))


@cache
def layouts() -> NDArray[np.int32]:
    """All layouts, tool by tool, direction by direction, row by row: four signed bytes a place (`NUMBERS`)."""
    laid = [_layout(tool, math.pi * direction / DIRECTIONS, seed) for seed, tool in enumerate(TOOLS) for direction in range(DIRECTIONS)]
    return np.stack(laid).view(np.int32).reshape(-1)


@cache
def _beginnings(tool: Tool, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The middles of a layout's strokes, N×2, in the order in which they are painted, and how thick their bristles are, N×W."""
    random = np.random.RandomState(seed)  # this old stream is frozen for good
    side = round(LAYOUT_PX / tool.gap_px)
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), -1).reshape(-1, 2)
    middles = np.floor((grid + random.random_sample(grid.shape)) * (LAYOUT_PX / side)).astype(np.int64) % LAYOUT_PX
    bristles = random.random_sample((len(middles), 2 * math.ceil(tool.short_px) + 3)).astype(np.float32)
    return middles[random.permutation(len(middles))], bristles


def _layout(tool: Tool, angle: float, seed: int) -> NDArray[np.int8]:
    """P×P×`NUMBERS` in -127..127 for strokes that lie at this angle to the rows."""
    middles, bristles = _beginnings(tool, seed)
    reach = math.ceil(tool.long_px)
    down, right = (offset.astype(np.int64) for offset in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    shape = abs(_along(down, right, angle) / tool.long_px) ** 3 + abs(_aside(down, right, angle) / tool.short_px) ** 3
    covered = down[shape < 1], right[shape < 1]
    rows, columns = ((middles[:, axis, None] + covered[axis]) % LAYOUT_PX for axis in (0, 1))
    topmost = np.full((LAYOUT_PX, LAYOUT_PX), -1)
    topmost.reshape(-1)[(rows * LAYOUT_PX + columns).ravel()] = np.arange(len(middles)).repeat(len(covered[0]))  # the last one stays
    while (bare := topmost < 0).any():  # what no stroke covers goes with its neighbour
        topmost[bare] = np.roll(topmost, 1, 1)[bare]
    here = np.mgrid[:LAYOUT_PX, :LAYOUT_PX]
    down, right = ((middles[topmost, axis] - here[axis] + LAYOUT_PX // 2) % LAYOUT_PX - LAYOUT_PX // 2 for axis in (0, 1))
    aside, along = -_aside(down, right, angle), -_along(down, right, angle)
    profile = 1 - np.minimum(abs(along / tool.long_px) ** 3 + abs(aside / tool.short_px) ** 3, 1) ** 2
    bristle = bristles[topmost, np.clip(np.rint(aside) + bristles.shape[1] // 2, 0, bristles.shape[1] - 1).astype(np.int64)]
    thick = profile * (1 - BRISTLE * bristle)
    slope = 2 * thick - np.roll(thick, 1, 0) - np.roll(thick, 1, 1)  # the light falls from above and from the left
    hatching = np.cos(aside * (2 * math.pi / HATCH_PX))
    return np.stack([down, right, np.rint(127 * np.tanh(slope)), np.rint(127 * hatching)], -1).astype(np.int8)


def _along(down: NDArray[np.int64], right: NDArray[np.int64], angle: float) -> NDArray[np.float64]:
    return np.asarray(math.cos(angle) * right + math.sin(angle) * down)


def _aside(down: NDArray[np.int64], right: NDArray[np.int64], angle: float) -> NDArray[np.float64]:
    return np.asarray(math.cos(angle) * down - math.sin(angle) * right)
