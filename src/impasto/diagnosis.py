"""What `impasto doctor` finds out: the machine, the versions, and how fast and how faithful every variant of a palette's network is on it.

Changes nothing but what is remembered of it, which the engine goes by (`variants.py`).
"""

from __future__ import annotations

import importlib.resources
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from impasto import variants
from impasto.backends import Backend, Planes, installed, release
from impasto.canvas import canvas_of, planes_taken
from impasto.errors import ImpastoError
from impasto.palette import Palette
from impasto.picture import fit, load
from impasto.variants import VARIANTS, Variant, why_not

SIZE_PX = 512  # the long edge of the studio's preview
CHECK_PX = 256
RUNS, WARM_UP = 9, 2
LARGEST_APART = 1.0  # levels of 255 between any pixel of a variant and of float32
MEAN_APART = 6.0  # for INT8: the mean, in the style that differs most
WORTH = 0.9  # of the usual variant's time; what gains less is not worth other pixels
SHOWN_FLAGS = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "asimddp", "bf16", "i8mm")

Int8 = Callable[[], bytes]  # makes a network in INT8, or raises ImpastoError


@dataclass
class Finding:
    """How a variant does here.

    `milliseconds` is None where it was not tried or does not work, and `problem` says why; `processor_ms` is what all cores took together,
    which other programs hardly disturb. `apart` is how many levels of 255 its pixels are from float32's: the largest difference, for INT8
    the mean of the style that differs most.
    """

    variant: Variant
    milliseconds: float | None = None
    processor_ms: float = 0.0
    apart: float | None = None
    problem: str = ""
    used: bool = False


def examine(palette: Palette, int8: Int8) -> dict[str, Any]:
    """Everything worth knowing, ready for JSON; `used` is the variant that "auto" takes from now on, `why` the reason in words.

    `int8` makes the palette's network in INT8; it is asked only where that may be faster.
    """
    found, model = measure(palette, int8)
    best = next((finding for finding in found if finding.used), None)
    memory = _remembered(palette, best, model)
    return {
        "impasto": release("impasto"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "instructions": [flag for flag in SHOWN_FLAGS if flag in variants.flags()],
        "palette": {"name": palette.name, "title": palette.title, "styles": len(palette.styles), "id": palette.id[:16]},
        "size_px": SIZE_PX,
        "backends": [_entry(one) for one in found],
        "used": best.variant.name if best else None,
        "why": _why(found, best),
        "remembered": memory,
    }


def _remembered(palette: Palette, best: Finding | None, model: bytes) -> str | None:
    """The file that the choice is written into; None where there is none, or no place for it."""
    try:
        return str(variants.remember(palette.model, best.variant, model)) if best else None
    except ImpastoError:
        return None


def _entry(found: Finding) -> dict[str, Any]:
    backend, speed = found.variant.backend, found.milliseconds
    return {
        "name": found.variant.name,
        "version": release(backend),
        "milliseconds": None if speed is None else round(speed, 1),
        "levels_apart": None if found.apart is None else round(found.apart, 2),
        "problem": found.problem,
    }


def _why(found: list[Finding], best: Finding | None) -> str:
    if best is None:
        return "No backend works on this machine."
    working = [finding for finding in found if finding.milliseconds is not None and not finding.problem]
    if len(working) == 1:
        return "It is the only one that works here and paints as float32 does."
    usual = working[0]
    if best is not usual:
        return (
            f"It takes {_share(best, usual):.2f} of the time of {usual.variant.name}, which comes first otherwise; --backend takes another."
        )
    return f"It comes first, and nothing faithful here takes less than {WORTH:g} of its time; --backend takes another."


def describe(found: dict[str, Any]) -> str:
    """The findings as lines for a person."""
    lines = [
        f"Impasto {found['impasto']}, Python {found['python']}, {found['system']}, {found['cores']} cores, "
        f"{', '.join(found['instructions']) or 'instructions unknown'}",
        f"Palette {found['palette']['name']} ({found['palette']['title']}, {found['palette']['styles']} styles)",
        f"Another painting of a photo of {found['size_px']}×{found['size_px']} px, as sliders ask for it (the least of {RUNS} in turns):",
    ]
    for backend in found["backends"]:
        speed = "-" if backend["milliseconds"] is None else f"{backend['milliseconds']:.1f} ms"
        mark = "*" if backend["name"] == found["used"] else " "
        lines.append(f"{mark} {backend['name']:16} {backend['version'] or '-':12} {speed:>10}  {_remark(backend)}".rstrip())
    lines.append(f"Used: {found['used'] or 'none'}. {found['why']}")
    return "\n".join([*lines, *([f"Remembered in {found['remembered']}."] if found["remembered"] else [])])


def _remark(backend: dict[str, Any]) -> str:
    if backend["problem"]:
        return f"not used: {backend['problem']}"
    return "" if backend["levels_apart"] is None else f"within {backend['levels_apart']:.2f} levels of 255 of the first"


def measure(palette: Palette, int8: Int8, known: frozenset[str] | None = None) -> tuple[list[Finding], bytes]:
    """Every variant on this machine, and the network in INT8 if it was made: `int8` makes it, and is asked only where it may be worth it.

    All that work take turns. One that is not faithful to float32 is found out and is not used.
    """
    found = [Finding(variant, problem=_missing(variant) or why_not(variant.numbers, known)) for variant in VARIANTS]
    model, problem = _int8_model(found, int8)
    for finding in found:
        if finding.variant.numbers == "int8":
            finding.problem = finding.problem or problem
    opened = dict(_opened(found, palette.model, model))
    _compare(palette, found, opened)
    _race(palette, found, opened)
    best = chosen(found)
    for finding in found:
        finding.used = finding is best
    return found, model


def chosen(found: list[Finding]) -> Finding | None:
    """The fastest faithful one; the first that works in float32, unless another takes at most `WORTH` of its time by both clocks."""
    working = [finding for finding in found if finding.milliseconds is not None and not finding.problem]
    usual = next((finding for finding in working if finding.variant.numbers == "float32"), None)
    if usual is None:
        return None
    best = min(working, key=lambda finding: _share(finding, usual))
    return best if _share(best, usual) <= WORTH else usual


def _share(finding: Finding, usual: Finding) -> float:
    """Of the usual variant's time, by the clock that says more: a gain must show in both."""
    return max((finding.milliseconds or 0) / (usual.milliseconds or 1), finding.processor_ms / (usual.processor_ms or 1))


def _missing(variant: Variant) -> str:
    return "" if variant.backend in installed() else "It is not installed."


def _int8_model(found: list[Finding], int8: Int8) -> tuple[bytes, str]:
    """The network in INT8 where any variant may use it, or what stands against it."""
    if not any(finding.variant.numbers == "int8" and not finding.problem for finding in found):
        return b"", ""
    try:
        return int8(), ""
    except ImpastoError as error:
        return b"", f"{error.message} {error.hint}".strip()


def _opened(found: list[Finding], model: bytes, int8: bytes) -> list[tuple[str, Backend]]:
    opened = []
    for finding in found:
        if not finding.problem:
            try:
                opened.append((finding.variant.name, finding.variant.open(int8 if finding.variant.numbers == "int8" else model)))
            except ImpastoError as error:
                finding.problem = error.message
    return opened


def _compare(palette: Palette, found: list[Finding], opened: dict[str, Backend]) -> None:
    """Paint the sample photo in every style; what strays too far from float32 is a problem."""
    usual = next((opened[finding.variant.name] for finding in found if finding.variant.name in opened), None)
    if usual is None:
        return
    planes = _sample(palette)
    wanted = [usual.run(planes, style.code) for style in palette.styles]
    for finding in found:
        if finding.problem or opened[finding.variant.name] is usual:
            continue
        network, is_int8 = opened[finding.variant.name], finding.variant.numbers == "int8"
        apart = [np.abs(network.run(planes, s.code) - w) * 127.5 for s, w in zip(palette.styles, wanted, strict=True)]
        finding.apart = max(float(levels.mean() if is_int8 else levels.max()) for levels in apart)
        limit = MEAN_APART if is_int8 else LARGEST_APART
        if not finding.apart <= limit:  # nan too
            finding.problem = f"It paints up to {finding.apart:.1f} levels of 255 away from float32; {limit:g} are allowed."


def _race(palette: Palette, found: list[Finding], opened: dict[str, Backend]) -> None:
    multiple = palette.generator.size_multiple
    side = max(1, round(SIZE_PX / multiple)) * multiple
    photo = np.random.default_rng(0).uniform(-1, 1, (1, palette.generator.inputs, side, side)).astype(np.float32)
    runners = [finding for finding in found if finding.variant.name in opened]
    times: dict[str, list[tuple[float, float]]] = {finding.variant.name: [] for finding in runners}
    for name in times:
        opened[name].prepare(photo)
    for _ in range(WARM_UP + RUNS):
        for name, taken in times.items():
            start, before = time.perf_counter(), time.process_time()
            opened[name].run(photo, palette.styles[0].code)
            taken.append(((time.perf_counter() - start) * 1000, (time.process_time() - before) * 1000))
    for finding in runners:
        finding.milliseconds, finding.processor_ms = (min(kind) for kind in zip(*times[finding.variant.name][WARM_UP:], strict=True))


def _sample(palette: Palette) -> Planes:
    """The photo that comes with Impasto, as the network takes it."""
    photo = fit(load(Path(str(importlib.resources.files("impasto"))) / "studio" / "static" / "sample.jpg"), CHECK_PX)
    multiple = palette.generator.size_multiple
    pixels = photo.pixels[: photo.height // multiple * multiple, : photo.width // multiple * multiple]
    planes = np.concatenate([pixels.transpose(2, 0, 1) * 2 - 1, canvas_of(pixels)])[planes_taken(palette.generator.inputs)]
    return np.ascontiguousarray(planes[None], np.float32)
