"""Recipes: what is read is what was written, and whatever is wrong is named before any data is touched."""

from pathlib import Path

import pytest

from impasto.errors import ImpastoError
from impasto.train import recipe
from impasto.train.loop import make_objective
from impasto.train.objectives import OBJECTIVES

RECIPES = Path(__file__).parent.parent / "recipes"
STYLE = {"name": "a", "title": "A", "paintings": "a"}
WHOLE = {"name": "x", "title": "X", "styles": [STYLE]}


@pytest.mark.parametrize("path", sorted(RECIPES.rglob("*.toml")), ids=lambda path: path.relative_to(RECIPES).as_posix())
def test_the_shipped_recipes_make_their_objectives(path: Path) -> None:
    plan = recipe.read(path)
    if plan.teacher and not Path(plan.teacher).exists():
        with pytest.raises(ImpastoError, match="cannot be opened"):  # it is made by another recipe first
            make_objective(plan)
    else:
        assert set(make_objective(plan).groups()) == {"generator"} | ({"discriminator"} if plan.objective != "distil" else set())


def test_every_objective_has_a_small_and_a_full_size_recipe() -> None:
    for folder in (RECIPES, RECIPES / "gpu"):
        assert set(OBJECTIVES) <= {recipe.read(path).objective for path in folder.glob("*.toml")}


def test_a_resolved_recipe_reads_back_as_itself() -> None:
    first = recipe.build(recipe.Recipe, {**WHOLE, "generator": {"width": [4, 8, 8]}}, "recipe")
    assert recipe.parse(first.to_json()) == first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"styels": []}, "no field 'styels'"),
        ({"train": {"stepz": 5}}, "recipe.train has no field 'stepz'"),
        ({"train": {"steps": "many"}}, "recipe.train.steps"),
        ({"train": {"steps": True}}, "recipe.train.steps"),
        ({"data": {"photo_px": [1, 2, 3]}}, "recipe.data.photo_px"),
        ({"styles": [{"name": "a"}]}, "lacks title, paintings"),
        ({"train": {"precision": "int3"}}, "recipe.train: precision is 'int3'"),
        ({"train": {"devices": 0}}, "recipe.train: steps, save_every"),
        ({"data": {"crop_px": 8}}, "recipe.data: crops"),
        ({"train": 3}, "recipe.train must be a table"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ImpastoError, match=message.replace("[", r"\[")):
        recipe.build(recipe.Recipe, {**WHOLE, **change}, "recipe")


def test_the_nearest_field_is_suggested() -> None:
    with pytest.raises(ImpastoError) as caught:
        recipe.build(recipe.Recipe, {**WHOLE, "train": {"stepz": 5}}, "recipe")
    assert "'steps'" in caught.value.hint


def test_a_file_that_is_not_toml_or_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("name = ")
    for name in ("bad.toml", "missing.toml"):
        with pytest.raises(ImpastoError, match=name):
            recipe.read(tmp_path / name)
