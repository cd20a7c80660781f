"""The examples run as their first lines say, on the palette that ships."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from impasto import open_palette
from tests.conftest import make_pixels
from tests.studio_server import RunningStudio

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture
def photo_path(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    Image.fromarray(make_pixels(160, 120)).save(path)
    return path


def run(example: str, *arguments: object) -> str:
    command = [sys.executable, str(ROOT / "examples" / example), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def test_paint_a_photo(photo_path: Path) -> None:
    out = photo_path.with_name("out.png")
    assert "160×120" in run("paint_a_photo.py", photo_path, out, open_palette().styles[-1].name)
    assert size(out) == (160, 120)


def test_every_style(photo_path: Path) -> None:
    run("every_style.py", photo_path, photo_path.with_name("sheet.jpg"))
    rows = -(-len(open_palette().styles) // 4)
    assert size(photo_path.with_name("sheet.jpg")) == (4 * 160, rows * 120)


def test_strength_ramp(photo_path: Path) -> None:
    folder = photo_path.with_name("ramp")
    assert run("strength_ramp.py", photo_path, folder).count(" ms ") == 7
    assert len(list(folder.iterdir())) == 7


def test_ask_the_server(photo_path: Path) -> None:
    studio = RunningStudio(open_palette())
    try:
        run("ask_the_server.py", photo_path, photo_path.with_name("out.png"), studio.url)
    finally:
        studio.stop()
    assert size(photo_path.with_name("out.png")) == (160, 120)


def test_every_example_is_run_here() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{path.name}"' in tested for path in (ROOT / "examples").glob("*.py"))
