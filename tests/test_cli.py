"""The commands, as a person or a program calls them, on the tiny palette."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto import look, palette, picture
from impasto.cli import main
from impasto.files import write_whole
from tests.conftest import make_pixels

IMPASTO = [sys.executable, "-m", "impasto"]


@pytest.fixture
def photo_path(tmp_path: Path) -> Path:
    path = tmp_path / "holiday.png"
    Image.fromarray(make_pixels(67, 45)).save(path)
    return path


@pytest.fixture
def paint(tiny_palette_path: Path):
    """`impasto paint` with the tiny palette; returns the exit code."""
    return lambda *arguments: main(["paint", "--palette", str(tiny_palette_path), *map(str, arguments)])


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_paint_writes_beside_the_photo_under_the_name_of_the_style(paint, photo_path: Path, capsys) -> None:
    assert paint(photo_path) == 0
    assert files(photo_path.parent) == {"holiday.png", "holiday.red.png"}
    assert paint(photo_path, "--style", "red:2,mono") == 0
    assert "holiday.red+mono.png" in files(photo_path.parent)
    assert str(photo_path.with_name("holiday.red.png")) in capsys.readouterr().out


def test_paint_is_the_engine_s_render(paint, photo_path: Path, tiny_engine) -> None:
    out = photo_path.with_name("out.png")
    assert paint(photo_path, "-o", out, "--style", "stripes", "--saturation", "0.5", "--hue", "-30") == 0
    expected = tiny_engine.render(picture.load(photo_path), look.Look(styles="stripes", saturation=0.5, hue=-30))
    assert np.array_equal(pixels(out), np.asarray(picture.to_pil(expected)))


def test_strength_0_gives_the_photo_back_exactly(paint, photo_path: Path) -> None:
    out = photo_path.with_name("out.png")
    assert paint(photo_path, "-o", out, "--strength", 0) == 0
    assert np.array_equal(pixels(out), pixels(photo_path))


def test_a_turned_photo_comes_out_upright_twice_the_same(paint, tmp_path: Path) -> None:
    photo, first, second = tmp_path / "turned.jpg", tmp_path / "1.jpg", tmp_path / "2.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(make_pixels(80, 60)).save(photo, exif=exif)
    assert paint(photo, "-o", first) == 0
    assert paint(photo, "-o", second) == 0
    with Image.open(first) as image:
        assert image.size == (60, 80)
        assert image.getexif().get(0x0112, 1) == 1
    assert first.read_bytes() == second.read_bytes()


def test_options_win_over_the_look_file(paint, photo_path: Path, capsys) -> None:
    look_file = photo_path.with_name("look.json")
    look_file.write_text('{"styles": ["mono"], "strength": 0.3, "hue": 20}')
    assert paint(photo_path, "--look", look_file, "--strength", 0.7, "--json") == 0
    used = json.loads(capsys.readouterr().out)["look"]
    assert (used["styles"], used["strength"], used["hue"]) == ([["mono", 1.0]], 0.7, 20)


def test_the_recommended_look_is_where_options_begin(paint, photo_path: Path, capsys) -> None:
    def used(*arguments: object) -> dict[str, float]:
        assert paint(photo_path, "--json", *arguments) == 0
        return json.loads(capsys.readouterr().out)["look"]

    assert used("--style", "red")["saturation"] == 1
    assert used("--style", "red", "--recommended")["saturation"] == 1.1
    assert used("--style", "red", "--recommended", "--saturation", 0.5)["saturation"] == 0.5
    assert used("--style", "mono", "--recommended")["saturation"] == 1


def test_json_says_what_was_done(paint, photo_path: Path, capsys) -> None:
    assert paint(photo_path, "--long-edge", 33, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["width"], report["height"]) == (33, 22)
    assert report["backend"] in ("openvino", "onnxruntime")
    assert report["input"] == str(photo_path)
    assert Path(report["output"]).is_file()
    assert {"read", "resize", "generator", "finish", "write", "total"} <= set(report["milliseconds"])


def test_several_photos_go_into_a_folder_and_a_bad_one_stops_no_other(paint, photo_path: Path, capsys) -> None:
    bad, out = photo_path.with_name("bad.jpg"), photo_path.parent / "new" / "folder"
    bad.write_text("no picture")
    assert paint(bad, photo_path, "-o", out) == 2
    assert files(out) == {"holiday.red.png"}
    assert "bad.jpg" in capsys.readouterr().err


def test_photos_are_never_replaced_unless_asked(paint, photo_path: Path, capsys) -> None:
    before = photo_path.read_bytes()
    assert paint(photo_path, "-o", photo_path) == 2
    assert photo_path.read_bytes() == before
    assert "--overwrite" in capsys.readouterr().err
    assert paint(photo_path, "-o", photo_path, "--overwrite") == 0
    assert photo_path.read_bytes() != before


def test_two_photos_that_would_get_one_name_are_refused(paint, photo_path: Path) -> None:
    (photo_path.parent / "sub").mkdir()
    twin = photo_path.parent / "sub" / photo_path.name
    twin.write_bytes(photo_path.read_bytes())
    assert paint(photo_path, twin, "-o", photo_path.parent / "out") == 2
    assert not (photo_path.parent / "out").exists()


def test_a_format_that_cannot_be_written_becomes_a_png(paint, tmp_path: Path) -> None:
    Image.fromarray(make_pixels(20, 20)).save(tmp_path / "old.bmp")
    assert paint(tmp_path / "old.bmp") == 0
    assert "old.red.png" in files(tmp_path)


def test_metadata_is_kept_or_stripped(paint, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x013B] = "A. Photographer"
    Image.fromarray(make_pixels(20, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert paint(tmp_path / "a.jpg", "-o", tmp_path / "kept.jpg") == 0
    assert paint(tmp_path / "a.jpg", "-o", tmp_path / "stripped.jpg", "--strip-metadata") == 0
    with Image.open(tmp_path / "kept.jpg") as kept, Image.open(tmp_path / "stripped.jpg") as stripped:
        assert kept.getexif().get(0x013B) == "A. Photographer"
        assert 0x013B not in stripped.getexif()


def test_dash_reads_standard_input_and_writes_only_the_picture(tiny_palette_path: Path, photo_path: Path) -> None:
    command = [*IMPASTO, "paint", "-", "-o", "-", "--json", "--palette", str(tiny_palette_path)]
    done = subprocess.run(command, input=photo_path.read_bytes(), capture_output=True, check=True)
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert (image.format, image.size) == ("PNG", (67, 45))
    assert json.loads(done.stderr)["output"] == "-"


def broken_files(folder: Path) -> dict[str, bytes]:
    buffer = io.BytesIO()
    Image.fromarray(make_pixels(300, 200)).save(buffer, "JPEG")
    claims = bytearray((b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR") + (40000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00")
    claims += (0x6CDCE4F3).to_bytes(4, "big")
    return {"text.jpg": b"hello", "empty.jpg": b"", "cut.jpg": buffer.getvalue()[:2000], "huge.png": bytes(claims)}


@pytest.mark.parametrize("name", ["text.jpg", "empty.jpg", "cut.jpg", "huge.png", "missing.jpg", "folder"])
def test_a_bad_photo_is_one_sentence_and_writes_nothing(paint, tmp_path: Path, capsys, name: str) -> None:
    for file, data in broken_files(tmp_path).items():
        (tmp_path / file).write_bytes(data)
    (tmp_path / "folder").mkdir()
    before = files(tmp_path)
    assert paint(tmp_path / name, "-o", tmp_path / "out.png") == 2
    assert files(tmp_path) == before
    complaint = capsys.readouterr()
    assert complaint.out == ""
    assert complaint.err.startswith("Error: ")
    assert 1 <= len(complaint.err.splitlines()) <= 2
    assert name in complaint.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--style", "mno"], "Did you mean 'mono'?"),
        (["--style", "red:nan"], "cannot be read"),
        (["--strength", "abc"], "'abc' is not a number"),
        (["--strength", "NaN"], "out of range"),
        (["--strength", "9"], "from 0 to 1.5"),
        (["--strenth", "1"], "--strength"),
        (["--long-edge", "0"], "--long-edge"),
        (["--backend", "openvina"], "Did you mean 'openvino'?"),
        (["-o", "out.xyz"], ".png"),
        (["-o", "no/such/folder/out.png"], "cannot be written"),
        (["--look", "missing.json"], "missing.json"),
        (["--look", "list.json"], "JSON object"),
        (["--look", "text.json"], "not JSON"),
        (["--look", "typo.json"], "Did you mean 'strength'?"),
        (["--quality", "0"], "--quality"),
    ],
)
def test_a_bad_option_is_one_sentence_and_writes_nothing(
    paint, photo_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(photo_path.parent)
    Path("list.json").write_text("[1]")
    Path("text.json").write_text("strength")
    Path("typo.json").write_text('{"strenght": 1}')
    before = files(photo_path.parent)
    assert paint(photo_path, *arguments) == 2
    assert files(photo_path.parent) == before
    complaint = capsys.readouterr()
    assert said in complaint.err
    assert complaint.out == ""
    assert "Traceback" not in complaint.err


def test_a_1_by_1_photo_is_painted(paint, tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), "red").save(tmp_path / "dot.png")
    assert paint(tmp_path / "dot.png", "-o", tmp_path / "out.png") == 0
    assert pixels(tmp_path / "out.png").shape == (1, 1, 3)


def test_a_palette_with_a_wrong_hash_is_refused(tmp_path: Path, photo_path: Path, tiny_palette: palette.Palette, capsys) -> None:
    data = bytearray(palette.pack(tiny_palette))
    at = data.index(b"CC0-1.0")
    data[at : at + 3] = b"CC1"
    (tmp_path / "bad.palette").write_bytes(bytes(data))
    assert main(["paint", str(photo_path), "--palette", str(tmp_path / "bad.palette")]) == 2
    assert "bad.palette" in capsys.readouterr().err


def test_styles_lists_names_and_titles(tiny_palette_path: Path, capsys) -> None:
    assert main(["styles", "--palette", str(tiny_palette_path), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(style["name"], style["title"]) for style in listed] == [("red", "Red"), ("stripes", "Stripes"), ("mono", "Mono")]
    assert main(["styles", "--palette", str(tiny_palette_path)]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("red ")


@pytest.mark.slow
def test_doctor_times_the_backends_and_names_the_one_in_use(tiny_palette_path: Path, capsys) -> None:
    assert main(["doctor", "--palette", str(tiny_palette_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    speeds = {backend["name"]: backend["milliseconds"] for backend in found["backends"]}
    assert speeds[found["used"]] > 0
    assert found["why"]
    assert main(["doctor", "--palette", str(tiny_palette_path)]) == 0
    assert " ms" in capsys.readouterr().out


def test_train_and_export_without_a_run_say_what_is_missing(tmp_path: Path, capsys) -> None:
    assert main(["train", str(tmp_path / "no.toml"), "--out", str(tmp_path / "run")]) == 2
    assert main(["export", str(tmp_path / "run"), "-o", str(tmp_path / "x.palette")]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert files(tmp_path) == set()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--version"], ["paint", "--help"]])
def test_help_and_version(arguments: list[str], capsys) -> None:
    assert main(arguments) == 0
    assert "impasto" in capsys.readouterr().out


def test_an_unknown_command_is_one_sentence(capsys) -> None:
    assert main(["piant"]) == 2
    assert "piant" in capsys.readouterr().err


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_half_written(tiny_palette_path: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG", compress_level=0)
    command = [*IMPASTO, "paint", "-", "-o", str(tmp_path / "out.png"), "--palette", str(tiny_palette_path)]
    heeded = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell lets what it starts in the background ignore Ctrl-C
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heeded)
    assert running.stdin is not None
    running.stdin.write(buffer.getvalue())  # returns once the command has read nearly all of it, and so is at work
    time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (130, b"")
    assert files(tmp_path) == set()


def test_a_reader_that_has_gone_is_met_with_silence(tiny_palette_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*IMPASTO, "styles", "--palette", str(tiny_palette_path)], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.bin", b"first")
    write_whole(tmp_path / "a.bin", b"second")
    assert (tmp_path / "a.bin").read_bytes() == b"second"
    (tmp_path / "folder").mkdir()
    with pytest.raises(look.ImpastoError, match="cannot be written"):
        write_whole(tmp_path / "folder", b"data")
    assert files(tmp_path) == {"a.bin", "folder"}
