"""The canvas: fixed noise under every painting, so that strokes can begin somewhere in a flat sky. Knows nothing but places."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

PERIOD_PX = 1024  # the noise repeats after this


def canvas_grain(height: int, width: int, top: int = 0, left: int = 0) -> NDArray[np.float32]:
    """H×W in -1..1, anchored at the picture's top left: a place has the same grain whatever the picture's size or the part it is in."""
    rows, columns = np.arange(top, top + height) % PERIOD_PX, np.arange(left, left + width) % PERIOD_PX
    inside = max(top + height, left + width) <= PERIOD_PX
    return _period()[top : top + height, left : left + width] if inside else _period()[rows[:, None], columns]


@cache
def _period() -> NDArray[np.float32]:
    noise = np.random.RandomState(1).random_sample((PERIOD_PX, PERIOD_PX))  # this old stream is frozen for good
    grain = np.asarray(2 * noise - 1, np.float32)
    grain.flags.writeable = False
    return grain
