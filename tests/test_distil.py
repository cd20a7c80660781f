"""A student that learns from a palette, and a run that begins from another one's weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from impasto import palette
from impasto.compress.export import export
from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.picture import from_array
from impasto.train import loop
from impasto.train.objectives.distil import Distil
from tests.training import RESNET, write_data, write_one_style

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with its palette, teacher.palette, beside its recipe."""
    recipe = write_data(tmp_path_factory.mktemp("taught"), steps=2)
    loop.train(recipe, recipe.parent / "run")
    export(recipe.parent / "run", recipe.parent / "teacher.palette")
    return recipe.parent


def student(folder: Path, change: str = 'objective = "distil"\nteacher = "teacher.palette"', steps: int = 30) -> Path:
    """The teacher's recipe for a wider student."""
    text = (folder / "toy.toml").read_text().replace('title = "Toy"\n', f'title = "Toy"\n{change}\n', 1)
    path = folder / f"student-{len(list(folder.glob('student-*')))}.toml"
    path.write_text(text.replace("width = [4, 8]", "width = [6, 8]").replace("steps = 2\n", f"steps = {steps}\ngenerator_rate = 4e-3\n"))
    return path


def test_the_student_comes_to_paint_like_its_teacher(teacher: Path) -> None:
    run = loop.start(loop.recipes.read(student(teacher)), teacher / "learning")
    pictures = loop.Pictures(run.recipe)
    losses = [float(run.advance(pictures.batch(0))["output"]) for _ in range(30)]
    assert losses[-1] < 0.6 * losses[0]
    assert set(run.optimisers) == {"generator"}


def test_the_teacher_paints_what_its_palette_paints(teacher: Path) -> None:
    objective = loop.make_objective(loop.recipes.read(student(teacher)))
    assert isinstance(objective, Distil)
    batch = loop.Pictures(loop.recipes.read(student(teacher))).batch(3)
    shown = objective.teacher.paint(batch)
    made = palette.read(teacher / "teacher.palette")
    look = Look(styles=((made.styles[int(batch.style[0])].name, 1.0),), strength=float(batch.bold[0]), brush=2 ** float(batch.brush[0]))
    engine = Engine(made)
    planes = torch.cat([batch.photos, batch.canvas], dim=1)[:1].numpy()
    expected = engine._open().run(planes, made.code(look))
    np.testing.assert_allclose(shown[:1].numpy(), expected, atol=1e-4)
    assert torch.equal(objective.shipped.codes.code(), objective.teacher.codes)
    assert engine.render(from_array(np.zeros((8, 8, 3), np.float32)), look).pixels.shape == (8, 8, 3)


def test_a_student_s_norms_stand_still_at_the_end_as_in_what_is_exported(teacher: Path, tmp_path: Path) -> None:
    path = write_one_style(tmp_path, "distil", generator=RESNET)
    taught = f'objective = "distil"\nteacher = "{teacher / "teacher.palette"}"'
    path.write_text(path.read_text().replace('objective = "distil"', taught))
    run = loop.start(loop.recipes.read(path), tmp_path / "run")
    pictures = loop.Pictures(run.recipe)
    seen = []
    for step in range(4):
        run.advance(pictures.batch(step))
        seen.append(run.objective.shipped.generator.stem.norm.running_mean.clone())  # type: ignore[union-attr]
    assert not torch.equal(seen[0], seen[1]) and torch.equal(seen[2], seen[3])  # frozen from 0.7 of 4 steps on


def test_a_student_without_a_teacher_is_refused(teacher: Path) -> None:
    with pytest.raises(ImpastoError, match="no teacher"):
        loop.make_objective(loop.recipes.read(student(teacher, 'objective = "distil"')))


def test_a_run_begins_from_another_one_s_weights(teacher: Path) -> None:
    path = teacher / "again.toml"
    path.write_text((teacher / "toy.toml").read_text().replace('title = "Toy"\n', 'title = "Toy"\nbegin_from = "run"\n', 1))
    begun = loop.start(loop.recipes.read(path), teacher / "again")
    state = torch.load(teacher / "run" / loop.CHECKPOINT, weights_only=True)
    for name, weight in begun.objective.state_dict().items():
        if name.startswith("judges."):
            assert torch.equal(weight, state["objective"][name]), name
    for name, weight in begun.average.state_dict().items():
        assert torch.equal(weight, state["average"][name]), name
    assert begun.step == 0


def test_a_run_that_has_nothing_in_common_is_refused(teacher: Path) -> None:
    torch.save({"objective": {}, "average": {}}, teacher / loop.CHECKPOINT)
    with pytest.raises(ImpastoError, match="no weights that fit"):
        loop.start(loop.recipes.read(student(teacher, 'begin_from = "."')), teacher / "nothing")
