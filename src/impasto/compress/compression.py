"""`impasto compress`: plans the way to a target, goes it, and shows what it cost. Beside NAME.palette lies NAME.compressing, from which the
same command goes on.

The way: INT8 if that alone is enough; else pruning to the target, fine-tuning by distillation, and INT8 of what has come out. INT8 is kept
only where this machine runs it faster. Every figure is measured here, of all stages in one run.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from impasto import palette as palettes
from impasto.compress import page
from impasto.compress.export import export, macs_256, made_again
from impasto.compress.judge import Judge
from impasto.compress.probes import photos, probes
from impasto.compress.prune import Pruning
from impasto.compress.quantize import quantize
from impasto.compress.speed import fastest, race
from impasto.compress.target import Target
from impasto.compress.tune import tune
from impasto.errors import ImpastoError
from impasto.files import write_whole
from impasto.palette import Palette
from impasto.train import recipe as recipes
from impasto.train.data import Image
from impasto.train.loop import RECIPE
from impasto.train.recipe import Recipe
from impasto.train.weights import generator_of

PRUNED_ON = 26  # probes
WORTH = 0.97  # of the time that float takes, above which INT8 is no gain
MARGIN = 0.97  # of a time that is asked for, planned with, since no two measurements agree

Say = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What was asked for. `source` is a palette or a run. Where no teacher is given it learns from itself; where one is, it is the
    teacher's student, and all that is measured stands beside the teacher."""

    source: Path
    target: Target
    output: Path
    teacher: Path | None = None
    photos: Path | None = None
    recipe: Path | None = None
    steps: int = 600


def compress(order: Order, say: Say) -> Palette:
    """Compress, write the palette and its `compression.html`, and return it; what an earlier call has finished is not done again.

    Raises ImpastoError where the target is reached already (by a palette that has no teacher to be compared with), or cannot be reached:
    then with the best there is.
    """
    work = Work(order, say)
    original = work.original()
    target, value = order.target, order.target.measure(original)
    if value <= target.value:
        if order.teacher is not None:
            return work.finish(original)
        raise ImpastoError(f"{original.title} takes {target.describe(value)} already.", "Ask for less, or keep it as it is.")
    say(f"{original.title} takes {target.describe(value)}; asked for is {target.describe(target.value)}.")
    rounded = work.int8("INT8", original)
    if rounded is not None and target.measure(rounded) <= target.value:
        return work.finish(rounded)
    pruned = work.stage("pruned", lambda: cut_to(target, original, work.images, say))
    tuned = work.stage("tuned", lambda: tune(pruned, work.teacher(), work.folder / "tuning", work.images, order.steps))
    rounded = work.int8("tuned INT8", tuned)
    return work.finish(tuned if rounded is None else rounded)


class Work:
    """One order under way: its folder, the stages that are done and what there is to say of them."""

    def __init__(self, order: Order, say: Say) -> None:
        self.order, self.say = order, say
        self.folder = _folder(order)
        self.images = photos(order.photos)
        self.stages: dict[str, Palette] = {}
        self.remarks: list[str] = []

    def stage(self, name: str, make: Callable[[], Palette]) -> Palette:
        """The palette of that stage, made unless an earlier call has done so."""
        file = self.folder / f"{name.replace(' ', '-')}.palette"
        if not file.exists():
            self.say(f"Stage: {name}.")
            palettes.write(make(), file)
        self.stages[name] = palettes.read(file)
        return self.stages[name]

    def original(self) -> Palette:
        """What is compressed. A student stands behind its teacher."""
        order = self.order
        if order.teacher is None:
            return self.stage("original", lambda: _opened(order.source))
        teacher = order.teacher
        self.stage("teacher", lambda: palettes.read(teacher))
        return self.stage("student", lambda: _opened(order.source))

    def int8(self, name: str, source: Palette) -> Palette | None:
        """The palette in INT8 where that is faithful and faster here; None, and a remark, where it is not."""
        try:
            made = self.stage(name, lambda: quantize(source, self.images).palette)
        except ImpastoError as error:
            self._remark(f"{error.message} It stays float.")
            return None
        size_px = self.order.target.size_px if self.order.target.kind == "ms" else 512
        times = race({"float": source, "int8": made}, (size_px,))
        (backend, before), (other, after) = fastest(times["float"], size_px), fastest(times["int8"], size_px)
        self._remark(f"{name} takes {after:.1f} ms with {other} at {size_px}×{size_px}, float {before:.1f} ms with {backend}.")
        if after > WORTH * before:
            self._remark(f"{name} is not faster on this machine, so float is kept.")
            return None
        return made

    def teacher(self) -> Path:
        """The palette to learn from."""
        return (self.order.teacher or self.folder / "original.palette").resolve()

    def finish(self, chosen: Palette) -> Palette:
        """Measure all stages beside each other, write the palette and the page."""
        order, value = self.order, self.order.target.measure(chosen)
        reached = "reached" if value <= order.target.value else "missed in the last measurement"
        self._remark(
            f"Asked for: {order.target.describe(order.target.value)}. Measured at the end: {order.target.describe(value)}, {reached}."
        )
        self.say("Measuring all stages.")
        judge = Judge(next(iter(self.stages.values())), self.images, _recipe(order))
        page.write(order.output.with_name("compression.html"), self.stages, chosen, judge, self.remarks)
        palettes.write(chosen, order.output)
        return chosen

    def _remark(self, text: str) -> None:
        self.remarks.append(text)
        self.say(text)


def cut_to(target: Target, original: Palette, images: list[Image], say: Say) -> Palette:
    """The palette with as few channels cut as the target asks for; an ImpastoError with the smallest there is where none is enough."""
    try:
        generator = generator_of(original)
    except ImpastoError:
        raise ImpastoError(f"The network of {original.title} cannot be pruned.", "Distil it first, as in recipes/distil.toml.") from None
    pruning = Pruning(generator, probes(original, images, PRUNED_ON))
    limit = target.value * (MARGIN if target.kind == "ms" else 1)

    def after(step: int) -> float:
        network = pruning.network(step)
        return float(macs_256(network)) if target.kind == "macs" else target.measure(made_again(original, network))

    few, many = 0, len(pruning.steps) - 1
    least = after(many)
    if least > limit:
        raise ImpastoError(
            f"{target.describe(target.value)} cannot be reached: the smallest network takes {target.describe(least)}.",
            "Ask for more than that, or start from a palette with fewer blocks.",
        )
    while many - few > 1:
        middle = (few + many) // 2
        value = after(middle)
        say(f"{middle} of {len(pruning.steps) - 1} cuts: {target.describe(value)}.")
        few, many = (few, middle) if value <= limit else (middle, many)
    return made_again(original, pruning.network(many))


def _opened(source: Path) -> Palette:
    """A palette's file, or what a run has learned so far."""
    if not source.is_dir():
        return palettes.read(source)
    with tempfile.TemporaryDirectory() as folder:
        export(source, Path(folder) / "run.palette")
        return palettes.read(Path(folder) / "run.palette")


def _recipe(order: Order) -> Recipe | None:
    """The one that was named, else that of the run that is compressed."""
    if order.recipe is not None:
        return recipes.read(order.recipe)
    return recipes.parse((order.source / RECIPE).read_text(encoding="utf-8")) if order.source.is_dir() else None


def _folder(order: Order) -> Path:
    """The order's folder; an ImpastoError where it holds another order's work, or the palette could not be written."""
    if order.output.suffix != ".palette" or not order.output.parent.is_dir():
        raise ImpastoError(f"{str(order.output)!r} cannot be written.", "Give -o a name such as small.palette in a folder that is there.")
    folder = order.output.with_suffix(".compressing")
    folder.mkdir(exist_ok=True)
    told = json.dumps({name: str(value) for name, value in vars(replace(order, output=Path())).items()}, indent=1)
    known = folder / "order.json"
    if known.exists() and known.read_text(encoding="utf-8") != told:
        raise ImpastoError(f"{str(folder)!r} holds the work of another order.", "Choose another -o, or delete that folder.")
    write_whole(known, told.encode())
    return folder
