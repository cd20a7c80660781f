"""How small or fast a palette is to become: `ms=20@512`, `macs=1.4G` or `size=300kB`, and what palettes measure by it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from impasto.compress.speed import Taken, fastest, race
from impasto.errors import ImpastoError
from impasto.palette import Palette, pack

FORMS = re.compile(r"(?:ms=(?P<ms>[\d.]+)@(?P<px>\d+)|macs=(?P<macs>[\d.]+)(?P<unit>[kMG]?)|size=(?P<size>[\d.]+)(?P<bytes>[kM]?)B)")
UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
MOST_PX = 2048
PATIENT = 21  # runs: a decision hangs on it, and other programs may disturb


@dataclass(frozen=True)
class Target:
    """At most `value` milliseconds on `size_px`² with the fastest backend here, multiply-accumulates on 256², or bytes of the file."""

    kind: str
    value: float
    size_px: int = 256

    def describe(self, value: float) -> str:
        """A value of this kind, for a person."""
        if self.kind == "ms":
            return f"{value:.1f} ms at {self.size_px}×{self.size_px}"
        return f"{value / 1e6:.1f} million MACs at 256×256" if self.kind == "macs" else f"{value / 1e3:.0f} kB"

    def nearest(self, value: float) -> str:
        """The target that a palette which measures `value` reaches, as it is written."""
        if self.kind == "ms":
            return f"ms={math.ceil(value * 10 + 1e-6) / 10:g}@{self.size_px}"
        return f"macs={math.ceil(value / 1e5) / 10:g}M" if self.kind == "macs" else f"size={math.ceil(value / 1e3):g}kB"


class Yardstick:
    """What palettes measure by a target.

    Milliseconds are measured beside the original's, in turns, and given as the original's first time multiplied by the share of processor
    time that they take of it: so whatever else the machine does, more at one time than at another, falls on both. `first` is that time
    where it is known from before.
    """

    def __init__(self, target: Target, original: Palette, first: float | None = None) -> None:
        self.target, self._original = target, original
        self.first = self._timed({"original": original})["original"].wall_ms if first is None and target.kind == "ms" else first or 0.0

    def measure(self, palette: Palette) -> float:
        """What a palette takes of the target."""
        if self.target.kind != "ms":
            return float(palette.generator.macs_256 if self.target.kind == "macs" else len(pack(palette)))
        if palette is self._original:
            return self.first
        taken = self._timed({"original": self._original, "other": palette})
        return self.first * taken["other"].processor_ms / taken["original"].processor_ms

    def _timed(self, palettes: dict[str, Palette]) -> dict[str, Taken]:
        """What each takes with its fastest backend."""
        size_px = self.target.size_px
        return {name: fastest(times, size_px)[1] for name, times in race(palettes, (size_px,), PATIENT).items()}


def parse(text: str) -> Target:
    """The target that a person wrote; an ImpastoError with the forms there are."""
    found = FORMS.fullmatch(text.strip())
    refused = ImpastoError(f"{text!r} is no target.", "Write ms=20@512, macs=1.4G or size=300kB.")
    if found is None:
        raise refused
    try:
        if found["ms"]:
            target = Target("ms", float(found["ms"]), int(found["px"]))
        elif found["macs"]:
            target = Target("macs", float(found["macs"]) * UNITS[found["unit"]])
        else:
            target = Target("size", float(found["size"]) * UNITS[found["bytes"]])
    except ValueError:  # 1.2.3
        raise refused from None
    if target.value <= 0 or not 64 <= target.size_px <= MOST_PX:
        raise ImpastoError(f"The target {text!r} is out of range.", f"Figures are above 0, sizes 64 to {MOST_PX}.")
    return target
