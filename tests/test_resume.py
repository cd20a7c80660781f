"""Runs that are killed and disks that are full: nothing is lost, and a run ends with the weights of one that was left alone."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from impasto.errors import ImpastoError
from impasto.train import loop, report
from tests.test_objectives import assert_same_weights
from tests.training import write_one_style

KILLER = """
import os, signal, sys, time
from pathlib import Path
from impasto.train import loop
recipe, run = Path(sys.argv[1]), Path(sys.argv[2])
written = lambda: (run / loop.CHECKPOINT).stat().st_mtime_ns if (run / loop.CHECKPOINT).exists() else 0
for seconds in (0.0, 0.35, 0.2, None):  # how long after a new checkpoint the kill falls; the last one may finish
    before, child = written(), os.fork()  # forked, so that torch is imported once
    if child == 0:
        loop.train(recipe, run)
        sys.stdout.flush()
        os._exit(0)
    if seconds is not None:
        while written() == before:
            time.sleep(0.005)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    print("killed" if os.WIFSIGNALED(os.waitpid(child, 0)[1]) else "finished", flush=True)
"""


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_with_the_same_weights(tmp_path: Path) -> None:
    options = 'adversarial = "wasserstein"\npool = 3\nidentity = 0.0'
    recipe = write_one_style(tmp_path, "cyclegan", options=options, steps=20)
    done = subprocess.run([sys.executable, "-c", KILLER, recipe, tmp_path / "killed"], capture_output=True, text=True, check=True)
    loop.train(recipe, tmp_path / "left-alone")
    assert done.stdout.count("killed\n") == 3 and "finished\n" in done.stdout
    assert_same_weights(tmp_path / "left-alone", tmp_path / "killed")
    steps = [line["step"] for line in report.read_stats(tmp_path / "killed" / "stats.jsonl")]
    assert steps == sorted(steps)


@contextmanager
def no_file_larger_than(limit_bytes: int) -> Iterator[None]:
    """The system refuses to let any file grow beyond that, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_ends_the_run_with_a_sentence_and_the_last_checkpoint_intact(tmp_path: Path) -> None:
    loop.train(write_one_style(tmp_path, "content", options='content = "pixel"', steps=2), tmp_path / "run")
    before = (tmp_path / "run" / loop.CHECKPOINT).read_bytes()
    longer = write_one_style(tmp_path, "content", options='content = "pixel"', steps=4)
    with no_file_larger_than(len(before) // 2), pytest.raises(ImpastoError, match="checkpoint of step 4 cannot be written: File too large"):
        loop.train(longer, tmp_path / "run")
    assert (tmp_path / "run" / loop.CHECKPOINT).read_bytes() == before
    assert not (tmp_path / "run" / f"{loop.CHECKPOINT}.part").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_stop_saves_and_leaves(number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_one_style(tmp_path, "content", options='content = "pixel"', train="decay = 0.0", steps=100_000)
    started = tmp_path / "run" / loop.CHECKPOINT  # written after the second step, while the loop listens

    def ask() -> None:
        while not started.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    asking = threading.Thread(target=ask)
    asking.start()
    loop.train(recipe, tmp_path / "run")
    asking.join()
    step = loop.start(loop.recipes.read(recipe), tmp_path / "run").step
    assert 2 <= step < 100_000 and f"Saved at step {step}" in capsys.readouterr().out


def test_a_checkpoint_that_was_cut_off_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    recipe = write_one_style(tmp_path, "content", options='content = "pixel"', steps=2)
    loop.train(recipe, tmp_path / "run")
    whole = (tmp_path / "run" / loop.CHECKPOINT).read_bytes()
    (tmp_path / "run" / f"{loop.CHECKPOINT}.part").write_bytes(whole[: len(whole) // 2])
    assert loop.start(loop.recipes.read(recipe), tmp_path / "run").step == 2
    (tmp_path / "run" / loop.CHECKPOINT).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImpastoError, match="cannot be read"):
        loop.start(loop.recipes.read(recipe), tmp_path / "run")


def test_another_recipe_s_checkpoint_is_refused(tmp_path: Path) -> None:
    loop.train(write_one_style(tmp_path, "content", options='content = "pixel"', steps=1), tmp_path / "run")
    with pytest.raises(ImpastoError, match="another recipe"):
        loop.train(write_one_style(tmp_path, "cyclegan", steps=1), tmp_path / "run")


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_state(tmp_path: Path) -> None:
    recipe = write_one_style(tmp_path, "content", options='content = "pixel"', steps=2)
    loop.train(recipe, tmp_path / "run")
    good = (tmp_path / "run" / loop.CHECKPOINT).read_bytes()
    run = loop.start(loop.recipes.read(recipe), tmp_path / "run")
    pictures = loop.Pictures(run.recipe)
    with torch.no_grad():
        next(run.objective.shipped.parameters()).fill_(torch.nan)
    with pytest.raises(ImpastoError, match="no longer a number at step 2"):
        run.advance(pictures.batch(2))
    run.average.load_state_dict(run.objective.shipped.state_dict())
    with pytest.raises(ImpastoError, match="no longer a number"):
        run.save(tmp_path / "run")
    assert (tmp_path / "run" / loop.CHECKPOINT).read_bytes() == good
