"""`impasto evaluate`: figures that repeat, that know the photo from the painting, and that a palette keeps."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto import palette, picture
from impasto.cli import main
from impasto.measure.evaluation import Evaluation, evaluate, mean_lab, psnr
from tests.conftest import make_pixels


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Photos, and paintings that are striped and red."""
    root = tmp_path_factory.mktemp("folders")
    for index in range(3):
        pixels = make_pixels(120, 90, seed=index) / 255
        red = np.clip(pixels + np.array([0.2, -0.2, -0.2]), 0, 1) * (np.arange(90) % 6 > 2)[:, None, None]
        for name, made in (("photos", pixels), ("paintings", red))[index == 2 :]:  # two photos, three paintings
            (root / name).mkdir(exist_ok=True)
            (root / name / f"{index}.png").write_bytes(picture.encode(picture.from_array(made.astype(np.float32)), "png"))
    (root / "photos" / "broken.jpg").write_bytes(b"no picture")
    return root / "photos", root / "paintings"


@pytest.fixture(scope="module")
def found(tiny_palette: palette.Palette, folders: tuple[Path, Path]) -> Evaluation:
    return evaluate(tiny_palette, *folders, style="red")


@pytest.mark.slow
def test_the_untouched_photos_are_the_photos(found: Evaluation) -> None:
    assert (found.photos, found.paintings) == (2, 3)
    assert (found.untouched.structure, found.untouched.perceptual, found.untouched.colour_shift) == (1.0, 0.0, 0.0)
    assert found.painted.structure < 1 and found.painted.perceptual > 0.001 and found.painted.colour_shift > 10
    assert found.identity_psnr > 90


@pytest.mark.slow
def test_a_palette_that_paints_nothing_scores_as_the_untouched_photos(
    tiny_palette_path: Path, folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    photos = str(folders[0])
    assert main(["evaluate", str(tiny_palette_path), "--photos", photos, "--paintings", photos, "--style", "mono"]) == 0
    rows = dict(re.findall(r"^(\w+) +(.*)$", capsys.readouterr().out, re.MULTILINE))
    painted, untouched = map(float, rows["frechet"].split())
    assert untouched == pytest.approx(0, abs=1e-4)
    assert painted > 0.01


@pytest.mark.slow
def test_the_command_finds_the_same_figures_prints_json_and_writes_the_scores(
    tiny_palette: palette.Palette, found: Evaluation, folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tiny.palette"
    palette.write(tiny_palette, path)
    asked = ["evaluate", str(path), "--photos", str(folders[0]), "--paintings", str(folders[1]), "--style", "red"]
    assert main([*asked, "--write", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == asdict(found)
    scores = palette.read(path).style("red").scores
    assert scores["kid"] == found.painted.kid and scores["photos"] == 2
    assert palette.read(path).style("mono").scores == {"kid": 0.5}


@pytest.mark.parametrize(("style", "message"), [(None, "has 3 styles"), ("blue", "no style named")])
def test_what_cannot_be_measured_is_refused(
    style: str | None, message: str, tiny_palette_path: Path, folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    named = [] if style is None else ["--style", style]
    assert main(["evaluate", str(tiny_palette_path), "--photos", str(folders[0]), "--paintings", str(folders[1]), *named]) == 2
    assert message in capsys.readouterr().err


def test_psnr_and_mean_colours_are_those_known_by_hand() -> None:
    grey = torch.zeros(3, 4, 4)
    assert psnr([grey], [grey + 0.2]) == pytest.approx(20)
    assert mean_lab(torch.ones(3, 4, 4)) == pytest.approx([100, 0, 0], abs=0.01)
    assert mean_lab(torch.tensor([1.0, -1, -1])[:, None, None].expand(3, 2, 2)) == pytest.approx([53.24, 80.09, 67.2], abs=0.05)
