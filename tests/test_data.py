"""Training data: the same step sees the same crops, bad files are skipped, and empty folders are refused."""

from pathlib import Path

import pytest
import torch

from impasto.errors import ImpastoError
from impasto.train import recipe
from impasto.train.data import Pictures, Sources, picture_files, split
from tests.training import write_data


def test_a_step_always_sees_the_same_batch(tmp_path: Path) -> None:
    pictures = Pictures(recipe.read(write_data(tmp_path)))
    first, again, other = pictures.batch(3), pictures.batch(3), pictures.batch(4)
    assert torch.equal(first.photos, again.photos) and torch.equal(first.paintings, again.paintings)
    assert not torch.equal(first.photos, other.photos)


def test_batches_have_the_promised_shapes_and_ranges(tmp_path: Path) -> None:
    batch = Pictures(recipe.read(write_data(tmp_path))).batch(0)
    assert batch.photos.shape == batch.paintings.shape == (2, 3, 64, 64)
    assert batch.photos.abs().max() <= 1 and batch.paintings.abs().max() <= 1
    assert sorted(batch.style.tolist()) == [0, 1]
    assert batch.brush.abs().max() <= 1 and 1 <= batch.bold.min() <= batch.bold.max() <= 1.5


def test_a_corrupt_file_is_skipped_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_data(tmp_path)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"no picture")
    assert len(Pictures(recipe.read(path)).photos) == 3
    assert "broken.jpg" in capsys.readouterr().out


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match="no pictures"):
        picture_files(tmp_path)


def test_only_large_collections_keep_paintings_apart() -> None:
    files = [Path(f"{index}.jpg") for index in range(24)]
    kept, apart = split(files, 8)
    assert len(kept) == 21 and len(apart) == 3 and not set(kept) & set(apart)
    assert split(files[:10], 8) == (files[:10], [])
    assert split(files, 0) == (files, [])


def test_sources_come_from_the_manifest(tmp_path: Path) -> None:
    made = recipe.read(write_data(tmp_path))
    (tmp_path / "MANIFEST.csv").write_text("file,author_title,licence\nstripes/0.png,Somebody / Stripes,public domain\n")
    assert Sources(made).of(made.styles[0]) == ("Somebody / Stripes (public domain)", "1 (licence unknown)", "2 (licence unknown)")
