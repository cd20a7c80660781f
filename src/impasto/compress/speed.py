"""Milliseconds of networks beside each other on this machine, by every backend that is installed. Knows no pictures."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from impasto.backends import Backend, Planes, installed, open_backend
from impasto.palette import Palette

SIZES_PX = (256, 512, 1024)
RUNS = 9
WARM_UP = 2
MOST_ROUNDS = 4  # times as many runs, while a machine is too busy for the two best to agree
AGREED = 1.05

Times = dict[str, dict[int, float]]  # of a backend and a size in pixels, the least milliseconds


def race(palettes: dict[str, Palette], sizes_px: tuple[int, ...] = SIZES_PX, runs: int = RUNS) -> dict[str, Times]:
    """The times of all of them on a square picture, batch 1: the least of `runs` or more, since all else that runs only adds.

    They take turns, in a process of their own: after OpenVINO has let go of two networks (2026.4) the next Ctrl-C crashes a process, and
    whoever measures may also train.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_race, palettes, sizes_px, runs).result()


def _race(palettes: dict[str, Palette], sizes_px: tuple[int, ...], runs: int) -> dict[str, Times]:
    entered = {(name, backend): open_backend(backend, palette.model) for name, palette in palettes.items() for backend in installed()}
    found: dict[str, Times] = {name: {backend: {} for backend in installed()} for name in palettes}
    for size_px in sizes_px:
        taken: dict[tuple[str, str], list[float]] = {entry: [] for entry in entered}
        for run in range(WARM_UP + MOST_ROUNDS * runs):
            for (name, backend), network in entered.items():
                milliseconds = _timed(network, palettes[name], size_px)
                taken[name, backend] += [milliseconds] if run >= WARM_UP else []
            if run + 1 >= WARM_UP + runs and all(_steady(times) for times in taken.values()):
                break
        for (name, backend), times in taken.items():
            found[name][backend][size_px] = round(min(times), 2)
    return found


def fastest(times: Times, size_px: int) -> tuple[str, float]:
    """The backend that took least at that size, and its milliseconds."""
    backend = min(times, key=lambda name: times[name][size_px])
    return backend, times[backend][size_px]


def _steady(times: list[float]) -> bool:
    """Whether the two least agree."""
    least = sorted(times)[:2]
    return least[-1] <= AGREED * least[0]


def _timed(network: Backend, palette: Palette, size_px: int) -> float:
    photo = _noise(palette, size_px)
    start = time.perf_counter()
    network.run(photo, palette.styles[0].code)
    return (time.perf_counter() - start) * 1000


def _noise(palette: Palette, size_px: int) -> Planes:
    """What a picture shows does not matter to its time."""
    multiple = palette.generator.size_multiple
    side = max(1, round(size_px / multiple)) * multiple
    return np.random.default_rng(0).random((1, palette.generator.inputs, side, side), np.float32) * 2 - 1
