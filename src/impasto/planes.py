"""What the network takes and gives: pixels as planes, on canvas, at a size that it can paint. Knows no palette's styles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.canvas import LAID, Canvas
from impasto.palette import GeneratorInfo

Pixels = NDArray[np.float32]  # H×W×3 in 0..1
Planes = NDArray[np.float32]  # 1×C×H×W in -1..1

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
    planes = np.empty((1, 3 + LAID, *photo.shape[2:]), np.float32)
    planes[:, :3] = photo
    canvas.lay(planes[0, 3:], brush)
    return planes[:, : generator.inputs]


def to_unit(planes: Planes) -> Planes:
    """-1..1 to 0..1, clipped, in place."""
    planes *= np.float32(0.5)
    planes += np.float32(0.5)
    return np.clip(planes, 0, 1, out=planes)
