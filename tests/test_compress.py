"""Compression as a whole: targets, the way to them, going on after a stop, and the page that shows what it cost."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impasto import palette
from impasto.backends import installed, open_backend
from impasto.cli import main
from impasto.compress import compression, judge, page, quantize, target
from impasto.compress.compression import Order, compress, cut_to
from impasto.compress.judge import Judge, scored
from impasto.compress.probes import levels_apart, paint, photos, probes
from impasto.compress.prune import Pruning
from impasto.compress.speed import fastest, race
from impasto.compress.target import Target, Yardstick, parse
from impasto.compress.tune import tune
from impasto.errors import ImpastoError
from impasto.palette import Palette
from impasto.train.data import Image
from impasto.train.loop import CHECKPOINT
from impasto.train.weights import generator_of
from impasto.variants import why_not
from tests import film

pytestmark = pytest.mark.slow


RECIPES = Path(__file__).parents[1] / "recipes"
SIZES_PX = (64, 128)  # that the page times here; its own take minutes where much else runs
FEWER = {
    judge: {"PHOTOS": 2},
    quantize: {"CALIBRATED_ON": 6, "JUDGED_ON": 3},
    compression: {"PRUNED_ON": 8, "SIZES_PX": SIZES_PX},
    target: {"PATIENT": 7},
}


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
    backend, taken = fastest(times["one"], 512)
    assert taken.wall_ms == min(found[512].wall_ms for found in times["one"].values())
    assert taken > times["one"][backend][64] and taken.processor_ms > times["one"][backend][64].processor_ms > 0


def test_timing_that_cannot_be_done_is_an_error_and_ends(original: Palette) -> None:
    with pytest.raises(ImpastoError, match="cannot be loaded"):
        race({"one": replace(original, model=b"nothing")}, (64,), runs=3)


def test_as_few_channels_go_as_the_target_asks_for(original: Palette, images: list[Image]) -> None:
    target = Target("macs", 0.7 * original.generator.macs_256)
    made = cut_to(Yardstick(target, original), original, images[:4], say=lambda _: None)
    steps = Pruning(generator_of(original), probes(original, images[:4], 26)).steps
    widths = [sum(map(len, step.values())) for step in steps]
    options = generator_of(made).options
    taken = widths.index(sum(options.width) + sum(options.inner_widths()))
    assert made.generator.macs_256 <= target.value < 0.999 * original.generator.macs_256
    assert 0 < taken < len(steps) - 1


def test_tuning_brings_the_paintings_back_and_goes_on_after_a_stop(
    original: Palette, original_path: Path, images: list[Image], tmp_path: Path
) -> None:
    yardstick = Yardstick(Target("macs", 0.6 * original.generator.macs_256), original)
    pruned = cut_to(yardstick, original, images[:4], say=lambda _: None)

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


def test_a_time_is_reached_by_way_of_the_whole_command_and_every_figure_of_it_stands_in_the_page(tmp_path: Path) -> None:
    """A target half-way between what the network takes and what the narrowest takes, both measured here."""
    large = film.make(film.network(replace(film.OPTIONS, width=(48, 96))))
    palette.write(large, tmp_path / "large.palette")
    first = Yardstick(Target("ms", 1, 192), large)
    narrow = first.measure(film.make(film.network(replace(film.OPTIONS, width=(8, 8)))))
    said: list[str] = []
    order = Order(tmp_path / "large.palette", Target("ms", (first.first + narrow) / 2, 192), tmp_path / "small.palette", steps=2)
    compression.Work(order, said.append).noted("first", lambda: first.first)  # measured again it might be less than the target, by luck
    small = compress(order, said.append)
    assert small.generator.macs_256 < large.generator.macs_256
    text = (tmp_path / "compression.html").read_text(encoding="utf-8")
    assert all(f"{name} {size_px}²" in text for name in installed() for size_px in (*SIZES_PX, 192))
    verdict = next(line for line in said if line.startswith("Asked for"))
    value = re.search(r"Measured at the end: ([\d.]+) ms at 192×192", verdict)
    row = re.search(r'<tr class="kept">.*?</tr>', text)
    assert value and row and f"{value[1]} ms" in row[0]
    assert verdict.endswith("that run: reached.") == (float(value[1]) <= round(order.target.value, 1)) or "missed" in verdict
    assert any("in turns: OpenVINO" in line and "times as long" in line for line in said)


def test_what_is_slower_in_int8_stays_float_and_the_page_says_why(original: Palette, original_path: Path, tmp_path: Path) -> None:
    """The decision is that of the times written down, whichever they are."""
    work = compression.Work(Order(original_path, Target("macs", 1e6), tmp_path / "small.palette"), say=lambda _: None)
    measured = {
        "INT8": {"float": {"openvino": (10.0, 9.0)}, "int8": {"openvino": (12.5, 9.9)}},
        "disturbed": {"float": {"openvino": (20.0, 9.0)}, "int8": {"openvino": (12.5, 9.9)}},
        "again": {"float": {"openvino": (10.0, 9.0)}, "int8": {"openvino": (5.0, 4.5)}},
    }
    (work.folder / "measured.json").write_text(json.dumps(measured))
    assert work.int8("INT8", original) is None
    assert work.remarks[0].endswith("OpenVINO 12.5 ms against 10.0, 1.25 times as long (1.10 of processor time).")
    assert "float is kept" in work.remarks[1] and why_not("int8") in work.remarks[1]
    assert work.int8("disturbed", original) is None
    kept = work.int8("again", original)
    assert kept is not None and kept.model != original.model


def test_a_kill_costs_no_stage_that_is_done(original: Palette, original_path: Path, tmp_path: Path) -> None:
    target = f"macs={0.75 * original.generator.macs_256 / 1e6:.3f}M"
    command = [sys.executable, "-m", "impasto", "compress", str(original_path), "--target", target, "--steps", "2"]
    command += ["-o", str(tmp_path / "small.palette")]
    folder = tmp_path / "small.compressing"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as killed:
        while not (folder / "pruned.palette").exists():
            assert killed.poll() is None
            time.sleep(0.02)
        killed.kill()
    done = {file: file.stat().st_mtime_ns for file in folder.glob("*.palette")}
    measured = json.loads((folder / "measured.json").read_text())
    assert main(command[3:]) == 0
    assert {file: file.stat().st_mtime_ns for file in done} == done
    again = json.loads((folder / "measured.json").read_text())
    assert {name: again[name] for name in measured} == measured
    assert palette.read(tmp_path / "small.palette").generator.macs_256 < original.generator.macs_256


def test_what_is_amiss_is_said_before_any_work(original: Palette, original_path: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "away.toml"
    recipe.write_text((RECIPES / "classics.toml").read_text().replace("../../shared/data", "nowhere"))
    few = replace(original, styles=original.styles[:1], thumbs={})
    palette.write(few, tmp_path / "few.palette")
    target = Target("macs", 1e6)
    for order, complaint in (
        (Order(original_path, target, tmp_path / "a.palette", recipe=recipe), "no pictures|no paintings"),
        (Order(original_path, target, tmp_path / "b.palette", teacher=tmp_path / "few.palette"), "has no style"),
        (Order(tmp_path / "no.palette", target, tmp_path / "c.palette"), "cannot be opened"),
        (Order(tmp_path, target, tmp_path / "d.palette"), "no checkpoint"),
    ):
        with pytest.raises(ImpastoError, match=complaint):
            compress(order, say=lambda _: None)
        assert not list(tmp_path.glob("*/INT8.palette"))


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


def test_what_cannot_be_reached_is_refused_with_the_nearest_that_can(
    original: Palette, original_path: Path, images: list[Image], tmp_path: Path
) -> None:
    with pytest.raises(ImpastoError, match=r"0\.0 million MACs .* cannot be reached: the smallest network takes \d") as refused:
        compress(Order(original_path, Target("macs", 1e3), tmp_path / "small.palette"), say=lambda _: None)
    nearest = re.search(r"--target (macs=[\d.]+M)", refused.value.hint)
    assert nearest
    yardstick = Yardstick(parse(nearest[1]), original)
    assert cut_to(yardstick, original, images[:4], say=lambda _: None).generator.macs_256 <= yardstick.target.value
    with pytest.raises(ImpastoError, match="already"):
        compress(Order(original_path, Target("macs", 1e12), tmp_path / "smaller.palette"), say=lambda _: None)
    assert not list(tmp_path.glob("*.palette"))


def test_a_network_that_cannot_be_pruned_is_refused(tiny_palette: Palette, images: list[Image]) -> None:
    with pytest.raises(ImpastoError, match="cannot be pruned"):
        cut_to(Yardstick(Target("macs", 1e3), tiny_palette), tiny_palette, images[:2], say=lambda _: None)


def test_the_page_shows_no_gain_that_was_not_measured(original: Palette, images: list[Image], tmp_path: Path) -> None:
    """Two equal stages: sizes are equal to the digit, and style is at no distance from itself."""
    same = replace(original, title="Same <again>")
    looking = Judge(original, images, None, scored(original))
    stages = {"original": original, "same": same}
    page.write(tmp_path / "page.html", stages, race(stages, SIZES_PX), same, looking, ["A <remark>."])
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Same &lt;again&gt;" in text and "A &lt;remark&gt;." in text
    row = re.search(r'<tr class="kept"><th scope="row">same</th>(.*?)</tr>', text)
    assert row and re.findall(r"÷ ([\d.]+)", row[1])[:2] == ["1.00", "1.00"]
    scores = looking.scores(looking.paint(same))
    assert abs(scores.style) < 1e-6 < looking.untouched.style
    assert np.isclose(looking.untouched.structure, 1) and scores.structure < 1
