"""What a run leaves to read: the terminal, stats.jsonl, TensorBoard's events, report.html, and warnings in words."""

import io
import json
import re
from pathlib import Path

import pytest
import torch
from rich.console import Console
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from impasto.train import report
from impasto.train.health import PATIENCE, SIGNS, Health
from impasto.train.progress import EVENTS, STATS, Progress
from impasto.train.samples import variety

SHEET = [[torch.zeros(3, 8, 8), torch.ones(3, 8, 8)]]


def play(folder: Path, first_step: int = 0, steps: int = 4, console: Console | None = None) -> None:
    """A run of that many steps with a report every two and a sheet at the end."""
    with Progress(folder, first_step, steps, console=console) as progress:
        for step in range(first_step, steps):
            progress.add({"real": torch.tensor(float(step)), "accuracy": torch.tensor(0.5)}, pictures=3)
            if step % 2:
                progress.report(step + 1)
        progress.show(steps, SHEET, {"kid": 0.25})


def test_lines_hold_the_averages_since_the_last_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(tmp_path)
    lines = report.read_stats(tmp_path / STATS)
    assert [(line["step"], line.get("real"), line.get("kid")) for line in lines] == [(2, 0.5, None), (4, 2.5, None), (4, None, 0.25)]
    assert lines[0]["images_per_second"] > 0
    printed = capsys.readouterr().out
    assert "step 2/4" in printed and "images/s" in printed and "min left" in printed and "accuracy 0.500" in printed


def test_a_resumed_run_forgets_the_lines_it_will_write_again(tmp_path: Path) -> None:
    play(tmp_path)
    with (tmp_path / STATS).open("a") as out:
        out.write('{"step": 1, "rea')
    play(tmp_path, first_step=2)
    assert [line["step"] for line in report.read_stats(tmp_path / STATS)] == [2, 4, 4]


def test_a_terminal_shows_a_display_with_bar_speed_and_losses(tmp_path: Path) -> None:
    screen = io.StringIO()
    play(tmp_path, console=Console(file=screen, force_terminal=True, width=120))
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    assert "4/4" in shown and "images/s" in shown and "accuracy" in shown and "0.250" in shown


def test_only_the_leading_process_speaks_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(tmp_path, 0, 1, leading=False) as progress:
        progress.add({"real": torch.ones(())}, pictures=1)
        progress.report(1)
        progress.show(1, SHEET, {})
        progress.say("hello")
    assert list(tmp_path.iterdir()) == [] and capsys.readouterr().out == ""


def test_tensorboard_reads_the_events(tmp_path: Path) -> None:
    play(tmp_path)
    (file,) = (tmp_path / EVENTS).iterdir()
    read = [(event.step, value.tag) for event in EventFileLoader(str(file)).Load() for value in event.summary.value]
    assert {(2, "real"), (4, "real"), (4, "kid")} <= set(read)


def test_the_report_stands_alone_and_holds_curves_sheets_and_warnings(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps({"title": "A <b>", "objective": "cut"}))
    play(tmp_path)
    with (tmp_path / STATS).open("a") as out:
        out.write(json.dumps({"step": 4, "warnings": ["beware </script>"]}) + "\n")
    report.write(tmp_path)
    page = (tmp_path / report.REPORT).read_text(encoding="utf-8")
    assert "A &lt;b&gt; · cut" in page and not re.search(r'(src|href)="|https?://', page)
    content = json.loads(re.search(r'type="application/json">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert content["curves"]["real"] == [[2, 0.5], [4, 2.5]]
    assert content["sheets"][0][0] == "4" and content["sheets"][0][1].startswith("data:image/jpeg;base64,")
    assert content["warnings"] == ["Step 4: beware </script>"]


def test_a_discriminator_that_wins_outright_is_spoken_of_once_until_it_loses() -> None:
    health = Health()
    said = [health.look({"accuracy": 0.99}) for _ in range(2 * PATIENCE)]
    assert said[PATIENCE - 1] == [SIGNS["winner"]] and sum(map(len, said)) == 1
    assert health.look({"accuracy": 0.7}) == []
    assert [text for _ in range(PATIENCE) for text in health.look({"accuracy": 0.99})] == [SIGNS["winner"]]


def test_paintings_that_are_all_alike_are_spoken_of_once() -> None:
    health = Health()
    assert health.look({"variety": 0.8}) == []
    assert health.look({"variety": 0.05}) == [SIGNS["collapse"]]
    assert health.look({"accuracy": 0.7}) == [] and health.look({"variety": 0.05}) == []


def test_a_warning_reaches_the_terminal_and_the_statistics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(tmp_path, 0, 1) as progress:
        progress.show(1, SHEET, {"variety": 0.01})
    assert "Warning: The paintings look alike" in capsys.readouterr().out
    assert report.read_stats(tmp_path / STATS)[0]["warnings"] == [SIGNS["collapse"]]


def test_variety_is_one_for_the_photos_and_nought_for_one_painting() -> None:
    torch.manual_seed(0)
    photos = torch.randn(4, 3, 32, 32)
    assert variety(photos, photos) == pytest.approx(1, abs=1e-3)
    assert variety(photos[:1].expand(4, -1, -1, -1), photos) == 0
