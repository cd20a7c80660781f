"""Every control, declared once: its range, step, default, unit and help; and the Look, a value for each.

CLI options, the JSON schema, the web sliders and the docs table are made from `CONTROLS`. This module knows no arithmetic:
`engine.py` gives the generator controls (styles, strength, brush) their meaning and `finish.py` the finish controls. It
imports no numpy, because the command line builds its options from it and must answer at once.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from impasto.errors import ImpastoError

MAX_STYLES = 8
MAX_REGIONS = 8


@dataclass(frozen=True)
class Control:
    """One slider. `scale` turns a value into what a person reads: a strength of 0.8 with unit % is shown as 80 %."""

    name: str
    label: str
    kind: Literal["generator", "finish"]
    minimum: float
    maximum: float
    step: float
    default: float
    unit: str
    scale: float
    help: str

    def check(self, value: object) -> float:
        """The value as a float inside the range; an ImpastoError for anything else, NaN and infinities included."""
        option = self.name.replace("_", "-")
        hint = f"Give {option} a number from {self.minimum:g} to {self.maximum:g}; the default is {self.default:g}."
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ImpastoError(f"{self.label}: {value!r} is not a number.", hint)
        try:
            number = float(value)
        except ValueError:
            raise ImpastoError(f"{self.label}: {value!r} is not a number.", hint) from None
        if not math.isfinite(number) or not self.minimum <= number <= self.maximum:
            raise ImpastoError(f"{self.label}: {value} is out of range.", hint)
        return number


# fmt: off
_TABLE = (
    Control("strength", "Strength", "generator", 0.0, 1.5, 0.01, 1.0, "%", 100, "How far the picture moves from photo to painting. At 0 it is the photo; beyond 100 % the style is exaggerated."),
    Control("brush", "Brush size", "generator", 0.5, 2.0, 0.01, 1.0, "%", 100, "Size of the brush strokes, at the same speed."),
    Control("keep_colour", "Keep photo colours", "finish", 0.0, 1.0, 0.01, 0.0, "%", 100, "Brings the photo's own colours back under the brushwork."),
    Control("saturation", "Saturation", "finish", 0.0, 2.0, 0.01, 1.0, "%", 100, "Colour intensity. At 0 the picture is black and white."),
    Control("hue", "Hue", "finish", -180.0, 180.0, 1.0, 0.0, "°", 1, "Turns all colours around the colour wheel."),
    Control("warmth", "Warmth", "finish", -1.0, 1.0, 0.01, 0.0, "%", 100, "Towards candlelight (positive) or moonlight (negative)."),
    Control("brightness", "Brightness", "finish", -1.0, 1.0, 0.01, 0.0, "%", 100, "Lighter or darker overall."),
    Control("contrast", "Contrast", "finish", -1.0, 1.0, 0.01, 0.0, "%", 100, "Distance between light and dark."),
    Control("detail", "Detail", "finish", 0.0, 2.0, 0.01, 0.0, "%", 100, "Brings fine detail of the photo back on top of the painting."),
    Control("opacity", "Opacity", "finish", 0.0, 1.0, 0.01, 1.0, "%", 100, "Lays the finished painting over the photo. At 0 only the photo shows."),
)
# fmt: on
CONTROLS: dict[str, Control] = {control.name: control for control in _TABLE}


@dataclass(frozen=True)
class Region:
    """A part of the picture with generator controls of its own. `mask` names the mask: its pixels are given to who paints."""

    mask: str
    styles: tuple[tuple[str, float], ...] = ()
    strength: float = CONTROLS["strength"].default
    brush: float = CONTROLS["brush"].default

    def __post_init__(self) -> None:
        if not isinstance(self.mask, str) or not 0 < len(self.mask) <= 128:
            raise ImpastoError("A region has no mask.", "Give mask the name of one.")
        for name in ("styles", "strength", "brush"):
            object.__setattr__(self, name, getattr(self.look, name))

    @property
    def look(self) -> Look:
        """The generator controls as a look."""
        return Look(styles=self.styles, strength=self.strength, brush=self.brush)

    @classmethod
    def parse(cls, values: object) -> Region:
        """A Region from a mapping such as decoded JSON; unknown names are refused with the nearest valid one."""
        if isinstance(values, cls):
            return values
        if not isinstance(values, Mapping) or "mask" not in values:
            raise ImpastoError("A region is a JSON object with a mask.", 'For example {"mask": "ID", "strength": 0.5}.')
        _check_names(values, cls)
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values; `Region.parse` of it gives the same region."""
        return {"mask": self.mask, "styles": [list(pair) for pair in self.styles], "strength": self.strength, "brush": self.brush}


@dataclass(frozen=True)
class Look:
    """All slider values. `styles` are (name, weight) pairs; an empty tuple means the palette's first style.

    Weights are positive and need no particular sum: they are normalised where they are used. `regions` lie over the rest, the last on top.
    """

    styles: tuple[tuple[str, float], ...] = ()
    strength: float = CONTROLS["strength"].default
    brush: float = CONTROLS["brush"].default
    keep_colour: float = CONTROLS["keep_colour"].default
    saturation: float = CONTROLS["saturation"].default
    hue: float = CONTROLS["hue"].default
    warmth: float = CONTROLS["warmth"].default
    brightness: float = CONTROLS["brightness"].default
    contrast: float = CONTROLS["contrast"].default
    detail: float = CONTROLS["detail"].default
    opacity: float = CONTROLS["opacity"].default
    regions: tuple[Region, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "styles", parse_styles(self.styles))
        if not isinstance(self.regions, (list, tuple)) or len(self.regions) > MAX_REGIONS:
            raise ImpastoError("The regions cannot be read.", f"Give a list of up to {MAX_REGIONS} regions.")
        object.__setattr__(self, "regions", tuple(Region.parse(region) for region in self.regions))
        for control in CONTROLS.values():
            object.__setattr__(self, control.name, control.check(getattr(self, control.name)))

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Look:
        """A Look from a mapping such as decoded JSON; unknown names are refused with the nearest valid one."""
        if not isinstance(values, Mapping):
            raise ImpastoError("A look is a JSON object.", 'For example {"strength": 0.8, "saturation": 1.2}.')
        _check_names(values, cls)
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values; `Look.parse` of it gives the same look."""
        values: dict[str, Any] = {name: getattr(self, name) for name in CONTROLS}
        if self.regions:
            values["regions"] = [region.to_dict() for region in self.regions]
        return {"styles": [list(pair) for pair in self.styles], **values}


def _check_names(values: Mapping[str, Any], kind: type[Look] | type[Region]) -> None:
    known = [field.name for field in fields(kind)]
    for name in values:
        if name not in known:
            raise ImpastoError(f"There is no control named {name!r}.", did_you_mean(str(name), known))


def did_you_mean(name: str, known: list[str]) -> str:
    """A hint sentence: the nearest of the known names, or all of them where none is near."""
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Choose one of: {', '.join(known)}."


def parse_styles(value: object) -> tuple[tuple[str, float], ...]:
    """(name, weight) pairs from 'monet', 'monet:2,hokusai:1', a list of names or a list of [name, weight]."""
    hint = f"Write NAME or NAME:WEIGHT,NAME:WEIGHT with positive weights, up to {MAX_STYLES} styles."
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or len(items) > MAX_STYLES:
        raise ImpastoError(f"Styles {value!r} cannot be read.", hint)
    pairs = tuple(_style_pair(item, hint) for item in items)
    if pairs and not 0 < sum(weight for _, weight in pairs) < math.inf:
        raise ImpastoError("The style weights add up to nothing.", hint)
    return pairs


def _style_pair(item: object, hint: str) -> tuple[str, float]:
    if isinstance(item, str):
        name, colon, weight = item.strip().partition(":")
        item = (name, weight if colon else 1.0)
    if isinstance(item, (list, tuple)) and len(item) == 2 and isinstance(item[0], str) and item[0]:
        try:
            number = float(item[1])
        except (TypeError, ValueError):
            number = math.nan
        if math.isfinite(number) and number >= 0 and not isinstance(item[1], bool):
            return item[0], number
    raise ImpastoError(f"Style {item!r} cannot be read.", hint)
