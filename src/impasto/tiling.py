"""Tile boxes and seam-free assembly. Pure functions of sizes and arrays; knows no network, only its receptive field.

All windows of a picture have one size, because runtimes prepare themselves anew for every size they meet. Each window reaches a halo
beyond the pixels that are taken from it, except at the picture's true borders, so a network without global statistics gives the same
pixels tiled and untiled.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.float32]  # 1×C×H×W
Pixels = NDArray[np.float32]  # H×W×3

TILE_PX = 1024


@dataclass(frozen=True)
class Span:
    """Along one axis: the window start:stop goes through the network, and only its pixels keep_start:keep_stop are kept."""

    start: int
    stop: int
    keep_start: int
    keep_stop: int


@dataclass(frozen=True)
class Box:
    """One tile of a picture."""

    rows: Span
    columns: Span


def halo_px(receptive_field_px: int, multiple: int) -> int:
    """Half the receptive field, rounded up to the multiple, and one multiple more: which half is larger depends on a pixel's phase."""
    return (-(-receptive_field_px // (2 * multiple)) + 1) * multiple


def spans(length: int, tile: int, halo: int, multiple: int) -> list[Span]:
    """Windows of equal size at multiples of `multiple` whose kept parts cover 0..length once. `length` is such a multiple too."""
    tile = max(tile, 2 * halo + multiple) // multiple * multiple
    if length <= tile:
        return [Span(0, length, 0, length)]
    count = -(-(length - 2 * halo) // (tile - 2 * halo))
    # the smallest window with which this count still covers the length; one multiple is spent on rounding the starts
    size = -(-(length + (count - 1) * (2 * halo + multiple)) // (count * multiple)) * multiple
    size = min(size, length)
    starts = sorted({(length - size) * index // (count - 1) // multiple * multiple for index in range(count)})
    cuts = [0, *((left + size + right) // 2 for left, right in itertools.pairwise(starts)), length]
    return [Span(start, start + size, *cuts[index : index + 2]) for index, start in enumerate(starts)]


def boxes(height: int, width: int, tile: int, halo: int, multiple: int) -> list[Box]:
    """The tiles of a picture in reading order."""
    columns = spans(width, tile, halo, multiple)
    return [Box(row, column) for row in spans(height, tile, halo, multiple) for column in columns]


def paint_tiles(
    photo: Planes,
    network: Callable[[Planes, tuple[int, int]], Planes],
    painting: Pixels,
    *,
    halo: int,
    multiple: int,
    step: Callable[[float], None],
    tile: int = TILE_PX,
) -> None:
    """Fill `painting` (H×W×3) with the network's output for `photo` (1×C×H×W, or larger at the right and bottom), tile by tile.

    The network hears the row and column at which its tile begins too.
    `step` hears the share of the work done, 0..1, before each tile and at the end; it may raise.
    """
    plan = boxes(photo.shape[2], photo.shape[3], tile, halo, multiple)
    for index, box in enumerate(plan):
        step(index / len(plan))
        window = photo[:, :, box.rows.start : box.rows.stop, box.columns.start : box.columns.stop]
        _keep(painting, network(np.ascontiguousarray(window), (box.rows.start, box.columns.start)), box)
    step(1.0)


def _keep(painting: Pixels, tile: Planes, box: Box) -> None:
    rows, columns = box.rows, box.columns
    target = painting[rows.keep_start : rows.keep_stop, columns.keep_start : columns.keep_stop]
    height, width = target.shape[:2]
    top, left = rows.keep_start - rows.start, columns.keep_start - columns.start
    for channel in range(3):  # numpy is several times faster on one strided channel than on a transposed whole
        target[..., channel] = tile[0, channel, top : top + height, left : left + width]


def level_edges(long_edge_px: int, working_px: int) -> list[int]:
    """The long edges at which a picture is painted, from the working size to its own, each at most twice the one before."""
    steps = max(0, math.ceil(math.log2(long_edge_px / working_px)))
    between = [round(working_px * (long_edge_px / working_px) ** (step / steps)) for step in range(steps)]
    return [*between, long_edge_px]
