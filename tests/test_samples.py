"""Sheets and first scores of what a run ships."""

from pathlib import Path

import pytest
import torch

from impasto.train import loop
from impasto.train.data import Pictures
from impasto.train.samples import Sampler, folded
from tests.training import write_data, write_one_style

CPU = torch.device("cpu")


def test_a_sheet_holds_photos_before_their_paintings_in_every_style_at_the_pictures_own_size(tmp_path: Path) -> None:
    run = loop.start(loop.recipes.read(write_data(tmp_path)), tmp_path / "run")
    sampler = Sampler(Pictures(run.recipe), scored=0)
    rows, figures = sampler.look(run.average, CPU)
    assert [len(row) for row in rows] == [3, 3, 3] and rows[0][0].shape == (3, 96, 96)
    assert all(torch.equal(row[0], photo) for row, photo in zip(rows, sampler.photos, strict=True))
    assert not torch.equal(rows[0][1], rows[0][2]) and set(figures) == {"variety"}


@pytest.mark.slow
def test_a_sheet_of_cyclegan_shows_the_way_back_and_scores_repeat(tmp_path: Path) -> None:
    run = loop.start(loop.recipes.read(write_one_style(tmp_path, "cyclegan")), tmp_path / "run")
    sampler = Sampler(Pictures(run.recipe), scored=2)
    rows, figures = sampler.look(run.average, CPU)
    assert [len(row) for row in rows] == [4, 4, 4]  # photo, painting, painting, photo
    assert torch.equal(rows[0][2], sampler.paintings[0])
    assert set(figures) == {"variety", "kid", "structure"} and 0 < figures["structure"] <= 1
    assert sampler.look(run.average, CPU)[1] == figures


def test_short_rows_come_side_by_side_until_the_sheet_is_wide() -> None:
    tile = torch.zeros(1)
    assert [len(row) for row in folded([[tile] * 2] * 8)] == [4] * 4
    assert [len(row) for row in folded([[tile] * 14] * 4)] == [14] * 4
    assert [len(row) for row in folded([[tile] * 2] * 3)] == [2] * 3


def test_every_picture_is_shown_once_where_there_are_few(tmp_path: Path) -> None:
    shown = Sampler(Pictures(loop.recipes.read(write_data(tmp_path))), scored=0).photos
    assert len(shown) == 3 and len({float(photo.sum()) for photo in shown}) == 3
