"""`impasto learn`: a style learned from one's own pictures, with checkpoints, a preview and progress in words.

Beside NAME.palette lies the folder NAME.learning: `checkpoint.pt`, renewed every few seconds, from which the same command goes on, and
`preview.jpg`. Another program runs this as a process of its own: it reads one report a line (`--json`), shows the preview, sends SIGINT
to stop and keep, and kills it to pause. The clock decides only when to stop: what is learned in N steps depends on pictures, photos,
palette and seed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from impasto import palette as palettes
from impasto import picture
from impasto.errors import ImpastoError
from impasto.files import write_whole
from impasto.palette import Palette
from impasto.train import practice
from impasto.train.examples import Examples, Image, gather
from impasto.train.learned import Naming, learned_palette
from impasto.train.learner import Learner
from impasto.train.stopping import stop_asked

CHECKPOINT, PREVIEW = "checkpoint.pt", "preview.jpg"
REPORT_SECONDS = 2.0  # and a step: the preview is renewed every three seconds
SAVE_SECONDS = 5.0
PREVIEW_PX = 512
NEEDED_MIB = 64  # two checkpoints, the palette and room to spare
SMOOTHING = 0.9  # of the figures that the words come from


@dataclass(frozen=True)
class Lesson:
    """What was asked for. Learning ends after `steps` or `minutes`, whichever comes first; with neither after five minutes."""

    pictures: list[Path]
    naming: Naming
    output: Path
    source: Path | None = None
    photos: Path | None = None
    preview: Path | None = None
    seed: int = 1
    steps: int | None = None
    minutes: float | None = None


@dataclass(frozen=True)
class Report:
    """How far learning is: `share` of the way in 0..1, seconds spent and left, and how far paintings still are from the pictures, as
    shares of a plain photo's distance."""

    step: int
    share: float
    elapsed_s: float
    left_s: float
    words: str
    colours: float
    strokes: float

    def line(self) -> str:
        """For a person."""
        return f"{_clock(self.elapsed_s)}  {self.words}; {_clock(self.left_s)} left"


def learn(lesson: Lesson, say: Callable[[str], None], tell: Callable[[Report], None]) -> Palette:
    """Learn the style and write its palette, going on from the checkpoint if there is one; Ctrl-C and SIGTERM keep what is learned.

    `say` gets sentences, `tell` a report every few seconds. Raises ImpastoError before any time is spent where something is amiss.
    """
    start = time.monotonic()
    _check_place(lesson.output)
    sitter = Sitter(lesson.preview) if lesson.preview else None
    examples = gather(lesson.pictures)
    for name, reason in examples.skipped.items():
        say(f"{name} is left out: {reason}.")
    photos = practice.photos(lesson.photos, lesson.seed)
    source = palettes.read(lesson.source or palettes.shipped())
    course = Course(lesson, Learner(source, examples.images, photos, lesson.seed), _fingerprint(lesson, source, examples, photos), start)
    if course.resume():
        say(f"Going on from step {course.learner.step}.")
    else:
        mixture = ", ".join(f"{weight:.0%} {name}" for name, weight in course.learner.guess.items())
        say(f"Learning from {len(examples.names)} picture{'s' * (len(examples.names) > 1)}; the first guess is {mixture}.")
    course.run(sitter, tell)
    made = learned_palette(source, course.learner, lesson.naming, examples.names)
    palettes.write(made, lesson.output)
    return made


class Sitter:
    """The photo that the preview shows, read again when another is put in its place."""

    def __init__(self, file: Path) -> None:
        self._file, self._changed = file, file.stat().st_mtime_ns if file.exists() else 0
        self._photo = _small(file)

    def photo(self) -> Image:
        """H×W×3, the last one that could be read."""
        with contextlib.suppress(OSError, ImpastoError):
            changed = self._file.stat().st_mtime_ns
            if changed != self._changed:
                self._photo, self._changed = _small(self._file), changed
        return self._photo


class Course:
    """One lesson under way: the learner, its folder, the clock and the smoothed figures."""

    def __init__(self, lesson: Lesson, learner: Learner, fingerprint: str, start: float) -> None:
        self.lesson, self.learner, self.fingerprint = lesson, learner, fingerprint
        self.folder = _folder(lesson.output)
        self.start = start
        self.figures: dict[str, float] = {}
        self.began = (0.0, 0.0)  # share and seconds when this process took over

    def elapsed(self) -> float:
        """Seconds of learning, those before a restart included."""
        return time.monotonic() - self.start

    def share(self) -> float:
        """How much of the way is behind, 0..1."""
        lesson = self.lesson
        minutes = lesson.minutes or (None if lesson.steps else 5.0)
        shares = [self.learner.step / lesson.steps] if lesson.steps else []
        return min(1.0, max([*shares, *([self.elapsed() / (60 * minutes)] if minutes else [])]))

    def run(self, sitter: Sitter | None, tell: Callable[[Report], None]) -> None:
        """Learn until the way is at its end or somebody asks to stop; the last act is a checkpoint."""
        told = saved = 0.0
        self.began = (self.share(), self.elapsed())
        with stop_asked() as asked:
            self._show(sitter)  # the first guess, or where it stopped
            while self.share() < 1 and not asked:
                self._smooth(self.learner.advance())
                now = time.monotonic()
                if now - told >= REPORT_SECONDS:
                    self._show(sitter)
                    tell(self.report())
                    told = now
                if now - saved >= SAVE_SECONDS:
                    self.save()
                    saved = time.monotonic()
            if self.figures:
                tell(self.report())
            self._show(sitter)
            self.save()

    def report(self) -> Report:
        """How things stand."""
        share, elapsed = self.share(), self.elapsed()
        pace = (elapsed - self.began[1]) / max(1e-6, share - self.began[0])
        colours, strokes = (self.figures[name] / whole for name, whole in zip(("colours", "strokes"), self.learner.untouched, strict=True))
        return Report(self.learner.step, share, elapsed, (1 - share) * pace, words(colours, strokes), colours, strokes)

    def save(self) -> None:
        """Put a new checkpoint in the old one's place."""
        buffer = io.BytesIO()
        elapsed = self.elapsed()
        torch.save({"of": self.fingerprint, "elapsed_s": elapsed, "figures": self.figures, **self.learner.state()}, buffer)
        write_whole(self.folder / CHECKPOINT, buffer.getvalue())

    def resume(self) -> bool:
        """Go on from the folder's checkpoint; False where there is none. An ImpastoError where it is of another lesson."""
        self.folder.mkdir(exist_ok=True)
        for unfinished in self.folder.glob(".impasto-*"):
            unfinished.unlink()
        file = self.folder / CHECKPOINT
        if not file.exists():
            return False
        state = _checkpoint(file)
        if state["of"] != self.fingerprint:
            raise ImpastoError(
                f"{str(self.folder)!r} holds what was learned from other pictures, photos, palette or seed.",
                "Choose another -o, or delete that folder.",
            )
        self.learner.restore(state)
        self.figures = state["figures"]
        self.start -= state["elapsed_s"]
        return True

    def _smooth(self, figures: dict[str, float]) -> None:
        for name, value in figures.items():
            self.figures[name] = SMOOTHING * self.figures.get(name, value) + (1 - SMOOTHING) * value

    def _show(self, sitter: Sitter | None) -> None:
        if sitter is None:
            return
        painted = picture.from_array(self.learner.paint(sitter.photo()))
        write_whole(self.folder / PREVIEW, picture.encode(painted, "jpeg"))


def words(colours: float, strokes: float) -> str:
    """What the shares that are left to learn look like."""
    found = "colours found" if colours < 0.55 else "finding colours"
    return f"{found}, strokes {'formed' if strokes < 0.7 else 'forming' if strokes < 0.85 else 'to come'}"


def _folder(output: Path) -> Path:
    return output.with_suffix(".learning")


def _check_place(output: Path) -> None:
    """An ImpastoError where the palette could not be written in the end, or would replace one that was not learned here."""
    if output.suffix != ".palette":
        raise ImpastoError(f"{output.name!r} does not end with .palette.", "Give -o a name such as mine.palette.")
    if not output.parent.is_dir():
        raise ImpastoError(f"There is no folder {str(output.parent)!r}.", "Make it first, or choose another -o.")
    if output.exists() and not (_folder(output) / CHECKPOINT).exists():
        raise ImpastoError(f"{str(output)!r} is there already.", "Choose another -o, or move that palette away.")
    free_mib = shutil.disk_usage(output.parent).free >> 20
    if free_mib < NEEDED_MIB:
        raise ImpastoError(
            f"Only {free_mib} MiB are free in {str(output.parent)!r}.", f"Learning needs {NEEDED_MIB} MiB: make room, or choose another -o."
        )


def _small(file: Path) -> Image:
    opened = picture.fit(picture.load(file), PREVIEW_PX)
    return np.asarray(opened.pixels * 255 + 0.5, np.uint8)


def _fingerprint(lesson: Lesson, source: Palette, examples: Examples, photos: list[Image]) -> str:
    """What the learning depends on, besides the number of steps."""
    digest = hashlib.sha256(f"{examples.digest} {source.id} {lesson.seed}".encode())
    for photo in photos:
        digest.update(photo.tobytes())
    return digest.hexdigest()


def _checkpoint(file: Path) -> dict[str, Any]:
    try:
        return dict(torch.load(file, weights_only=True))
    except Exception as error:  # torch raises nearly every kind of exception for damaged files
        raise ImpastoError(f"{str(file)!r} is damaged ({type(error).__name__}).", "Delete its folder; learning then starts anew.") from None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
