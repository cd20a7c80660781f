"""How the studio's process keeps its memory. On Linux with glibc only; elsewhere nothing is changed."""

from __future__ import annotations

import ctypes
import sys

# Every thread that paints would otherwise have a heap of its own, and what one has freed no other could use.
_ARENA_MAX, _HEAPS = -8, 1
# Above this a block goes back to the system when it is freed. Below it, where previews are, its pages are used again: a fresh page costs
# the system microseconds, and a preview has 768 of them.
_MMAP_THRESHOLD, _LARGE_BYTES = -3, 8 << 20
_TRIM_THRESHOLD, _SPARE_BYTES = -1, 64 << 20


def settle() -> None:
    """Tell the allocator of this process to hold what the studio needs, and no more. To be called before there are threads."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for option, value in ((_ARENA_MAX, _HEAPS), (_MMAP_THRESHOLD, _LARGE_BYTES), (_TRIM_THRESHOLD, _SPARE_BYTES)):
            mallopt(option, value)
