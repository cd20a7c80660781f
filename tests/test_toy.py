"""CycleGAN on two made domains whose mapping is known, judged by exact figures and by a classifier that saw none of it."""

from pathlib import Path

import pytest
import torch

from impasto.train import loop
from impasto.train.data import canvases_under
from tests import toy

STEPS = 900


@pytest.mark.slow
def test_cyclegan_learns_a_known_mapping_and_its_inverse(tmp_path: Path) -> None:
    loop.train(toy.write(tmp_path, STEPS), tmp_path / "run")
    _, shipped, _ = loop.reopen(tmp_path / "run")
    painters = shipped.painters()
    scenes = [toy.scene(8000 + seed) for seed in range(64)]
    photos, truth = toy.tensors(scenes), toy.tensors([toy.target(scene) for scene in scenes])
    judge = toy.classifier()
    with torch.no_grad():
        painted = painters[""].paint(photos, canvases_under(photos))
        again = painters["back"].paint(painted, canvases_under(painted))
        striped = float((judge(painted) > 0).float().mean())
        assert float((judge(truth) > 0).float().mean()) > 0.98 and float((judge(photos) > 0).float().mean()) < 0.02
    print(
        f"cycle {toy.psnr(again, photos):.1f} dB, {100 * striped:.0f} % striped, {toy.psnr(painted, truth):.1f} dB from the known mapping"
    )
    assert toy.psnr(again, photos) > 25
    assert striped >= 0.9
    assert toy.psnr(painted, truth) > 18
