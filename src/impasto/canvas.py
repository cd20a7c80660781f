"""The canvas: fixed noise under every painting, so that strokes can begin somewhere in a flat sky. Knows nothing but places."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

PERIOD_PX = 1024  # the noise repeats after this


def canvas_grain(height: int, width: int) -> NDArray[np.float32]:
    """H×W in -1..1, anchored at the top left: a place has the same grain whatever the size of the picture or the tile it is in."""
    rows, columns = np.arange(height) % PERIOD_PX, np.arange(width) % PERIOD_PX
    return _period()[rows[:, None], columns] if max(height, width) > PERIOD_PX else _period()[:height, :width]


@cache
def _period() -> NDArray[np.float32]:
    noise = np.random.RandomState(1).random_sample((PERIOD_PX, PERIOD_PX))  # this old stream is frozen for good
    grain = np.asarray(2 * noise - 1, np.float32)
    grain.flags.writeable = False
    return grain
