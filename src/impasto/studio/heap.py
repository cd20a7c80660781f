"""How the studio's process keeps its memory. On Linux with glibc only; elsewhere nothing is changed."""

from __future__ import annotations

import ctypes
import functools
import sys
from typing import Any

import numpy as np

_MMAP_THRESHOLD, _TOP_PAD, _TRIM_THRESHOLD, _ARENA_MAX = -3, -2, -1, -8
_OPTIONS = {
    # Every thread that paints would otherwise have a heap of its own, and what one has freed no other could use.
    _ARENA_MAX: 1,
    # Above this a block goes back to the system when it is freed. Below it, where previews are, its pages are used again: a fresh page
    # costs the system microseconds, and a preview has 768 of them.
    _MMAP_THRESHOLD: 8 << 20,
    # What is free goes back to the system when it comes to so much, but for what is kept.
    _TRIM_THRESHOLD: 256 << 20,
    _TOP_PAD: 64 << 20,
}
_PREVIEW_BYTES, _PREVIEWS = 3 << 20, 50


def settle() -> None:
    """Tell the allocator of this process to hold what the studio needs, and no more. To be called before there are threads."""
    if mallopt := _mallopt():
        for option, value in _OPTIONS.items():
            mallopt(option, value)


@functools.cache
def warm() -> None:
    """Take the pages that previews will need and leave them at hand, once, in a pause: the first previews would be slower by a third."""
    if _mallopt():
        for block in [np.empty(_PREVIEW_BYTES, np.uint8) for _ in range(_PREVIEWS)]:
            block.fill(1)


def _mallopt() -> Any:
    """The allocator's own way to be told; None where it has none."""
    return getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform.startswith("linux") else None
