"""`impasto compress`: plans the way to a target, goes it, and shows what it cost. Beside NAME.palette lies NAME.compressing, from which the
same command goes on, after a kill too: stages that are done and times that decided something are kept there.

The way: INT8 if that alone is enough; else pruning to the target, fine-tuning by distillation, and INT8 of what has come out. INT8 is kept
only where this machine runs it faster. Every figure is measured here, of all stages in one run.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from impasto import palette as palettes
from impasto.compress import page
from impasto.compress.export import export, macs_256, made_again
from impasto.compress.judge import Judge, paintings_of, scored
from impasto.compress.probes import photos, probes
from impasto.compress.prune import Pruning
from impasto.compress.quantize import quantize
from impasto.compress.speed import SIZES_PX, Taken, Times, busy, fastest, race
from impasto.compress.target import Target, Yardstick
from impasto.compress.tune import tune
from impasto.errors import ImpastoError
from impasto.files import write_whole
from impasto.palette import Palette
from impasto.train import recipe as recipes
from impasto.train.data import Image
from impasto.train.loop import RECIPE
from impasto.train.recipe import Recipe
from impasto.train.weights import generator_of
from impasto.variants import why_not

USUAL_PX = 512  # where INT8 is timed if the target says no size
PRUNED_ON = 26  # probes
WORTH = 0.97  # of the time that float takes, above which INT8 is no gain
MARGIN = {"ms": 0.97, "macs": 1.0, "size": 0.98}  # of what is asked for, planned with: times and thumbnails come out a little different

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
    then with the nearest that can.
    """
    work = Work(order, say)
    try:
        return _compressed(work)
    except KeyboardInterrupt:
        say(f"Stopped. What is done is kept in {work.folder}; the same command goes on from there.")
        raise


def _compressed(work: Work) -> Palette:
    target, original = work.order.target, work.original
    yardstick = Yardstick(target, original, work.noted("first", lambda: Yardstick(target, original).first))
    value = yardstick.measure(original)
    if value <= target.value:
        if work.order.teacher is not None:
            return work.finish(original)
        raise ImpastoError(f"{original.title} takes {target.describe(value)} already.", "Ask for less, or keep it as it is.")
    work.say(f"{original.title} takes {target.describe(value)}; asked for is {target.describe(target.value)}.")
    rounded = work.int8("INT8", original)
    if rounded is not None and yardstick.measure(rounded) <= target.value:
        return work.finish(rounded)
    pruned = work.stage("pruned", lambda: cut_to(yardstick, original, work.images, work.say))
    tuned = work.stage("tuned", lambda: tune(pruned, work.teacher(), work.folder / "tuning", work.images, work.order.steps))
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
        self.original = self._begin()
        self.recipe = _recipe(order, self.original)

    def _begin(self) -> Palette:
        """What is compressed. A student stands behind its teacher, which must know all its styles."""
        order = self.order
        if order.teacher is None:
            return self.stage("original", lambda: _opened(order.source))
        known = self.stage("teacher", lambda: palettes.read(order.teacher or ""))
        student = self.stage("student", lambda: _opened(order.source))
        unknown = {style.name for style in student.styles} - {style.name for style in known.styles}
        if unknown:
            raise ImpastoError(f"The teacher {known.title} has no style {', '.join(sorted(unknown))}.", "Choose one that has them all.")
        return student

    def stage(self, name: str, make: Callable[[], Palette]) -> Palette:
        """The palette of that stage, made unless an earlier call has done so."""
        file = self.folder / f"{name.replace(' ', '-')}.palette"
        if not file.exists():
            self.say(f"Stage: {name}.")
            palettes.write(make(), file)
        self.stages[name] = palettes.read(file)
        return self.stages[name]

    def noted(self, name: str, measure: Callable[[], Any]) -> Any:
        """What an earlier call has measured, else what is measured now, as JSON gives it back: so no decision is made twice."""
        file = self.folder / "measured.json"
        known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if name not in known:
            known[name] = measure()
            write_whole(file, json.dumps(known, indent=1).encode())
        return known[name]

    def int8(self, name: str, source: Palette) -> Palette | None:
        """The palette in INT8 where that is faithful and faster here; None, and a remark, where it is not."""
        try:
            made = self.stage(name, lambda: quantize(source, self.images, say=self.say).palette)
        except ImpastoError as error:
            self._remark(f"{error.message} It stays float.")
            return None
        size_px = self.order.target.size_px if self.order.target.kind == "ms" else USUAL_PX

        def raced() -> dict[str, dict[str, Taken]]:
            times = race({"float": source, "int8": made}, (size_px,))
            return {kind: {backend: taken[size_px] for backend, taken in found.items()} for kind, found in times.items()}

        found = {kind: {b: {size_px: Taken(*one)} for b, one in taken.items()} for kind, taken in self.noted(name, raced).items()}
        compared = "; ".join(_compared(b, *(found[kind][b][size_px] for kind in ("int8", "float"))) for b in found["float"])
        self._remark(f"{name} against float at {size_px}×{size_px}, in turns: {compared}.")
        if fastest(found["int8"], size_px)[1].share_of(fastest(found["float"], size_px)[1]) > WORTH:
            self._remark(f"{name} is not faster on this machine, so float is kept. {why_not('int8')}".strip())
            return None
        return made

    def teacher(self) -> Path:
        """The palette to learn from."""
        return (self.order.teacher or self.folder / "original.palette").resolve()

    def finish(self, chosen: Palette) -> Palette:
        """Measure all stages beside each other, write the palette and the page."""
        order, target = self.order, self.order.target
        self.say("Measuring all stages.")
        own = (target.size_px,) if target.kind == "ms" else ()
        times = race(self.stages, tuple(sorted({*SIZES_PX, *own})), say=self.say)
        self._remark(self._verdict(times, chosen))
        if busy():
            self._remark(busy())
        judge = Judge(next(iter(self.stages.values())), self.images, self.recipe, scored(self.original))
        page.write(order.output.with_name("compression.html"), self.stages, times, chosen, judge, self.remarks)
        palettes.write(chosen, order.output)
        return chosen

    def _verdict(self, times: dict[str, Times], chosen: Palette) -> str:
        """Whether the target is reached, by the figures that the page shows."""
        target, asked = self.order.target, f"Asked for: {self.order.target.describe(self.order.target.value)}."
        if target.kind != "ms":
            count = Yardstick(target, chosen).measure(chosen)
            return f"{asked} Measured at the end: {target.describe(count)}: {'reached' if count <= target.value else 'missed'}."
        name, original = (next(name for name, made in self.stages.items() if made is wanted) for wanted in (chosen, self.original))
        (backend, taken), (_, before) = (fastest(times[stage], target.size_px) for stage in (name, original))
        share, of_processor = taken.wall_ms / before.wall_ms, taken.processor_ms / before.processor_ms
        value = f"{target.describe(taken.wall_ms)} with {_name(backend)}, {share:.2f} times the {original}'s in that run"
        told = f"{asked} Measured at the end: {value}"
        if taken.wall_ms <= target.value:
            return f"{told}: reached."
        quieter = self.noted("first", lambda: before.wall_ms) * of_processor
        if quieter <= target.value:
            return (
                f"{told}: missed by this clock, reached by processor time ({target.describe(quieter)} when the {original} was first timed)."
            )
        return f"{told}: missed in the last measurement."

    def _remark(self, text: str) -> None:
        self.remarks.append(text)
        self.say(text)


def cut_to(yardstick: Yardstick, original: Palette, images: list[Image], say: Say) -> Palette:
    """The palette with as few channels cut as the target asks for; an ImpastoError with the nearest that there is where none is enough."""
    try:
        generator = generator_of(original)
    except ImpastoError:
        raise ImpastoError(f"The network of {original.title} cannot be pruned.", "Distil it first, as in recipes/distil.toml.") from None
    say("Measuring what every channel does for the paintings.")
    pruning = Pruning(generator, probes(original, images, PRUNED_ON))
    target = yardstick.target
    limit = target.value * MARGIN[target.kind]

    def after(step: int) -> float:
        network = pruning.network(step)
        return float(macs_256(network)) if target.kind == "macs" else yardstick.measure(made_again(original, network))

    few, many = 0, len(pruning.steps) - 1
    least = after(many)
    if least > limit:
        nearest = target.nearest(least / MARGIN[target.kind])
        raise ImpastoError(
            f"{target.describe(target.value)} cannot be reached: the smallest network takes {target.describe(least)}.",
            f"The nearest is --target {nearest}; a palette with fewer blocks, or a student (recipes/distil.toml), gets further.",
        )
    while many - few > 1:
        middle = (few + many) // 2
        value = after(middle)
        say(f"{middle} of {len(pruning.steps) - 1} cuts: {target.describe(value)}.")
        few, many = (few, middle) if value <= limit else (middle, many)
    return made_again(original, pruning.network(many))


def _compared(backend: str, int8: Taken, plain: Taken) -> str:
    """INT8 beside float, both measured."""
    ratio, of_processor = int8.wall_ms / plain.wall_ms, int8.processor_ms / plain.processor_ms
    longer = f"{ratio:.2f} times as long ({of_processor:.2f} of processor time)"
    return f"{_name(backend)} {int8.wall_ms:.1f} ms against {plain.wall_ms:.1f}, {longer}"


def _name(backend: str) -> str:
    """As its makers write it."""
    return {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}.get(backend, backend)


def _opened(source: Path) -> Palette:
    """A palette's file, or what a run has learned so far."""
    if not source.is_dir():
        return palettes.read(source)
    with tempfile.TemporaryDirectory() as folder:
        export(source, Path(folder) / "run.palette")
        return palettes.read(Path(folder) / "run.palette")


def _recipe(order: Order, original: Palette) -> Recipe | None:
    """The one that was named, else that of the run that is compressed, if its paintings are still there."""
    if order.recipe is not None:
        named = recipes.read(order.recipe)
        paintings_of(named, scored(original))
        return named
    if not (order.source / RECIPE).is_file():
        return None
    own = recipes.parse((order.source / RECIPE).read_text(encoding="utf-8"))
    try:
        paintings_of(own, scored(original))
    except ImpastoError:
        return None
    return own


def _folder(order: Order) -> Path:
    """The order's folder; an ImpastoError where it holds another order's work, or the palette could not be written."""
    if order.output.suffix != ".palette" or not order.output.parent.is_dir():
        raise ImpastoError(f"{str(order.output)!r} cannot be written.", "Give -o a name such as small.palette in a folder that is there.")
    folder = order.output.with_suffix(".compressing")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ImpastoError(f"{str(folder)!r} cannot be made: {error.strerror}.", "Choose a place where you may write.") from None
    told = json.dumps({name: str(value) for name, value in vars(replace(order, output=Path())).items()}, indent=1)
    known = folder / "order.json"
    if known.exists() and known.read_text(encoding="utf-8") != told:
        raise ImpastoError(f"{str(folder)!r} holds the work of another order.", "Choose another -o, or delete that folder.")
    write_whole(known, told.encode())
    return folder
