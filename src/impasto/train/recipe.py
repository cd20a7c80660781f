"""A recipe: everything a training run is made from, read from one TOML file and checked before data is touched. Knows no torch."""

from __future__ import annotations

import dataclasses
import json
import tomllib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from impasto.errors import ImpastoError
from impasto.look import did_you_mean

PRECISIONS = ("auto", "32-true", "bf16-mixed")


@dataclass(frozen=True)
class Hand:
    """What a person adds to what a style has learned, when its palette is made (`train/hand.py`).

    `ink` darkens outlines, by so much of -1..1; `tone` and `hue` multiply how far strokes differ from one another, `relief`, `hatch` and
    `weave` what the surface shows; `drawn`, `smooth` and `true` multiply the odds of the photo's forms, of those without strokes, and of
    the photo as it is instead of drawn out. `colour` is added to the colours, red, green, blue in -1..1, and `light` to how much they
    rise with the photo's light. `brush` multiplies what the style paints otherwise with other brushes, beside the size of its strokes: at 0
    nothing is decided anew for a brush, and previews come sooner.
    """

    ink: float = 0.0
    tone: float = 1.0
    hue: float = 1.0
    relief: float = 1.0
    hatch: float = 1.0
    weave: float = 1.0
    drawn: float = 1.0
    smooth: float = 1.0
    true: float = 1.0
    brush: float = 1.0
    colour: tuple[float, float, float] = (0.0, 0.0, 0.0)
    light: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if min(self.tone, self.hue, self.relief, self.hatch, self.weave, self.brush) < 0 or min(self.drawn, self.smooth, self.true) <= 0:
            raise ValueError("factors are not negative, those of odds are above 0")


@dataclass(frozen=True)
class StyleRecipe:
    """One style: its folder of paintings, what the palette says of it, and its own loss weights as multiples of the objective's.

    `flatness` is for styles of flat areas: how much marks in a clear sky cost, as a multiple of what specks of colour cost. `look` is the
    recommended look: values of the finish controls.
    """

    name: str
    title: str
    paintings: str
    artist: str = ""
    years: str = ""
    licence: str = ""
    content: float = 1.0
    statistics: float = 1.0
    flatness: float = 0.0
    zoom: float = 1.0
    hand: Hand = Hand()
    look: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class DataRecipe:
    """Where pictures lie (relative to the recipe's own folder) and how they are cropped.

    `photo_px` is the range the photo's short side is scaled to, `painting_px` the painting's, before a square of `crop_px` is cut. A step
    sees `crops_per_style` crops of each of `styles_per_step` styles. `brush_octaves` says how much the paintings' scale varies, so that the
    generator learns a brush size; 0 for objectives that have none. One painting in `held_out` is kept apart. `odd` is the share of photos
    that become black-and-white, dim, pale or something else that people drop (`oddities`).
    """

    root: str = "."
    photos: str = "photos"
    crop_px: int = 160
    photo_px: tuple[int, int] = (256, 448)
    painting_px: tuple[int, int] = (360, 480)
    styles_per_step: int = 3
    crops_per_style: int = 3
    held_out: int = 0
    brush_octaves: float = 0.75
    odd: float = 0.0

    def __post_init__(self) -> None:
        if self.crop_px < 16 or min(self.styles_per_step, self.crops_per_style) < 1:
            raise ValueError("crops are at least 16 px wide, and a step sees at least one")
        if not 0 <= self.odd <= 1:
            raise ValueError("odd is a share, 0 to 1")


@dataclass(frozen=True)
class TrainRecipe:
    """The loop's own figures. Learning rates fall to zero over the last `decay` of the run.

    A step's crops are shared by `devices` (with a Lightning `strategy` such as "ddp") and, on each, taken in `accumulate` pieces, to need
    less memory.
    `precision` is "auto", "32-true" or "bf16-mixed". Scores are computed with every sample sheet, on `scores` photos; not
    at all where it is 0.
    """

    steps: int = 10_000
    seed: int = 1
    generator_rate: float = 4e-4
    discriminator_rate: float = 1e-4
    betas: tuple[float, float] = (0.0, 0.99)
    ema: float = 0.005
    decay: float = 0.3
    precision: str = "auto"
    save_every: int = 250
    sample_every: int = 250
    scores: int = 12
    accumulate: int = 1
    devices: int = 1
    strategy: str = "auto"

    def __post_init__(self) -> None:
        if min(self.steps, self.save_every, self.sample_every, self.accumulate, self.devices) < 1:
            raise ValueError("steps, save_every, sample_every, accumulate and devices are at least 1")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is {self.precision!r}, not one of {', '.join(PRECISIONS)}")


@dataclass(frozen=True)
class Recipe:
    """A whole run. `objective` is a name; `generator` and `discriminator` name a `network` and its sizes; `options` are the objective's.

    Those three are checked where they are used. `teacher` is a palette to learn from (objective "distil"), `begin_from` a run whose weights
    this one starts with, wherever name and shape agree; both are paths from the recipe's own folder.
    """

    name: str
    title: str
    styles: tuple[StyleRecipe, ...]
    objective: str = "projected"
    authors: str = "Impasto"
    licence: str = ""
    teacher: str = ""
    begin_from: str = ""
    data: DataRecipe = field(default_factory=DataRecipe)
    train: TrainRecipe = field(default_factory=TrainRecipe)
    generator: dict[str, Any] = field(default_factory=dict)
    discriminator: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The resolved recipe, every default filled in; the same recipe gives the same text."""
        return json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False)


def read(path: Path) -> Recipe:
    """The recipe in a TOML file, with paths made absolute; an ImpastoError names the first field that is wrong."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ImpastoError(f"The recipe {path} cannot be read: {error.strerror}.", "Name a .toml file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ImpastoError(f"The recipe {path} is not TOML: {error}.", "Mend the line it names.") from None
    recipe = build(Recipe, values, "recipe")
    beside = path.parent
    return dataclasses.replace(
        recipe,
        data=dataclasses.replace(recipe.data, root=_absolute(beside, recipe.data.root)),
        teacher=_absolute(beside, recipe.teacher),
        begin_from=_absolute(beside, recipe.begin_from),
    )


def _absolute(folder: Path, given: str) -> str:
    """A recipe's path as one that holds everywhere; one that was not given stays empty."""
    return str((folder / given).resolve()) if given else ""


def parse(text: str) -> Recipe:
    """The recipe that `to_json` wrote."""
    return build(Recipe, json.loads(text), "recipe")


T = TypeVar("T")


def build(kind: type[T], values: Any, where: str) -> T:
    """An instance of a dataclass from decoded TOML or JSON: unknown names, missing names and wrong types are refused.

    Raises ImpastoError with the place, such as `recipe.train.steps`, in the message.
    """
    if not isinstance(values, dict):
        raise ImpastoError(f"{where} must be a table.", "See recipes/classics.toml.")
    known = {item.name: item for item in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise ImpastoError(f"{where} has no field {name!r}.", did_you_mean(name, list(known)))
    hints = typing.get_type_hints(kind)
    made = {name: _value(hints[name], value, f"{where}.{name}") for name, value in values.items()}
    missing = [name for name, item in known.items() if name not in made and _required(item)]
    if missing:
        raise ImpastoError(f"{where} lacks {', '.join(missing)}.", "See recipes/classics.toml.")
    try:
        return kind(**made)
    except ValueError as error:
        raise ImpastoError(f"{where}: {error}.", "Mend that value.") from None


def _required(item: dataclasses.Field[Any]) -> bool:
    return item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING


def _value(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return build(kind, value, where)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and isinstance(value, list):
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
        if len(kinds) == len(value):
            return tuple(_value(item, part, f"{where}[{i}]") for i, (item, part) in enumerate(zip(kinds, value, strict=True)))
    if origin is dict and isinstance(value, dict):
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and not isinstance(kind, types.GenericAlias) and type(value) is kind:
        return value
    raise ImpastoError(f"{where} is {value!r}, which is not a {getattr(kind, '__name__', kind)}.", "Mend that value.")
