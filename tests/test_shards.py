"""Two processes over gloo make the run that one makes: the same losses on the same batches, pool, penalty and style averages included."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from impasto.train import loop, report
from tests.training import write_data, write_one_style

TWO = 'devices = 2\nstrategy = "ddp"'


def cyclegan(folder: Path, train: str) -> Path:
    return write_one_style(folder, "cyclegan", options='pool = 3\nadversarial = "wasserstein"', train=train, steps=4)


def projected(folder: Path, train: str) -> Path:
    path = write_data(folder, steps=2)
    path.write_text(
        path.read_text()
        .replace("crops_per_style = 1", "crops_per_style = 2")
        .replace("scores = 0", f'scores = 0\nprecision = "32-true"\n{train}')
    )
    return path


@pytest.mark.slow
@pytest.mark.parametrize("make", [cyclegan, projected])
def test_two_processes_follow_the_curve_of_one(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    loop.train(make(folders[0], ""), folders[0] / "run")
    command = [sys.executable, "-m", "impasto", "train", make(folders[1], TWO), "--out", folders[1] / "run"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "distributed_backend=gloo" in done.stdout + done.stderr, done.stderr
    first, second = (report.read_stats(folder / "run" / "stats.jsonl")[0] for folder in folders)
    losses = [name for name in first if name not in ("seconds_per_step", "images_per_second", "accuracy")]
    assert [second[name] for name in losses] == pytest.approx([first[name] for name in losses], rel=2e-3, abs=2e-3)
    weights = [torch.load(folder / "run" / loop.CHECKPOINT, weights_only=True)["average"] for folder in folders]
    assert max(float((weights[0][name] - weights[1][name]).abs().max()) for name in weights[0]) < 1e-3
