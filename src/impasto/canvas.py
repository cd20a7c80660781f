"""The canvas: fixed noise under every painting, and the photo itself, combed along the forms of the photo, and its lines.

In a flat sky every pixel has the same neighbourhood; on a canvas strokes can begin somewhere, and along its grain they follow what they
paint, as a brush does. A brush also draws what it paints out along its stroke: that is the combed photo. And a hand draws outlines: those
are the ink. Knows pictures and places, no network.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.finish import LUMA

Pixels = NDArray[np.float32]  # H×W×3 in 0..1
Planes = NDArray[np.float32]  # C×H×W
Pair = tuple[int, int]  # rows and columns
Scale = tuple[float, float]  # down and across

PERIOD_PX = 512  # the noise repeats after this
DIRECTIONS = 16  # in which it is there, half a turn in all
CRISPNESS = 1.6  # how steeply a stroke's edges rise
CELL_PX = 4  # directions are found in squares of this width
TURN_PX = 2  # and followed in squares of this one: what is coarser shows as steps in a curved stroke
REACHES = ((1.5, 1.0), (5.0, 0.1), (16.0, 0.01))  # in cells, and how much what is so far away counts
LEVEL = 1e-7  # how strongly strokes lie level where there is nothing to follow
BRISTLES_PX = range(-6, 7, 2)  # along the stroke, where the combed photo is taken from
DRAWN_OUT_PX = 4.0  # deviation of their Gaussian weights
BAND_ROWS = 32
REACH_PX = max(BRISTLES_PX) + 9  # how far away a pixel can be that counts for what is laid here
CARE = 0.03  # so much lost by combing, in -1..1 of light, halves the strokes there: eyes, lips and letters are drawn with care
LEAST_STROKES = 0.3
KEPT = 0.2  # and so much lost keeps half of the photo as it is: letters can be read
LIT, LEAST_UNLIT = 0.3, 0.6  # strokes grow weaker below this light, in 0..1, down to this share: on black they would be a tiger's stripes
INK = 25.0  # how soon a faint line is drawn in full


class Grain(NamedTuple):
    """Noise under a Gaussian with these deviations along and across the strokes; grains of one seed run together."""

    long_px: float
    short_px: float
    seed: int


GRAINS = (Grain(7.0, 1.7, 1), Grain(5.0, 0.8, 1))  # broad and fine strokes
WEAVE = Grain(0.8, 0.8, 3)
STROKES = slice(0, len(GRAINS))  # of the planes of a canvas: first its strokes, then the weave, then the combed photo, then the ink
COMBED = slice(STROKES.stop + 1, STROKES.stop + 4)
LAID = COMBED.stop + 1


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


class Canvas:
    """The canvas of a photo, 3×H×W in -1..1, or of the part of one at row and column `at` of the flow's picture at `size`.

    A place has the same grain whatever part it is asked for in, which begins at multiples of `TURN_PX`; what lies within `REACH_PX` of a
    part's edge is not what it is in the whole. `shift` takes another piece of the same cloth.
    """

    def __init__(self, photo: Planes, flow: Flow, *, at: Pair = (0, 0), size: Pair | None = None, shift: Pair = (0, 0)) -> None:
        _, height, width = photo.shape
        self._photo, self._flow, self._size, self._shift = photo, flow, size or (flow.height, flow.width), shift
        self._rows, self._columns = np.arange(at[0], at[0] + height), np.arange(at[1], at[1] + width)

    def laid(self, brush: float = 1.0) -> Planes:
        """`LAID`×H×W: the grains in -1..1, the photo combed along them, in -1..1, and its dark lines in 0..1.

        Strokes are `brush` times as large as the network learned to use them.
        """
        planes = np.empty((LAID, len(self._rows), len(self._columns)), np.float32)
        self.lay(planes).lay(planes[STROKES], brush)
        return planes

    def lay(self, planes: Planes) -> Strokes:
        """What is the same under strokes of any size, into planes that are there: the weave, the combed photo and the ink."""
        (height, width), bristles = planes.shape[1:], _Bristles(self._photo)
        weave, combed = planes[STROKES.stop], planes[COMBED]
        directions = self._directions()
        turns = directions.repeat(TURN_PX, 0)[:height].repeat(TURN_PX, 1)[:, :width]
        places = _places(self._rows, self._columns, self._shift, 1.0)
        for band in _bands(height):
            np.multiply(_cloth(WEAVE).take(places[band]), np.float32(1 / 127), out=weave[band])
            combed[:, band] = bristles.comb(turns[band], band.start)
        lost = _lost(self._photo, combed)
        combed += (self._photo - combed) * (lost**4 / (lost**4 + KEPT**4))
        planes[-1] = _ink(combed)
        return Strokes(directions, _ease(combed, lost), self._rows, self._columns, self._shift)

    def _directions(self) -> NDArray[np.float32]:
        """How far the strokes of each square of `TURN_PX` turn, in 0..`DIRECTIONS`."""
        flow = self._flow
        scale = flow.height / self._size[0], flow.width / self._size[1]
        return _turns(flow, self._rows[::TURN_PX], self._columns[::TURN_PX], scale)


class Strokes:
    """The strokes of a canvas: to lay them in another size costs little, for what lies under them stays."""

    def __init__(
        self, turns: NDArray[np.float32], ease: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64], shift: Pair
    ) -> None:
        before, width = turns.astype(np.int64), len(columns)
        share = (turns - before) * np.float32(1 / 127)
        squares: list[NDArray[Any]] = [before % DIRECTIONS * PERIOD_PX**2, np.float32(1 / 127) - share, share]
        # Rows of squares, across which they are drawn out: where a cloth begins, and the weights of it and of the next.
        self._cloths, self._first, self._second = (values.repeat(TURN_PX, 1)[:, None, :width] for values in squares)
        self._ease, self._rows, self._columns, self._shift = ease, rows, columns, shift

    def lay(self, planes: Planes, brush: float) -> None:
        """Into planes that are there, in -1..1, each between the cloths of the two directions that are nearest."""
        height, width = self._ease.shape
        rows = np.append(self._rows, self._rows[-1:])[: TURN_PX * len(self._cloths)]
        places = _places(rows, self._columns, self._shift, brush).reshape(-1, TURN_PX, width)
        for band in _bands(len(places), BAND_ROWS // TURN_PX):
            taken = _cloths().take(self._cloths[band] + places[band], mode="wrap").view(np.int8).reshape(-1, TURN_PX, width, 2, len(GRAINS))
            here = slice(TURN_PX * band.start, min(TURN_PX * band.stop, height))
            for grain, plane in enumerate(planes[:, here]):
                plane[:] = (taken[..., 0, grain] * self._first[band]).reshape(-1, width)[: len(plane)]
                plane[:] = (taken[..., 1, grain] * self._second[band]).reshape(-1, width)[: len(plane)] + plane
                plane *= self._ease[here]


def canvas_of(pixels: Pixels, shift: Pair = (0, 0)) -> Planes:
    """The canvas of a whole picture, its pixels combed in -1..1."""
    return Canvas(pixels.transpose(2, 0, 1) * 2 - 1, flow(pixels), shift=shift).laid()


def _bands(rows: int, several: int = BAND_ROWS) -> Iterator[slice]:
    """All rows, a few at a time, because memory that is new is slow."""
    return (slice(start, start + several) for start in range(0, rows, several))


def _places(rows: NDArray[np.int64], columns: NDArray[np.int64], shift: Pair, size: float) -> NDArray[np.int64]:
    """Where on a cloth that is drawn so many times as large these rows and columns lie: H×W."""
    down, across = (np.floor(along / size).astype(np.int64) for along in (rows, columns))
    return (down[:, None] + shift[0]) % PERIOD_PX * PERIOD_PX + (across + shift[1]) % PERIOD_PX


class _Bristles:
    """Draws a photo out along its strokes (line integral convolution, Cabral & Leedom 1993, in straight lines)."""

    def __init__(self, photo: Planes) -> None:
        reach, angles = max(BRISTLES_PX), np.pi / DIRECTIONS * np.arange(DIRECTIONS)
        framed = np.pad(photo.transpose(1, 2, 0), ((reach, reach), (reach, reach), (0, 1)), mode="edge")
        self._width = framed.shape[1]
        self._pixels = framed.view(np.complex128).reshape(-1)  # with a fourth number a pixel is 16 bytes, which numpy takes at once
        down, right = (np.rint(np.outer(BRISTLES_PX, turned(angles))).astype(np.int64) for turned in (np.sin, np.cos))
        self._steps = down * self._width + right  # bristles×directions
        weights = np.exp(-0.5 * (np.array(BRISTLES_PX) / DRAWN_OUT_PX) ** 2)
        self._weights = (weights / weights.sum()).astype(np.float32)

    def comb(self, turns: NDArray[np.float32], row: int) -> Planes:
        """3×H×W: the mean of each pixel's neighbours along its direction, for a band that begins at this row."""
        (height, width), reach = turns.shape, max(BRISTLES_PX)
        here = np.arange(row + reach, row + reach + height)[:, None] * self._width + np.arange(reach, reach + width)
        nearest = np.rint(turns).astype(np.int64) % DIRECTIONS
        bristles = zip(self._steps, self._weights, strict=True)
        drawn = sum(weight * self._pixels.take(here + steps.take(nearest)).view(np.float32) for steps, weight in bristles)
        return np.asarray(drawn).reshape(height, width, 4)[..., :3].transpose(2, 0, 1)


def _ink(combed: Planes) -> NDArray[np.float32]:
    """H×W in 0..1: where the light of a combed photo is darker than around (coherent lines, after Kang et al. 2007)."""
    near = _softened(_light(combed), 1)
    return np.asarray(np.tanh(INK * np.maximum(_softened(near, 2) - near, 0)), np.float32)


def _lost(photo: Planes, combed: Planes) -> NDArray[np.float32]:
    """H×W in -1..1 of light: how much of what is there combing loses."""
    lost = np.abs(_light(photo - combed))
    for step in (1, 2, 3):
        lost = _softened(lost, step)
    return lost


def _ease(combed: Planes, lost: NDArray[np.float32]) -> NDArray[np.float32]:
    """H×W in 0..1: how freely strokes may run, less in the dark, and where combing loses much of what is there."""
    light = _light(combed)
    seen = np.clip((_softened(_softened(light, 1), 3) + 1) / (2 * LIT), LEAST_UNLIT, 1)
    return np.asarray(np.maximum(1 / (1 + (lost / CARE) ** 2), LEAST_STROKES) * seen, np.float32)


def _light(planes: Planes) -> NDArray[np.float32]:
    """H×W: plane by plane, because a product of matrices rounds by their size, and a part must have what the whole has there."""
    red, green, blue = (plane * share for plane, share in zip(planes, LUMA, strict=True))
    return np.asarray(red + green + blue, np.float32)


def _softened(plane: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """1-2-1 both ways with the neighbours so many pixels away; the outermost rows and columns go on beyond the edge."""
    width = plane.shape[1]
    framed = np.pad(plane, step, mode="edge")
    down = framed[: -2 * step] + 2 * framed[step:-step] + framed[2 * step :]
    return np.asarray((down[:, :width] + 2 * down[:, step:-step] + down[:, 2 * step :]) / 16, np.float32)


def _blurred(planes: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    """C×h×w under a Gaussian that sees nothing beyond the edges."""
    down, across = (_gaussian(side, deviation) for side in planes.shape[1:])
    return np.asarray(down @ planes @ across.T, np.float32)


@lru_cache(maxsize=32)
def _gaussian(side: int, deviation: float) -> NDArray[np.float32]:
    places = np.arange(side)
    weights = np.exp(-0.5 * ((places[:, None] - places) / deviation) ** 2)
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


def _turns(flow: Flow, rows: NDArray[np.int64], columns: NDArray[np.int64], scale: Scale) -> NDArray[np.float32]:
    """How far each square that begins at these rows and columns turns, in 0..`DIRECTIONS`; the picture is drawn to another scale."""
    x, y = _between(_between(flow.vectors, 1, rows, scale[0]), 2, columns, scale[1])
    return np.asarray(np.arctan2(y, x) % (2 * math.pi) * (DIRECTIONS / (2 * math.pi)), np.float32)


def _between(vectors: NDArray[np.float32], axis: int, squares: NDArray[np.int64], scale: float) -> NDArray[np.float32]:
    """The cells' vectors in the middle of squares along one axis, linearly; the outermost ones hold beyond the edge."""
    at = np.clip((squares + TURN_PX / 2) * (scale / CELL_PX) - 0.5, 0, vectors.shape[axis] - 1)
    before = np.minimum(at.astype(np.int64), vectors.shape[axis] - 2) if vectors.shape[axis] > 1 else np.zeros(len(at), np.int64)
    shape = [1, 1, 1]
    shape[axis] = len(at)
    share = np.asarray(at - before, np.float32).reshape(shape)
    first = vectors.take(before, axis)
    return np.asarray(first + share * (vectors.take(before + 1, axis, mode="clip") - first))


@cache
def _cloths() -> NDArray[np.int32]:
    """The cloths of all strokes at a place, four bytes each: those of one direction and those of the next."""
    woven = np.stack([_cloth(grain) for grain in GRAINS], axis=-1)
    return np.stack([woven, np.roll(woven, -1, 0)], axis=-2).reshape(-1).view(np.int32)


@cache
def _cloth(grain: Grain) -> NDArray[np.int8]:
    """D×P×P in -127..127: one noise under a Gaussian that points in each direction, in a single one if it is round."""
    noise = np.random.RandomState(grain.seed).random_sample((PERIOD_PX, PERIOD_PX)) - 0.5  # this old stream is frozen for good
    spectrum = np.fft.rfft2(noise.astype(np.float32))
    down, across = (places.astype(np.float32) for places in (np.fft.fftfreq(PERIOD_PX)[:, None], np.fft.rfftfreq(PERIOD_PX)[None]))
    woven = np.empty((1 if grain.long_px == grain.short_px else DIRECTIONS, PERIOD_PX, PERIOD_PX), np.int8)
    for direction, cloth in enumerate(woven):
        angle = math.pi * direction / DIRECTIONS
        along, aside = math.cos(angle) * across + math.sin(angle) * down, math.cos(angle) * down - math.sin(angle) * across
        spread = np.exp(-2 * (math.pi * along * grain.long_px) ** 2 - 2 * (math.pi * aside * grain.short_px) ** 2)
        combed = np.fft.irfft2(spectrum * spread, noise.shape)
        cloth[:] = np.rint(127 * np.tanh(combed * (CRISPNESS / combed.std())))
    woven.flags.writeable = False
    return woven
