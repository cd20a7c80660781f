"""The parts of compression: targets, times, cuts, tuning, and what the page may show."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impasto.backends import installed, open_backend
from impasto.compress import compression, page
from impasto.compress.compression import Order, compress, cut_to
from impasto.compress.judge import Judge, scored
from impasto.compress.probes import levels_apart, paint, probes
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
from tests.compress.conftest import SIZES_PX

pytestmark = pytest.mark.slow

RECIPES = Path(__file__).parents[2] / "recipes"


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
