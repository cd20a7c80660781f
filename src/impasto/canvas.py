"""The canvas: the strokes and the weave under every painting, the photo drawn out along its forms, and its lines.

In a flat sky every pixel has the same neighbourhood; on a canvas strokes begin somewhere, and run along what they paint, as a brush does:
each has one colour of the photo, a tone and a hue of its own, and a relief. What is too small for them is combed, which draws it out along
its forms. And a hand draws outlines: those are the ink. Knows pictures and places, no network.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.finish import LUMA
from impasto.strokes import DIRECTIONS, LAYOUT_PX, LONGEST_PX, NUMBERS, TOOLS, layouts

Pixels = NDArray[np.float32]  # H×W×3 in 0..1
Planes = NDArray[np.float32]  # C×H×W
Pair = tuple[int, int]  # rows and columns
Scale = tuple[float, float]  # down and across

PERIOD_PX = 512  # the cloth repeats after this
CRISPNESS = 1.6  # how steeply its threads rise
CELL_PX = 4  # directions are found in squares of this width
TURN_PX = 2  # and followed in squares of this one: what is coarser shows as steps in a curved stroke
REACHES = ((1.5, 1.0), (5.0, 0.1), (16.0, 0.01))  # in cells, and how much what is so far away counts
LEVEL = 1e-7  # how strongly strokes lie level where there is nothing to follow
BRISTLES_PX = range(-6, 7, 2)  # along the stroke, where the combed photo is taken from
DRAWN_OUT_PX = 4.0  # deviation of their Gaussian weights
SMOOTHING_PX, SMOOTHED_PX = range(-2, 3), 1.1  # the same for the edges of strokes that are to be enlarged
FARTHEST = 128  # px from a pixel to the middle of its stroke, in a layout
BAND_ROWS, STROKE_ROWS = 32, 96  # strokes are laid by two threads, which short arithmetic would leave waiting for one another
REACH_PX = 2 * LONGEST_PX + max(BRISTLES_PX) + 16  # how far away a pixel can be that counts for what is laid here, by a brush of 2
CARE = 0.03  # so much lost by combing, in -1..1 of light, halves the strokes there: eyes, lips and letters are drawn with care
LEAST_STROKES = 0.3
KEPT = 0.2  # and so much lost keeps half of the photo as it is: letters can be read
BUSY = 0.05  # so much form, in -1..1 of light, that a broad stroke would lose is painted with the fine tool
SMALL = 0.045  # and so much that half of a fine stroke stays undone
WRONG = 0.35  # a stroke is half as opaque where its colour is so far from that of the place
LIT, LEAST_UNLIT = 0.3, 0.6  # strokes grow weaker below this light, in 0..1, down to this share: on black they would be a tiger's stripes
INK = 25.0  # how soon a faint line is drawn in full
WEAVE_PX = 0.8  # deviation of the Gaussian under the cloth's noise

# The planes of a canvas: what depends on the brush first, and of that what older networks do not take.
STROKED, HUE, HATCH, TONE, RELIEF = slice(0, 3), 3, 4, 5, 6
STROKES = slice(0, 7)
WEAVE, COMBED, INKED = 7, slice(8, 11), 11
LAID = 12
BEFORE_STROKES = (5, 6, 7, 8, 9, 10, 11)  # what a network took when strokes were noise: its broad and fine grain are tone and relief now


def planes_taken(inputs: int) -> list[int]:
    """Which planes of a photo and its canvas, 3 + `LAID`, a network with so many inputs takes."""
    known = range(LAID) if inputs == 3 + LAID else BEFORE_STROKES
    return [0, 1, 2, *(3 + plane for plane in known)][:inputs]


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
        """`LAID`×H×W: the painted and the combed photo in -1..1, tones, reliefs and the weave in -1..1, and dark lines in 0..1.

        Strokes are `brush` times as large as the network learned to use them.
        """
        planes = np.empty((LAID, len(self._rows), len(self._columns)), np.float32)
        self.lay(planes).lay(planes[STROKES], brush)
        return planes

    def lay(self, planes: Planes) -> Strokes:
        """What is the same under strokes of any size, into planes that are there: the weave, the combed photo and the ink."""
        height, bristles = planes.shape[1], _Bristles(self._photo)
        weave, combed = planes[WEAVE], planes[COMBED]
        turns = self.turns()
        rows, columns = ((along + shift) % PERIOD_PX for along, shift in zip((self._rows, self._columns), self._shift, strict=True))
        places = rows[:, None] * PERIOD_PX + columns
        for band in _bands(height):
            np.multiply(_cloth().take(places[band]), np.float32(1 / 127), out=weave[band])
            combed[:, band] = bristles.comb(turns[band], band.start)
        lost = _lost(self._photo, combed)
        combed += (self._photo - combed) * (lost**4 / (lost**4 + KEPT**4))
        planes[INKED] = _ink(combed)
        return Strokes(combed, turns, _ease(combed, lost), (self._rows, self._columns), self._shift)

    def turns(self) -> NDArray[np.int32]:
        """H×W: how far the strokes at each pixel turn, in 0..`DIRECTIONS`, found for squares of `TURN_PX`."""
        flow = self._flow
        scale = flow.height / self._size[0], flow.width / self._size[1]
        squares = np.rint(_turns(flow, self._rows[::TURN_PX], self._columns[::TURN_PX], scale)).astype(np.int32) % DIRECTIONS
        return squares.repeat(TURN_PX, 0)[: len(self._rows)].repeat(TURN_PX, 1)[:, : len(self._columns)]


class Strokes:
    """The strokes of a canvas: to lay them in another size costs little, for what lies under them stays.

    What is plain is painted with the broad tool and what has forms with the fine one; forms that are too small even for that stay combed.
    """

    def __init__(
        self,
        combed: Planes,
        turns: NDArray[np.int32],
        ease: NDArray[np.float32],
        at: tuple[NDArray[np.int64], NDArray[np.int64]],
        shift: Pair,
    ) -> None:
        fine = _softened_all(combed, 1)
        broad = _softened_all(_softened_all(fine, 2), 4)
        self._busy, self._small = _contrast(fine, broad), _contrast(combed, fine)
        self._colours = np.zeros((len(TOOLS), *turns.shape, 4), np.float32)  # a pixel of 16 bytes is one that numpy takes at once
        for colours, planes in zip(self._colours, (broad, fine), strict=True):
            colours[..., :3] = planes.transpose(1, 2, 0)
        self._combed, self._ease, self._at, self._shift = combed, ease, at, shift
        self._turned = turns * np.int32(LAYOUT_PX**2)  # where in the layouts of a tool those of a pixel's direction begin
        # Where directions change all at once, each stroke goes its middle's way: such places have the outline of strokes.
        middles = [self._middles(band, 1.0) for band in _bands(len(turns))]
        self._turned = np.concatenate([self._turned.take(middle.place) for middle in middles])

    @property
    def nbytes(self) -> int:
        """Of what is kept, but for the combed photo."""
        return sum(array.nbytes for array in (self._turned, self._busy, self._small, self._colours, self._ease))

    def lay(self, planes: Planes, brush: float) -> None:
        """Into planes that are there, in the order of `STROKES`."""
        with ThreadPoolExecutor(2) as pool:
            for _ in pool.map(lambda band: self._lay(planes, brush, band), _bands(len(self._ease), STROKE_ROWS)):
                pass

    def _lay(self, planes: Planes, brush: float, band: slice) -> None:
        stroke = self._middles(band, brush)
        tones = _tones().take(stroke.on_cloth).view(np.int8).reshape(*stroke.place.shape, 2)
        colours = self._colours.view(np.complex128).reshape(-1)
        taken = colours.take(stroke.place + stroke.tool * np.int32(self._ease.size)).view(np.float32).reshape(*stroke.place.shape, 4)
        painted, eased = planes[STROKED, band], self._ease[band] * np.float32(1 / 127)
        painted[:] = taken[..., :3].transpose(2, 0, 1)
        missed = self._combed[:, band] - painted
        painted += missed * np.maximum(_share(self._small[band], SMALL / brush), _share(np.abs(missed).max(0), WRONG))
        for plane, numbers in ((TONE, tones[..., 0]), (HUE, tones[..., 1]), (RELIEF, stroke.relief), (HATCH, stroke.hatch)):
            np.multiply(numbers, eased, out=planes[plane, band])

    def _middles(self, band: slice, brush: float) -> _Middles:
        """Of the strokes that lie topmost at each pixel of a band."""
        height, width = self._ease.shape
        down, right = (np.floor(along / brush).astype(np.int32) + shift for along, shift in zip(self._at, self._shift, strict=True))
        down = down[band, None]
        tool = (self._busy[band] > BUSY / brush).astype(np.int32)
        places = self._turned[band] + (down % LAYOUT_PX * LAYOUT_PX + right % LAYOUT_PX)
        places += tool * np.int32(DIRECTIONS * LAYOUT_PX**2)
        found = layouts().take(places).view(np.int8).reshape(*places.shape, NUMBERS)
        rows = _Along(down, self._shift[0], brush, self._at[0][0], height)
        columns = _Along(right, self._shift[1], brush, self._at[1][0], width)
        row, column = rows.index(found[..., 0]), columns.index(found[..., 1])
        place = (rows.drawn * np.int32(width)).take(row) + columns.drawn.take(column)
        on_cloth = (rows.on_cloth * np.int32(PERIOD_PX)).take(row) + columns.on_cloth.take(column)
        return _Middles(tool, place, on_cloth, found[..., 2], found[..., 3])


class _Along:
    """Where along rows, or columns, the middles of strokes can lie that begin at these pixels of a layout: all are looked up in a table."""

    def __init__(self, laid: NDArray[np.int32], shift: int, brush: float, first: int, count: int) -> None:
        self._laid = laid - (laid.min() - FARTHEST)
        middles = np.arange(laid.min() - FARTHEST, laid.max() + FARTHEST + 1, dtype=np.int32)
        self.drawn = _within(middles, shift, brush, first, count)
        self.on_cloth = middles % np.int32(PERIOD_PX)

    def index(self, steps: NDArray[np.int8]) -> NDArray[np.int64]:
        """Into these tables, for the steps from pixels to the middles of their strokes."""
        return np.asarray(self._laid + steps, np.int64)


class _Middles(NamedTuple):
    """For each pixel its stroke's tool, where its middle lies in the photo and on the cloth, and what the layout says of the pixel."""

    tool: NDArray[np.int32]
    place: NDArray[np.int32]
    on_cloth: NDArray[np.int32]
    relief: NDArray[np.int8]
    hatch: NDArray[np.int8]


def canvas_of(pixels: Pixels, shift: Pair = (0, 0)) -> Planes:
    """The canvas of a whole picture, its pixels combed in -1..1."""
    return Canvas(pixels.transpose(2, 0, 1) * 2 - 1, flow(pixels), shift=shift).laid()


def smoothed(painting: Pixels, course: Flow) -> Pixels:
    """A painting of the flow's own size whose strokes have smooth edges: they run along the flow, and are drawn out along it a little.

    Strokes end from one pixel to the next, which would show as steps where a painting is enlarged.
    """
    planes = np.ascontiguousarray(painting.transpose(2, 0, 1))
    turns, bristles = Canvas(planes, course).turns(), _Bristles(planes, SMOOTHING_PX, SMOOTHED_PX)
    return np.concatenate([bristles.comb(turns[band], band.start) for band in _bands(len(turns))], axis=1).transpose(1, 2, 0)


def _bands(rows: int, several: int = BAND_ROWS) -> Iterator[slice]:
    """All rows, a few at a time, because memory that is new is slow."""
    return (slice(start, start + several) for start in range(0, rows, several))


def _within(middles: NDArray[np.int32], shift: int, brush: float, first: int, count: int) -> NDArray[np.int32]:
    """Rows or columns of strokes' middles in a part that begins at `first`, the nearest ones for those that lie outside."""
    drawn = middles - np.int32(shift)
    if brush != 1:
        drawn = np.floor((drawn + np.float32(0.5)) * np.float32(brush)).astype(np.int32)
    drawn -= np.int32(first)
    return np.clip(drawn, 0, count - 1, out=drawn)


class _Bristles:
    """Draws a photo out along its strokes (line integral convolution, Cabral & Leedom 1993, in straight lines)."""

    def __init__(self, photo: Planes, bristles_px: range = BRISTLES_PX, deviation_px: float = DRAWN_OUT_PX) -> None:
        self._reach = reach = max(bristles_px)
        angles = np.pi / DIRECTIONS * np.arange(DIRECTIONS)
        framed = np.pad(photo.transpose(1, 2, 0), ((reach, reach), (reach, reach), (0, 1)), mode="edge")
        self._width = framed.shape[1]
        self._pixels = framed.view(np.complex128).reshape(-1)  # with a fourth number a pixel is 16 bytes, which numpy takes at once
        down, right = (np.rint(np.outer(bristles_px, turned(angles))).astype(np.int64) for turned in (np.sin, np.cos))
        self._steps = down * self._width + right  # bristles×directions
        weights = np.exp(-0.5 * (np.array(bristles_px) / deviation_px) ** 2)
        self._weights = (weights / weights.sum()).astype(np.float32)

    def comb(self, turns: NDArray[np.int32], row: int) -> Planes:
        """3×H×W: the mean of each pixel's neighbours along its direction, for a band that begins at this row."""
        (height, width), reach = turns.shape, self._reach
        here = np.arange(row + reach, row + reach + height)[:, None] * self._width + np.arange(reach, reach + width)
        bristles = zip(self._steps, self._weights, strict=True)
        drawn = sum(weight * self._pixels.take(here + steps.take(turns)).view(np.float32) for steps, weight in bristles)
        return np.asarray(drawn).reshape(height, width, 4)[..., :3].transpose(2, 0, 1)


def _ink(combed: Planes) -> NDArray[np.float32]:
    """H×W in 0..1: where the light of a combed photo is darker than around (coherent lines, after Kang et al. 2007)."""
    near = _softened(_light(combed), 1)
    return np.asarray(np.tanh(INK * np.maximum(_softened(near, 2) - near, 0)), np.float32)


def _share(measure: NDArray[np.float32], half: float) -> NDArray[np.float32]:
    """From 0 to 1, one half where the measure is `half`, rather suddenly."""
    ratio = np.square(np.square(measure * np.float32(1 / half)))
    return np.asarray(ratio / (1 + ratio))


def _contrast(first: Planes, second: Planes) -> NDArray[np.float32]:
    """H×W: how far colours are apart, around each place."""
    apart: NDArray[np.float32] = np.abs(first - second).max(0)
    for step in (1, 2):
        apart = _softened(apart, step)
    return apart


def _softened_all(planes: Planes, step: int) -> Planes:
    return np.stack([_softened(plane, step) for plane in planes])


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
def _cloth() -> NDArray[np.int8]:
    """P×P in -127..127: noise under a Gaussian without direction, which repeats."""
    noise = np.random.RandomState(3).random_sample((PERIOD_PX, PERIOD_PX)) - 0.5  # this old stream is frozen for good
    down, across = np.fft.fftfreq(PERIOD_PX)[:, None], np.fft.rfftfreq(PERIOD_PX)[None]
    woven = np.fft.irfft2(np.fft.rfft2(noise) * np.exp(-2 * (math.pi * WEAVE_PX) ** 2 * (down**2 + across**2)), noise.shape)
    return _bytes(woven / woven.std())


@cache
def _tones() -> NDArray[np.int16]:
    """P·P: the tone and the hue of a stroke whose middle lies at this place, a signed byte each."""
    return _bytes(np.random.RandomState(4).standard_normal((PERIOD_PX, PERIOD_PX, 2))).view(np.int16).reshape(-1)


def _bytes(noise: NDArray[np.float64]) -> NDArray[np.int8]:
    """Noise of deviation 1 in -127..127."""
    return np.asarray(np.rint(127 * np.tanh(CRISPNESS * noise)), np.int8)
