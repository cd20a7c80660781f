"""The loop with the real objective on a toy data set: it resumes exactly, refuses nonsense and exports a palette that paints."""

from pathlib import Path

import numpy as np
import pytest
import torch

from impasto import palette, picture
from impasto.canvas import Canvas, flow
from impasto.compress.export import export
from impasto.engine import SMALLEST_STROKES, Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.train import loop
from tests.training import write_data

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder after four uninterrupted steps."""
    root = tmp_path_factory.mktemp("toy")
    loop.train(write_data(root), root / "run")
    return root / "run"


def test_a_run_that_was_stopped_ends_with_the_same_weights(finished: Path, tmp_path: Path) -> None:
    loop.train(write_data(tmp_path, steps=2), tmp_path / "run")
    recipe = write_data(tmp_path, steps=4)
    # The learning rate depends on the number of steps, so the first half must already know the whole.
    (tmp_path / "run" / loop.CHECKPOINT).unlink()
    half = loop.start(loop.recipes.read(recipe), tmp_path / "run")
    pictures = loop.Pictures(half.recipe)
    for step in range(2):
        half.advance(pictures.batch(step))
    half.save(tmp_path / "run")
    loop.train(recipe, tmp_path / "run")
    states = [torch.load(folder / loop.CHECKPOINT, weights_only=True) for folder in (finished, tmp_path / "run")]
    assert states[0]["step"] == states[1]["step"] == 4
    for part in ("objective", "average"):
        for name, weight in states[0][part].items():
            assert torch.equal(weight, states[1][part][name]), name


def test_both_players_move(finished: Path) -> None:
    fresh = loop.Run(loop.recipes.parse((finished / loop.RECIPE).read_text()), loop.Fabric(accelerator="cpu", devices=1))
    trained = torch.load(finished / loop.CHECKPOINT, weights_only=True)["objective"]
    moved = {name.split(".")[0] for name, weight in fresh.objective.state_dict().items() if not torch.equal(weight, trained[name])}
    assert moved == {"shipped", "judges", "seen"}


def test_a_dry_run_prints_the_recipe_and_touches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loop.train(write_data(tmp_path), tmp_path / "run", dry_run=True)
    assert '"code_length": 8' in capsys.readouterr().out and not (tmp_path / "run").exists()


def test_an_unknown_objective_is_refused(tmp_path: Path) -> None:
    path = write_data(tmp_path)
    path.write_text('objective = "magic"\n' + path.read_text())
    with pytest.raises(ImpastoError, match="magic"):
        loop.train(path, tmp_path / "run")


def test_a_folder_without_a_checkpoint_cannot_be_exported(tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match="no checkpoint"):
        export(tmp_path, tmp_path / "x.palette")


def test_the_exported_palette_paints_what_torch_paints(finished: Path, tmp_path: Path) -> None:
    export(finished, tmp_path / "toy.palette")
    made = palette.read(tmp_path / "toy.palette")
    assert [style.name for style in made.styles] == ["stripes", "dots"] and set(made.thumbs) == {"stripes", "dots"}
    _, painter, _ = loop.reopen(finished)
    photo = picture.from_array(np.random.default_rng(0).random((40, 56, 3)).astype(np.float32))
    painted = Engine(made).paint(photo, Look(styles=(("dots", 1.0),), brush=2.0)).pixels
    with torch.no_grad():
        tensor = torch.from_numpy(photo.pixels.copy()).permute(2, 0, 1)[None] * 2 - 1
        canvas = torch.from_numpy(Canvas(tensor[0].numpy(), flow(photo.pixels)).laid(2.0 * SMALLEST_STROKES))[None]  # of a small picture
        one = torch.ones(1, 1)
        expected = painter(tensor, canvas, torch.tensor([1]), one, one)
    assert np.abs(painted - (expected[0].permute(1, 2, 0).numpy() + 1) / 2).max() < 2 / 255
