"""`report.html`: loss curves and a scrubber over the sample sheets, in one file that needs no server. Knows only a run's folder."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from typing import Any

from impasto import picture
from impasto.files import write_whole

REPORT = "report.html"
MOST_SHEETS = 60  # evenly picked, so that the file stays small
SHEET_PX = 1000  # long edge in the report
MOST_POINTS = 600
HIDDEN = {"step", "seconds_per_step", "warnings"}
TEMPLATE = Path(__file__).with_name("report_template.html")


def write(run_folder: Path) -> None:
    """Make the report of what lies in a run's folder."""
    lines = read_stats(run_folder / "stats.jsonl")
    page = TEMPLATE.read_text(encoding="utf-8")
    page = page.replace("{{name}}", html.escape(_title(run_folder)))
    content = {"curves": curves(lines), "sheets": _sheets(run_folder / "samples"), "warnings": _warnings(lines)}
    write_whole(run_folder / REPORT, page.replace("{{content}}", json.dumps(content).replace("<", "\\u003c")).encode())


def read_stats(file: Path) -> list[dict[str, Any]]:
    """The lines of `stats.jsonl` that are whole."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return [read for line in lines if (read := parse_line(line))]


def parse_line(line: str) -> dict[str, Any] | None:
    """One line of `stats.jsonl`; None where it was cut off."""
    try:
        read = json.loads(line)
    except ValueError:
        return None
    return read if isinstance(read, dict) and isinstance(read.get("step"), int) else None


def curves(lines: list[dict[str, Any]]) -> dict[str, list[list[float]]]:
    """Points (step, value) of every figure, in the order in which figures first appear."""
    found: dict[str, list[list[float]]] = {}
    for line in lines:
        for name, value in line.items():
            if name not in HIDDEN:
                found.setdefault(name, []).append([line["step"], value])
    return {name: points[:: 1 + len(points) // MOST_POINTS] for name, points in found.items()}


def _title(run_folder: Path) -> str:
    recipe = run_folder / "recipe.json"
    read = json.loads(recipe.read_text(encoding="utf-8")) if recipe.is_file() else {}
    return f"{read.get('title', run_folder.name)} · {read.get('objective', '')}".strip(" ·")


def _warnings(lines: list[dict[str, Any]]) -> list[str]:
    return [f"Step {line['step']}: {text}" for line in lines for text in line.get("warnings", [])]


def _sheets(folder: Path) -> list[list[str]]:
    """(step, data URI) of sample sheets, oldest first."""
    files = sorted(folder.glob("*.jpg"))
    every = 1 + max(0, len(files) - 1) // MOST_SHEETS
    picked = files[::-1][::every][::-1]  # the newest is always among them
    return [[file.stem.lstrip("0") or "0", _data_uri(file)] for file in picked]


def _data_uri(file: Path) -> str:
    small = picture.encode(picture.fit(picture.load(file), SHEET_PX), "jpeg", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(small).decode()
