"""Every objective through the real loop: both players move, a stopped run goes on bit for bit, its palette paints what torch paints."""

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
from impasto.train.objectives.contract import freeze_norms
from impasto.train.objectives.cut import patch_contrast
from impasto.train.objectives.cyclegan import ImagePool
from tests.training import FILM, RESNET, write_data, write_one_style

RUNS = (("content", FILM), ("cut", FILM), ("cyclegan", FILM), ("cyclegan", RESNET))


def checkpoint(run: Path) -> dict[str, dict[str, torch.Tensor]]:
    state: dict[str, dict[str, torch.Tensor]] = torch.load(run / loop.CHECKPOINT, weights_only=True)
    return state


def assert_same_weights(first: Path, second: Path) -> None:
    states = checkpoint(first), checkpoint(second)
    assert states[0]["step"] == states[1]["step"]
    for part in ("objective", "average"):
        for name, weight in states[0][part].items():
            assert torch.equal(weight, states[1][part][name]), name


@pytest.fixture(scope="module", params=RUNS, ids=lambda run: f"{run[0]}-{'resnet' if run[1] == RESNET else 'film'}")
def recipe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe with a small pool and a penalty, so that everything that must outlive a stop is there."""
    objective, network = request.param
    options = 'adversarial = "wasserstein"' + ("\npool = 3" if objective == "cyclegan" else "")
    return write_one_style(tmp_path_factory.mktemp(objective), objective, generator=network, options=options)


@pytest.fixture(scope="module")
def finished(recipe: Path) -> Path:
    """A run folder after four uninterrupted steps."""
    loop.train(recipe, recipe.parent / "whole")
    return recipe.parent / "whole"


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_with_the_same_weights(recipe: Path, finished: Path) -> None:
    half = loop.start(loop.recipes.read(recipe), recipe.parent / "halved")
    pictures = loop.Pictures(half.recipe)
    for step in range(2):
        half.advance(pictures.batch(step))
    half.save(recipe.parent / "halved")
    loop.train(recipe, recipe.parent / "halved")
    assert_same_weights(finished, recipe.parent / "halved")


@pytest.mark.slow
def test_both_players_move(recipe: Path, finished: Path) -> None:
    fresh = loop.start(loop.recipes.read(recipe), recipe.parent / "fresh").objective
    trained = checkpoint(finished)["objective"]
    for group, weights in fresh.groups().items():
        named = {name for name, weight in fresh.named_parameters() if any(weight is other for other in weights)}
        moved = {name for name in named if not torch.equal(trained[name], fresh.state_dict()[name])}
        still = {name for name in named - moved if not name.endswith(("brush_free", ".bias")) and fresh.state_dict()[name].numel()}
        assert not still, f"{group}: {still}"


@pytest.mark.slow
def test_the_palette_paints_what_torch_paints_and_strength_0_is_the_photo(finished: Path, tmp_path: Path) -> None:
    export(finished, tmp_path / "toy.palette")
    _, shipped, _ = loop.reopen(finished)
    photo = picture.from_array(np.random.default_rng(0).random((40, 56, 3)).astype(np.float32))
    names = {"": "stripes", "back": "photo"}
    for ending, painter in shipped.painters().items():
        made = palette.read(tmp_path / f"toy{'-' + ending if ending else ''}.palette")
        assert made.generator.receptive_field_px == painter.generator.receptive_field_px()
        assert made.styles[0].name == names[ending] and len(made.styles[0].sources) == 3
        engine = Engine(made)
        assert np.abs(engine.paint(photo, Look(strength=0)).pixels - photo.pixels).max() < 1e-6
        with torch.no_grad():
            tensor = torch.from_numpy(photo.pixels.copy()).permute(2, 0, 1)[None] * 2 - 1
            canvas = Canvas(tensor[0].numpy(), flow(photo.pixels)).laid(SMALLEST_STROKES)  # of a small picture
            expected = painter.paint(tensor, torch.from_numpy(canvas)[None])[0].permute(1, 2, 0).numpy()
        assert np.abs(engine.paint(photo, Look()).pixels - (expected + 1) / 2).max() < 2 / 255


def test_an_objective_with_one_style_refuses_several(tmp_path: Path) -> None:
    path = write_data(tmp_path)
    path.write_text('objective = "cyclegan"\n' + path.read_text())
    with pytest.raises(ImpastoError, match="one style"):
        loop.train(path, tmp_path / "run")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"options": 'adversarial = "magic"'}, "recipe.options"),
        ({"options": "cycel = 1"}, "cycel"),
        ({"generator": 'network = "transformer"'}, "recipe.generator.network"),
        ({"train": "accumulate = 3"}, "cannot be shared by 3"),
        ({"train": 'strategy = "magic"'}, "cannot train so"),
    ],
)
def test_wrong_options_are_named(change: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match=message):
        loop.train(write_one_style(tmp_path, "cyclegan", **change), tmp_path / "run")


def test_a_full_pool_gives_out_old_pictures_half_of_the_time_and_keeps_the_new() -> None:
    torch.manual_seed(0)
    pool = ImagePool(4, 2)
    pictures = torch.arange(200.0)[:, None, None, None].expand(-1, 3, 2, 2)
    given = pool.exchange(pictures)[:, 0, 0, 0]
    assert torch.equal(given[:4], torch.arange(4.0))  # while it fills, it gives what it takes
    old = int((given[4:] != torch.arange(4.0, 200.0)).sum())
    assert 75 < old < 120
    assert pool.pictures[:, 0, 0, 0].min() > 100
    assert torch.equal(ImagePool(0, 2).exchange(pictures), pictures)


def test_contrast_is_small_where_places_find_themselves_and_log_of_their_number_where_all_are_alike() -> None:
    apart, alike = torch.eye(8)[None], torch.ones(1, 8, 8) / 8**0.5
    assert float(patch_contrast(apart, apart, 0.07)) < 1e-4
    assert float(patch_contrast(apart, apart.flip(1), 0.07)) > 10
    assert float(patch_contrast(alike, alike, 0.07)) == pytest.approx(np.log(8), abs=1e-4)


def test_norms_stand_still_at_the_end_of_a_run(tmp_path: Path) -> None:
    run = loop.start(loop.recipes.read(write_one_style(tmp_path, "content", generator=RESNET)), tmp_path / "run")
    pictures = loop.Pictures(run.recipe)
    seen = []
    for step in range(4):
        run.advance(pictures.batch(step))
        seen.append(run.objective.shipped.generator.stem.norm.running_mean.clone())  # type: ignore[union-attr]
    assert not torch.equal(seen[0], seen[1]) and torch.equal(seen[2], seen[3])  # frozen from 0.7 of 4 steps on
    freeze_norms(run.objective, frozen=False)
    assert run.objective.shipped.generator.stem.norm.training  # type: ignore[union-attr]


def test_pieces_of_a_batch_make_the_same_step_as_the_whole(tmp_path: Path) -> None:
    losses = []
    for pieces in (1, 2):
        exact = f'accumulate = {pieces}\nprecision = "32-true"'  # in bfloat16 sums of pieces are rounded
        path = write_one_style(tmp_path, "content", train=exact, options='content = "pixel"')
        run = loop.start(loop.recipes.read(path), tmp_path / f"run{pieces}")
        pictures = loop.Pictures(run.recipe)
        steps = [run.advance(pictures.batch(step)) for step in range(3)]
        losses.append([float(value) for step in steps for name, value in step.items() if name != "accuracy"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3, abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("objective", "network"), [("content", FILM), ("cut", RESNET), ("cyclegan", RESNET)])
def test_bfloat16_makes_a_step_and_keeps_weights_in_float32(objective: str, network: str, tmp_path: Path) -> None:
    path = write_one_style(
        tmp_path, objective, generator=network, options='adversarial = "wasserstein"', train='precision = "bf16-mixed"', steps=2
    )
    run = loop.start(loop.recipes.read(path), tmp_path / "run")
    losses = run.advance(loop.Pictures(run.recipe).batch(0))
    assert all(torch.isfinite(loss) for loss in losses.values())
    assert {weight.dtype for weight in run.objective.parameters()} == {torch.float32}
