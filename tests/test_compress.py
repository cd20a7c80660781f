"""Compression as a whole: targets, the way to them, going on after a stop, and the page that shows what it cost."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impasto import palette
from impasto.backends import installed, open_backend
from impasto.cli import main
from impasto.compress import compression, judge, page, quantize
from impasto.compress.compression import Order, compress, cut_to
from impasto.compress.judge import Judge
from impasto.compress.probes import levels_apart, paint, photos, probes
from impasto.compress.prune import Pruning
from impasto.compress.speed import fastest, race
from impasto.compress.target import Target, parse
from impasto.compress.tune import tune
from impasto.errors import ImpastoError
from impasto.palette import Palette
from impasto.train.data import Image
from impasto.train.loop import CHECKPOINT
from impasto.train.weights import generator_of
from tests import film

pytestmark = pytest.mark.slow


SIZES_PX = (64, 128)  # that the page times here; its own take minutes where much else runs
FEWER = {page: {"SIZES_PX": SIZES_PX}, judge: {"PHOTOS": 2}, quantize: {"CALIBRATED_ON": 12, "JUDGED_ON": 6}, compression: {"PRUNED_ON": 8}}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is done, on fewer photos."""
    for module, figures in FEWER.items():
        for name, value in figures.items():
            monkeypatch.setattr(module, name, value)


@pytest.fixture(scope="module")
def original() -> Palette:
    return film.make(film.network())


@pytest.fixture(scope="module")
def original_path(original: Palette, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "original.palette"
    palette.write(original, path)
    return path


@pytest.fixture(scope="module")
def images() -> list[Image]:
    return photos(None)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("ms=20@512", Target("ms", 20, 512)),
        ("ms=7.5@1024", Target("ms", 7.5, 1024)),
        ("macs=1.4G", Target("macs", 1.4e9)),
        ("macs=90M", Target("macs", 9e7)),
        ("size=300kB", Target("size", 3e5)),
    ],
)
def test_targets_are_read(text: str, target: Target) -> None:
    assert parse(text) == target


@pytest.mark.parametrize("text", ["", "ms=20", "fps=30", "ms=0@512", "ms=1.2.3@512", "ms=20@9000", "size=300", "macs=-1G"])
def test_other_targets_are_refused(text: str) -> None:
    with pytest.raises(ImpastoError):
        parse(text)


def test_all_networks_are_timed_beside_each_other(original: Palette) -> None:
    times = race({"one": original, "other": original}, (64, 512), runs=3)
    assert {name: set(found) for name, found in times.items()} == {name: set(installed()) for name in ("one", "other")}
    backend, milliseconds = fastest(times["one"], 512)
    assert milliseconds == min(found[512] for found in times["one"].values()) > times["one"][backend][64]


def test_as_few_channels_go_as_the_target_asks_for(original: Palette, images: list[Image]) -> None:
    target = Target("macs", 0.7 * original.generator.macs_256)
    made = cut_to(target, original, images[:4], say=lambda _: None)
    steps = Pruning(generator_of(original), probes(original, images[:4], 26)).steps
    widths = [sum(map(len, step.values())) for step in steps]
    options = generator_of(made).options
    taken = widths.index(sum(options.width) + sum(options.inner_widths()))
    assert target.measure(made) <= target.value < 0.999 * original.generator.macs_256
    assert 0 < taken < len(steps) - 1


def test_tuning_brings_the_paintings_back_and_goes_on_after_a_stop(
    original: Palette, original_path: Path, images: list[Image], tmp_path: Path
) -> None:
    pruned = cut_to(Target("macs", 0.6 * original.generator.macs_256), original, images[:4], say=lambda _: None)

    def stop() -> None:
        while not (tmp_path / "tuning" / "tensorboard").exists():
            time.sleep(0.05)
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGINT)

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(KeyboardInterrupt):
        tune(pruned, original_path, tmp_path / "tuning", images, 100_000)
    stopper.join()
    assert (tmp_path / "tuning" / CHECKPOINT).is_file()
    tuned = tune(pruned, original_path, tmp_path / "tuning", images, 15)
    tried = probes(original, images[:4], 6)
    wanted = paint(open_backend("onnxruntime", original.model), tried)

    def apart(made: Palette) -> float:
        return levels_apart(paint(open_backend("onnxruntime", made.model), probes(made, images[:4], 6)), wanted, tried)

    assert apart(tuned) < apart(pruned)
    assert tuned.generator == pruned.generator
    assert [style.name for style in tuned.styles] == [style.name for style in original.styles]


def test_from_the_command_line(original: Palette, original_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "small.palette"
    target = 0.75 * original.generator.macs_256 / 1e6
    command = ["compress", str(original_path), "--target", f"macs={target:.3f}M", "--steps", "2", "-o", str(output)]
    assert main(command) == 0
    small = palette.read(output)
    assert small.generator.macs_256 <= target * 1e6
    assert set(small.thumbs) == set(original.thumbs)
    text = (tmp_path / "compression.html").read_text(encoding="utf-8")
    for word in (
        "original",
        "pruned",
        "tuned",
        "INT8",
        *installed(),
        *(f"{size_px}²" for size_px in SIZES_PX),
        "reached",
        "data:image/jpeg",
    ):
        assert word in text
    assert not re.findall(r"(?:src|href)=\"(?!data:)", text)
    stages = {file: file.stat().st_mtime_ns for file in (tmp_path / "small.compressing").glob("*.palette")}
    assert {file.stem for file in stages} >= {"original", "INT8", "pruned", "tuned"}

    capsys.readouterr()
    assert main(command) == 0
    assert "Stage:" not in capsys.readouterr().out
    assert {file: file.stat().st_mtime_ns for file in stages} == stages
    assert main([*command[:-1], str(tmp_path / "other.palette"), "--steps", "0"]) == 2
    assert main([*command, "--steps", "3"]) == 2
    assert "another order" in capsys.readouterr().err


def test_a_student_that_is_small_enough_is_kept_and_stands_beside_its_teacher(
    original: Palette, original_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    student = film.make(film.network(replace(film.OPTIONS, width=(8, 16)), seed=2))
    palette.write(student, tmp_path / "student.palette")
    command = ["compress", str(tmp_path / "student.palette"), "--target", f"macs={student.generator.macs_256}", "-o"]
    assert main([*command, str(tmp_path / "alone.palette")]) == 2
    assert "already" in capsys.readouterr().err
    assert main([*command, str(tmp_path / "small.palette"), "--teacher", str(original_path)]) == 0
    assert palette.read(tmp_path / "small.palette").model == student.model
    text = (tmp_path / "compression.html").read_text(encoding="utf-8")
    rows = dict(re.findall(r'<th scope="row">(teacher|student)</th><td>([\d,]+)<small>', text))
    assert rows == {"teacher": f"{original.generator.parameters:,}", "student": f"{student.generator.parameters:,}"}
    assert f"÷ {original.generator.macs_256 / student.generator.macs_256:.2f}" in text


def test_what_cannot_be_reached_is_refused_with_the_best_there_is(original_path: Path, tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match=r"0\.0 million MACs .* cannot be reached: the smallest network takes \d"):
        compress(Order(original_path, Target("macs", 1e3), tmp_path / "small.palette"), say=lambda _: None)
    with pytest.raises(ImpastoError, match="already"):
        compress(Order(original_path, Target("macs", 1e12), tmp_path / "smaller.palette"), say=lambda _: None)
    assert not list(tmp_path.glob("*.palette"))


def test_a_network_that_cannot_be_pruned_is_refused(tiny_palette: Palette, images: list[Image]) -> None:
    with pytest.raises(ImpastoError, match="cannot be pruned"):
        cut_to(Target("macs", 1e3), tiny_palette, images[:2], say=lambda _: None)


def test_the_page_shows_no_gain_that_was_not_measured(original: Palette, images: list[Image], tmp_path: Path) -> None:
    """Two equal stages: sizes are equal to the digit, and style is at no distance from itself."""
    same = replace(original, title="Same <again>")
    looking = Judge(original, images, None)
    page.write(tmp_path / "page.html", {"original": original, "same": same}, same, looking, ["A <remark>."])
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Same &lt;again&gt;" in text and "A &lt;remark&gt;." in text
    row = re.search(r'<tr class="kept"><th scope="row">same</th>(.*?)</tr>', text)
    assert row and re.findall(r"÷ ([\d.]+)", row[1])[:2] == ["1.00", "1.00"]
    scores = looking.scores(looking.paint(same))
    assert abs(scores.style) < 1e-6 < looking.untouched.style
    assert np.isclose(looking.untouched.structure, 1) and scores.structure < 1
