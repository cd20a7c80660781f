"""How small or fast a palette is to become: `ms=20@512`, `macs=1.4G` or `size=300kB`, and what a palette measures by it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from impasto.compress.speed import fastest, race
from impasto.errors import ImpastoError
from impasto.palette import Palette, pack

FORMS = re.compile(r"(?:ms=(?P<ms>[\d.]+)@(?P<px>\d+)|macs=(?P<macs>[\d.]+)(?P<unit>[kMG]?)|size=(?P<size>[\d.]+)(?P<bytes>[kM]?)B)")
UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
MOST_PX = 2048
PATIENT = 31  # runs: a decision hangs on it, and other programs may disturb


@dataclass(frozen=True)
class Target:
    """At most `value` milliseconds on `size_px`² with the fastest backend here, multiply-accumulates on 256², or bytes of the file."""

    kind: str
    value: float
    size_px: int = 256

    def measure(self, palette: Palette) -> float:
        """What the palette takes of it; milliseconds are measured now."""
        if self.kind == "ms":
            return fastest(race({"": palette}, (self.size_px,), runs=PATIENT)[""], self.size_px)[1]
        return float(palette.generator.macs_256 if self.kind == "macs" else len(pack(palette)))

    def describe(self, value: float) -> str:
        """A value of this kind, for a person."""
        if self.kind == "ms":
            return f"{value:.1f} ms at {self.size_px}×{self.size_px}"
        return f"{value / 1e6:.1f} million MACs at 256×256" if self.kind == "macs" else f"{value / 1e3:.0f} kB"


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
