"""What is said of the pictures before the first step, and what is refused before anything is trained."""

import shutil
from pathlib import Path

import pytest

from impasto.errors import ImpastoError
from impasto.train import loop, recipe, survey
from impasto.train.data import Pictures
from tests.training import write_data


def test_the_summary_counts_sizes_duplicates_licences_and_what_was_skipped(tmp_path: Path) -> None:
    path = write_data(tmp_path)
    shutil.copy(tmp_path / "dots" / "0.png", tmp_path / "dots" / "again.png")
    (tmp_path / "dots" / "LICENSE.txt").write_text("CC0")
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"no picture")
    photos, stripes, dots, skipped = survey.describe(Pictures(recipe.read(path))).splitlines()
    assert photos.startswith("photos: 3 pictures, short sides 96 to 96 px") and "1 skipped" in photos
    assert "no licence file" in stripes and "duplicates" not in stripes
    assert dots.startswith("style dots: 4 pictures") and "1 duplicates" in dots and "licence file LICENSE.txt" in dots
    assert skipped.startswith("  skipped photos/broken.jpg: ")


def test_too_few_pictures_are_refused_before_training(tmp_path: Path) -> None:
    path = write_data(tmp_path)
    (tmp_path / "dots" / "0.png").unlink()
    with pytest.raises(ImpastoError, match="only 2 usable pictures for style dots"):
        loop.train(path, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_pictures_that_cannot_be_read_do_not_count(tmp_path: Path) -> None:
    path = write_data(tmp_path)
    (tmp_path / "dots" / "0.png").write_bytes(b"no picture")
    with pytest.raises(ImpastoError, match="only 2 usable pictures"):
        loop.train(path, tmp_path / "run")
    assert not (tmp_path / "run" / loop.CHECKPOINT).exists()


def test_the_same_folder_twice_is_refused(tmp_path: Path) -> None:
    path = write_data(tmp_path)
    path.write_text(path.read_text().replace('paintings = "dots"', 'paintings = "./stripes/../photos"'))
    with pytest.raises(ImpastoError, match="twice, as photos and as style dots"):
        loop.train(path, tmp_path / "run")


def test_a_disk_without_room_is_refused(tmp_path: Path) -> None:
    survey.check_space(tmp_path / "new", 1000)
    with pytest.raises(ImpastoError, match="MiB are free"):
        survey.check_space(tmp_path / "new", 10**18)
