"""What the network takes and gives: pixels as planes, on canvas, at a size that it can paint. Knows no palette's styles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from impasto import tiling
from impasto.backends import Overlaid
from impasto.canvas import LAID, REACH_PX, STROKES, Canvas, Flow, Strokes, planes_taken
from impasto.palette import GeneratorInfo

Pixels = NDArray[np.float32]  # H×W×3 in 0..1
Planes = NDArray[np.float32]  # 1×C×H×W in -1..1

_STROKES = slice(3 + STROKES.start, 3 + STROKES.stop)  # of the planes that a network takes
BRUSHES_KEPT = 2  # whose strokes a sheet keeps: the look's, and those of its regions
SMALLEST_SIDE_PX = 32  # smaller pictures are widened to this by repeating their edges; a network's reflections need so much


def pack(pixels: Pixels, generator: GeneratorInfo) -> Planes:
    """1×3×H×W in -1..1, reflected at the right and bottom up to the multiple; tiny pictures first repeat their edges."""
    multiple = generator.size_multiple
    height, width = pixels.shape[:2]
    smallest = max(SMALLEST_SIDE_PX, 2 * multiple)
    if min(height, width) < smallest:
        pixels = np.pad(pixels, ((0, max(0, smallest - height)), (0, max(0, smallest - width)), (0, 0)), mode="edge")
        height, width = pixels.shape[:2]
    planes = np.empty((1, 3, -(-height // multiple) * multiple, -(-width // multiple) * multiple), np.float32)
    inner = planes[0, :, :height, :width]
    for channel in range(3):  # one by one is several times faster, as in tiling
        np.multiply(pixels[..., channel], np.float32(2), out=inner[channel])
    inner -= 1
    bottom, right = planes.shape[2] - height, planes.shape[3] - width
    planes[0, :, height:, :width] = planes[0, :, height - 1 - bottom : height - 1, :width][:, ::-1]
    planes[0, :, :, width:] = planes[0, :, :, width - 1 - right : width - 1][:, :, ::-1]
    return planes


def on_canvas(photo: Planes, generator: GeneratorInfo, canvas: Canvas, brush: float) -> Planes:
    """1×C×H×W: packed pixels with as much of their canvas as the generator takes, none where that is 3 planes."""
    if generator.inputs == 3:
        return photo
    planes, strokes = _laid_out(photo, canvas)
    strokes.lay(planes[0, _STROKES], brush)
    return _chosen(planes, planes_taken(generator.inputs))


def halo_px(generator: GeneratorInfo) -> int:
    """How far inside a part of a picture its pixels are those of the whole: beyond what the network sees, and what strokes reach."""
    field = generator.receptive_field_px
    return tiling.halo_px(max(field, 2 * REACH_PX) if generator.inputs > 3 else field, generator.size_multiple)


class Sheet:
    """A photo at the working size on its canvas: a brush of another size lays only its strokes anew."""

    def __init__(self, pixels: Pixels, generator: GeneratorInfo, flow: Callable[[], Flow], brush: float) -> None:
        photo = pack(pixels, generator)
        self._strokes: Strokes | None = None
        self._laid: dict[float, Planes] = {}
        self._taken = planes_taken(generator.inputs)
        self.nbytes = photo.nbytes
        if generator.inputs > 3:
            photo, self._strokes = _laid_out(photo, Canvas(photo[0], flow()))
            self._strokes.lay(photo[0, _STROKES], brush)
            self.nbytes = photo.nbytes + self._strokes.nbytes + BRUSHES_KEPT * photo[0, _STROKES].nbytes
        self._planes = _chosen(photo, self._taken)
        self._over = slice(3, 3 + sum(plane in range(_STROKES.start, _STROKES.stop) for plane in self._taken))
        self._laid[brush] = self._planes[0, self._over]

    def laid(self, brush: float) -> Overlaid:
        """With strokes of this size."""
        if self._strokes is None:
            return Overlaid(self._planes, 3, self._planes[0, 3:])
        planes = self._laid.get(brush)
        if planes is None:
            strokes = np.empty((1, _STROKES.stop, *self._planes.shape[2:]), np.float32)
            self._strokes.lay(strokes[0, _STROKES], brush)
            planes = _chosen(strokes, self._taken[: self._over.stop])[0, self._over]
            self._laid = dict([*self._laid.items(), (brush, planes)][-BRUSHES_KEPT:])
        return Overlaid(self._planes, self._over.start, planes)


def _laid_out(photo: Planes, canvas: Canvas) -> tuple[Planes, Strokes]:
    """Packed pixels and their canvas but for its strokes, and these."""
    planes = np.empty((1, 3 + LAID, *photo.shape[2:]), np.float32)
    planes[:, :3] = photo
    return planes, canvas.lay(planes[0, 3:])


def _chosen(planes: Planes, numbers: list[int]) -> Planes:
    """These planes, without a copy where they are the first ones."""
    return planes[:, : len(numbers)] if numbers == list(range(len(numbers))) else planes[:, numbers]


def to_unit(planes: Planes) -> Planes:
    """-1..1 to 0..1, clipped, in place."""
    planes *= np.float32(0.5)
    planes += np.float32(0.5)
    return np.clip(planes, 0, 1, out=planes)


def to_pixels(planes: Planes, shape: tuple[int, ...]) -> Pixels:
    """H×W×3 of `shape`, without what the planes were grown by."""
    pixels = np.empty((*shape[:2], 3), np.float32)
    for channel in range(3):
        pixels[..., channel] = planes[0, channel, : shape[0], : shape[1]]
    return pixels
