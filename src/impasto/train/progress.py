"""What a run tells the person who waits for it: the terminal, `stats.jsonl`, TensorBoard's events, sheets of samples and `report.html`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from torch import Tensor

from impasto import picture
from impasto.errors import ImpastoError
from impasto.train import report
from impasto.train.health import Health

STATS = "stats.jsonl"
EVENTS = "tensorboard"


class Progress:
    """Losses averaged between reports, speed and time left. Only the leading process speaks.

    On a terminal a display that stays in its place, else a line a report. `with` closes what is open.
    """

    def __init__(self, folder: Path, first_step: int, steps: int, leading: bool = True, console: Console | None = None) -> None:
        self.folder, self.steps, self.leading = folder, steps, leading
        self.console = console or Console(quiet=not leading, highlight=False, soft_wrap=True)
        self._since, self._clock, self._pictures = first_step, time.monotonic(), 0
        self._sums: dict[str, Tensor] = {}
        self._health = Health()
        self._bar = Bar(TextColumn("step"), MofNCompleteColumn(), BarColumn(), TimeRemainingColumn(), TextColumn("{task.fields[speed]}"))
        self._task = self._bar.add_task("train", total=steps, completed=first_step, speed="")
        self._live = Live(self._bar, console=self.console, refresh_per_second=4) if self.console.is_terminal and leading else None
        self._figures: dict[str, float] = {}
        self._events: EventFileWriter | None = None
        if leading:
            forget_after(folder / STATS, first_step)
            self._events = EventFileWriter(str(folder / EVENTS), flush_secs=30)

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()
        if self._events:
            with suppress(OSError, ImpastoError) if error else nullcontext():  # a full disk has been spoken of already
                self._events.close()
                report.write(self.folder)

    def say(self, text: str) -> None:
        """A sentence, above the display."""
        self.console.print(text, markup=False)

    def add(self, losses: Mapping[str, Tensor], pictures: int) -> None:
        """One step's losses and figures, and how many crops it saw."""
        for name, loss in losses.items():
            self._sums[name] = self._sums.get(name, torch.zeros(())).to(loss.device) + loss.detach().float()
        self._pictures += pictures

    def report(self, step: int) -> None:
        """Say how the steps since the last report went."""
        count = max(1, step - self._since)
        seconds = time.monotonic() - self._clock
        figures = {name: round(float(total) / count, 4) for name, total in self._sums.items()}
        speed = {"seconds_per_step": round(seconds / count, 3), "images_per_second": round(self._pictures / max(seconds, 1e-9), 2)}
        self._write(step, {**figures, **speed})
        if self._live:
            self._bar.update(self._task, completed=step, speed=f"{speed['images_per_second']:.1f} images/s")
        else:
            minutes = (self.steps - step) * seconds / count / 60
            shown = "  ".join(f"{name} {value:.3f}" for name, value in figures.items())
            left = f"{minutes:.0f} min left"
            self.say(f"step {step}/{self.steps}  {seconds / count:.2f} s/step  {speed['images_per_second']:.1f} images/s  {left}  {shown}")
        self._since, self._clock, self._pictures, self._sums = step, time.monotonic(), 0, {}

    def show(self, step: int, rows: list[list[Tensor]], figures: Mapping[str, float]) -> None:
        """A sheet of samples and the scores that belong to it; the report is written anew."""
        if not self.leading:
            return
        save_sheet(rows, self.folder / "samples" / f"{step:06d}.jpg")
        self._write(step, {name: round(value, 4) for name, value in figures.items()})
        if not self._live:
            self.say(f"step {step}/{self.steps}  samples  " + "  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
        report.write(self.folder)

    def _write(self, step: int, figures: Mapping[str, float]) -> None:
        """Into `stats.jsonl`, TensorBoard's events and the display; then what they mean, where they mean trouble."""
        if not self.leading:
            return
        signs = self._health.look(figures)
        line = {"step": step, **figures, **({"warnings": signs} if signs else {})}
        with (self.folder / STATS).open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
        if self._events:
            values = [Summary.Value(tag=name, simple_value=value) for name, value in figures.items()]
            self._events.add_event(Event(step=step, wall_time=time.time(), summary=Summary(value=values)))
        self._figures |= figures
        for sign in signs:
            self.say(f"Warning: {sign}")
        if self._live:
            self._live.update(Group(self._table(), self._bar))

    def _table(self) -> Table:
        """The newest figures, side by side."""
        table = Table(box=None, padding=(0, 2, 0, 0))
        names = [name for name in self._figures if name not in ("seconds_per_step", "images_per_second")]
        for name in names:
            table.add_column(name, justify="right")
        table.add_row(*(f"{self._figures[name]:.3f}" for name in names))
        return table


def forget_after(stats: Path, step: int) -> None:
    """Drop the lines of steps that a resumed run will make again, and a last line that was cut off."""
    if stats.is_file():
        kept = [
            line for line in stats.read_text(encoding="utf-8").splitlines() if (read := report.parse_line(line)) and read["step"] <= step
        ]
        stats.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def save_sheet(rows: list[list[Tensor]], file: Path) -> None:
    """A contact sheet as JPEG: rows of equally large 3×H×W pictures in -1..1."""
    tiles = [np.concatenate([_pixels(tile) for tile in row], axis=1) for row in rows]
    sheet = picture.from_array(np.concatenate(tiles, axis=0))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(picture.encode(sheet, "jpeg", quality=90))


def _pixels(tile: Tensor) -> NDArray[np.float32]:
    return np.asarray(((tile.float().clamp(-1, 1) + 1) / 2).permute(1, 2, 0).cpu().numpy(), np.float32)
