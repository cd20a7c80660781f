"""The public names: `impasto.paint` and `impasto.open_palette` as a person calls them, and an import that costs nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import ImpastoError
from impasto.look import Look
from tests.conftest import make_pixels


def test_paint_gives_a_pil_image(tiny_palette_path: Path, tmp_path: Path) -> None:
    Image.fromarray(make_pixels(40, 30)).save(tmp_path / "photo.png")
    painting = impasto.paint(tmp_path / "photo.png", style="red", palette=tiny_palette_path, strength=0.8)
    assert (painting.size, painting.mode) == ((40, 30), "RGB")
    painting.save(tmp_path / "out.jpg")
    again = impasto.paint(str(tmp_path / "photo.png"), {"red": 2}, str(tiny_palette_path), strength="0.8")  # type: ignore[arg-type]
    assert painting.tobytes() == again.tobytes()


def test_paint_keeps_alpha_and_takes_every_control(tiny_palette_path: Path) -> None:
    array = np.dstack([make_pixels(40, 30), make_pixels(40, 30)[..., 0]])
    painting = impasto.paint(array, "red:1,mono:2", tiny_palette_path, long_edge_px=20, brush=1.5, keep_colour=0.5, hue=20)
    assert (painting.size, painting.mode) == ((20, 15), "RGBA")


def test_mistakes_are_named(tiny_palette_path: Path) -> None:
    photo = make_pixels(20, 20)
    with pytest.raises(ImpastoError, match="'stripes'"):
        impasto.paint(photo, "stripe", tiny_palette_path)
    with pytest.raises(ImpastoError, match="'strength'"):
        impasto.paint(photo, "red", tiny_palette_path, strenth=1)
    with pytest.raises(ImpastoError, match="cannot be opened"):
        impasto.paint(photo, "red", "nowhere.palette")


def test_palettes_are_read_once_and_again_when_they_change(tiny_palette_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.palette"
    path.write_bytes(tiny_palette_path.read_bytes())
    first = impasto.open_palette(path)
    assert impasto.open_palette(str(path)) is first
    assert [style.name for style in first.styles] == ["red", "stripes", "mono"]
    path.write_bytes(b"broken")
    with pytest.raises(ImpastoError):
        impasto.open_palette(path)


def test_a_palette_in_memory_works_too(tiny_palette_path: Path) -> None:
    found = impasto.open_palette(tiny_palette_path)
    photo = make_pixels(20, 20)
    assert impasto.paint(photo, palette=found).tobytes() == impasto.paint(photo, palette=tiny_palette_path).tobytes()


def test_public_names() -> None:
    assert impasto.Look is Look
    assert impasto.ImpastoError is ImpastoError
    assert all(getattr(impasto, name) for name in impasto.__all__)
    with pytest.raises(AttributeError):
        impasto.nothing  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    program = (
        "import sys, impasto, impasto.look; print([m for m in ('numpy', 'PIL', 'onnxruntime', 'openvino', 'torch') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"
