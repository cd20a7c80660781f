"""Painting files: which photo becomes which file, and the way of one of them from bytes to bytes. Knows no options and no colours."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto import picture
from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.files import write_whole
from impasto.look import Look

STREAM = "-"  # standard input as a photo, standard output as a painting
QUIET_SECONDS = 2.0  # work shorter than this shows no progress


@dataclass(frozen=True)
class Task:
    """One photo and where its painting goes; either may be "-"."""

    source: str
    target: str


def plan(photos: list[str], output: str | None, styles: list[str], overwrite: bool) -> list[Task]:
    """A task for each photo, checked as far as can be before the work begins; an ImpastoError for what cannot be done."""
    folder = _folder(photos, output)
    if folder is None and output is not None:
        tasks = [Task(photos[0], output)]
    else:
        tasks = [Task(photo, _default_target(photo, folder, styles)) for photo in photos]
    _check_targets(tasks, overwrite)
    if folder is not None:
        _make_folder(folder)
    return tasks


def _folder(photos: list[str], output: str | None) -> Path | None:
    """The folder that `output` means, or None where it means a file, a stream or nothing."""
    if output is None or (output == STREAM and len(photos) == 1):
        return None
    if output == STREAM:
        raise ImpastoError("Several paintings cannot go to standard output.", "Give a folder with -o, or one photo.")
    if len(photos) > 1 and Path(output).is_file():
        raise ImpastoError(f"{output!r} is a file, and there are {len(photos)} photos.", "Give a folder with -o.")
    return Path(output) if len(photos) > 1 or output.endswith(("/", "\\")) or Path(output).is_dir() else None


def _default_target(photo: str, folder: Path | None, styles: list[str]) -> str:
    """PHOTO.STYLE.ENDING in the folder, or beside the photo; a photo in a format that cannot be written becomes a PNG."""
    if photo == STREAM:
        if folder is not None:
            raise ImpastoError("A photo from standard input has no name to use in a folder.", "Give a file name with -o.")
        return STREAM
    path = Path(photo)
    try:
        picture.format_for(path.name)
        ending = path.suffix
    except ImpastoError:
        ending = ".png"
    return str((path.parent if folder is None else folder) / f"{path.stem}.{'+'.join(styles)}{ending}")


def _check_targets(tasks: list[Task], overwrite: bool) -> None:
    photos = {Path(task.source).resolve() for task in tasks if task.source != STREAM}
    taken: dict[Path, str] = {}
    for task in tasks:
        if task.target == STREAM:
            if sys.stdout.isatty():
                raise ImpastoError("A picture cannot be shown in a terminal.", "Send it to a file: > painting.png, or -o painting.png.")
            continue
        picture.format_for(task.target)
        target = Path(task.target).resolve()
        if target in photos and not overwrite:
            raise ImpastoError(f"{task.target!r} is a photo to be painted.", "Choose another -o, or add --overwrite to replace it.")
        if target in taken:
            raise ImpastoError(f"{taken[target]!r} and {task.source!r} would both be painted to {task.target!r}.", "Paint them one by one.")
        taken[target] = task.source


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImpastoError(f"The folder {str(folder)!r} cannot be made: {error.strerror}.", "Choose a place where you may write.") from None


@dataclass(frozen=True)
class Painter:
    """All that the photos of one command have in common."""

    engine: Engine
    look: Look
    long_edge_px: int | None = None
    quality: int = 92
    keep_metadata: bool = True

    def paint(self, task: Task) -> dict[str, Any]:
        """Paint one photo and say what was done, ready for JSON; nothing is written when it raises."""
        milliseconds: dict[str, float] = {}
        timings: dict[str, Any] = {}
        with _timed(milliseconds, "total"):
            with _timed(milliseconds, "read"):
                photo = _read(task.source)
            with _progress(task.source) as progress:
                painting = self.engine.render(photo, self.look, long_edge_px=self.long_edge_px, progress=progress, timings=timings)
            milliseconds |= {stage: spent for stage, spent in timings.items() if stage != "cached"}
            with _timed(milliseconds, "write"):
                format = "png" if task.target == STREAM else picture.format_for(task.target)
                _write(task.target, picture.encode(painting, format, self.quality, self.keep_metadata))
        return {
            "input": task.source,
            "output": task.target,
            "width": painting.width,
            "height": painting.height,
            "backend": self.engine.backend,
            "look": self.look.to_dict(),
            "milliseconds": {stage: round(spent, 1) for stage, spent in milliseconds.items()},
        }


@contextmanager
def _timed(milliseconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    milliseconds[stage] = (time.perf_counter() - start) * 1000


def _read(source: str) -> picture.Picture:
    if source == STREAM:
        return picture.decode(sys.stdin.buffer.read(picture.MAX_BYTES + 1), "standard input")
    return picture.load(Path(source))


def _write(target: str, data: bytes) -> None:
    if target == STREAM:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_whole(Path(target), data)


@contextmanager
def _progress(name: str) -> Iterator[Any]:
    """A function that takes the share done, and shows it in a terminal once the work has taken a while."""
    start = time.monotonic()
    shown = False

    def show(share: float) -> None:
        nonlocal shown
        if sys.stderr.isatty() and time.monotonic() - start > QUIET_SECONDS:
            shown = True
            print(f"\rPainting {name} {share:4.0%}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        if shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
