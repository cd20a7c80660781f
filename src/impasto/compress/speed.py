"""Milliseconds of networks beside each other on this machine, by every backend that is installed. Knows no pictures."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from impasto.backends import Backend, Code, Planes, installed, open_backend
from impasto.palette import Palette

SIZES_PX = (256, 512, 1024)
RUNS = 9
WARM_UP = 2
MOST_ROUNDS = 4  # times as many runs, while a machine is too busy for the two best to agree
PATIENCE_S = 10  # a size, beyond which no more runs are added
AGREED = 1.05


class Taken(NamedTuple):
    """The least milliseconds of a network: by the clock, and of all cores together, which other programs hardly disturb."""

    wall_ms: float
    processor_ms: float

    def share_of(self, other: Taken) -> float:
        """How many times as long as another it took, by whichever of the two says more: a gain must show in both."""
        return max(self.wall_ms / other.wall_ms, self.processor_ms / other.processor_ms)


Times = dict[str, dict[int, Taken]]  # of a backend and a size in pixels


def race(
    palettes: dict[str, Palette], sizes_px: tuple[int, ...] = SIZES_PX, runs: int = RUNS, say: Callable[[str], None] = lambda _: None
) -> dict[str, Times]:
    """The times of all of them on a square picture, batch 1, in turns: the least of `runs` or more, since all else only adds."""
    entered = {(name, backend): open_backend(backend, palette.model) for name, palette in palettes.items() for backend in installed()}
    found: dict[str, Times] = {name: {backend: {} for backend in installed()} for name in palettes}
    for size_px in sizes_px:
        taken: dict[tuple[str, str], list[Taken]] = {entry: [] for entry in entered}
        photos = {name: _noise(palette, size_px) for name, palette in palettes.items()}
        began = time.monotonic()
        for run in range(WARM_UP + MOST_ROUNDS * runs):
            for (name, backend), network in entered.items():
                once = _timed(network, photos[name], palettes[name].styles[0].code)
                taken[name, backend] += [once] if run >= WARM_UP else []
            late = time.monotonic() - began > PATIENCE_S
            if run + 1 >= WARM_UP + runs and (late or all(_steady(times) for times in taken.values())):
                break
        for (name, backend), times in taken.items():
            found[name][backend][size_px] = Taken(*(round(min(kind), 2) for kind in zip(*times, strict=True)))
        say(f"Timed at {size_px}×{size_px}.")
    return found


def fastest(times: Times, size_px: int) -> tuple[str, Taken]:
    """The backend that took least at that size by the clock, and what it took."""
    backend = min(times, key=lambda name: times[name][size_px].wall_ms)
    return backend, times[backend][size_px]


def busy() -> str:
    """A sentence where other work has this machine's cores, so that milliseconds say little; else nothing."""
    load, cores = (os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0), os.cpu_count() or 1
    if load <= cores:
        return ""
    return f"The machine was busy (load {load:.1f} on {cores} cores): its milliseconds are too high and unsteady, ratios less so."


def _steady(times: list[Taken]) -> bool:
    """Whether the two least agree."""
    least = sorted(times)[:2]
    return least[-1].wall_ms <= AGREED * least[0].wall_ms


def _timed(network: Backend, photo: Planes, code: Code) -> Taken:
    start, before = time.perf_counter(), time.process_time()
    network.run(photo, code, cancelled=_never)
    return Taken((time.perf_counter() - start) * 1000, (time.process_time() - before) * 1000)


def _never() -> bool:
    """Has a backend compile the network for the size of the photo, as it is for what the studio paints again and again."""
    return False


def _noise(palette: Palette, size_px: int) -> Planes:
    """What a picture shows does not matter to its time."""
    multiple = palette.generator.size_multiple
    side = max(1, round(size_px / multiple)) * multiple
    return np.random.default_rng(0).random((1, palette.generator.inputs, side, side), np.float32) * 2 - 1
