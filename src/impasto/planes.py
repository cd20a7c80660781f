"""What the network takes and gives: pixels as planes, on canvas, at a size that it can paint. Knows no palette's styles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.canvas import Flow, canvas
from impasto.palette import GeneratorInfo
from impasto.refinement import Level

Pixels = NDArray[np.float32]  # H×W×3 in 0..1
Planes = NDArray[np.float32]  # 1×C×H×W in -1..1

SMALLEST_SIDE_PX = 32  # smaller pictures are widened to this by repeating their edges; a network's reflections need so much


def pack(pixels: Pixels, generator: GeneratorInfo, course: Flow, level: Level | None = None) -> Planes:
    """1×C×H×W in -1..1, reflected at the right and bottom up to the multiple; tiny pictures first repeat their edges.

    C is what the generator takes: 3, or more with grains of the canvas as the last planes, combed along the `course` of the strokes. The
    pixels are what is painted at that level, and all of their picture without one.
    """
    multiple = generator.size_multiple
    height, width = pixels.shape[:2]
    smallest = max(SMALLEST_SIDE_PX, 2 * multiple)
    if min(height, width) < smallest:
        pixels = np.pad(pixels, ((0, max(0, smallest - height)), (0, max(0, smallest - width)), (0, 0)), mode="edge")
        height, width = pixels.shape[:2]
    whole = np.empty((1, generator.inputs, -(-height // multiple) * multiple, -(-width // multiple) * multiple), np.float32)
    if generator.inputs > 3:
        whole[0, 3:] = _canvas(course, whole.shape[2], whole.shape[3], level)[: generator.inputs - 3]
    planes = whole[:, :3]
    inner = planes[0, :, :height, :width]
    for channel in range(3):  # one by one is several times faster, as in tiling
        np.multiply(pixels[..., channel], np.float32(2), out=inner[channel])
    inner -= 1
    bottom, right = planes.shape[2] - height, planes.shape[3] - width
    planes[0, :, height:, :width] = planes[0, :, height - 1 - bottom : height - 1, :width][:, ::-1]
    planes[0, :, :, width:] = planes[0, :, :, width - 1 - right : width - 1][:, :, ::-1]
    return whole


def to_unit(planes: Planes) -> Planes:
    """-1..1 to 0..1, clipped, in place."""
    planes *= np.float32(0.5)
    planes += np.float32(0.5)
    return np.clip(planes, 0, 1, out=planes)


def _canvas(course: Flow, height: int, width: int, level: Level | None) -> Planes:
    if level is None:
        return canvas(course, height, width)
    size = level.size[1], level.size[0]
    return canvas(course, height, width, at=(level.painted.top, level.painted.left), size=size)
