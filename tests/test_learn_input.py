"""What `impasto learn` is given: the pictures, the photos to practise on, the place to write to. All is answered before learning starts."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impasto import picture
from impasto.cli import main
from impasto.errors import ImpastoError
from impasto.train import examples, learn, practice
from impasto.train.learned import Naming


def save(path: Path, width: int, height: int) -> Path:
    noise = np.random.default_rng(width).random((height, width, 3)).astype(np.float32)
    path.write_bytes(picture.encode(picture.from_array(noise), "png"))
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of a good picture, a large one, a small one, a damaged one and a text."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    save(folder / "good.png", 80, 70)
    save(folder / "large.png", 900, 1000)
    save(folder / "small.png", 20, 20)
    (folder / "damaged.png").write_bytes((folder / "good.png").read_bytes()[:500])
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_what_cannot_be_used_is_left_out_and_named(pictures: Path) -> None:
    found = examples.gather([pictures])
    assert found.names == ("good.png", "large.png")
    assert [image.shape for image in found.images] == [(70, 80, 3), (800, 720, 3)]
    assert "damaged" in found.skipped["damaged.png"]
    assert "20×20" in found.skipped["small.png"]
    assert not any(str(pictures) in reason for reason in found.skipped.values())
    assert found.digest == examples.gather([pictures / "good.png", pictures / "large.png"]).digest


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(ImpastoError, match=r"no pictures in .* one picture is enough"):
        examples.gather([tmp_path])


@pytest.mark.parametrize(("name", "why"), [("small.png", "20×20 pixels small"), ("damaged.png", "damaged"), ("notes.txt", "not a picture")])
def test_nothing_usable_says_why(pictures: Path, name: str, why: str) -> None:
    with pytest.raises(ImpastoError, match=why):
        examples.gather([pictures / name])


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match="There is no"):
        examples.gather([tmp_path / "nowhere.jpg"])


def test_too_much_is_refused_before_it_is_read(pictures: Path, tmp_path: Path) -> None:
    huge = tmp_path / "huge.tiff"
    with huge.open("wb") as file:
        file.truncate(500 * 2**20)
    with pytest.raises(ImpastoError, match=r"500 MiB.*make them smaller first"):
        examples.gather([huge])
    with pytest.raises(ImpastoError, match="201 pictures"):
        examples.gather([pictures / "good.png"] * 201)


@pytest.fixture
def lesson(pictures: Path, tmp_path: Path) -> learn.Lesson:
    return learn.Lesson([pictures], Naming("Mine"), tmp_path / "mine.palette", steps=1)


def refused(lesson: learn.Lesson) -> str:
    """The message; nothing may have been said, told or made."""
    with pytest.raises(ImpastoError) as caught:
        learn.learn(lesson, pytest.fail, lambda report: pytest.fail(str(report)))
    assert not lesson.output.with_suffix(".learning").exists()
    assert caught.value.hint
    return caught.value.message


def test_a_place_that_will_not_do_is_refused(lesson: learn.Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "does not end with .palette" in refused(replace(lesson, output=tmp_path / "mine.onnx"))
    assert "no folder" in refused(replace(lesson, output=tmp_path / "none" / "mine.palette"))
    (tmp_path / "kept.palette").write_bytes(b"dear to somebody")
    assert "there already" in refused(replace(lesson, output=tmp_path / "kept.palette"))
    assert (tmp_path / "kept.palette").read_bytes() == b"dear to somebody"
    monkeypatch.setattr(learn, "NEEDED_MIB", 2**40)
    assert "MiB are free" in refused(lesson)


def test_a_preview_that_is_no_picture_is_refused(lesson: learn.Lesson, pictures: Path) -> None:
    assert "not a picture" in refused(replace(lesson, preview=pictures / "notes.txt"))


def test_the_preview_follows_the_photo_that_is_put_in_its_place(tmp_path: Path) -> None:
    sitter = learn.Sitter(save(tmp_path / "photo.png", 70, 40))
    assert sitter.photo().shape == (40, 70, 3)
    save(tmp_path / "photo.png", 90, 30)
    assert sitter.photo().shape == (30, 90, 3)
    (tmp_path / "photo.png").write_bytes(b"half a pict")
    assert sitter.photo().shape == (30, 90, 3)
    (tmp_path / "photo.png").unlink()
    assert sitter.photo().shape == (30, 90, 3)


def test_a_palette_that_cannot_learn_is_refused(tiny_palette_path: Path, lesson: learn.Lesson, pictures: Path) -> None:
    only = replace(lesson, source=tiny_palette_path, pictures=[pictures / "good.png"])
    assert "not one that can learn" in refused(only)


@pytest.mark.parametrize(("title", "name"), [("Étude 1", "etude-1"), ("星夜", "learned"), ("  My  Style! ", "my-style")])
def test_a_title_becomes_a_name(title: str, name: str) -> None:
    assert Naming(title).name == name


@pytest.mark.parametrize("title", ["", "   ", "x" * 61])
def test_a_title_that_is_none_is_refused(title: str) -> None:
    with pytest.raises(ImpastoError, match="letters"):
        Naming(title)


def test_made_up_photos_depend_on_the_seed_alone() -> None:
    first, again, other = (practice.scene(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.std() > 20  # not one colour


def test_the_command_complains_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", str(tmp_path), "--name", "Mine", "-o", str(tmp_path / "mine.palette")]) == 2
    assert capsys.readouterr().err.startswith("Error: There are no pictures in")


def test_without_torch_the_command_names_the_mending_one(tmp_path: Path) -> None:
    code = "import sys; sys.modules['torch'] = None; from impasto.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "learn", "x.png", "--name", "Mine", "-o", str(tmp_path / "mine.palette")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert 'pip install "impasto[train]"' in done.stderr


@pytest.mark.parametrize(
    ("colours", "strokes", "words"),
    [
        (1.0, 1.0, "finding colours, strokes to come"),
        (0.5, 0.8, "colours found, strokes forming"),
        (0.3, 0.5, "colours found, strokes formed"),
    ],
)
def test_progress_is_said_in_words(colours: float, strokes: float, words: str) -> None:
    assert learn.words(colours, strokes) == words
    assert learn.Report(9, 0.25, 40, 80, words, colours, strokes).line() == f"40 s  {words}; 1 min 20 s left"
