"""The finish controls: local arithmetic on a painting and its photo, the same here in numpy and in `static/finish.js`.

Knows no network and no files; which controls there are, and their ranges, is `look.py`'s to say.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from impasto.look import Look

Pixels = NDArray[np.float32]


def finish(painting: Pixels, photo: Pixels, look: Look) -> Pixels:
    """The painting with the finish controls of the look applied.

    Both pictures are sRGB-encoded H×W×3 float32 in 0..1; so is the result. A neutral look returns the painting itself,
    bit for bit. The order is that of the steps below and of `static/finish.js`, which a browser test holds to this one.
    """
    result = painting
    if look.detail:
        result = result + np.float32(look.detail) * _fine_detail(photo)
    if look.keep_colour or look.saturation != 1 or look.hue:
        result = _recolour(result, photo, look)
    if look.warmth:
        result = result + np.float32(0.12 * look.warmth) * _WARM
    if look.brightness:
        result = result + np.float32(0.5 * look.brightness)
    if look.contrast:
        result = (result - np.float32(0.5)) * np.float32(contrast_gain(look.contrast)) + np.float32(0.5)
    if look.opacity != 1:
        clipped = np.clip(result, 0, 1)
        result = photo + np.float32(look.opacity) * (clipped - photo)
    return painting if result is painting else np.clip(result, 0, 1, out=result)


def contrast_gain(contrast: float) -> float:
    """Slope through middle grey: 0 at -1 (flat grey), 1 at 0, 3 at 1."""
    return 1 + contrast if contrast < 0 else 1 + 2 * contrast


_WARM = np.array([1.0, 0.15, -1.0], np.float32)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_DETAIL_KERNEL = np.array([1, 4, 6, 4, 1], np.float32) / 16  # binomial, edges repeated


def _fine_detail(photo: Pixels) -> Pixels:
    """H×W×1: the photo's luma less its 5×5 binomial blur."""
    luma = photo @ LUMA
    padded = np.pad(luma, 2, mode="edge")
    height, width = luma.shape
    rows = sum(weight * padded[i : i + height] for i, weight in enumerate(_DETAIL_KERNEL))
    blurred = sum(weight * rows[:, i : i + width] for i, weight in enumerate(_DETAIL_KERNEL))
    return np.asarray(luma - blurred, np.float32)[..., None]


def _recolour(painting: Pixels, photo: Pixels, look: Look) -> Pixels:
    """Luma stays the painting's; chroma (RGB - luma) is mixed with the photo's, scaled, and turned about the grey axis."""
    luma = (painting @ LUMA)[..., None]
    chroma = painting - luma
    if look.keep_colour:
        own = photo - (photo @ LUMA)[..., None]
        chroma = chroma + np.float32(look.keep_colour) * (own - chroma)
    if look.saturation != 1 or look.hue:
        chroma = chroma @ chroma_matrix(look.saturation, look.hue).T
    return np.asarray(luma + chroma, np.float32)


def chroma_matrix(saturation: float, hue_degrees: float) -> Pixels:
    """3×3 matrix on zero-luma RGB vectors: a rotation in the (Cb, Cr) plane times the saturation."""
    angle = math.radians(hue_degrees)
    cos, sin = math.cos(angle) * saturation, math.sin(angle) * saturation
    red, green, blue = (float(weight) for weight in LUMA)
    to_cbcr = np.array([[0, 0, 0.5 / (1 - blue)], [0.5 / (1 - red), 0, 0]])
    from_cbcr = np.array(
        [
            [0, 2 * (1 - red)],
            [-2 * (1 - blue) * blue / green, -2 * (1 - red) * red / green],
            [2 * (1 - blue), 0],
        ]
    )
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.asarray(from_cbcr @ turn @ to_cbcr, np.float32)
