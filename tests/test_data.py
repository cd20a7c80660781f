"""Training data: the same step sees the same crops, bad files are skipped, and empty folders are refused."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto import picture
from impasto.errors import ImpastoError
from impasto.train import recipe
from impasto.train.data import Pictures, Sources, picture_files, read_all, split
from impasto.train.oddities import odd
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


def test_a_share_of_photos_becomes_what_people_drop(tmp_path: Path) -> None:
    plan = recipe.read(write_data(tmp_path))
    data = (dataclasses.replace(plan.data, odd=share, crops_per_style=8) for share in (0, 1))
    usual, dropped = (Pictures(dataclasses.replace(plan, data=each)).batch(0).photos for each in data)
    assert usual.shape == dropped.shape and dropped.min() >= -1 and dropped.max() <= 1
    changed = (usual - dropped).abs().amax((1, 2, 3)) > 0.01
    assert changed.float().mean() > 0.8  # a grey photo in black-and-white stays as it is


def test_what_people_drop_is_old_scans_too_little_or_too_much_light_and_what_is_no_photo() -> None:
    photo = torch.linspace(-1, 1, 3 * 64 * 64).reshape(3, 64, 64)
    made = [odd(photo, np.random.default_rng(seed)) for seed in range(200)]
    greys = [picture for picture in made if torch.equal(picture[0], picture[2]) and len(picture.unique()) > 1000]
    dim = [picture for picture in made if picture.max() < 0.1 and len(picture.unique()) > 10_000]
    pale = [picture for picture in made if picture.min() > -0.3 and len(picture.unique()) > 10_000]
    others = [picture for picture in made if len(picture.unique()) <= 256]
    assert min(len(kind) for kind in (greys, dim, pale, others)) > 25
    assert any(len(picture.flatten(1).unique(dim=1).T) == 1 for picture in others)  # a field of one colour


def test_a_corrupt_file_is_skipped_and_noted(tmp_path: Path) -> None:
    path = write_data(tmp_path)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"no picture")
    pictures = Pictures(recipe.read(path))
    assert len(pictures.photos) == 3 and [file.name for file in pictures.skipped] == ["broken.jpg"]


def test_pieces_of_a_batch_are_its_rows_in_order(tmp_path: Path) -> None:
    batch = Pictures(recipe.read(write_data(tmp_path))).batch(0)
    pieces = batch.cut(2)
    assert torch.equal(torch.cat([piece.paintings for piece in pieces]), batch.paintings)
    assert [piece.style.tolist() for piece in pieces] == [[style] for style in batch.style.tolist()]
    assert all(piece.offset == batch.offset for piece in pieces)
    with pytest.raises(ImpastoError, match="cannot be shared by 3"):
        batch.cut(3)


def test_very_large_pictures_are_reduced_when_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(picture.encode(picture.from_array(np.zeros((2000, 2400, 3), np.float32)), "jpeg"))
    read, _ = read_all([path])
    assert read[path].shape == (1600, 1920, 3)


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
