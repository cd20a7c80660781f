"""What a run tells the person who waits for it: a line on the terminal, `stats.jsonl`, and sheets of samples."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from impasto import picture


class Progress:
    """Losses averaged between lines, speed and time left. Lines go to stdout and to `stats.jsonl`."""

    def __init__(self, folder: Path, first_step: int, steps: int) -> None:
        self.file = folder / "stats.jsonl"
        self.steps = steps
        self._since = first_step
        self._clock = time.monotonic()
        self._sums: dict[str, float] = {}

    def add(self, losses: dict[str, Tensor]) -> None:
        """One step's losses."""
        for name, loss in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(loss.detach())

    def report(self, step: int) -> None:
        """Say how the steps since the last report went."""
        count = max(1, step - self._since)
        seconds = (time.monotonic() - self._clock) / count
        line = {name: round(total / count, 4) for name, total in self._sums.items()}
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"step": step, "seconds_per_step": round(seconds, 3), **line}) + "\n")
        losses = "  ".join(f"{name} {value:.3f}" for name, value in line.items())
        left = (self.steps - step) * seconds / 60
        print(f"step {step}/{self.steps}  {seconds:.2f} s/step  {left:.0f} min left  {losses}", flush=True)
        self._since, self._clock, self._sums = step, time.monotonic(), {}


def save_sheet(rows: list[list[Tensor]], file: Path) -> None:
    """A contact sheet as JPEG: rows of equally large 3×H×W pictures in -1..1."""
    tiles = [np.concatenate([_pixels(tile) for tile in row], axis=1) for row in rows]
    sheet = picture.from_array(np.concatenate(tiles, axis=0))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(picture.encode(sheet, "jpeg", quality=90))


def _pixels(tile: Tensor) -> NDArray[np.float32]:
    return np.asarray(((tile.float().clamp(-1, 1) + 1) / 2).permute(1, 2, 0).cpu().numpy(), np.float32)
