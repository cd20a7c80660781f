"""The subject of a photo, found from a rough box with GrabCut (Rother et al. 2004) as OpenCV has it: the extra `impasto[subject]`.

Knows pixels and a box; what the mask is for is not its business.
"""

from __future__ import annotations

import importlib.util

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImpastoError

MASK_PX = 384  # long edge at which the subject is looked for
_ROUNDS = 3
_SMOOTHING = 1.5  # px: a cut is hard, a painting's edge is not


def is_available() -> bool:
    """Whether OpenCV is installed."""
    return importlib.util.find_spec("cv2") is not None


def find(pixels: NDArray[np.float32], box: tuple[float, float, float, float]) -> NDArray[np.float32]:
    """A mask H×W in 0..1 of what stands in the box (left, top, right, bottom, as shares of the sides); ImpastoError for an empty box."""
    if not is_available():
        raise ImpastoError("The subject cannot be found here: OpenCV is not installed.", 'Install it: pip install "impasto[subject]".')
    import cv2

    height, width = pixels.shape[:2]
    left, right = sorted(round(share * width) for share in box[::2])
    top, bottom = sorted(round(share * height) for share in box[1::2])
    if right - left < 2 or bottom - top < 2:
        raise ImpastoError("The box round the subject is empty.", "Draw it larger.")
    labels = np.full((height, width), cv2.GC_BGD, np.uint8)
    labels[top:bottom, left:right] = cv2.GC_PR_FGD
    levels = np.ascontiguousarray((pixels[..., ::-1] * 255 + 0.5).astype(np.uint8))
    if (labels == cv2.GC_BGD).any():  # without any background there is nothing to cut from
        models = np.zeros((2, 1, 65), np.float64)
        cv2.setRNGSeed(1)
        cv2.grabCut(levels, labels, (0, 0, 1, 1), models[0], models[1], _ROUNDS, cv2.GC_INIT_WITH_MASK)
    mask = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return np.asarray(np.clip(cv2.GaussianBlur(mask, (0, 0), _SMOOTHING), 0, 1), np.float32)
